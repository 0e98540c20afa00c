/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heap: every frame of RAM that nobody uses, in blocks of 2^order frames aligned to their size.
 * Blocks above 4 GiB are preferred, so that memory for 32-bit devices lasts. Small objects are cut
 * from single pages, which return to the heap when empty. One lock for each of the two.
 */
#ifndef MM_HEAP_H
#define MM_HEAP_H

#include <mm/frame.h>

#define HEAP_MAX_ORDER 18

/** Free frames [first, first + count) into blocks. They have no owner and no references. */
void heap_free_frames(mfn_t first, u64 count);
/**
 * 2^order frames below frame number `limit` (~0: anywhere), not zeroed, no stale TLB entry for them
 * on any CPU; NULL if there are none.
 */
struct page *heap_take(unsigned order, u64 limit);
/** Every free block, for the auditor. */
void heap_for_each_block(void (*fn)(struct page *first, unsigned order, void *arg), void *arg);

#endif
