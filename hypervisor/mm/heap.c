/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of frames: a buddy allocator whose lists run through the frame table. */
#include <lib/printk.h>
#include <lib/string.h>
#include <mm/heap.h>
#include <x86/tlb.h>

#define ORDERS	   (HEAP_MAX_ORDER + 1)
#define ZONE_FRAME (1UL << (32 - PAGE_SHIFT)) /* zone 1 begins here; no block spans it */

static struct {
	struct spinlock lock;
	struct page_list blocks[2][ORDERS];
	u64 free, total; /* frames */
} heap;

static struct page_list *block_list(u64 frame, unsigned order)
{
	return &heap.blocks[frame >= ZONE_FRAME][order];
}

static void block_add(u64 frame, unsigned order)
{
	struct page *pg = &frame_table[frame];

	pg->flags |= PAGE_FREE;
	pg->order = order;
	page_list_add(block_list(frame, order), pg);
}

static void block_del(struct page *pg)
{
	pg->flags &= ~PAGE_FREE;
	page_list_del(block_list(frame_mfn(pg).n, pg->order), pg);
}

/** The free block that makes one of the next order together with this one, or NULL. */
static struct page *free_buddy(u64 frame, unsigned order)
{
	struct page *pg = frame_of_ram(mfn(frame ^ BIT(order)));

	return pg && (pg->flags & PAGE_FREE) && pg->order == order ? pg : NULL;
}

static void free_block(u64 frame, unsigned order)
{
	struct page *buddy;

	while (order < HEAP_MAX_ORDER && (buddy = free_buddy(frame, order))) {
		block_del(buddy);
		frame &= ~BIT(order);
		order++;
	}
	block_add(frame, order);
}

void heap_free_frames(mfn_t first, u64 count)
{
	u64 frame = first.n, end = first.n + count;

	spin_lock(&heap.lock);
	while (frame < end) {
		unsigned order = 0;

		while (order < HEAP_MAX_ORDER && !(frame & BIT(order)) &&
		       frame + BIT(order + 1) <= end)
			order++;
		free_block(frame, order);
		frame += BIT(order);
	}
	heap.free += count;
	spin_unlock(&heap.lock);
}

/** The lowest-order block that begins below limit: only its low end has to lie there. */
static struct page *find_low_block(unsigned zone, unsigned order, u64 limit)
{
	for (; order < ORDERS; order++) {
		struct page *pg = page_list_first(&heap.blocks[zone][order]);

		for (; pg; pg = page_list_next(pg))
			if (frame_mfn(pg).n + BIT(order) <= limit)
				return pg;
	}
	return NULL;
}

/** The block with the highest address among the first of each order. */
static struct page *find_high_block(unsigned zone, unsigned order)
{
	struct page *best = NULL;

	for (; order < ORDERS; order++) {
		struct page *pg = page_list_first(&heap.blocks[zone][order]);

		if (pg > best)
			best = pg;
	}
	return best;
}

/** Low memory is for who asks for it: all others are served from the top. */
static struct page *take_block(unsigned order, u64 limit)
{
	bool high = limit >= max_mfn;
	struct page *pg = NULL;
	u64 frame;

	for (int zone = 1; zone >= 0 && !pg; zone--)
		if (!zone || limit > ZONE_FRAME)
			pg = high ? find_high_block(zone, order)
				  : find_low_block(zone, order, limit);
	if (!pg || frame_mfn(pg).n + BIT(order) > limit)
		return NULL;
	block_del(pg);
	frame = frame_mfn(pg).n;
	for (unsigned o = pg->order; o-- > order;) {
		block_add(high ? frame : frame + BIT(o), o);
		frame += high ? BIT(o) : 0;
	}
	heap.free -= BIT(order);
	return &frame_table[frame];
}

/** Flush what any CPU may still hold of the block's former owners. */
static void flush_stale(struct page *pg, u64 frames)
{
	struct cpumask stale = {0};

	for (u64 i = 0; i < frames; i++) {
		if (pg[i].flags & PAGE_STALE)
			stale.bits |= tlb_filter(cpumask_online(), pg[i].tlb_stamp).bits;
		pg[i].flags &= ~PAGE_STALE;
	}
	if (stale.bits)
		tlb_flush_mask(stale);
}

struct page *heap_take(unsigned order, u64 limit)
{
	struct page *pg = NULL;

	if (order > HEAP_MAX_ORDER)
		return NULL;
	spin_lock(&heap.lock);
	pg = take_block(order, limit);
	spin_unlock(&heap.lock);
	if (pg)
		flush_stale(pg, BIT(order));
	return pg;
}

void heap_for_each_block(void (*fn)(struct page *first, unsigned order, void *arg), void *arg)
{
	spin_lock(&heap.lock);
	for (unsigned i = 0; i < 2 * ORDERS; i++) {
		struct page *pg = page_list_first(&heap.blocks[i / ORDERS][i % ORDERS]);

		for (; pg; pg = page_list_next(pg))
			fn(pg, i % ORDERS, arg);
	}
	spin_unlock(&heap.lock);
}

void *heap_pages(unsigned order)
{
	struct page *pg = heap_take(order, ~0UL);

	return pg ? memset(page_to_virt(pg), 0, PAGE_SIZE << order) : NULL;
}

void heap_pages_free(void *va, unsigned order)
{
	heap_free_frames(virt_to_mfn(va), BIT(order));
}

u64 heap_free_pages(void)
{
	return READ_ONCE(heap.free);
}

u64 heap_total_pages(void)
{
	return READ_ONCE(heap.total);
}

void mm_boot_free(paddr_t start, paddr_t end)
{
	u64 first = ROUND_UP(start, PAGE_SIZE) >> PAGE_SHIFT, last = end >> PAGE_SHIFT;

	first = MAX(first, 1UL); /* number 0 ends a list */
	if (first >= last)
		return;
	heap.total += last - first;
	/* Zones must not merge across their border: it is aligned to more than any block. */
	heap_free_frames(mfn(first), last - first);
}
