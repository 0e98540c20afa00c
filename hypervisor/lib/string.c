/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is worth its own code: by string instructions, without vector registers. The rest of
 * lib/string.h is newlib's (tools/libs.mk). The compiler may call the mem* ones on its own.
 */
#include <lib/string.h>
#include <x86/asm.h>

void *memcpy(void *dst, const void *src, size_t n)
{
	move_bytes(dst, src, n);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	fill_bytes(dst, c, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if ((size_t)(d - s) >= n)
		return memcpy(dst, src, n);
	while (n--)
		d[n] = s[n];
	return dst;
}
