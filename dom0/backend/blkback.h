/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block back ends, for backend/vbd*.c alone. One thread serves all of them in turn. */
#ifndef DOM0_BACKEND_BLKBACK_H
#define DOM0_BACKEND_BLKBACK_H

#include "backend/blkring.h"
#include "backend/vbd.h"
#include "disk/disk.h"

/* Requests of one disk under way; what is more waits in the ring. */
#define VBD_REQUESTS 128

/* Pages of a disk's front end that are held from one request to the next, at most. */
#define VBD_STANDING 4096

struct vbd;

/* A page of the guest's that is held for the disk. */
struct vbd_page {
	grant_handle_t handle;
	uint64_t machine;
};

/* A grant that stands: at its reference's place of a table. `run`: so many references from it on
 * are known to stand, for pages that are consecutive in the machine; 0: nothing is here. */
struct vbd_standing {
	grant_ref_t ref;
	uint32_t run;
	struct vbd_page page;
};

/* A request from being taken out of the ring until it was answered. */
struct vbd_request {
	struct vbd_request *next; /* in `free` or `done` */
	struct vbd *vbd;
	struct blkring_request guest;
	struct block_request block;
	uint64_t left;	/* of a discard: sectors behind this piece */
	int16_t status; /* the answer, while it cannot be given */
	struct block_segment segment[BLKRING_SEGMENTS];
	struct vbd_page page[BLKRING_SEGMENTS]; /* held for this request alone: the first `held` */
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
	struct vbd_standing
		*standing; /* VBD_STANDING places; NULL: the front end's grants do not stand */
	unsigned int busy; /* those that are not free */
	struct pv_semaphore drained;

	uint64_t count[BLOCK_OPERATIONS], sectors[BLOCK_OPERATIONS], errors;
};

extern struct pv_semaphore vbds_work;

/* Have the thread look at all of them. Callable from event handlers. */
static inline void vbds_wake(void)
{
	if (!vbds_work.count)
		pv_semaphore_up(&vbds_work);
}

/* Make all requests free; VBD_REQUESTS of them, zeroed, for vbd->requests. */
void vbd_init_requests(struct vbd *vbd, struct vbd_request *requests);

/* After the limits and what the front end says of its grants are known. */
void vbd_set_plain(struct vbd *vbd);

/* The grant that stands under this reference, or NULL. Only if some may. */
static inline struct vbd_standing *vbd_standing_at(const struct vbd *vbd, grant_ref_t ref)
{
	struct vbd_standing *place = &vbd->standing[ref % VBD_STANDING];

	return place->run && place->ref == ref ? place : NULL;
}

/* Add memory to a request, consecutive in the machine: length in bytes. */
void vbd_add_memory(struct vbd_request *request, uint64_t machine, uint32_t length);

/* Make the segments of a request, if all of its pages stand. */
bool vbd_point_standing(struct vbd_request *request);

/* Let go of the pages of requests that are done, and answer them. */
void vbd_finish(struct vbd *vbd);

/* Take requests, a bounded number, and hand them to the disk. True: there is more. */
bool vbd_take(struct vbd *vbd);

/* Let go of all grants that stand: no request is under way. */
void vbd_end_standing(struct vbd *vbd);

/* Publish the answers. */
void vbd_push(struct vbd *vbd);

#endif
