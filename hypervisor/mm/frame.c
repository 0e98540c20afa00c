/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame table: start-up, owners, lists and general references. */
#include <lib/printk.h>
#include <lib/string.h>
#include <mm/heap.h>
#include <mm/hooks.h>
#include <mm/types.h>
#include <x86/tlb.h>

#define M2P_PIECES 512 /* 2 MiB each: 1 GiB of M2P table describes 512 GiB */

u64 max_mfn;
unsigned phys_addr_bits;
static struct domain_memory *domains[DOMID_FIRST_RESERVED]; /* each set and cleared by its domain */
static mfn_t m2p_pieces[M2P_PIECES];

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
	for (unsigned i = 0; i < M2P_PIECES; i++)
		m2p_pieces[i] = INVALID_MFN;
}

void mm_boot_m2p(unsigned index, mfn_t first, unsigned frames)
{
	if (index >= M2P_PIECES)
		return;
	m2p_pieces[index] = first;
	for (unsigned i = 0; i < frames; i++) {
		struct page *pg = frame_of_ram(mfn(first.n + i));

		if (!pg)
			continue;
		pg->owner = OWNER_XEN;
		pg->count = 1;
		type_share(pg, true);
	}
}

mfn_t mm_m2p_piece(unsigned index)
{
	return index < M2P_PIECES ? m2p_pieces[index] : INVALID_MFN;
}

mfn_t page_to_mfn(const struct page *pg)
{
	return frame_mfn(pg);
}

void *mfn_to_virt(mfn_t m)
{
	return frame_virt(m);
}

void *page_to_virt(const struct page *pg)
{
	return frame_virt(frame_mfn(pg));
}

/* --- lists --- */

static struct page *list_page(u32 frame)
{
	return frame ? &frame_table[frame] : NULL;
}

void page_list_add(struct page_list *l, struct page *pg)
{
	u32 frame = frame_mfn(pg).n;

	pg->prev = 0;
	pg->next = l->first;
	if (l->first)
		frame_table[l->first].prev = frame;
	else
		l->last = frame;
	l->first = frame;
}

void page_list_add_tail(struct page_list *l, struct page *pg)
{
	u32 frame = frame_mfn(pg).n;

	pg->next = 0;
	pg->prev = l->last;
	if (l->last)
		frame_table[l->last].next = frame;
	else
		l->first = frame;
	l->last = frame;
}

void page_list_del(struct page_list *l, struct page *pg)
{
	if (pg->prev)
		frame_table[pg->prev].next = pg->next;
	else
		l->first = pg->next;
	if (pg->next)
		frame_table[pg->next].prev = pg->prev;
	else
		l->last = pg->prev;
	pg->next = pg->prev = 0;
}

struct page *page_list_first(const struct page_list *l)
{
	return list_page(l->first);
}

struct page *page_list_next(const struct page *pg)
{
	return list_page(pg->next);
}

/* --- owners --- */

struct domain_memory *domain_memory_of(u16 owner)
{
	return owner < DOMID_FIRST_RESERVED ? domains[owner] : NULL;
}

struct domain_memory *mm_page_owner(const struct page *pg)
{
	return domain_memory_of(READ_ONCE(pg->owner));
}

bool domain_memory_register(struct domain_memory *dm)
{
	struct domain_memory *none = NULL;

	return dm->domid < DOMID_FIRST_RESERVED &&
	       __atomic_compare_exchange_n(&domains[dm->domid], &none, dm, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

void domain_memory_unregister(struct domain_memory *dm)
{
	__atomic_store_n(&domains[dm->domid], NULL, __ATOMIC_SEQ_CST);
}

struct cpumask cpumask_online(void)
{
	return (struct cpumask){~0UL >> (64 - cpu_count)};
}

struct cpumask page_tlb_cpus(const struct page *pg)
{
	const struct domain_memory *dm = mm_page_owner(pg);

	if (!dm || (__atomic_load_n(&pg->flags, __ATOMIC_SEQ_CST) & PAGE_FOREIGN))
		return cpumask_online();
	return (struct cpumask){__atomic_load_n(&dm->dirty_cpus.bits, __ATOMIC_SEQ_CST)};
}

bool pages_assign(struct page *pg, u64 n, struct domain_memory *dm)
{
	bool ok;

	spin_lock(&dm->lock);
	ok = !dm->dying && dm->tot_pages <= dm->max_pages && n <= dm->max_pages - dm->tot_pages;
	for (u64 i = 0; ok && i < n; i++) {
		pg[i].owner = dm->domid;
		page_list_add_tail(&dm->pages, &pg[i]);
		/* From here on others may take references. */
		__atomic_store_n(&pg[i].count, PAGE_ALLOCATED | 1, __ATOMIC_SEQ_CST);
	}
	if (ok)
		dm->tot_pages += n;
	spin_unlock(&dm->lock);
	return ok;
}

/** Take an unreferenced page off its owner. True if it was the last of a dying domain. */
static bool disown(struct page *pg, struct domain_memory *dm)
{
	bool last;

	spin_lock(&dm->lock);
	if (pg->flags & PAGE_SHARED) {
		page_list_del(&dm->shared_pages, pg);
	} else {
		page_list_del(pg->flags & PAGE_SETTLED ? &dm->settled : &dm->pages, pg);
		dm->tot_pages--;
	}
	last = dm->dying && !dm->last_page_gone && !dm->tot_pages && !dm->shared_pages.first;
	if (last)
		dm->last_page_gone = true;
	spin_unlock(&dm->lock);
	pg->owner = OWNER_NONE;
	return last;
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

bool page_ref(struct page *pg)
{
	u32 old = __atomic_load_n(&pg->count, __ATOMIC_RELAXED);

	/* Lost when another reference came or went meanwhile: old is fresh, try again. */
	do {
		if (PAGE_REFS(old) == 0 || PAGE_REFS(old) >= PAGE_COUNT_MAX)
			return false;
	} while (!__atomic_compare_exchange_n(&pg->count, &old, old + 1, true, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	return true;
}

bool page_get(struct page *pg, const struct domain_memory *dm)
{
	/* Look first, so that a stranger's page is not even touched; it counts only once we hold
	 * it. */
	if (READ_ONCE(pg->owner) != dm->domid || !page_ref(pg))
		return false;
	if (likely(READ_ONCE(pg->owner) == dm->domid))
		return true;
	mm_put_page(pg);
	return false;
}

static __attribute__((noinline)) void free_page(struct page *pg)
{
	struct domain_memory *dm = mm_page_owner(pg);
	bool last;

	BUG_ON(!dm);
	last = disown(pg, dm);
	page_retire(pg);
	if (last)
		hook_last_page_gone(dm);
}

void mm_put_page(struct page *pg)
{
	u32 old = __atomic_fetch_sub(&pg->count, 1, __ATOMIC_SEQ_CST);

	BUG_ON(PAGE_REFS(old) == 0);
	if (unlikely(old == 1))
		free_page(pg);
}

bool page_drop_allocation(struct page *pg)
{
	u32 old = __atomic_fetch_and(&pg->count, ~PAGE_ALLOCATED, __ATOMIC_SEQ_CST);

	if (!(old & PAGE_ALLOCATED))
		return false;
	mm_put_page(pg);
	return true;
}

bool page_steal(struct page *pg, struct domain_memory *dm)
{
	u32 expected = PAGE_ALLOCATED | 2; /* the allocation's and the caller's */

	if (!__atomic_compare_exchange_n(&pg->count, &expected, 0, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_RELAXED))
		return false;
	if (disown(pg, dm))
		hook_last_page_gone(dm);
	return true;
}

/* --- what other rooms use --- */

struct page *mm_get_page(mfn_t m, struct domain_memory *dm)
{
	struct page *pg = frame_of_ram(m);

	return pg && page_get(pg, dm) ? pg : NULL;
}

struct page *mm_alloc_domain_pages(struct domain_memory *dm, unsigned order)
{
	return mm_alloc_domain_pages_below(dm, order, ~0UL);
}

struct page *mm_alloc_domain_page(struct domain_memory *dm)
{
	return mm_alloc_domain_pages(dm, 0);
}

struct page *mm_alloc_domain_pages_below(struct domain_memory *dm, unsigned order, u64 limit)
{
	struct page *pg = heap_take(order, limit);

	if (!pg)
		return NULL;
	memset(page_to_virt(pg), 0, PAGE_SIZE << order);
	if (!pages_assign(pg, BIT(order), dm)) {
		heap_free_frames(frame_mfn(pg), BIT(order));
		return NULL;
	}
	return pg;
}

struct page *mm_share_new_page(struct domain_memory *dm, bool readonly)
{
	struct page *pg = heap_take(0, ~0UL);

	if (!pg)
		return NULL;
	memset(page_to_virt(pg), 0, PAGE_SIZE);
	pg->owner = dm->domid;
	__atomic_or_fetch(&pg->flags, PAGE_SHARED, __ATOMIC_SEQ_CST);
	spin_lock(&dm->lock);
	page_list_add_tail(&dm->shared_pages, pg);
	spin_unlock(&dm->lock);
	__atomic_store_n(&pg->count, 1, __ATOMIC_SEQ_CST);
	type_share(pg, readonly);
	return pg;
}

void mm_unshare_page(struct page *pg)
{
	__atomic_or_fetch(&pg->flags, PAGE_ENDED, __ATOMIC_SEQ_CST);
	type_put(pg);
}
