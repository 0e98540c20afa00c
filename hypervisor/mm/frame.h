/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame table: one struct page for each frame of RAM, at FRAME_TABLE_START.
 *
 * A frame is in the heap, or it belongs to the hypervisor (no owner), or a domain owns it. Only an
 * owned frame can be referred to. Its general count is the sum of
 *   - one while PAGE_ALLOCATED is set: the owner has it in its reservation;
 *   - one while its type is in use (type count, partly validated, or at work), see types.h;
 *   - one for each read-only mapping in a validated L1 table, and for each mm_get_page().
 * The owner changes only while the count is 0. At 0 the frame goes back to the heap.
 */
#ifndef MM_FRAME_H
#define MM_FRAME_H

#include <lib/printk.h>
#include <mm/memory.h>
#include <x86/layout.h>
#include <x86/machine.h>

/* Limits of the two counts: a build option, so that tests can reach them. */
#ifndef PAGE_COUNT_MAX
#define PAGE_COUNT_MAX 0x7ffffff0u
#endif
#ifndef TYPE_COUNT_MAX
#define TYPE_COUNT_MAX (PAGE_COUNT_MAX - 10)
#endif

#define PAGE_ALLOCATED	 0x80000000u /* in page.count, beside the number of references */
#define PAGE_REFS(count) ((count) & ~PAGE_ALLOCATED)

/* page.owner: a domain id, or one of these */
#define OWNER_NONE 0xffff    /* heap or hypervisor */
#define OWNER_XEN  DOMID_XEN /* hypervisor frames that the privileged may map read-only */

/* page.flags */
#define PAGE_RAM     0x01 /* usable memory; set once at boot */
#define PAGE_FREE    0x02 /* first frame of a free block */
#define PAGE_STALE   0x04 /* was a guest's: TLBs may hold it (see tlb_stamp) */
#define PAGE_SMALL   0x08 /* holds small heap objects */
#define PAGE_SHARED  0x10 /* hypervisor's page shared with its owner: on its shared_pages list */
#define PAGE_FOREIGN 0x20 /* mapped by others than its owner since it was allocated */
#define PAGE_SETTLED 0x40 /* relinquish has dealt with it */
#define PAGE_ENDED   0x80 /* shared page that the hypervisor has given up: the guest has it still */

struct page {
	u64 type;	/* type word: types.c alone writes it */
	u32 count;	/* PAGE_ALLOCATED | references; atomic */
	u32 tlb_stamp;	/* clock when the last use as a type, or by an owner, ended */
	u32 next, prev; /* frame numbers (0: none) on an owner's list (its lock) or a free list (the
			   heap's) */
	u16 owner;
	u8 lock;	/* held while entries of this table are updated, see page_lock() */
	u8 flags;	/* PAGE_*; atomic once the page is owned */
	u8 order;	/* heap: order of the free block, or class of its small objects */
	u8 in_use;	/* heap: small objects in use */
	u16 first_free; /* heap: offset of the first free small object */
};

_Static_assert(sizeof(struct page) == 32, "the frame table is an array of 32-byte entries");

#define frame_table ((struct page *)FRAME_TABLE_START)
#define m2p_table   ((u64 *)M2P_RW_VIRT_START)

#define INVALID_M2P_ENTRY (~0UL) /* M2P value of a frame that is nowhere in its domain */

#define M2P_PIECES 512 /* 2 MiB each: 1 GiB of M2P table describes 512 GiB */
/* The first frame of each; number 0: there is no RAM to tell of. */
extern mfn_t m2p_pieces[M2P_PIECES];

extern u64 max_mfn;		/* one above the highest frame of RAM */
extern unsigned phys_addr_bits; /* width of physical addresses */

/*@ assigns \nothing; */
static inline mfn_t frame_mfn(const struct page *pg)
{
	return mfn((u64)(pg - frame_table));
}

/** RAM through the direct map. */
static inline void *paddr_virt(paddr_t address)
{
	return (void *)(DIRECT_MAP_START + address);
}

static inline void *frame_virt(mfn_t m)
{
	return paddr_virt(mfn_to_paddr(m));
}

static inline mfn_t virt_to_mfn(const void *va) /* in the direct map */
{
	return mfn(((uintptr_t)va - DIRECT_MAP_START) >> PAGE_SHIFT);
}

/*@ assigns \nothing;
    ensures \result == frame_table + m.n; */
static inline struct page *mfn_to_page(mfn_t m) /* m is RAM */
{
	return &frame_table[m.n];
}

/** The frame-table entry if m is RAM, otherwise NULL. */
/*@ predicate is_ram(integer n) = n < max_mfn && (frame_table[n].flags & PAGE_RAM); */
/*@ requires \valid_read(frame_table + (0 .. max_mfn - 1));
    assigns \nothing;
    ensures is_ram(m.n) ==> \result == frame_table + m.n;
    ensures !is_ram(m.n) ==> \result == \null; */
static inline struct page *frame_of_ram(mfn_t m)
{
	return likely(m.n < max_mfn && (frame_table[m.n].flags & PAGE_RAM)) ? mfn_to_page(m) : NULL;
}

/* --- start-up: boot/ calls these in this order --- */

/**
 * RAM is known and mapped: the direct map, the frame table and the M2P table (both aliases) cover
 * every region; frame-table memory is zero, and readable for every frame below the highest (holes
 * may share a zero page). No frame is in the heap yet.
 */
void mm_boot_init(const struct mem_region *ram, unsigned regions, unsigned addr_bits);
/** Give [start, end) to the heap: whole frames of a region above that nothing else uses. */
void mm_boot_free(paddr_t start, paddr_t end);
/** The idle root: slots 256..271 of every guest root are copied from it (259 excepted). */
void mm_boot_root(const u64 *l4);
/** M2P memory: `frames` frames from `first` on back bytes from index * 2 MiB on of the table. */
void mm_boot_m2p(unsigned index, mfn_t first, unsigned frames);

/* --- the heap: frames that nobody uses, in blocks of 2^order frames aligned to their size --- */

#define HEAP_MAX_ORDER 18

/** Free frames [first, first + count) into blocks. They have no owner and no references. */
void heap_free_frames(mfn_t first, u64 count);
/**
 * 2^order zeroed frames below frame number `limit` (~0: anywhere), no stale TLB entry for them on
 * any CPU; NULL if there are none.
 */
struct page *heap_take(unsigned order, u64 limit);

/* --- lists of pages: the newest first --- */

void page_list_add(struct page_list *l, struct page *pg);
void page_list_del(struct page_list *l, struct page *pg);

static inline struct page *page_list_first(const struct page_list *l)
{
	return l->first ? &frame_table[l->first] : NULL;
}

static inline struct page *page_list_next(const struct page *pg)
{
	return pg->next ? &frame_table[pg->next] : NULL;
}

/* --- references --- */

/** Another reference for someone who has one. False at the limit, or if there is none. */
bool page_ref_below(struct page *pg, u32 limit);
static inline bool page_ref(struct page *pg)
{
	return page_ref_below(pg, PAGE_COUNT_MAX);
}
/** A reference if dm owns the frame. False otherwise (or at the limit). */
bool page_get(struct page *pg, const struct domain_memory *dm);
/** Drop PAGE_ALLOCATED and its reference. False if it was not allocated (any more). */
bool page_drop_allocation(struct page *pg);
/**
 * Take the page from its owner: only if the caller's reference and the allocation are the only
 * ones. It keeps its past (type, stamp) until pages_assign() to the same domain or page_retire().
 */
bool page_steal(struct page *pg);
/** A page without owner and references goes back to the heap. */
void page_retire(struct page *pg);
/**
 * Give n consecutive unowned frames (heap_take(), page_steal()) to dm: counted, listed, each with
 * one PAGE_ALLOCATED reference. Before they are dm's, and can go again at any moment, the M2P table
 * says that they are there from pfn on (INVALID_M2P_ENTRY: it is left alone). False, and they are
 * in the heap, if dm is dying or it would exceed max_pages.
 */
bool pages_assign(struct page *pg, u64 n, struct domain_memory *dm, u64 pfn);

/* --- the lock of a table's entries: descending levels only --- */
/*@ requires \valid(pg);
    assigns pg->lock; */
static inline void page_lock(struct page *pg)
{
	/*@ loop assigns pg->lock; */
	while (unlikely(__atomic_exchange_n(&pg->lock, 1, __ATOMIC_ACQUIRE)))
		cpu_relax();
}

/*@ requires \valid(pg);
    assigns pg->lock; */
static inline void page_unlock(struct page *pg)
{
	__atomic_store_n(&pg->lock, 0, __ATOMIC_RELEASE);
}

/** CPUs that may hold translations of the domain. */
static inline struct cpumask domain_cpus(const struct domain_memory *dm)
{
	return (struct cpumask){__atomic_load_n(&dm->dirty_cpus.bits, __ATOMIC_SEQ_CST)};
}

/* Domains by id, those that have pages left included; each is set and cleared by its domain. */
extern struct domain_memory *domain_memories[DOMID_FIRST_RESERVED];
/** Release dm's lock. If dm is dying and has no page left, hook_last_page_gone() is told so, once:
 * dm may be gone on return. */
void domain_unlock(struct domain_memory *dm);

#endif
