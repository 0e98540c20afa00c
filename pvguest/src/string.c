/* SPDX-License-Identifier: MIT */
/* Copying and filling memory. newlib's own write past the caches, which is wrong for buffers that
 * are read again at once, and takes twice the instructions. */
#include <stdint.h>
#include <string.h>

/* Of any alignment, and of whatever type the memory is. */
typedef uint64_t word __attribute__((aligned(1), may_alias));
typedef uint32_t half __attribute__((aligned(1), may_alias));

/* Up to 16 bytes: two moves that may overlap. */
static inline void copy_few(char *to, const char *from, size_t length)
{
	if (length >= 8) {
		word first = *(const word *)from, last = *(const word *)(from + length - 8);

		*(word *)to = first;
		*(word *)(to + length - 8) = last;
	} else if (length >= 4) {
		half first = *(const half *)from, last = *(const half *)(from + length - 4);

		*(half *)to = first;
		*(half *)(to + length - 4) = last;
	} else if (length) {
		char first = from[0], middle = from[length / 2], last = from[length - 1];

		to[0] = first;
		to[length / 2] = middle;
		to[length - 1] = last;
	}
}

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	const char *source = from;
	char *target = to;
	size_t words = length / 8;

	if (length <= 16) {
		copy_few(target, source, length);
		return to;
	}
	*(word *)(target + length - 8) = *(const word *)(source + length - 8);
	asm volatile("rep movsq" : "+D"(target), "+S"(source), "+c"(words) : : "memory");
	return to;
}

void *memset(void *to, int byte, size_t length)
{
	word pattern = (uint8_t)byte * 0x0101010101010101ull;
	char *target = to;
	size_t words = length / 8;

	if (length < 8) {
		while (length)
			((volatile char *)target)[--length] = (char)byte;
		return to;
	}
	*(word *)(target + length - 8) = pattern;
	asm volatile("rep stosq" : "+D"(target), "+c"(words) : "a"(pattern) : "memory");
	return to;
}
