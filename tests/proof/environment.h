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

/*
 * What the contracts of table.c are about. One frame is chosen, whichever: the provers know nothing
 * of it. Of the references on it, proof_typed and proof_general count those that were got and not
 * yet dropped.
 */
#include <mm/entry.h>
#include <mm/frame.h>

extern long proof_typed, proof_general;
/*@ axiomatic choice {
      logic integer chosen; // its number
      // Of bits, what the provers do not find by themselves.
      axiom user_aside: \forall u64 e; ((e | PTE_USER) & PTE_ADDRESS) == (e & PTE_ADDRESS);
      axiom user_beside: \forall u64 e, f; f == (e | PTE_USER) ==>
	((f & PTE_WRITABLE) != 0 <==> (e & PTE_WRITABLE) != 0);
      axiom flags_fit: \forall integer a, b; 0 <= a <= 255 && 0 <= b <= 255 ==>
	0 <= (a | b) <= 255;
      logic u64 slot_of(struct domain_memory *dm, integer slot) reads \nothing;
    }
    predicate ram_kept{L1,L2} = is_ram{L1}(chosen) <==> is_ram{L2}(chosen);

    // Does an entry hold a typed (1) or general (0) reference on the chosen frame?
    predicate names(u64 e) = (e & PTE_PRESENT) && ((e & PTE_ADDRESS) >> PAGE_SHIFT) == chosen;
    predicate holds(u64 e, integer level, integer typed) = names(e) &&
	(typed == 1 <==> level > 1 || (e & PTE_WRITABLE));
    predicate guests_slot(integer level, integer i) = !(level == 4 && 256 <= i <= 271);
    // How many of a table's entries below n do.
    axiomatic counting {
      logic integer refs{L}(u64 *e, integer level, integer typed, integer n) reads e[0 .. 511];
      axiom refs_none{L}: \forall u64 *e, integer level, typed; refs(e, level, typed, 0) == 0;
      // m is n - 1, so written that provers look at what is there, not further and further down.
      axiom refs_more{L}: \forall u64 *e, integer level, typed, m, n; 0 <= m < n <= m + 1 &&
	guests_slot(level, m) && holds(e[m], level, typed) ==>
	refs(e, level, typed, n) == refs(e, level, typed, m) + 1;
      axiom refs_same{L}: \forall u64 *e, integer level, typed, m, n; 0 <= m < n <= m + 1 &&
	!(guests_slot(level, m) && holds(e[m], level, typed)) ==>
	refs(e, level, typed, n) == refs(e, level, typed, m);
    }

    // Present, the entry can be used by guests now.
    axiomatic marking {
      predicate marked(u64 before, u64 now);
      axiom marking: \forall u64 before, now; marked(before, now) <==>
	(!(before & PTE_PRESENT) || (now & PTE_USER));
    }

    // Bits that an entry may have. What it says of the chosen frame, it says of all.
    predicate allowed(u64 e, integer level, struct domain_memory *owner) =
	!(e & PTE_PRESENT) || !(e & (PTE_CACHE | PTE_GLOBAL)) ||
	(level == 1 && !(e & PTE_GLOBAL) &&
	 (owner->privileged || !(names(e) && is_ram(chosen))));
*/
#ifdef PROOF_EVA
/*@ predicate machine = \true;
    predicate domain(struct domain_memory *dm) = \true;
    predicate apart(u64 *e) = \true; */
#else
/*@ predicate machine = \valid(frame_table + (0 .. max_mfn - 1)) && 32 <= phys_addr_bits <= 52 &&
	max_mfn <= 1UL << 40;
    predicate domain(struct domain_memory *dm) = \valid_read(dm) &&
	dm->iomem_ranges <= MAX_IOMEM_RANGES && \separated(dm, frame_table + (0 .. max_mfn - 1));
    predicate apart(u64 *e) = \separated(e, frame_table + (0 .. max_mfn - 1)); */
#endif

#ifdef PROOF_COUNTS
/*
 * Below table.c: what these four do to the counters. What else they do is not looked at: they may
 * change the whole frame table, but not the table that is at hand (it is BUSY, or locked), nor
 * which frames are RAM.
 */
#include <mm/root.h>
#include <mm/table.h>

/*@ requires machine && \valid_read(dm);
    assigns proof_typed, frame_table[0 .. max_mfn - 1];
    ensures ram_kept{Pre,Post};
    ensures \result == 0 ==> pg != \null && pg->owner == dm->domid && valid_as(pg->type, type);
    ensures proof_typed == \old(proof_typed) +
	(\result == 0 && pg == frame_table + chosen ? 1 : 0);
    ensures \result <= 0 || \result == OTHER_OWNER ||
	(\result == OTHER_TYPE && pg != \null && (pg->flags & PAGE_RAM)); */
int type_get_owned(struct page *pg, const struct domain_memory *dm, enum frame_type type);
/*@ requires machine && \valid(pg);
    assigns proof_typed, frame_table[0 .. max_mfn - 1];
    ensures ram_kept{Pre,Post};
    ensures \result == 0 || \result == -XEN_ERESTART;
    ensures proof_typed == \old(proof_typed) -
	(\result == 0 && pg == frame_table + chosen ? 1 : 0); */
int type_put(struct page *pg);
/*@ requires machine && \valid_read(dm);
    assigns proof_general, frame_table[0 .. max_mfn - 1];
    ensures ram_kept{Pre,Post};
    ensures \result == 0 || \result == 1;
    ensures \result != 0 ==> pg != \null && pg->owner == dm->domid;
    ensures proof_general == \old(proof_general) +
	(\result != 0 && pg == frame_table + chosen ? 1 : 0); */
bool page_get(struct page *pg, const struct domain_memory *dm);
/*@ requires machine && \valid(pg);
    assigns proof_general, frame_table[0 .. max_mfn - 1];
    ensures ram_kept{Pre,Post};
    ensures proof_general == \old(proof_general) - (pg == frame_table + chosen ? 1 : 0); */
void mm_put_page(struct page *pg);

/*@ assigns \nothing; // a table has an owner, who is in no table
    ensures domain(\result) &&
	\separated(\result, page_content((struct page *)pg) + (0 .. 511)); */
struct domain_memory *mm_page_owner(const struct page *pg);
/*@ assigns \nothing;
    ensures \result == slot_of((struct domain_memory *)dm, slot); */
u64 root_slot(const struct domain_memory *dm, unsigned slot);
/*@ assigns \nothing;
    ensures \result == 0 || \result == 1; */
bool hypercall_preempt_check(void);
/*@ axiomatic emptiness { // a predicate that provers do not unfold wherever they look
      predicate seven_empty{L}(u64 *e, integer m, integer n) reads e[0 .. 511];
      axiom seven_empty{L}: \forall u64 *e, integer m, n; seven_empty(e, m, n) <==>
	0 <= m <= 505 && n == m + 7 && e[m] == 0 && e[m + 1] == 0 && e[m + 2] == 0 &&
	e[m + 3] == 0 && e[m + 4] == 0 && e[m + 5] == 0 && e[m + 6] == 0;
    } */
/*@ ghost
  /@ requires \valid_read(e + (0 .. 511)); // empty entries hold nothing
     assigns \nothing;
     ensures \forall integer m, n; seven_empty(e, m, n) ==>
	refs(e, level, 0, n) == refs(e, level, 0, m) &&
	refs(e, level, 1, n) == refs(e, level, 1, m); @/
  void none_refers(u64 *e, unsigned level)
  {
	int k = 0;
	/@ loop invariant 0 <= k <= 512;
	   loop invariant \forall integer typed, n; 0 <= n < k && e[n] == 0 ==>
		refs(e, level, typed, n + 1) == refs(e, level, typed, n);
	   loop assigns k; @/
	while (k < 512) {
		/@ assert \forall u64 x; x == 0 ==> !(x & PTE_PRESENT); @/
		/@ assert \forall integer typed; e[k] == 0 ==>
			refs(e, level, typed, k + 1) == refs(e, level, typed, k); @/
		k++;
	}
	/@ assert \forall integer typed, m, n; seven_empty(e, m, n) ==>
	  refs(e, level, typed, m + 7) == refs(e, level, typed, m + 6) ==
	  refs(e, level, typed, m + 5) == refs(e, level, typed, m + 4) ==
	  refs(e, level, typed, m + 3) == refs(e, level, typed, m + 2) ==
	  refs(e, level, typed, m + 1) == refs(e, level, typed, m); @/
  }
*/
/*@ ghost
  /@ requires \valid_read(e + (0 .. 511)) && n < 512;
     assigns \nothing;
     ensures seven_empty(e, n - 7, n) ==>
	\forall integer j; n - 7 <= j < n ==> e[j] == 0; @/
  void none_between(u64 *e, unsigned n)
  {
	/@ assert seven_empty(e, n - 7, n) ==>
		\forall integer j; n - 7 <= j < n - 6 ==> e[j] == 0; @/
	/@ assert seven_empty(e, n - 7, n) ==>
		\forall integer j; n - 7 <= j < n - 5 ==> e[j] == 0; @/
	/@ assert seven_empty(e, n - 7, n) ==>
		\forall integer j; n - 7 <= j < n - 4 ==> e[j] == 0; @/
	/@ assert seven_empty(e, n - 7, n) ==>
		\forall integer j; n - 7 <= j < n - 3 ==> e[j] == 0; @/
	/@ assert seven_empty(e, n - 7, n) ==>
		\forall integer j; n - 7 <= j < n - 2 ==> e[j] == 0; @/
	/@ assert seven_empty(e, n - 7, n) ==>
		\forall integer j; n - 7 <= j < n - 1 ==> e[j] == 0; @/
  }
*/
#endif

/* Type words. Each axiom is a lemma on bits: Z3 proves it of words of 64 bits, see bits.smt2. */
#include <mm/types.h>
extern long proof_own; // references that the type machine took on the frame, for its type
extern u32 proof_clock;
extern u64 proof_flushed;
/*@ logic integer or(integer a, integer b) = a | b;
    axiomatic disjunction {
      axiom either_way: \forall integer a, b; or(a, b) == or(b, a); // Qed takes it for granted
    }
    logic integer word_of(integer count_and_flags, integer type, integer progress) =
	or(count_and_flags, or((u64)(type << TYPE_SHIFT), (u64)(progress << PROGRESS_SHIFT)));
    logic integer type_in(integer word) = (word >> TYPE_SHIFT) & 7;
    logic integer progress_in(integer word) = word >> PROGRESS_SHIFT;
    logic integer count_in(integer word) = word & TYPE_COUNT;
    logic integer kept(integer word) = word & (TYPE_COUNT | TYPE_PINNED);
    logic integer partial_of(integer word) = or(TYPE_PARTIAL, kept(word));
    logic integer failed_of(integer word) = or(TYPE_PARTIAL, or(TYPE_FAILED, kept(word)));
    predicate is_valid(integer word) = (word & TYPE_VALID) != 0;
    predicate fields(integer t, integer p) = 0 <= t <= 7 && 0 <= p <= 512;
*/
#ifdef PROOF_EVA // EVA has no relation of a word's parts
/*@ predicate in_range(integer word) = \true;
    predicate in_order(integer word) = \true;
    predicate may_go_down(integer word, integer err) = \true;
    predicate may_go_up(integer word) = \true;
    predicate may_get(integer word) = \true;
    predicate same_word(integer a, integer b) = \true; */
#else
/*@ predicate in_range(integer word) = (word >> PROGRESS_SHIFT) <= 512 &&
	progress_in(word) <= 512; // twice: Qed rewrites the first
    // It can go up or down: no more than one reference.
    predicate in_order(integer word) = in_range(word) && count_in(word) <= 1;
    predicate may_go_down(integer word, integer err) = in_order(word) && err <= 0 &&
	err != -XEN_ERESTART;
    predicate may_go_up(integer word) = in_order(word) && !(word & TYPE_VALID);
    predicate may_get(integer word) = in_range(word) &&
	(!(word & TYPE_VALID) ==> in_order(word));
    predicate same_word(integer a, integer b) = a == b; */
#endif
/*@ axiomatic words {
      axiom in_use: \forall u64 w; (w & (TYPE_BUSY | TYPE_VALID | TYPE_PARTIAL)) != 0 ==>
	(w & TYPE_BUSY) != 0 || (w & TYPE_VALID) != 0 || (w & TYPE_PARTIAL) != 0;
      axiom progress_quotient: \forall u64 w; progress_in(w) == w / BIT(PROGRESS_SHIFT);
      axiom nothing: in_order(0) && count_in(0) == 0 && kept(0) == 0;
      axiom progress_fits: \forall u64 w; (u64)(w >> PROGRESS_SHIFT) <= 0xffffff;
      axiom partial_bound: \forall u64 w;
	((w & (TYPE_COUNT | TYPE_PINNED)) | TYPE_PARTIAL) < BIT(PROGRESS_SHIFT);
      axiom failed_bound: \forall u64 w, f; f == 0 || f == TYPE_FAILED ==>
	((w & (TYPE_COUNT | TYPE_PINNED)) | TYPE_PARTIAL | f) < BIT(PROGRESS_SHIFT);
      axiom valid_bound: \forall u64 w;
	((u64)((w & (TYPE_COUNT | TYPE_PINNED)) + 1) | TYPE_VALID) < BIT(PROGRESS_SHIFT);
      axiom turned_in_order: \forall u64 w, integer t, p; fields(t, p) && count_in(w) <= 1 ==>
	in_order(word_of(kept(w), t, p));
      axiom turned_type: \forall u64 w, integer t, p; fields(t, p) ==>
	type_in(word_of(kept(w), t, p)) == t;
      axiom turned_progress: \forall u64 w, integer t, p; fields(t, p) ==>
	progress_in(word_of(kept(w), t, p)) == p;
      axiom turned_kept: \forall u64 w, integer t, p; fields(t, p) ==>
	kept(word_of(kept(w), t, p)) == kept(w);
      axiom turned_count: \forall u64 w, integer t, p; fields(t, p) ==>
	count_in(word_of(kept(w), t, p)) == count_in(w);
      axiom turned_invalid: \forall u64 w, integer t, p; fields(t, p) ==>
	!is_valid(word_of(kept(w), t, p));
    } */
#ifdef PROOF_TYPES
/*
 * Below types.c: the table at hand is BUSY, so those below leave its frame alone. What they do to
 * entries and to other frames is not looked at here, but in table.c.
 */
#include <mm/root.h>
#include <mm/table.h>
#include <x86/tlb.h>

/*@ requires \valid(progress) && *progress <= 512 && 1 <= level <= 4;
    assigns *progress;
    ensures \result <= 0 && \old(*progress) <= *progress <= 512;
    ensures \result == 0 <==> *progress == 512; */
int table_validate(struct page *pg, unsigned level, unsigned *progress);
/*@ requires \valid(progress) && *progress <= 512 && 1 <= level <= 4;
    assigns *progress;
    ensures \result == 0 || \result == -XEN_ERESTART;
    ensures 0 <= *progress <= \old(*progress);
    ensures \result == 0 <==> *progress == 0; */
int table_invalidate(struct page *pg, unsigned level, unsigned *progress);
/*@ assigns \nothing;
    ensures \result <= 0 && \result != -XEN_ERESTART; */
int descriptor_page_check(struct page *pg);
/*@ requires \valid(pg); // the last one: the frame goes to the heap
    assigns *pg, proof_own;
    ensures proof_own == \old(proof_own) - 1;
    ensures pg->type == \old(pg->type) || pg->type == 0;
    ensures pg->tlb_stamp == \old(pg->tlb_stamp) || pg->tlb_stamp == proof_clock; */
void mm_put_page(struct page *pg);
/*@ requires \valid(pg);
    assigns pg->count, proof_own;
    ensures \result == 0 || \result == 1;
    ensures proof_own == \old(proof_own) + \result; */
bool page_ref_below(struct page *pg, u32 limit);
/*@ requires \valid(pg);
    assigns pg->count, proof_own;
    ensures \result == 0 || \result == 1;
    ensures proof_own == \old(proof_own) + \result; */
static inline bool page_ref(struct page *pg);
/*@ assigns \nothing; // a frame that had a type has an owner
    ensures \valid_read(\result); */
struct domain_memory *mm_page_owner(const struct page *pg);
/*@ assigns \nothing;
    ensures \result == proof_clock; */
u32 tlb_clock_now(void);
//@ assigns \nothing;
struct cpumask tlb_filter(struct cpumask mask, u32 stamp);
//@ assigns \nothing;
static inline struct cpumask cpumask_online(void);
//@ assigns \nothing;
static inline struct cpumask domain_cpus(const struct domain_memory *dm);
//@ assigns proof_flushed;
void tlb_flush_mask(struct cpumask mask, u64 page);
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
