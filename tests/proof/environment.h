/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the provers see in place of the machine, included before every source of mm/: the tables of
 * x86/layout.h are arrays, and one CPU is at work, so that atomic operations are plain ones.
 */
#ifndef PROOF_ENVIRONMENT_H
#define PROOF_ENVIRONMENT_H

#define X86_LAYOUT_H
#define HYPERVISOR_FIRST_SLOT 256
#define PERDOMAIN_SLOT	      259
#define HYPERVISOR_LAST_SLOT  271
#define HYPERVISOR_VIRT_START 0xffff800000000000UL
#define HYPERVISOR_VIRT_END   0xffff880000000000UL
#define M2P_VIRT_START	      0xffff800000000000UL
#define PERDOMAIN_VIRT_START  0xffff818000000000UL
#define FRAME_TABLE_START     proof_frames
#define M2P_RW_VIRT_START     proof_m2p
#define DIRECT_MAP_START      ((unsigned long)proof_ram)

#define DESCRIPTOR_WINDOW_PAGES 32
#define GDT_WINDOW(vcpu_id)                                                                        \
	(PERDOMAIN_VIRT_START + (unsigned long)(vcpu_id)*DESCRIPTOR_WINDOW_PAGES * 4096)
#define LDT_WINDOW(vcpu_id) (GDT_WINDOW(vcpu_id) + 16 * 4096)

#define PROOF_FRAMES 5
extern struct page *const proof_frames;
extern unsigned long proof_m2p[PROOF_FRAMES], proof_ram[PROOF_FRAMES * 512];

#include <lib/types.h>

#undef READ_ONCE
#undef WRITE_ONCE
#define READ_ONCE(x)	 (x)
#define WRITE_ONCE(x, v) ((x) = (v))

/* Type words, for one: what types.c writes has this bound, so what is read has it. */
u64 proof_load(u64 value);

#define __builtin_expect(value, expected) (value)
#define __atomic_load_n(p, order)	  (__typeof__(*(p)))(sizeof(*(p)) == 8 ? proof_load(*(p)) : *(p))
#define __atomic_store_n(p, v, order)	  (void)(*(p) = (v))
#define __atomic_exchange_n(p, v, order)                                                           \
	({                                                                                         \
		__typeof__(*(p)) old_ = *(p);                                                      \
		*(p) = (v);                                                                        \
		old_;                                                                              \
	})
#define __atomic_compare_exchange_n(p, expected, v, weak, yes, no)                                 \
	({                                                                                         \
		bool same_ = *(p) == *(expected);                                                  \
		if (same_)                                                                         \
			*(p) = (v);                                                                \
		else                                                                               \
			*(expected) = *(p);                                                        \
		same_;                                                                             \
	})
#define PROOF_FETCH(p, op, v)                                                                      \
	({                                                                                         \
		__typeof__(*(p)) old_ = *(p);                                                      \
		*(p) = (__typeof__(*(p)))(old_ op(v));                                             \
		old_;                                                                              \
	})
#define __atomic_fetch_sub(p, v, order) PROOF_FETCH(p, -, v)
#define __atomic_fetch_add(p, v, order) PROOF_FETCH(p, +, v)
#define __atomic_fetch_and(p, v, order) PROOF_FETCH(p, &, v)
#define __atomic_or_fetch(p, v, order)	PROOF_FETCH(p, |, v)

struct page;
/*@ axiomatic direct_map {
      logic u64 *page_content(struct page *pg) reads \nothing;
    } */

#ifndef PROOF_EVA
/*@ assigns \nothing;
    ensures \result.n == n; */
static inline mfn_t mfn(u64 n);

#include <lib/printk.h>
#include <mm/memory.h>

/*@ assigns \nothing;
    ensures \result == (void *)page_content((struct page *)pg) && \valid((u64 *)\result + (0 ..
   511)); */
void *page_to_virt(const struct page *pg);
/*@ assigns \nothing;
    ensures \result == err; */
long refuse_as(long err, enum refusal why, const char *fmt, ...);
//@ assigns \nothing;
void cpu_relax(void);
/*@ assigns \nothing;
    ensures \result == value; */
u64 proof_load(u64 value);
/*@ assigns \nothing;
    ensures \false; */
void panic(const char *fmt, ...);
#endif

#ifdef PROOF_EVA
#include <mm/table.h>
#include <x86/uaccess.h>

static inline void proof_case(void)
{
}

#define PROOF_EACH(n)                                                                              \
	if ((n) < PROOF_FRAMES)                                                                    \
		switch (n) {                                                                       \
		case 0:                                                                            \
			proof_case();                                                              \
			break;                                                                     \
		case 1:                                                                            \
			proof_case();                                                              \
			break;                                                                     \
		case 2:                                                                            \
			proof_case();                                                              \
			break;                                                                     \
		case 3:                                                                            \
			proof_case();                                                              \
			break;                                                                     \
		case 4:                                                                            \
			proof_case();                                                              \
			break;                                                                     \
		}

/* The same functions; their callers are looked at for each frame separately. */
#define frame_of_ram(m)                                                                            \
	({                                                                                         \
		PROOF_EACH((m).n)                                                                  \
		mfn_t m_ = (m);                                                                    \
		PROOF_EACH(m_.n)                                                                   \
		frame_of_ram(m_);                                                                  \
	})

#ifndef PROOF_DEFINES_GET_PAGE
#define mm_get_page(m, dm)                                                                         \
	({                                                                                         \
		PROOF_EACH((m).n)                                                                  \
		mm_get_page((m), (dm));                                                            \
	})
#endif

/* An array is filled to its end: EVA does not relate how much was copied to how much is read. */
void Frama_C_make_unknown(char *p, size_t size);
#define copy_from_guest(dst, src, size)                                                            \
	(Frama_C_make_unknown((char *)(dst), sizeof(dst)), copy_from_guest((dst), (src), (size)))
#endif

#endif
