/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a guest's ring to the disk and back: batches, with one hypercall for what all of a batch
 * need. */
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>
#include "backend/blkback.h"
#include "driver/dma.h"

#define PAGE_SECTORS   (PV_PAGE_SIZE / BLOCK_SECTOR)
#define BATCH_REQUESTS 32
#define BATCH_PAGES    512 /* of all requests of a batch; one has at most BLKRING_SEGMENTS */

/* One thread: one batch. */
static struct {
	unsigned int requests, copies, pages;
	struct vbd_request *request[BATCH_REQUESTS];
	struct gnttab_copy copy[BATCH_REQUESTS];
	union {
		struct gnttab_map_grant_ref map[BATCH_PAGES];
		struct gnttab_unmap_grant_ref unmap[BATCH_PAGES];
	};
} batch;

/* Lists of indirect segments, copied from the guests: none crosses a page. */
static struct blkif_request_segment lists[BATCH_REQUESTS][BLKRING_SEGMENTS]
	__attribute__((aligned(4096)));

static inline void answer(struct vbd *vbd, const struct blkring_request *guest, int16_t status)
{
	if (status != BLKIF_RSP_OKAY)
		vbd->errors++;
	blkring_answer(&vbd->ring, guest->id, guest->operation, status);
}

/* --- what is done -------------------------------------------------------------------------------
 */

static inline void retire(struct vbd_request *request, int16_t status)
{
	struct vbd *vbd = request->vbd;

	answer(vbd, &request->guest, status);
	request->next = vbd->free;
	vbd->free = request;
	vbd->busy--;
}

/* Answered at once, unless there are pages to let go of before. */
static inline void finished(struct vbd_request *request, int16_t status)
{
	if (!request->held) {
		retire(request, status);
		return;
	}
	request->status = status;
	request->next = request->vbd->done;
	request->vbd->done = request;
}

static inline int16_t status_of(int error)
{
	return !error			  ? BLKIF_RSP_OKAY
	       : error == -XEN_EOPNOTSUPP ? BLKIF_RSP_EOPNOTSUPP
					  : BLKIF_RSP_ERROR;
}

/* On the disk's thread. */
static void done(struct block_request *block, int error)
{
	finished(block->owner, status_of(error));
	vbds_wake();
}

void vbd_init_requests(struct vbd *vbd, struct vbd_request *requests)
{
	vbd->requests = requests;
	vbd->free = vbd->done = NULL;
	vbd->busy = 0;
	for (struct vbd_request *request = requests; request < requests + VBD_REQUESTS; request++) {
		request->vbd = vbd;
		request->block.segments = request->segment;
		request->block.owner = request;
		request->next = vbd->free;
		vbd->free = request;
	}
}

static void plan_unmap(const struct vbd_page *page)
{
	batch.unmap[batch.pages++] = (struct gnttab_unmap_grant_ref){
		.dev_bus_addr = page->machine,
		.handle = page->handle,
	};
}

static void plan_unmaps(const struct vbd_request *request)
{
	for (unsigned int i = 0; i < request->held; i++)
		plan_unmap(&request->page[i]);
}

static void finish_batch(struct vbd *vbd)
{
	batch.requests = batch.pages = 0;
	while (vbd->done && batch.requests < BATCH_REQUESTS &&
	       batch.pages + BLKRING_SEGMENTS <= BATCH_PAGES) {
		struct vbd_request *request = vbd->done;

		vbd->done = request->next;
		plan_unmaps(request);
		request->held = 0;
		batch.request[batch.requests++] = request;
	}
	if (batch.pages)
		pv_grant_unmap_batch(batch.unmap, batch.pages);
	for (unsigned int i = 0; i < batch.requests; i++)
		retire(batch.request[i], batch.request[i]->status);
}

void vbd_finish(struct vbd *vbd)
{
	while (vbd->done)
		finish_batch(vbd);
	if (vbd->closing && !vbd->busy)
		pv_semaphore_up(&vbd->drained);
}

/* --- what is new --------------------------------------------------------------------------------
 */

/* Its limits were checked. */
static inline void hand_over(struct vbd_request *request, uint64_t sector, uint32_t sectors,
			     void (*when_done)(struct block_request *block, int error))
{
	struct block_request *block = &request->block;

	block->operation = request->guest.block;
	block->sectors = sectors;
	block->sector = sector;
	block->done = when_done;
	if (block_submit_good(request->vbd->disk->device, block))
		finished(request, BLKIF_RSP_ERROR);
}

static void discard_done(struct block_request *block, int error);

/* The next piece of a discard, which may be longer than the disk can. */
static void discard_piece(struct vbd_request *request)
{
	const struct vbd *vbd = request->vbd;
	const struct blkring_request *guest = &request->guest;
	uint32_t most = vbd->disk->device->max_discard;
	uint64_t left = request->left;
	uint32_t sectors = left <= most ? (uint32_t)left : most - most % vbd->limits.unit;

	request->left -= sectors;
	hand_over(request, guest->sector + guest->sectors - left, sectors, discard_done);
}

/* If the disk refuses the next piece, it is finished, too. */
static void discard_done(struct block_request *block, int error)
{
	struct vbd_request *request = block->owner;

	if (error || !request->left) {
		done(block, error);
		return;
	}
	discard_piece(request);
	vbds_wake();
}

static inline void start(struct vbd_request *request)
{
	const struct blkring_request *guest = &request->guest;

	request->vbd->count[guest->block]++;
	request->vbd->sectors[guest->block] += guest->sectors;
	if (guest->block != BLOCK_DISCARD) {
		hand_over(request, guest->sector, (uint32_t)guest->sectors, done);
		return;
	}
	request->left = guest->sectors;
	discard_piece(request);
}

/* --- requests of a batch ----------------------------------------------------------------------
 */

static void plan_list(const struct vbd_request *request)
{
	const struct blkring_request *guest = &request->guest;
	uint64_t list = dma_address(lists[batch.copies]);

	batch.copy[batch.copies++] = (struct gnttab_copy){
		.source = {.u.ref = guest->page, .domid = request->vbd->backend.domid},
		.dest = {.u.gmfn = list / 4096, .domid = DOMID_SELF, .offset = list % 4096},
		.len = (uint16_t)(guest->segments * sizeof(lists[0][0])),
		.flags = GNTCOPY_source_gref,
	};
}

static __attribute__((noinline)) void not_started(struct vbd_request *request, int error)
{
	if (error == -XEN_EBUSY)
		error = block_wait(request->vbd->disk->device, &request->block);
	if (error)
		finished(request, BLKIF_RSP_ERROR);
}

/* The short way: memory that is known to be consecutive. Nothing is taken if it is not that. */
static inline bool take_plain(struct vbd *vbd, const blkif_back_ring_t *ring)
{
	struct vbd_request *request = vbd->free;
	struct block_request *block = &request->block;
	const struct vbd_standing *place;
	struct blkring_plain plain;
	int error;

	if (!blkring_look_plain(ring, &vbd->limits, &plain))
		return false;
	place = &vbd->standing[plain.ref % VBD_STANDING];
	if (place->ref != plain.ref || place->run <= (plain.sectors - 1) / PAGE_SECTORS)
		return false;
	vbd->free = request->next;
	vbd->busy++;
	request->guest.id = plain.id;
	request->guest.operation = (uint8_t)plain.write;
	request->segment[0].machine = place->page.machine;
	request->segment[0].length = (uint32_t)plain.sectors * BLOCK_SECTOR;
	block->segment_count = 1;
	block->operation = plain.write;
	block->done = done;
	block->sectors = (uint32_t)plain.sectors;
	block->sector = plain.sector;
	vbd->count[plain.write]++;
	vbd->sectors[plain.write] += plain.sectors;
	error = block_try_good(vbd->disk->device, block);
	if (error)
		not_started(request, error);
	return true;
}

/* Those that are plain, up to this place. True: one of them is not, and there is room for it. */
static inline bool take_plain_ones(struct vbd *vbd, RING_IDX end)
{
	blkif_back_ring_t ring = vbd->ring;

	while (ring.req_cons != end && vbd->free && take_plain(vbd, &ring))
		ring.req_cons++;
	vbd->ring.req_cons = ring.req_cons;
	return ring.req_cons != end && vbd->free;
}

/* Take one request out of the ring. What is wrong with it is answered at once, and it is started if
 * nothing has to be asked for before. */
static __attribute__((noinline)) void take_one(struct vbd *vbd)
{
	struct vbd_request *request = vbd->free;
	int16_t status = blkring_take(&vbd->ring, &vbd->limits, &request->guest);

	if (status != BLKIF_RSP_OKAY) {
		answer(vbd, &request->guest, status);
		return;
	}
	vbd->free = request->next;
	vbd->busy++;
	if (vbd_point_standing(request)) {
		start(request);
		return;
	}
	request->status = BLKIF_RSP_OKAY;
	batch.request[batch.requests++] = request;
	batch.pages += request->guest.indirect ? request->guest.segments : request->guest.pages;
	if (request->guest.indirect)
		plan_list(request);
}

/* The lists of indirect requests: one hypercall. They are copied once more, since a guest must not
 * change what was checked; nobody but the hypervisor writes there. */
static void fetch_lists(struct vbd *vbd)
{
	unsigned int at = 0;

	if (batch.copies)
		pv_grant_copy(batch.copy, batch.copies);
	for (unsigned int i = 0; i < batch.requests; i++) {
		struct blkring_request *guest = &batch.request[i]->guest;

		if (!guest->indirect)
			continue;
		memcpy(guest->segment, lists[at], guest->segments * sizeof(lists[0][0]));
		batch.request[i]->status = batch.copy[at++].status == GNTST_okay
						   ? blkring_check(&vbd->limits, guest)
						   : BLKIF_RSP_ERROR;
	}
}

/* --- pages that have to be asked for ------------------------------------------------------------
 */

/* Pages that stand already are at hand; the others are asked for. */
static void plan_maps(struct vbd_request *request)
{
	const struct blkring_request *guest = &request->guest;
	/* A disk that is written reads the page: the guest need not let anybody write it. One that
	 * stands may be read into next time. */
	bool reads = guest->block == BLOCK_WRITE && !request->vbd->standing;

	if (guest->pages > guest->segments)
		blkring_split(&request->guest);
	for (unsigned int i = 0; i < guest->segments; i++) {
		grant_ref_t ref = guest->segment[i].gref;
		const struct vbd_standing *place =
			request->vbd->standing ? vbd_standing_at(request->vbd, ref) : NULL;

		request->segment[i].length = place ? PV_PAGE_SIZE : 0;
		if (place) {
			request->segment[i].machine = place->page.machine;
			continue;
		}
		batch.map[batch.pages++] = (struct gnttab_map_grant_ref){
			.flags = GNTMAP_device_map | (reads ? GNTMAP_readonly : 0),
			.ref = ref,
			.dom = request->vbd->backend.domid,
		};
	}
}

/* A page that was not at hand: it stands from now on if there is room, else for this request. */
static void keep(struct vbd_request *request, const struct gnttab_map_grant_ref *map)
{
	struct vbd_page page = {map->handle, map->dev_bus_addr};
	struct vbd *vbd = request->vbd;
	struct vbd_standing *place = vbd->standing ? &vbd->standing[map->ref % VBD_STANDING] : NULL;

	if (place && !place->run)
		*place = (struct vbd_standing){map->ref, 1, page};
	else
		request->page[request->held++] = page;
}

/* Note the pages that the hypervisor gave, from *map on, which moves behind this request's, and
 * make segments of all: no more than there are pages, so those ahead can still be read. False if
 * some are missing. */
static bool note_pages(struct vbd_request *request, const struct gnttab_map_grant_ref **map)
{
	const struct blkring_request *guest = &request->guest;
	bool all = true;

	request->block.segment_count = 0;
	for (unsigned int i = 0; i < guest->segments; i++) {
		const struct blkif_request_segment *segment = &guest->segment[i];
		uint64_t machine = request->segment[i].machine;

		if (!request->segment[i].length) {
			const struct gnttab_map_grant_ref *got = (*map)++;

			if (got->status != GNTST_okay) {
				all = false;
				continue;
			}
			keep(request, got);
			machine = got->dev_bus_addr;
		}
		vbd_add_memory(request, machine + segment->first_sect * BLOCK_SECTOR,
			       (segment->last_sect - segment->first_sect + 1u) * BLOCK_SECTOR);
	}
	return all;
}

static void hold_pages(void)
{
	const struct gnttab_map_grant_ref *map = batch.map;

	batch.pages = 0;
	for (unsigned int i = 0; i < batch.requests; i++)
		if (batch.request[i]->status == BLKIF_RSP_OKAY)
			plan_maps(batch.request[i]);
	if (batch.pages)
		pv_grant_map_batch(batch.map, batch.pages);
	for (unsigned int i = 0; i < batch.requests; i++) {
		struct vbd_request *request = batch.request[i];

		if (request->status == BLKIF_RSP_OKAY && !note_pages(request, &map))
			request->status = BLKIF_RSP_ERROR;
	}
}

void vbd_end_standing(struct vbd *vbd)
{
	batch.pages = 0;
	for (unsigned int i = 0; vbd->standing && i < VBD_STANDING; i++) {
		if (vbd->standing[i].run)
			plan_unmap(&vbd->standing[i].page);
		if (batch.pages == BATCH_PAGES || (batch.pages && i + 1 == VBD_STANDING)) {
			pv_grant_unmap_batch(batch.unmap, batch.pages);
			batch.pages = 0;
		}
	}
	free(vbd->standing);
	vbd->standing = NULL;
}

static void start_batch(void)
{
	for (unsigned int i = 0; i < batch.requests; i++) {
		struct vbd_request *request = batch.request[i];

		if (request->status == BLKIF_RSP_OKAY)
			start(request);
		else
			finished(request, request->status);
	}
}

static bool batch_is_full(void)
{
	return batch.requests == BATCH_REQUESTS || batch.pages + BLKRING_SEGMENTS > BATCH_PAGES;
}

/* Take what was pushed, and fill a batch with what has to be asked for. False: the ring is empty,
 * or nothing more can be taken now. */
static bool fill_batch(struct vbd *vbd)
{
	int pending = blkring_pending(&vbd->ring);
	RING_IDX end = vbd->ring.req_cons;

	batch.requests = batch.copies = batch.pages = 0;
	if (pending < 0)
		backend_fail(&vbd->backend, "impossible index of requests");
	else
		end += (RING_IDX)pending;
	while (take_plain_ones(vbd, end)) {
		if (batch.requests && batch_is_full())
			return true;
		take_one(vbd);
	}
	return false;
}

bool vbd_take(struct vbd *vbd)
{
	bool more;
	int arrived;

	block_hold(vbd->disk->device);
	more = fill_batch(vbd);
	if (batch.requests) {
		fetch_lists(vbd);
		hold_pages();
		start_batch();
	}
	block_let_go(vbd->disk->device);
	if (vbd->done)
		vbds_wake();
	if (more || vbd->backend.failed || !vbd->free)
		return more;
	RING_FINAL_CHECK_FOR_REQUESTS(&vbd->ring, arrived);
	return arrived;
}

void vbd_push(struct vbd *vbd)
{
	bool notify;

	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&vbd->ring, notify);
	if (notify)
		pv_event_send(vbd->evtchn);
}
