/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One entry point over two decoder libraries; see unpack.h. */
#include <stdint.h>
#include <string.h>
#include <lzma.h>
#include <zlib.h>
#include "unpack.h"

/* Both libraries free only when they are done: memory is given out once and never taken back. */
static void *arena_alloc(struct unpack_arena *arena, size_t bytes)
{
	void *memory = arena->base;

	bytes = (bytes + 15) & ~(size_t)15;
	if (bytes > arena->size)
		return NULL;
	arena->base = (char *)arena->base + bytes;
	arena->size -= bytes;
	return memory;
}

static void *xz_alloc(void *opaque, size_t count, size_t size)
{
	return arena_alloc(opaque, count * size);
}

static void xz_free(void *opaque, void *memory)
{
	(void)opaque, (void)memory;
}

static int unpack_xz(void *out, size_t out_size, size_t *out_len, const void *in, size_t in_size,
		     struct unpack_arena *arena)
{
	lzma_allocator allocator = {xz_alloc, xz_free, arena};
	uint64_t memory_limit = UINT64_MAX;
	size_t in_pos = 0;

	switch (lzma_stream_buffer_decode(&memory_limit, 0, &allocator, in, &in_pos, in_size, out,
					  out_len, out_size)) {
	case LZMA_OK:
		return UNPACK_OK;
	case LZMA_OPTIONS_ERROR:
		return UNPACK_UNKNOWN;
	case LZMA_BUF_ERROR:
		return UNPACK_NO_SPACE;
	case LZMA_MEM_ERROR:
		return UNPACK_NO_ARENA;
	default:
		return UNPACK_CORRUPT;
	}
}

static voidpf gzip_alloc(voidpf opaque, uInt count, uInt size)
{
	return arena_alloc(opaque, (size_t)count * size);
}

static void gzip_free(voidpf opaque, voidpf memory)
{
	(void)opaque, (void)memory;
}

/* zlib counts the space of a call in 32 bits: feed it pieces. */
static uInt piece(size_t left)
{
	return left > UINT32_MAX ? UINT32_MAX : left;
}

static int inflate_all(z_stream *stream, Bytef *out, size_t out_size, const Bytef *in,
		       size_t in_size)
{
	int result;

	stream->next_in = (Bytef *)in;
	stream->next_out = out;
	do {
		stream->avail_in = piece(in + in_size - stream->next_in);
		stream->avail_out = piece(out + out_size - stream->next_out);
		result = inflate(stream, Z_NO_FLUSH);
	} while (result == Z_OK);
	return result;
}

static int unpack_gzip(void *out, size_t out_size, size_t *out_len, const void *in, size_t in_size,
		       struct unpack_arena *arena)
{
	z_stream stream = {.zalloc = gzip_alloc, .zfree = gzip_free, .opaque = arena};
	const int gzip_only = 16;
	int result;

	if (inflateInit2(&stream, MAX_WBITS + gzip_only) != Z_OK)
		return UNPACK_NO_ARENA;
	result = inflate_all(&stream, out, out_size, in, in_size);
	*out_len = stream.next_out - (Bytef *)out;
	switch (result) {
	case Z_STREAM_END:
		return UNPACK_OK;
	case Z_MEM_ERROR:
		return UNPACK_NO_ARENA;
	case Z_BUF_ERROR:
		return *out_len == out_size ? UNPACK_NO_SPACE : UNPACK_CORRUPT;
	default:
		return UNPACK_CORRUPT;
	}
}

static int starts_with(const void *in, size_t in_size, const char *magic, size_t magic_size)
{
	return in_size >= magic_size && memcmp(in, magic, magic_size) == 0;
}

int unpack(void *out, size_t out_size, size_t *out_len, const void *in, size_t in_size,
	   struct unpack_arena *arena)
{
	struct unpack_arena rest = *arena;

	*out_len = 0;
	if (starts_with(in, in_size,
			"\xfd"
			"7zXZ",
			6))
		return unpack_xz(out, out_size, out_len, in, in_size, &rest);
	if (starts_with(in, in_size, "\x1f\x8b", 2))
		return unpack_gzip(out, out_size, out_len, in, in_size, &rest);
	return UNPACK_UNKNOWN;
}
