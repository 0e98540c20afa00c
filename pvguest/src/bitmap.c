/* SPDX-License-Identifier: MIT */
/* First-fit allocation of consecutive numbers from a bitmap. */
#include <string.h>
#include "internal.h"

#define WORD_BITS 64

void pv_bitmap_init(struct pv_bitmap *map, uint64_t *words, unsigned long size)
{
	map->words = words;
	map->size = size;
	map->hint = size;
	map->free = 0;
	memset(words, 0xff, (size + WORD_BITS - 1) / WORD_BITS * sizeof(*words));
}

static bool used(const struct pv_bitmap *map, unsigned long n)
{
	return map->words[n / WORD_BITS] >> (n % WORD_BITS) & 1;
}

/* First free number from n on, or size. */
static unsigned long next_free(const struct pv_bitmap *map, unsigned long n)
{
	while (n < map->size) {
		uint64_t free = ~map->words[n / WORD_BITS] >> (n % WORD_BITS);

		if (free) {
			n += __builtin_ctzll(free);
			return n < map->size ? n : map->size;
		}
		n = (n / WORD_BITS + 1) * WORD_BITS;
	}
	return map->size;
}

/* The first of count free numbers from n on, or PV_BITMAP_NONE. */
static unsigned long find_run(const struct pv_bitmap *map, unsigned long first, unsigned long count)
{
	while (count && first + count <= map->size) {
		unsigned long n = first + 1;

		while (n < first + count && !used(map, n))
			n++;
		if (n == first + count)
			return first;
		first = next_free(map, n + 1);
	}
	return PV_BITMAP_NONE;
}

unsigned long pv_bitmap_take(struct pv_bitmap *map, unsigned long count)
{
	bool masked = pv_spin_lock(&map->lock);
	unsigned long first;

	map->hint = next_free(map, map->hint);
	first = find_run(map, map->hint, count);
	if (first != PV_BITMAP_NONE) {
		for (unsigned long n = first; n < first + count; n++)
			map->words[n / WORD_BITS] |= 1ULL << (n % WORD_BITS);
		map->free -= count;
	}
	pv_spin_unlock(&map->lock, masked);
	return first;
}

void pv_bitmap_give(struct pv_bitmap *map, unsigned long first, unsigned long count)
{
	bool masked = pv_spin_lock(&map->lock);

	for (unsigned long n = first; n < first + count; n++)
		map->words[n / WORD_BITS] &= ~(1ULL << (n % WORD_BITS));
	map->free += count;
	if (first < map->hint)
		map->hint = first;
	pv_spin_unlock(&map->lock, masked);
}
