/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unpacks xz and gzip data, such as the payload of a bzImage, in one call and without an
 * allocator: the decoders of the distribution's liblzma and zlib behind one function.
 *
 * The output buffer serves as the dictionary, so the arena stays small whatever the data says.
 */
#ifndef UNPACK_H
#define UNPACK_H

#include <stddef.h>

/* Enough for every xz or gzip stream. */
#define UNPACK_ARENA_BYTES (64 * 1024)

/* Memory that unpack() may use while it runs; the caller owns it. At least 16-byte aligned. */
struct unpack_arena {
	void *base;
	size_t size;
};

enum unpack_result {
	UNPACK_OK = 0,
	UNPACK_UNKNOWN = -1,  /* neither xz nor gzip, or an xz filter that is not built in */
	UNPACK_CORRUPT = -2,  /* broken or truncated data, or a wrong checksum */
	UNPACK_NO_SPACE = -3, /* the output is larger than out_size */
	UNPACK_NO_ARENA = -4, /* the arena is smaller than UNPACK_ARENA_BYTES */
};

/*
 * Unpacks the stream that starts at @in into @out; bytes after its end are ignored. On success
 * *@out_len says how much was written. On failure @out holds garbage.
 * Any number of threads may unpack at once, each with its own arena.
 * Returns an enum unpack_result.
 */
int unpack(void *out, size_t out_size, size_t *out_len, const void *in, size_t in_size,
	   struct unpack_arena *arena);

#endif
