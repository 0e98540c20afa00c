/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that devices reach: where it is for the device, and such memory for rings and buffers. */
#ifndef DOM0_DRIVER_DMA_H
#define DOM0_DRIVER_DMA_H

#include <stddef.h>
#include <stdint.h>

/* Machine address of memory of the page allocator. Memory of several pages is not consecutive in
 * the machine, unless dma_alloc() made it. */
uint64_t dma_address(const void *va);

/* Zeroed memory of whole pages, consecutive in the machine; NULL if there is none. The caller owns
 * it. */
void *dma_alloc(size_t bytes, uint64_t *machine);

void dma_free(void *va, size_t bytes);

#endif
