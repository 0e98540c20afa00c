/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame table: start-up, lists, owners and general references. */
#include <mm/types.h>
#include <x86/tlb.h>

u64 max_mfn;
unsigned phys_addr_bits;
mfn_t m2p_pieces[M2P_PIECES];

void mm_boot_init(const struct mem_region *ram, unsigned regions, unsigned addr_bits)
{
	phys_addr_bits = addr_bits;
	for (unsigned i = 0; i < regions; i++) {
		u64 first = ROUND_UP(ram[i].start, PAGE_SIZE) >> PAGE_SHIFT;
		u64 end = ram[i].end >> PAGE_SHIFT;

		for (u64 f = first; f < end; f++) {
			frame_table[f].flags = PAGE_RAM;
			frame_table[f].owner = OWNER_NONE;
			m2p_table[f] = INVALID_M2P_ENTRY;
		}
		max_mfn = MAX(max_mfn, end);
	}
}

void mm_boot_m2p(unsigned index, mfn_t first, unsigned frames)
{
	if (index < M2P_PIECES)
		m2p_pieces[index] = first;
	for (unsigned i = 0; i < frames; i++) {
		struct page *pg = mfn_to_page(mfn(first.n + i));

		pg->owner = OWNER_XEN;
		type_share(pg, true);
	}
}

inline mfn_t page_to_mfn(const struct page *pg)
{
	return frame_mfn(pg);
}

inline void *page_to_virt(const struct page *pg)
{
	return frame_virt(frame_mfn(pg));
}

/* --- lists --- */

void page_list_add(struct page_list *l, struct page *pg)
{
	pg->prev = 0;
	pg->next = l->first;
	if (pg->next)
		frame_table[pg->next].prev = frame_mfn(pg).n;
	l->first = frame_mfn(pg).n;
}

void page_list_del(struct page_list *l, struct page *pg)
{
	if (pg->prev)
		frame_table[pg->prev].next = pg->next;
	else
		l->first = pg->next;
	if (pg->next)
		frame_table[pg->next].prev = pg->prev;
	pg->next = pg->prev = 0;
}

/* --- owners --- */

inline struct domain_memory *mm_page_owner(const struct page *pg)
{
	u16 owner = READ_ONCE(pg->owner);

	return owner < DOMID_FIRST_RESERVED ? domain_memories[owner] : NULL;
}

bool pages_assign(struct page *pg, u64 n, struct domain_memory *dm, u64 pfn)
{
	for (u64 i = 0; pfn != INVALID_M2P_ENTRY && i < n; i++)
		m2p_table[frame_mfn(pg).n + i] = pfn + i;
	spin_lock(&dm->lock);
	bool ok =
		!dm->dying && dm->tot_pages <= dm->max_pages && n <= dm->max_pages - dm->tot_pages;

	for (u64 i = 0; ok && i < n; i++) {
		pg[i].owner = dm->domid;
		page_list_add(&dm->pages, &pg[i]);
		/* From here on others may take references. */
		__atomic_store_n(&pg[i].count, PAGE_ALLOCATED | 1, __ATOMIC_SEQ_CST);
	}
	dm->tot_pages += ok ? n : 0;
	spin_unlock(&dm->lock);
	for (u64 i = 0; !ok && i < n; i++)
		page_retire(&pg[i]);
	return ok;
}

/** Take an unreferenced page off its owner, which is gone itself if it was a dying one's last. */
static void disown(struct page *pg)
{
	struct domain_memory *dm = mm_page_owner(pg);

	BUG_ON(!dm);
	spin_lock(&dm->lock);
	if (pg->flags & PAGE_SHARED) {
		page_list_del(&dm->shared_pages, pg);
	} else {
		page_list_del(pg->flags & PAGE_SETTLED ? &dm->settled : &dm->pages, pg);
		dm->tot_pages--;
	}
	pg->owner = OWNER_NONE;
	domain_unlock(dm);
}

void page_retire(struct page *pg)
{
	m2p_table[frame_mfn(pg).n] = INVALID_M2P_ENTRY;
	type_reset(pg);
	pg->flags = PAGE_RAM | PAGE_STALE;
	pg->tlb_stamp = tlb_clock_now();
	heap_free_frames(frame_mfn(pg), 1);
}

/* --- references --- */

/*@ requires \valid(pg);
    assigns pg->count;
    ensures \result != 0 <==> (\old(pg->count) & 0x7fffffff) != 0 &&
	(\old(pg->count) & 0x7fffffff) < limit;
    ensures \result != 0 ==> pg->count == (u32)(\old(pg->count) + 1);
    ensures \result == 0 ==> pg->count == \old(pg->count); */
inline bool page_ref_below(struct page *pg, u32 limit)
{
	u32 old = __atomic_load_n(&pg->count, __ATOMIC_RELAXED);

	/*@ loop invariant pg->count == \at(pg->count, Pre) == old;
	    loop assigns old, pg->count; */
	/* Lost when another reference came or went meanwhile: old is fresh, try again. */
	do {
		if (PAGE_REFS(old) == 0 || PAGE_REFS(old) >= limit)
			return false;
	} while (!__atomic_compare_exchange_n(&pg->count, &old, old + 1, true, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	return true;
}

inline bool page_get(struct page *pg, const struct domain_memory *dm)
{
	/* Look first, so that a stranger's page is not even touched; it counts only once we hold
	 * it. */
	if (!pg || READ_ONCE(pg->owner) != dm->domid || !page_ref(pg))
		return false;
	if (likely(READ_ONCE(pg->owner) == dm->domid))
		return true;
	mm_put_page(pg);
	return false;
}

static __attribute__((noinline)) void free_page(struct page *pg)
{
	disown(pg);
	page_retire(pg);
}

inline void mm_put_page(struct page *pg)
{
	u32 old = __atomic_fetch_sub(&pg->count, 1, __ATOMIC_SEQ_CST);

	BUG_ON(PAGE_REFS(old) == 0);
	if (unlikely(old == 1))
		free_page(pg);
}

bool page_drop_allocation(struct page *pg)
{
	if (!(__atomic_fetch_and(&pg->count, ~PAGE_ALLOCATED, __ATOMIC_SEQ_CST) & PAGE_ALLOCATED))
		return false;
	mm_put_page(pg);
	return true;
}

bool page_steal(struct page *pg)
{
	u32 expected = PAGE_ALLOCATED | 2; /* the allocation's and the caller's */

	if (!__atomic_compare_exchange_n(&pg->count, &expected, 0, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_RELAXED))
		return false;
	disown(pg);
	return true;
}

/* --- what other rooms use --- */

inline struct page *mm_get_page(mfn_t m, struct domain_memory *dm)
{
	struct page *pg = frame_of_ram(m);

	return page_get(pg, dm) ? pg : NULL;
}

struct page *mm_alloc_domain_pages(struct domain_memory *dm, unsigned order, u64 limit, u64 pfn)
{
	struct page *pg = heap_take(order, limit);

	return pg && pages_assign(pg, BIT(order), dm, pfn) ? pg : NULL;
}

struct page *mm_share_new_page(struct domain_memory *dm, bool readonly)
{
	struct page *pg = heap_take(0, ~0UL);

	if (!pg)
		return NULL;
	type_share(pg, readonly);
	pg->flags |= PAGE_SHARED;
	spin_lock(&dm->lock);
	page_list_add(&dm->shared_pages, pg);
	spin_unlock(&dm->lock);
	/* From here on the domain may take references. */
	__atomic_store_n(&pg->owner, dm->domid, __ATOMIC_SEQ_CST);
	return pg;
}

void mm_unshare_page(struct page *pg)
{
	__atomic_or_fetch(&pg->flags, PAGE_ENDED, __ATOMIC_SEQ_CST);
	type_put(pg);
}
