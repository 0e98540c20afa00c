/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a front end puts into a disk's ring, taken out with care: each request is copied once and
 * checked before it is believed. Pure: the ring is any memory, and no guest is asked.
 *
 * A request that is wrong is answered with an error and harms nobody; only an impossible index ends
 * the back end.
 */
#ifndef DOM0_BACKEND_BLKRING_H
#define DOM0_BACKEND_BLKRING_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <pv/types.h>
#include "driver/block.h"

#define xen_mb()  pv_mb()
#define xen_rmb() pv_rmb()
#define xen_wmb() pv_wmb()
#include <xen/io/blkif.h>

/* Segments of a request, at most; all of an indirect request's are in its first page. */
#define BLKRING_SEGMENTS 64

/* What the disk can; the same was published. */
struct blkring_limits {
	uint64_t sectors;
	uint32_t unit;		   /* sectors that are read and written together: a power of two */
	unsigned int max_segments; /* of a request, and pages of it: BLKRING_SEGMENTS at most */
	bool can_write, can_flush, can_discard;
	bool long_segments; /* see backend/vbd.h */

	/* Of a plain request: see below. All 0: none is plain. */
	uint64_t plain_end;	/* it begins before, so that even the longest is on the disk */
	uint32_t plain_part;	/* of a unit: these bits of its place and length are clear */
	uint16_t plain_mask;	/* of its first word; the rest does not matter */
	uint16_t plain_sectors; /* at most */
};

#define BLKRING_PLAIN_WORD 0x0100 /* a read with one segment; a write is one more */

/* A read or write of one segment, from the start of its first page on. */
struct blkring_plain {
	uint64_t id, sector;
	uint64_t sectors;
	grant_ref_t ref;
	uint32_t write; /* 1, or 0: it is a read */
};

struct blkring_request {
	uint64_t id;	   /* for the answer */
	uint8_t operation; /* likewise: BLKIF_OP_* */
	enum block_operation block;
	uint64_t sector, sectors; /* 0 sectors for a flush */
	unsigned int segments;	  /* 0 for flush and discard */
	unsigned int pages;	  /* that these have; more than segments: some are long */
	bool indirect;		  /* the segments are in this page of the guest's: see below */
	grant_ref_t page;
	struct blkif_request_segment segment[BLKRING_SEGMENTS];
};

/* Requests that were pushed and not taken: -1 if the index is nonsense. Reads it once. */
int blkring_pending(const blkif_back_ring_t *ring);

/*
 * Take the next request; there must be one. BLKIF_RSP_OKAY; otherwise what to answer: id and
 * operation are filled in always. If it is indirect, the caller copies `segments` segments from the
 * start of `page`, and then calls blkring_check(), which has been done otherwise.
 */
int16_t blkring_take(blkif_back_ring_t *ring, const struct blkring_limits *limits,
		     struct blkring_request *request);

/* Check segments and place, and add up sectors and pages. BLKIF_RSP_OKAY or what to answer. */
int16_t blkring_check(const struct blkring_limits *limits, struct blkring_request *request);

/* What blkring_look_plain() may take, from the other limits: `sectors` is how many a segment may
 * have for the caller. */
void blkring_set_plain(struct blkring_limits *limits, unsigned int sectors);

/*
 * The short way for what most requests are. Looks at the next request, each word once. True: it is
 * plain and good, and all of it is in *plain; the caller takes it by counting it. False: it is for
 * blkring_take(), which looks itself and tells what is wrong, if anything is.
 */
static inline bool blkring_look_plain(const blkif_back_ring_t *ring,
				      const struct blkring_limits *limits,
				      struct blkring_plain *plain)
{
	const volatile uint64_t *words =
		(const volatile uint64_t *)RING_GET_REQUEST(ring, ring->req_cons);
	uint64_t first = words[0], segment = words[3];

	plain->id = words[1];
	plain->sector = words[2];
	plain->ref = (grant_ref_t)segment;
	plain->sectors = (segment >> 40 & 0xff) + 1; /* last_sect + 1 */
	plain->write = (uint32_t)first & 1;
	return (first & limits->plain_mask) == BLKRING_PLAIN_WORD && !(segment >> 32 & 0xff) &&
	       plain->sectors <= limits->plain_sectors && plain->sector < limits->plain_end &&
	       !((plain->sectors | plain->sector) & limits->plain_part);
}

/* Put segments of one page in place of long ones, as many as there are pages. */
void blkring_split(struct blkring_request *request);

/* Put an answer into the ring; the caller pushes it. */
static inline void blkring_answer(blkif_back_ring_t *ring, uint64_t id, uint8_t operation,
				  int16_t status)
{
	blkif_response_t *response = RING_GET_RESPONSE(ring, ring->rsp_prod_pvt);

	response->id = id;
	/* What is between the two is written as well: 0. */
	memcpy(&response->operation, &(uint32_t){(uint32_t)(uint16_t)status << 16 | operation}, 4);
	ring->rsp_prod_pvt++;
}

#endif
