/* SPDX-License-Identifier: MIT */
/*
 * The block protocol. One ring of requests; data lies in granted pages. Sectors are 512 bytes
 * whatever the device's own. The front end writes requests, the back end responses.
 *
 * In the store, front end: ring-ref, event-channel, protocol, feature-persistent (0 or 1);
 * back end: sectors, sector-size, info (VDISK_*), feature-flush-cache, feature-barrier,
 * feature-discard, feature-max-indirect-segments.
 */
#ifndef __XEN_PUBLIC_IO_BLKIF_H__
#define __XEN_PUBLIC_IO_BLKIF_H__

#include "ring.h"
#include "../grant_table.h"

#ifndef blkif_vdev_t
#define blkif_vdev_t uint16_t
#endif
#define blkif_sector_t uint64_t

#define BLKIF_OP_READ		 0
#define BLKIF_OP_WRITE		 1
#define BLKIF_OP_WRITE_BARRIER	 2 /* write after all that went before; feature-barrier */
#define BLKIF_OP_FLUSH_DISKCACHE 3 /* feature-flush-cache */
#define BLKIF_OP_RESERVED_1	 4
#define BLKIF_OP_DISCARD	 5 /* feature-discard */
#define BLKIF_OP_INDIRECT	 6 /* segments lie in pages; feature-max-indirect-segments */

#define BLKIF_MAX_SEGMENTS_PER_REQUEST	     11
#define BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST 8

struct blkif_request_segment {
	grant_ref_t gref;	       /* page */
	uint8_t first_sect, last_sect; /* sectors 0..7 within it, inclusive */
};

struct blkif_request {
	uint8_t operation;	      /* BLKIF_OP_* */
	uint8_t nr_segments;	      /* at most BLKIF_MAX_SEGMENTS_PER_REQUEST */
	blkif_vdev_t handle;	      /* device number, as in the store */
	uint64_t id;		      /* the response repeats it */
	blkif_sector_t sector_number; /* first sector on the device */
	struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};
typedef struct blkif_request blkif_request_t;

struct blkif_request_discard {
	uint8_t operation; /* BLKIF_OP_DISCARD */
	uint8_t flag;	   /* BLKIF_DISCARD_SECURE or 0 */
#define BLKIF_DISCARD_SECURE (1 << 0)
	blkif_vdev_t handle;
	uint64_t id;
	blkif_sector_t sector_number; /* first sector */
	uint64_t nr_sectors;
};
typedef struct blkif_request_discard blkif_request_discard_t;

struct blkif_request_indirect {
	uint8_t operation;    /* BLKIF_OP_INDIRECT */
	uint8_t indirect_op;  /* BLKIF_OP_READ or WRITE */
	uint16_t nr_segments; /* in all pages */
	uint64_t id;
	blkif_sector_t sector_number;
	blkif_vdev_t handle;
	/* pages of struct blkif_request_segment, 8 bytes each */
	grant_ref_t indirect_grefs[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
};
typedef struct blkif_request_indirect blkif_request_indirect_t;

struct blkif_response {
	uint64_t id;	   /* of the request */
	uint8_t operation; /* of the request */
	int16_t status;	   /* BLKIF_RSP_* */
};
typedef struct blkif_response blkif_response_t;

#define BLKIF_RSP_EOPNOTSUPP -2
#define BLKIF_RSP_ERROR	     -1
#define BLKIF_RSP_OKAY	     0

DEFINE_RING_TYPES(blkif, struct blkif_request, struct blkif_response);

#define VDISK_CDROM	0x1
#define VDISK_REMOVABLE 0x2
#define VDISK_READONLY	0x4

#endif
