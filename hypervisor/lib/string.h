/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of <string.h> that the hypervisor uses, with its usual meaning. */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <lib/types.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *sub);

/** Copy with truncation; dst is always terminated when size > 0. Returns strlen(src). */
size_t strlcpy(char *dst, const char *src, size_t size);

#endif
