/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <lzma.h>
#include <zlib.h>
#include <image/image.h>
#include <xen/errno.h>
#include "image/payload.h"

#define PIECE_SIZE (64u << 10)

int payload_find(const uint8_t *file, size_t size, struct payload *payload, struct problem *problem)
{
	static const struct {
		const char *magic;
		size_t length;
		enum payload_format format;
	} formats[] = {
		{"\177ELF", 4, PAYLOAD_PLAIN},
		{"\037\213\010", 3, PAYLOAD_GZIP},
		{"\3757zXZ", 6, PAYLOAD_XZ},
	};

	const char *wrong = image_unwrap(&file, &size);

	if (wrong)
		return problem_note(problem, XEN_EINVAL, "%s", wrong);
	payload->data = file;
	payload->size = size;
	for (unsigned int i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (size >= formats[i].length &&
		    !memcmp(file, formats[i].magic, formats[i].length)) {
			payload->format = formats[i].format;
			return 0;
		}
	}
	return problem_note(problem, XEN_EINVAL,
			    "the kernel is neither an ELF nor packed with gzip or xz: repack it");
}

static int stream_plain(const struct payload *payload, payload_sink_t sink, void *context)
{
	for (size_t at = 0; at < payload->size; at += PIECE_SIZE) {
		size_t left = payload->size - at;
		int result =
			sink(context, payload->data + at, left < PIECE_SIZE ? left : PIECE_SIZE);

		if (result)
			return result;
	}
	return 0;
}

/* One decoder's step: fills the piece, and says how much is in it and whether the stream ended. */
struct decoder {
	int (*step)(struct decoder *decoder, uint8_t *piece, size_t *filled, bool *ended,
		    struct problem *problem);
	union {
		z_stream gzip;
		lzma_stream xz;
	};
};

static int gzip_step(struct decoder *decoder, uint8_t *piece, size_t *filled, bool *ended,
		     struct problem *problem)
{
	z_stream *stream = &decoder->gzip;

	stream->next_out = piece;
	stream->avail_out = PIECE_SIZE;
	int status = inflate(stream, Z_NO_FLUSH);

	*filled = PIECE_SIZE - stream->avail_out;
	*ended = status == Z_STREAM_END;
	if (status == Z_MEM_ERROR)
		return problem_note(problem, XEN_ENOMEM,
				    "dom0 has too little memory to unpack gzip");
	if (!*ended && (status != Z_OK || !*filled))
		return problem_note(problem, XEN_EINVAL, "the kernel's gzip data are damaged");
	return 0;
}

static int xz_step(struct decoder *decoder, uint8_t *piece, size_t *filled, bool *ended,
		   struct problem *problem)
{
	lzma_stream *stream = &decoder->xz;

	stream->next_out = piece;
	stream->avail_out = PIECE_SIZE;
	lzma_ret status = lzma_code(stream, stream->avail_in ? LZMA_RUN : LZMA_FINISH);

	*filled = PIECE_SIZE - stream->avail_out;
	*ended = status == LZMA_STREAM_END;
	if (status == LZMA_MEM_ERROR || status == LZMA_MEMLIMIT_ERROR)
		return problem_note(
			problem, XEN_ENOMEM,
			"unpacking this xz kernel needs more memory than dom0 has: raise dom0_mem");
	if (!*ended && (status != LZMA_OK || (!*filled && !stream->avail_in)))
		return problem_note(problem, XEN_EINVAL, "the kernel's xz data are damaged");
	return 0;
}

static int run_decoder(struct decoder *decoder, payload_sink_t sink, void *context,
		       struct problem *problem)
{
	uint8_t *piece = malloc(PIECE_SIZE);
	bool ended = false;
	int result = 0;

	if (!piece)
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	while (!ended && !result) {
		size_t filled;

		result = decoder->step(decoder, piece, &filled, &ended, problem);
		if (!result && filled)
			result = sink(context, piece, filled);
	}
	free(piece);
	return result;
}

static int stream_gzip(const struct payload *payload, payload_sink_t sink, void *context,
		       struct problem *problem)
{
	struct decoder decoder = {.step = gzip_step};

	decoder.gzip.next_in = (Bytef *)(uintptr_t)payload->data;
	decoder.gzip.avail_in = (uInt)payload->size;
	/* 16: expect the gzip wrapper. */
	if (inflateInit2(&decoder.gzip, 16 + MAX_WBITS) != Z_OK)
		return problem_note(problem, XEN_ENOMEM,
				    "dom0 has too little memory to unpack gzip");
	int result = run_decoder(&decoder, sink, context, problem);

	inflateEnd(&decoder.gzip);
	return result;
}

static int stream_xz(const struct payload *payload, payload_sink_t sink, void *context,
		     struct problem *problem)
{
	struct decoder decoder = {.step = xz_step, .xz = LZMA_STREAM_INIT};

	decoder.xz.next_in = payload->data;
	decoder.xz.avail_in = payload->size;
	if (lzma_stream_decoder(&decoder.xz, PAYLOAD_XZ_MEMORY, 0) != LZMA_OK)
		return problem_note(problem, XEN_ENOMEM, "dom0 has too little memory to unpack xz");
	int result = run_decoder(&decoder, sink, context, problem);

	lzma_end(&decoder.xz);
	return result;
}

int payload_stream(const struct payload *payload, payload_sink_t sink, void *context,
		   struct problem *problem)
{
	switch (payload->format) {
	case PAYLOAD_GZIP:
		return stream_gzip(payload, sink, context, problem);
	case PAYLOAD_XZ:
		return stream_xz(payload, sink, context, problem);
	default:
		return stream_plain(payload, sink, context);
	}
}
