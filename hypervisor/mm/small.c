/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small objects of the hypervisor, in classes of 32 to 2048 bytes. Each class has a list of the
 * pages that have a free object; free objects of a page are chained by their index. Larger ones are
 * blocks of frames, with their order in the first frame-table entry.
 */
#include <lib/printk.h>
#include <lib/string.h>
#include <mm/heap.h>

#define MIN_SHIFT 5
#define CLASSES	  7
#define NO_OBJECT 0xffff

static struct spinlock small_lock = SPINLOCK_INIT;
static struct page_list partly_free[CLASSES];

static size_t class_size(unsigned class)
{
	return 1UL << (MIN_SHIFT + class);
}

static u16 *object(struct page *pg, unsigned index)
{
	return (u16 *)((char *)page_to_virt(pg) + index * class_size(pg->order));
}

/** A fresh page of this class on the list; NULL when the heap is empty. */
static struct page *new_page(unsigned class)
{
	unsigned objects = PAGE_SIZE / class_size(class);
	struct page *pg = heap_take(0, ~0UL);

	if (!pg)
		return NULL;
	pg->flags |= PAGE_SMALL;
	pg->order = class;
	pg->in_use = 0;
	pg->first_free = 0;
	for (unsigned i = 0; i < objects; i++)
		*object(pg, i) = i + 1 < objects ? i + 1 : NO_OBJECT;
	page_list_add(&partly_free[class], pg);
	return pg;
}

static void *small_alloc(unsigned class)
{
	struct page *pg;
	u16 *obj = NULL;

	spin_lock(&small_lock);
	pg = page_list_first(&partly_free[class]);
	if (!pg)
		pg = new_page(class);
	if (pg) {
		obj = object(pg, pg->first_free);
		pg->first_free = *obj;
		pg->in_use++;
		if (pg->first_free == NO_OBJECT)
			page_list_del(&partly_free[class], pg);
	}
	spin_unlock(&small_lock);
	return obj ? memset(obj, 0, class_size(class)) : NULL;
}

static void small_free(struct page *pg, void *p)
{
	unsigned index = ((uintptr_t)p & ~PAGE_MASK) / class_size(pg->order);
	bool empty;

	spin_lock(&small_lock);
	BUG_ON(!pg->in_use);
	if (pg->first_free == NO_OBJECT)
		page_list_add(&partly_free[pg->order], pg);
	*(u16 *)p = pg->first_free;
	pg->first_free = index;
	empty = --pg->in_use == 0;
	if (empty) {
		page_list_del(&partly_free[pg->order], pg);
		pg->flags &= ~PAGE_SMALL;
	}
	spin_unlock(&small_lock);
	if (empty)
		heap_free_frames(frame_mfn(pg), 1);
}

void *heap_alloc(size_t size)
{
	unsigned order = 0, class = 0;
	void *va;

	while (class < CLASSES && class_size(class) < size)
		class ++;
	if (class < CLASSES)
		return small_alloc(class);
	while (order <= HEAP_MAX_ORDER && (PAGE_SIZE << order) < size)
		order++;
	va = order <= HEAP_MAX_ORDER ? heap_pages(order) : NULL;
	if (va)
		mfn_to_page(virt_to_mfn(va))->order = order;
	return va;
}

void heap_free(void *p)
{
	struct page *pg;

	if (!p)
		return;
	pg = mfn_to_page(virt_to_mfn(p));
	if (pg->flags & PAGE_SMALL)
		small_free(pg, p);
	else
		heap_pages_free(p, pg->order);
}
