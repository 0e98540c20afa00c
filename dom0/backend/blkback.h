/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block back ends, for backend/vbd*.c alone. One thread serves all of them in turn. */
#ifndef DOM0_BACKEND_BLKBACK_H
#define DOM0_BACKEND_BLKBACK_H

#include "backend/blkring.h"
#include "backend/vbd.h"
#include "disk/disk.h"

/* Requests of one disk under way; what is more waits in the ring. */
#define VBD_REQUESTS 64

struct vbd;

/* A request from being taken out of the ring until it was answered. */
struct vbd_request {
	struct vbd_request *next; /* in `free` or `done` */
	struct vbd *vbd;
	struct blkring_request guest;
	struct block_request block;
	uint64_t left;	/* of a discard: sectors behind this piece */
	int16_t status; /* the answer */
	struct block_segment segment[BLKRING_SEGMENTS];
	grant_handle_t handle[BLKRING_SEGMENTS]; /* of the pages that are held: the first `held` */
	unsigned int held;
};

struct vbd {
	struct backend backend;
	struct vbd *next; /* connected ones */
	struct disk_config config;
	struct disk *disk;
	struct blkring_limits limits;

	struct pv_grant_map map;
	blkif_back_ring_t ring;
	int evtchn;
	bool closing; /* no request is taken any more */

	struct vbd_request *requests; /* VBD_REQUESTS of them */
	struct vbd_request *free, *done;
	unsigned int busy; /* those that are not free */
	struct pv_semaphore drained;

	uint64_t reads, read_sectors, writes, written_sectors, others, errors;
};

/* Have the thread look at all of them. Callable from event handlers. */
void vbds_wake(void);

/* Let go of the pages of requests that are done, and answer them. */
void vbd_finish(struct vbd *vbd);

/* Take requests, a bounded number, and hand them to the disk. True: there is more. */
bool vbd_take(struct vbd *vbd);

/* Publish the answers. */
void vbd_push(struct vbd *vbd);

#endif
