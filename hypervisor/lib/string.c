/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is worth its own code: by string instructions, without vector registers. The rest of
 * lib/string.h is newlib's (tools/libs.mk). The compiler may call the mem* ones on its own.
 */
#include <lib/string.h>

void *memcpy(void *dst, const void *src, size_t n)
{
	void *to = dst;
	size_t words = n / 8, rest = n % 8;

	asm volatile("rep movsq\n\t"
		     "movq %3, %%rcx\n\t"
		     "rep movsb"
		     : "+D"(to), "+S"(src), "+c"(words)
		     : "r"(rest)
		     : "memory");
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	void *to = dst;
	size_t words = n / 8, rest = n % 8;

	asm volatile("rep stosq\n\t"
		     "movq %2, %%rcx\n\t"
		     "rep stosb"
		     : "+D"(to), "+c"(words)
		     : "r"(rest), "a"((u8)c * 0x0101010101010101UL)
		     : "memory");
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
