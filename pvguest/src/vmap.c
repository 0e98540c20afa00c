/* SPDX-License-Identifier: MIT */
/* Address ranges for mappings made at run time, and the heap below malloc. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <pv/mm.h>
#include <pv/start.h>
#include "internal.h"

#define HEAP_STEP 16 /* pages mapped at once */

static struct pv_bitmap ranges;
static uintptr_t heap_break = PV_HEAP_BASE, heap_mapped = PV_HEAP_BASE;

void pv_vmap_init(void)
{
	uint64_t *words = pv_pages_alloc(pv_pages(PV_MAP_PAGES / 8));

	if (!words)
		pv_panic("no memory for the mapping area");
	pv_bitmap_init(&ranges, words, PV_MAP_PAGES);
	pv_bitmap_give(&ranges, 0, PV_MAP_PAGES);
}

uintptr_t pv_va_alloc(unsigned long count)
{
	unsigned long first = pv_bitmap_take(&ranges, count);
	uintptr_t va = PV_MAP_BASE + (first << PV_PAGE_SHIFT);

	if (first == PV_BITMAP_NONE)
		return 0;
	if (pv_tables_prepare(va, count)) {
		pv_bitmap_give(&ranges, first, count);
		return 0;
	}
	return va;
}

void pv_va_free(uintptr_t va, unsigned long count)
{
	pv_bitmap_give(&ranges, (va - PV_MAP_BASE) >> PV_PAGE_SHIFT, count);
}

void *pv_map_foreign(const pv_mfn_t *mfns, unsigned long count, uint64_t prot, domid_t domain,
		     int *error)
{
	uintptr_t va = pv_va_alloc(count);
	int problem = va ? pv_map(va, mfns, count, prot, domain) : -XEN_ENOMEM;

	if (error)
		*error = problem;
	if (!problem)
		return (void *)va;
	if (va)
		pv_va_free(va, count);
	return NULL;
}

void *pv_map_mmio(uint64_t maddr, size_t bytes)
{
	unsigned long offset = maddr & (PV_PAGE_SIZE - 1);
	unsigned long count = pv_pages(offset + bytes);
	uintptr_t va = pv_va_alloc(count);

	if (!va)
		return NULL;
	if (pv_map_range(va, maddr >> PV_PAGE_SHIFT, count, PV_RW | PV_UNCACHED, DOMID_IO)) {
		pv_va_free(va, count);
		return NULL;
	}
	return (char *)va + offset;
}

void pv_unmap_free(void *va, unsigned long count)
{
	uintptr_t start = (uintptr_t)va & PV_PAGE_MASK;

	pv_unmap(start, count);
	pv_va_free(start, count);
}

/* Map count more pages at the end of the heap: all or none. */
static int heap_extend(unsigned long count)
{
	pv_mfn_t mfns[HEAP_STEP] = {0};
	unsigned long got;

	for (got = 0; got < count; got++) {
		void *page = pv_pages_alloc(1);

		if (!page)
			break;
		mfns[got] = pv_virt_to_mfn(page);
	}
	if (got == count && !pv_map(heap_mapped, mfns, count, PV_RW, DOMID_SELF)) {
		heap_mapped += count << PV_PAGE_SHIFT;
		return 0;
	}
	while (got > 0)
		pv_pages_free(pv_mfn_to_virt(mfns[--got]), 1);
	return -XEN_ENOMEM;
}

/* The heap is never unmapped: what is given back is cleared and used again. */
void *sbrk(ptrdiff_t increment)
{
	uintptr_t old = heap_break, wanted = old + increment;

	if (wanted < PV_HEAP_BASE || wanted > PV_HEAP_END)
		goto none;
	while (heap_mapped < wanted) {
		unsigned long missing = pv_pages(wanted - heap_mapped);

		if (heap_extend(HEAP_STEP) && (missing >= HEAP_STEP || heap_extend(missing)))
			goto none;
	}
	heap_break = wanted;
	if (increment > 0)
		memset((void *)old, 0, increment); /* calloc() relies on it */
	return (void *)old;
none:
	errno = ENOMEM;
	return (void *)-1;
}
