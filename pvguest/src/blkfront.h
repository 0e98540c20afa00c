/* SPDX-License-Identifier: MIT */
/* A block front end, for blkfront.c (connecting, buffers) and blkrequest.c (the ring) alone. */
#ifndef PV_SRC_BLKFRONT_H
#define PV_SRC_BLKFRONT_H

#include <pv/blkfront.h>
#include <pv/event.h>
#include <pv/frontend.h>
#include <pv/mm.h>

#define xen_mb()  pv_mb()
#define xen_rmb() pv_rmb()
#define xen_wmb() pv_wmb()
#include <xen/io/blkif.h>

#define RING_ORDER_MAX 2 /* four pages */
#define SLOTS	       128
#define PAGE_SECTORS   (PV_PAGE_SIZE / PV_BLK_SECTOR)
#define DIRECT_PAGES   BLKIF_MAX_SEGMENTS_PER_REQUEST
#define LONG_SECTORS   256 /* of a segment that goes on in the pages of the references behind */

_Static_assert(SLOTS == __CONST_RING_SIZE(blkif, PV_PAGE_SIZE << RING_ORDER_MAX), "places");
_Static_assert(PV_BLK_PAGES * sizeof(struct blkif_request_segment) <= PV_PAGE_SIZE,
	       "one list page");

/* Memory for data: consecutive pages that the back end may read and write. */
struct buffer {
	struct buffer *next;
	uint8_t *start;
	unsigned int pages;
	unsigned int step; /* sectors that a segment can have: no more than a request */
	grant_ref_t refs[];
};

/* For the segments of a long request: of the slot, once one was needed. */
struct list {
	struct blkif_request_segment *page;
	grant_ref_t ref;
};

struct pv_blkfront {
	struct pv_frontend frontend;
	struct pv_blk_info info;
	unsigned int number;
	uint16_t handle;    /* the same, in requests */
	bool broken;	    /* the back end broke the rules */
	bool takes_long;    /* segments: see dom0/backend/vbd.h */
	bool answering;	    /* in done(): what it submits goes out with what else it submits */
	uint32_t heads[2];  /* first words of a read and a write of one segment */
	uint64_t short_end; /* of the sectors where one of one segment is on the disk, however long
			     */
	evtchn_port_t port;
	struct pv_semaphore event;
	struct pv_mutex one;  /* thread in pv_blkfront_do(): each answer has one who waits for it */
	struct buffer *pages; /* of the ring */
	blkif_front_ring_t ring;
	struct pv_blk_request *requests[SLOTS]; /* NULL: a free slot */
	unsigned int free_count;
	uint8_t free[SLOTS]; /* slots without a request; the last is used first */
	struct list lists[SLOTS];
	struct buffer *buffers;
	const struct buffer *recent; /* where the last request was; at first an empty one */
	uint8_t *bounce; /* for pv_blkfront_do(): PV_BLK_PAGES, or NULL before it was needed */
};

/* What pv_blkfront_submit() looks at first: once handle and disk are known. */
void blkfront_set_short(struct pv_blkfront *device);

/* Which page of this buffer starts there, if so many more behind it are in it, too. */
static inline bool in_buffer(const struct buffer *buffer, const void *start, unsigned int more,
			     size_t *first)
{
	size_t offset = (uintptr_t)start - (uintptr_t)buffer->start;

	*first = offset / PV_PAGE_SIZE;
	return offset % PV_PAGE_SIZE == 0 && *first + more < buffer->pages;
}

#endif
