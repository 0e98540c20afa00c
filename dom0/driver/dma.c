/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <pv/mm.h>
#include "driver/dma.h"

uint64_t dma_address(const void *va)
{
	return (uint64_t)pv_virt_to_mfn(va) << PV_PAGE_SHIFT | ((uintptr_t)va & ~PV_PAGE_MASK);
}

static unsigned int order_of(size_t bytes)
{
	unsigned int order = 0;

	while (PV_PAGE_SIZE << order < bytes)
		order++;
	return order;
}

void *dma_alloc(size_t bytes, uint64_t *machine)
{
	unsigned int order = order_of(bytes);
	void *va = order ? pv_contiguous_alloc(order, 0) : pv_pages_alloc(1);

	if (!va)
		return NULL;
	memset(va, 0, PV_PAGE_SIZE << order);
	*machine = dma_address(va);
	return va;
}

void dma_free(void *va, size_t bytes)
{
	if (va)
		pv_pages_free(va, 1UL << order_of(bytes));
}
