/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bit sets in arrays of 32-bit words. None is atomic: the caller holds the lock of the set. */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include <lib/types.h>

static inline bool bitmap_test(const u32 *map, unsigned bit)
{
	return map[bit / 32] >> (bit % 32) & 1;
}

static inline void bitmap_set(u32 *map, unsigned bit)
{
	map[bit / 32] |= 1u << (bit % 32);
}

static inline void bitmap_clear(u32 *map, unsigned bit)
{
	map[bit / 32] &= ~(1u << (bit % 32));
}

/** First clear bit below bits, or bits if all are set. */
static inline unsigned bitmap_find_clear(const u32 *map, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if (!bitmap_test(map, i))
			return i;
	return bits;
}

#endif
