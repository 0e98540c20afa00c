/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include "backend/blkring.h"

#define PAGE_SECTORS 8

int blkring_pending(const blkif_back_ring_t *ring)
{
	RING_IDX pushed = __atomic_load_n(&ring->sring->req_prod, __ATOMIC_ACQUIRE);

	return RING_REQUEST_PROD_OVERFLOW(ring, pushed) ? -1 : (int)(pushed - ring->req_cons);
}

static inline bool whole_units(const struct blkring_limits *limits, uint64_t sectors)
{
	return !(sectors & (limits->unit - 1));
}

static inline bool in_range(const struct blkring_limits *limits, uint64_t sector, uint64_t sectors)
{
	return sectors && sector <= limits->sectors && sectors <= limits->sectors - sector &&
	       whole_units(limits, sector | sectors);
}

/* What the segments so far have together. */
struct sum {
	unsigned int sectors, pages;
};

/* False if it is not good. A long one begins in its first page; its parts in each page are whole
 * units of the disk's. */
static inline bool add_segment(const struct blkring_limits *limits, bool may_be_long,
			       struct blkif_request_segment segment, struct sum *sum)
{
	unsigned int sectors = segment.last_sect - segment.first_sect + 1u;

	if (segment.first_sect > segment.last_sect || !whole_units(limits, sectors))
		return false;
	sum->sectors += sectors;
	sum->pages++;
	if (segment.last_sect < PAGE_SECTORS)
		return true;
	sum->pages += segment.last_sect / PAGE_SECTORS;
	return may_be_long && segment.first_sect < PAGE_SECTORS &&
	       whole_units(limits, segment.first_sect);
}

static inline int16_t check(const struct blkring_limits *limits, struct blkring_request *request,
			    struct sum sum)
{
	request->sectors = sum.sectors;
	request->pages = sum.pages;
	return sum.pages <= limits->max_segments && in_range(limits, request->sector, sum.sectors)
		       ? BLKIF_RSP_OKAY
		       : BLKIF_RSP_ERROR;
}

int16_t blkring_check(const struct blkring_limits *limits, struct blkring_request *request)
{
	struct sum sum = {0, 0};

	for (unsigned int i = 0; i < request->segments; i++)
		if (!add_segment(limits, limits->long_segments && !request->indirect,
				 request->segment[i], &sum))
			return BLKIF_RSP_ERROR;
	return check(limits, request, sum);
}

_Static_assert(BLKIF_OP_READ == BLOCK_READ && BLKIF_OP_WRITE == BLOCK_WRITE && BLKIF_OP_READ == 0 &&
		       BLKIF_OP_WRITE == 1,
	       "the lowest bit");
_Static_assert(offsetof(blkif_request_t, operation) == 0 &&
		       offsetof(blkif_request_t, nr_segments) == 1 &&
		       offsetof(blkif_request_t, id) == 8 &&
		       offsetof(blkif_request_t, sector_number) == 16 &&
		       offsetof(blkif_request_t, seg) == 24 &&
		       offsetof(struct blkif_request_segment, first_sect) == 4 &&
		       offsetof(struct blkif_request_segment, last_sect) == 5,
	       "words as blkring_look_plain() takes them apart");

void blkring_set_plain(struct blkring_limits *limits, unsigned int sectors)
{
	unsigned int most = limits->max_segments * PAGE_SECTORS;

	limits->plain_mask = limits->can_write ? 0xfffe : 0xffff;
	limits->plain_sectors = (uint16_t)(sectors < most ? sectors : most);
	limits->plain_part = limits->unit - 1;
	limits->plain_end = limits->sectors < limits->plain_sectors
				    ? 0
				    : limits->sectors - limits->plain_sectors + 1;
}

/* From the last one on, so that what is not split yet is not overwritten. */
void blkring_split(struct blkring_request *request)
{
	unsigned int at = request->pages;

	for (unsigned int i = request->segments; i--;) {
		struct blkif_request_segment whole = request->segment[i];
		unsigned int last = whole.last_sect / PAGE_SECTORS;

		for (unsigned int page = last + 1; page--;)
			request->segment[--at] = (struct blkif_request_segment){
				.gref = whole.gref + page,
				.first_sect = page ? 0 : whole.first_sect,
				.last_sect = page < last ? PAGE_SECTORS - 1
							 : whole.last_sect % PAGE_SECTORS,
			};
	}
	request->segments = request->pages;
}

static inline int16_t transfer(const struct blkring_limits *limits, struct blkring_request *request,
			       uint8_t operation, unsigned int segments, unsigned int most)
{
	if (operation != BLKIF_OP_READ && operation != BLKIF_OP_WRITE)
		return BLKIF_RSP_EOPNOTSUPP;
	if (operation == BLKIF_OP_WRITE && !limits->can_write)
		return BLKIF_RSP_ERROR;
	if (!segments || segments > most)
		return BLKIF_RSP_ERROR;
	request->block = operation == BLKIF_OP_READ ? BLOCK_READ : BLOCK_WRITE;
	request->segments = segments;
	return BLKIF_RSP_OKAY;
}

static inline int16_t take_direct(const struct blkring_limits *limits, const blkif_request_t *raw,
				  const blkif_request_t *shared, struct blkring_request *request)
{
	int16_t status = transfer(limits, request, raw->operation, raw->nr_segments,
				  BLKIF_MAX_SEGMENTS_PER_REQUEST);
	struct sum sum = {0, 0};

	if (status != BLKIF_RSP_OKAY)
		return status;
	request->sector = raw->sector_number;
	for (unsigned int i = 0; i < raw->nr_segments; i++) {
		struct blkif_request_segment segment =
			*(const volatile struct blkif_request_segment *)&shared->seg[i];

		request->segment[i] = segment;
		if (!add_segment(limits, limits->long_segments, segment, &sum))
			return BLKIF_RSP_ERROR;
	}
	return check(limits, request, sum);
}

static int16_t take_indirect(const struct blkring_limits *limits,
			     const blkif_request_indirect_t *raw, struct blkring_request *request)
{
	if (!limits->max_segments)
		return BLKIF_RSP_EOPNOTSUPP;
	request->sector = raw->sector_number;
	request->page = raw->indirect_grefs[0];
	request->indirect = true;
	return transfer(limits, request, raw->indirect_op, raw->nr_segments, limits->max_segments);
}

/* A flush that carries data is none that Linux or the header knows. */
static int16_t take_flush(const struct blkring_limits *limits, const blkif_request_t *raw,
			  struct blkring_request *request)
{
	request->block = BLOCK_FLUSH;
	if (!limits->can_flush)
		return BLKIF_RSP_EOPNOTSUPP;
	return raw->nr_segments ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY;
}

static int16_t take_discard(const struct blkring_limits *limits, const blkif_request_discard_t *raw,
			    struct blkring_request *request)
{
	request->block = BLOCK_DISCARD;
	request->sector = raw->sector_number;
	request->sectors = raw->nr_sectors;
	if (!limits->can_discard || (raw->flag & BLKIF_DISCARD_SECURE))
		return BLKIF_RSP_EOPNOTSUPP;
	return in_range(limits, request->sector, request->sectors) ? BLKIF_RSP_OKAY
								   : BLKIF_RSP_ERROR;
}

/* What all kinds have before their data, and the one word of data that the others have. */
struct head {
	uint64_t words[4];
};

_Static_assert(offsetof(blkif_request_t, seg) == 3 * sizeof(uint64_t), "three words and segments");
_Static_assert(sizeof(blkif_request_discard_t) <= sizeof(struct head), "read with the head");
_Static_assert(offsetof(blkif_request_indirect_t, indirect_grefs[1]) <= sizeof(struct head),
	       "its one page as well");

int16_t blkring_take(blkif_back_ring_t *ring, const struct blkring_limits *limits,
		     struct blkring_request *request)
{
	const blkif_request_t *shared = RING_GET_REQUEST(ring, ring->req_cons);
	union {
		struct head head;
		blkif_request_t direct;
		blkif_request_indirect_t indirect;
		blkif_request_discard_t discard;
	} raw;

	raw.head = *(const volatile struct head *)shared;
	ring->req_cons++;
	request->operation = raw.direct.operation;
	request->id = raw.direct.id;
	request->indirect = false;
	if (raw.direct.operation == BLKIF_OP_READ || raw.direct.operation == BLKIF_OP_WRITE)
		return take_direct(limits, &raw.direct, shared, request);
	request->sector = request->sectors = 0;
	request->segments = request->pages = 0;
	switch (request->operation) {
	case BLKIF_OP_INDIRECT:
		request->id = raw.indirect.id;
		request->operation = raw.indirect.indirect_op; /* this is what it is answered as */
		return take_indirect(limits, &raw.indirect, request);
	case BLKIF_OP_FLUSH_DISKCACHE:
		return take_flush(limits, &raw.direct, request);
	case BLKIF_OP_DISCARD:
		request->id = raw.discard.id;
		return take_discard(limits, &raw.discard, request);
	default:
		return BLKIF_RSP_EOPNOTSUPP;
	}
}
