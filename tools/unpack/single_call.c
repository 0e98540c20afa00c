/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for liblzma's lz_decoder.c where a whole stream is decoded by one call: the history
 * that matches refer to is the output itself, so no dictionary (32 MiB for a Debian kernel) is
 * allocated, and nothing is copied out of it. A filter after LZMA2 changes the output in place
 * only after LZMA2 returned, that is, when the whole block is decoded.
 */
#include "lz_decoder.h"

struct coder {
	lzma_dict history;
	lzma_lz_decoder lz;
	uint8_t *end; /* of the output buffer; NULL before the first call */
};

/* History starts at @start. The decoder may look at the byte "before" an empty one: the last. */
static void restart(struct coder *coder, uint8_t *start)
{
	coder->history.buf = start;
	coder->history.pos = 0;
	coder->history.full = 0;
	coder->history.size = coder->end - start;
	coder->history.limit = coder->history.size;
	coder->history.need_reset = false;
	if (coder->history.size)
		start[coder->history.size - 1] = 0;
}

static lzma_ret decode(void *opaque, const lzma_allocator *allocator, const uint8_t *restrict in,
		       size_t *restrict in_pos, size_t in_size, uint8_t *restrict out,
		       size_t *restrict out_pos, size_t out_size, lzma_action action)
{
	struct coder *coder = opaque;
	lzma_ret result;

	(void)allocator, (void)action;
	/* Asked again, perhaps with another buffer: the output was too small, or the input ends. */
	if (coder->end)
		return coder->history.pos == coder->history.size ? LZMA_BUF_ERROR : LZMA_DATA_ERROR;
	coder->end = out + out_size;
	restart(coder, out + *out_pos);
	for (;;) {
		uint8_t *start = coder->history.buf;

		result = coder->lz.code(coder->lz.coder, &coder->history, in, in_pos, in_size);
		*out_pos = start + coder->history.pos - out;
		if (result != LZMA_OK || !coder->history.need_reset)
			return result;
		restart(coder, out + *out_pos);
	}
}

static void end(void *opaque, const lzma_allocator *allocator)
{
	struct coder *coder = opaque;

	if (coder->lz.end)
		coder->lz.end(coder->lz.coder, allocator);
	lzma_free(coder, allocator);
}

/* LZMA and LZMA2 come last in a chain of filters, so there is no next filter to set up. */
lzma_ret lzma_lz_decoder_init(lzma_next_coder *next, const lzma_allocator *allocator,
			      const lzma_filter_info *filters,
			      lzma_ret (*lz_init)(lzma_lz_decoder *lz,
						  const lzma_allocator *allocator, lzma_vli id,
						  const void *options, lzma_lz_options *lz_options))
{
	struct coder *coder = next->coder;
	lzma_lz_options ignored;

	if (!coder) {
		coder = lzma_alloc(sizeof(*coder), allocator);
		if (!coder)
			return LZMA_MEM_ERROR;
		*coder = (struct coder){.lz = LZMA_LZ_DECODER_INIT};
		next->coder = coder;
		next->code = decode;
		next->end = end;
	}
	coder->end = NULL; /* a further block of the stream starts anew */
	return lz_init(&coder->lz, allocator, filters[0].id, filters[0].options, &ignored);
}

uint64_t lzma_lz_decoder_memusage(size_t dictionary_size)
{
	(void)dictionary_size;
	return sizeof(struct coder);
}
