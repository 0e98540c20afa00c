/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small objects of the hypervisor, in classes of 32 to 2048 bytes. Each class has a list of the
 * pages that have a free object; free objects of a page are chained by their offsets, PAGE_SIZE
 * ends the chain. Larger ones are blocks of frames, with their order in the first frame-table
 * entry.
 */
#include <lib/string.h>
#include <mm/frame.h>

#define CLASSES		  7 /* the next one would be that of whole frames, as blocks of order 0 */
#define CLASS_SIZE(class) (32UL << (class))

static struct spinlock small_lock = SPINLOCK_INIT;
static struct page_list partly_free[CLASSES];

/** A fresh page of this class on the list; NULL when the heap is empty. */
static struct page *new_page(unsigned class)
{
	struct page *pg = heap_take(0, ~0UL);

	if (!pg)
		return NULL;
	char *objects = page_to_virt(pg);
	pg->flags |= PAGE_SMALL;
	pg->order = class;
	pg->in_use = 0;
	pg->first_free = 0;
	for (unsigned at = 0; at < PAGE_SIZE; at += CLASS_SIZE(class))
		*(u16 *)(objects + at) = at + CLASS_SIZE(class);
	page_list_add(&partly_free[class], pg);
	return pg;
}

static void *small_alloc(unsigned class)
{
	u16 *obj = NULL;

	spin_lock(&small_lock);
	struct page *pg = page_list_first(&partly_free[class]);
	if (!pg)
		pg = new_page(class);
	if (pg) {
		obj = (u16 *)((char *)page_to_virt(pg) + pg->first_free);
		pg->first_free = *obj;
		pg->in_use++;
		if (pg->first_free == PAGE_SIZE)
			page_list_del(&partly_free[class], pg);
	}
	spin_unlock(&small_lock);
	return obj ? memset(obj, 0, CLASS_SIZE(class)) : NULL;
}

static void small_free(struct page *pg, void *p)
{
	struct page_list *list = &partly_free[pg->order];

	spin_lock(&small_lock);
	BUG_ON(!pg->in_use);
	if (pg->first_free == PAGE_SIZE)
		page_list_add(list, pg);
	*(u16 *)p = pg->first_free;
	pg->first_free = (uintptr_t)p & ~PAGE_MASK;
	if (--pg->in_use == 0) {
		page_list_del(list, pg);
		pg->flags &= ~PAGE_SMALL;
		heap_free_frames(frame_mfn(pg), 1);
	}
	spin_unlock(&small_lock);
}

void *heap_alloc(size_t size)
{
	unsigned class = 0;

	while (class <= CLASSES + HEAP_MAX_ORDER && CLASS_SIZE(class) < size)
		class ++;
	if (class < CLASSES)
		return small_alloc(class);
	void *va = heap_pages(class - CLASSES);
	if (va)
		mfn_to_page(virt_to_mfn(va))->order = class - CLASSES;
	return va;
}

void heap_free(void *p)
{
	if (!p)
		return;
	struct page *pg = mfn_to_page(virt_to_mfn(p));

	if (pg->flags & PAGE_SMALL)
		small_free(pg, p);
	else
		heap_pages_free(p, pg->order);
}
