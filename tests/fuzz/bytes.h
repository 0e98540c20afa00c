/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words among the bytes of what guests and devices have, of up to eight bytes. */
#ifndef FUZZ_BYTES_H
#define FUZZ_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint64_t get_bytes(const uint8_t *at, unsigned size)
{
	uint64_t value = 0;

	memcpy(&value, at, size);
	return value;
}

static inline void put_bytes(uint8_t *at, uint64_t value, unsigned size)
{
	memcpy(at, &value, size);
}

#endif
