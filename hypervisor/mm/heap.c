/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heap: a buddy allocator whose lists run through the frame table. A zone has the frames whose
 * numbers are of one width; high ones are preferred, so that memory for 32-bit devices lasts. Small
 * objects are cut from single frames (small.c), which return to the heap when empty. One lock for
 * each of the two.
 */
#include <lib/string.h>
#include <mm/frame.h>
#include <x86/tlb.h>

#define ZONES	       33 /* a frame's number is 32 bits wide */
#define ZONE_OF(frame) (64 - __builtin_clzl((frame) | 1))

static struct {
	struct spinlock lock;
	struct page_list blocks[ZONES][HEAP_MAX_ORDER + 1];
	u32 orders[ZONES]; /* bit n: there are blocks of order n */
	u64 free;	   /* frames */
} heap;

static void block_add(u64 frame, unsigned order)
{
	struct page *pg = &frame_table[frame];

	pg->flags |= PAGE_FREE;
	pg->order = order;
	page_list_add(&heap.blocks[ZONE_OF(frame)][order], pg);
	heap.orders[ZONE_OF(frame)] |= BIT(order);
}

static void block_del(struct page *pg)
{
	unsigned zone = ZONE_OF(frame_mfn(pg).n);
	struct page_list *l = &heap.blocks[zone][pg->order];

	pg->flags &= ~PAGE_FREE;
	page_list_del(l, pg);
	heap.orders[zone] &= ~((u32)!l->first << pg->order);
}

/** Free one frame: together with its free buddy it makes a block of the next order, and so on. */
static void free_frame(u64 frame)
{
	unsigned order = 0;

	for (; order < HEAP_MAX_ORDER; order++) {
		struct page *buddy = frame_of_ram(mfn(frame ^ BIT(order)));

		if (!buddy || !(buddy->flags & PAGE_FREE) || buddy->order != order)
			break;
		block_del(buddy);
		frame &= ~BIT(order);
	}
	block_add(frame, order);
}

void heap_free_frames(mfn_t first, u64 count)
{
	spin_lock(&heap.lock);
	for (u64 i = 0; i < count; i++)
		free_frame(first.n + i);
	heap.free += count;
	spin_unlock(&heap.lock);
}

/** The smallest block of a zone whose low end serves: the first, unless the limit is within it. */
static struct page *find_block(unsigned zone, unsigned order, u64 limit)
{
	for (u32 left = heap.orders[zone] >> order << order; left; left &= left - 1)
		for (struct page *pg = page_list_first(&heap.blocks[zone][__builtin_ctz(left)]); pg;
		     pg = page_list_next(pg))
			if (frame_mfn(pg).n + BIT(order) <= limit)
				return pg;
	return NULL;
}

/**
 * The low end of a block; the rest of it is free again. Guests' limits are powers of two, and so no
 * walk over what they may have strewn.
 */
static struct page *take_block(unsigned order, u64 limit)
{
	struct page *pg = NULL;

	for (unsigned zone = ZONE_OF(MIN(limit, max_mfn) - 1); zone && !pg; zone--)
		pg = find_block(zone, order, limit);
	if (!pg)
		return NULL;
	block_del(pg);
	for (unsigned o = pg->order; o-- > order;)
		block_add(frame_mfn(pg).n + BIT(o), o);
	heap.free -= BIT(order);
	return pg;
}

struct page *heap_take(unsigned order, u64 limit)
{
	struct cpumask stale = {0};

	spin_lock(&heap.lock);
	struct page *pg = take_block(order, limit);
	spin_unlock(&heap.lock);
	if (!pg)
		return NULL;
	/* Flush what any CPU may still hold of the block's former owners. */
	for (u64 i = 0; i < BIT(order); i++) {
		if (pg[i].flags & PAGE_STALE)
			stale.bits |= tlb_filter(cpumask_online(), pg[i].tlb_stamp).bits;
		pg[i].flags &= ~PAGE_STALE;
	}
	if (stale.bits)
		tlb_flush_mask(stale, TLB_ALL);
	memset(page_to_virt(pg), 0, PAGE_SIZE << order);
	return pg;
}

void *heap_pages(unsigned order)
{
	struct page *pg = heap_take(order, ~0UL);

	return pg ? page_to_virt(pg) : NULL;
}

void heap_pages_free(void *va, unsigned order)
{
	heap_free_frames(virt_to_mfn(va), BIT(order));
}

u64 heap_free_pages(void)
{
	return READ_ONCE(heap.free);
}

void mm_boot_free(paddr_t start, paddr_t end)
{
	u64 first = MAX(ROUND_UP(start, PAGE_SIZE) >> PAGE_SHIFT, 1UL); /* number 0 ends a list */
	u64 last = end >> PAGE_SHIFT;

	/* Blocks do not span zones: they are aligned to their size, and frame 0 is in none. */
	if (first < last)
		heap_free_frames(mfn(first), last - first);
}
