/* SPDX-License-Identifier: MIT */
/*
 * Requests. An id is a slot, where the request is noted; the back end is believed in nothing: ids
 * are checked.
 */
#include <string.h>
#include "blkfront.h"

static inline bool on_disk(const struct pv_blkfront *device, const struct pv_blk_request *request)
{
	return request->sector <= device->info.sectors &&
	       request->sectors <= device->info.sectors - request->sector;
}

static const uint8_t operations[] = {BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_FLUSH_DISKCACHE};

/* What is kept out of line here keeps registers free for what most requests are. */
static __attribute__((noinline)) int push(struct pv_blkfront *device)
{
	bool notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&device->ring, notify);
	if (notify)
		pv_event_send(device->port);
	return 0;
}

static bool has_list(const struct pv_blkfront *device, struct list *list)
{
	if (!list->page)
		list->page = pv_frontend_page(&device->frontend, &list->ref);
	return list->page;
}

/* More than one segment: in the ring, or in a list of the slot's. */
static int fill_segments(struct pv_blkfront *device, blkif_request_t *raw,
			 const struct buffer *buffer, size_t first, unsigned int sectors)
{
	const grant_ref_t *refs = &buffer->refs[first];
	const unsigned int step = buffer->step;
	struct blkif_request_segment *segment = raw->seg;
	unsigned int count = (sectors + step - 1) / step;

	raw->nr_segments = (uint8_t)count;
	if (count > DIRECT_PAGES) {
		blkif_request_indirect_t *indirect = (blkif_request_indirect_t *)raw;
		struct list *list = &device->lists[device->free[device->free_count - 1]];

		if (!has_list(device, list))
			return -XEN_ENOMEM;
		segment = list->page;
		indirect->indirect_op = raw->operation;
		indirect->operation = BLKIF_OP_INDIRECT;
		indirect->nr_segments = (uint16_t)count;
		indirect->handle = device->handle;
		indirect->indirect_grefs[0] = list->ref;
	}
	for (; sectors > step; sectors -= step, refs += step / PAGE_SECTORS)
		*segment++ = (struct blkif_request_segment){*refs, 0, step - 1};
	*segment = (struct blkif_request_segment){*refs, 0, sectors - 1};
	return 0;
}

_Static_assert(offsetof(blkif_request_indirect_t, id) == offsetof(blkif_request_t, id) &&
		       offsetof(blkif_request_indirect_t, sector_number) ==
			       offsetof(blkif_request_t, sector_number),
	       "the same whether segments are in a list or not");

static inline blkif_request_t *next_place(struct pv_blkfront *device)
{
	return RING_GET_REQUEST(&device->ring, device->ring.req_prod_pvt);
}

/* What was filled in goes out, and the request is under way: so many slots are left. */
static inline int go(struct pv_blkfront *device, struct pv_blk_request *request, size_t left)
{
	device->requests[device->free[left]] = request;
	device->free_count = (unsigned int)left;
	device->ring.req_prod_pvt++;
	return device->answering ? 0 : push(device);
}

static bool is_good(const struct pv_blkfront *device, const struct pv_blk_request *request)
{
	if (request->operation == PV_BLK_FLUSH)
		return !request->sectors;
	return request->sectors && request->sectors <= device->info.max_sectors &&
	       on_disk(device, request);
}

/* The buffer that the pages of a request are in, and which of its own the first is; NULL: none. */
static const struct buffer *find_buffer(struct pv_blkfront *device, const void *start,
					unsigned int sectors, size_t *first)
{
	for (const struct buffer *buffer = device->buffers; buffer; buffer = buffer->next)
		if (in_buffer(buffer, start, (sectors - 1) / PAGE_SECTORS, first))
			return device->recent = buffer;
	return NULL;
}

/* Any request, or what is wrong with it. */
static __attribute__((noinline)) int submit_any(struct pv_blkfront *device,
						struct pv_blk_request *request)
{
	const struct buffer *buffer = NULL;
	blkif_request_t *raw;
	size_t first = 0;
	int error = 0;

	if (device->broken)
		return -XEN_EIO;
	if (!is_good(device, request))
		return -XEN_EINVAL;
	if (!device->free_count)
		return -XEN_EBUSY;
	if (request->sectors) {
		buffer = find_buffer(device, request->buffer, request->sectors, &first);
		if (!buffer)
			return -XEN_EINVAL;
	}
	raw = next_place(device);
	raw->operation = operations[request->operation];
	raw->nr_segments = 0;
	raw->handle = device->handle;
	raw->id = device->free[device->free_count - 1];
	raw->sector_number = request->sector;
	if (buffer)
		error = fill_segments(device, raw, buffer, first, request->sectors);
	return error ? error : go(device, request, device->free_count - 1);
}

_Static_assert(PV_BLK_READ == BLKIF_OP_READ && PV_BLK_WRITE == BLKIF_OP_WRITE &&
		       BLKIF_OP_READ == 0 && BLKIF_OP_WRITE == 1,
	       "as they are");
_Static_assert(offsetof(blkif_request_t, operation) == 0 &&
		       offsetof(blkif_request_t, nr_segments) == 1 &&
		       offsetof(blkif_request_t, handle) == 2,
	       "the first word, as it is put together below");

void blkfront_set_short(struct pv_blkfront *device)
{
	static const struct buffer nothing;
	const uint64_t sectors = device->info.sectors;

	device->recent = &nothing;
	device->short_end = sectors < LONG_SECTORS ? 0 : sectors - LONG_SECTORS + 1;
	for (uint32_t write = 0; write < 2; write++)
		device->heads[write] = (uint32_t)device->handle << 16 | 1 << 8 | write;
}

/* The short way for what most requests are: one segment, in the same buffer as the last, and not at
 * the end of the disk. The rest, and what is wrong, goes the long one. A free slot has a place in
 * the ring. */
int pv_blkfront_submit(struct pv_blkfront *device, struct pv_blk_request *request)
{
	const size_t left = device->free_count - 1;
	const unsigned int last = request->sectors - 1; /* none: too large for any buffer */
	const struct buffer *buffer = device->recent;
	blkif_request_t *raw;
	size_t first;

	if (left >= SLOTS || request->operation > PV_BLK_WRITE ||
	    request->sector >= device->short_end || last >= buffer->step ||
	    !in_buffer(buffer, request->buffer, last / PAGE_SECTORS, &first))
		return submit_any(device, request);
	raw = next_place(device);
	memcpy(raw, &device->heads[request->operation], sizeof(device->heads[0]));
	raw->id = device->free[left];
	raw->sector_number = request->sector;
	raw->seg[0].gref = buffer->refs[first];
	raw->seg[0].first_sect = 0;
	raw->seg[0].last_sect = (uint8_t)last;
	return go(device, request, left);
}

/* False if nothing like it is under way. */
static inline bool complete(struct pv_blkfront *device, uint64_t id, int16_t status)
{
	struct pv_blk_request *request;

	if (id >= SLOTS || !device->requests[id])
		return false;
	request = device->requests[id];
	device->requests[id] = NULL;
	device->free[device->free_count++] = (uint8_t)id;
	request->done(request, status == BLKIF_RSP_OKAY		? 0
			       : status == BLKIF_RSP_EOPNOTSUPP ? -XEN_EOPNOTSUPP
								: -XEN_EIO);
	return true;
}

/* The back end broke the rules: no request can go any more. */
static void give_up(struct pv_blkfront *device)
{
	device->broken = true;
	device->free_count = 0;
}

/* Each is read once. */
static void take_until(struct pv_blkfront *device, RING_IDX end)
{
	const blkif_front_ring_t ring = device->ring;

	for (RING_IDX at = ring.rsp_cons; at != end;) {
		const volatile blkif_response_t *response = RING_GET_RESPONSE(&ring, at);

		device->ring.rsp_cons = ++at;
		if (!complete(device, response->id, response->status)) {
			give_up(device);
			return;
		}
	}
}

static unsigned int take_responses(struct pv_blkfront *device)
{
	const RING_IDX first = device->ring.rsp_cons;
	int more = 1;

	while (more && !device->broken) {
		RING_IDX end = __atomic_load_n(&device->ring.sring->rsp_prod, __ATOMIC_ACQUIRE);

		device->answering = true;
		if (RING_RESPONSE_PROD_OVERFLOW(&device->ring, end))
			give_up(device);
		else
			take_until(device, end);
		device->answering = false;
		push(device);
		RING_FINAL_CHECK_FOR_RESPONSES(&device->ring, more);
	}
	return device->ring.rsp_cons - first;
}

unsigned int pv_blkfront_poll(struct pv_blkfront *device, uint64_t deadline)
{
	unsigned int count = take_responses(device);

	while (!count && deadline && !device->broken &&
	       pv_semaphore_down_until(&device->event, deadline))
		count = take_responses(device);
	return count;
}

/* --- one thing after the other ---------------------------------------------------------------- */

#define UNDER_WAY 1 /* no error number */

static void note(struct pv_blk_request *request, int error)
{
	*(int *)request->owner = error;
}

static int do_one(struct pv_blkfront *device, struct pv_blk_request *request)
{
	int result = UNDER_WAY, error;

	request->done = note;
	request->owner = &result;
	while ((error = pv_blkfront_submit(device, request)) == -XEN_EBUSY)
		pv_blkfront_poll(device, PV_FOREVER);
	if (error)
		return error;
	while (result == UNDER_WAY && !device->broken)
		pv_blkfront_poll(device, PV_FOREVER);
	return result == UNDER_WAY ? -XEN_EIO : result;
}

/* As much as a request can take: through the bounce buffer, unless it is in a buffer of ours. */
static int do_some(struct pv_blkfront *device, struct pv_blk_request *request, void *data)
{
	size_t size = (size_t)request->sectors * PV_BLK_SECTOR;
	size_t first;
	int error;

	request->buffer = data;
	if (!size || find_buffer(device, data, request->sectors, &first))
		return do_one(device, request);
	if (!device->bounce)
		device->bounce = pv_blkfront_buffer(device, PV_BLK_PAGES);
	if (!device->bounce)
		return -XEN_ENOMEM;
	request->buffer = device->bounce;
	if (request->operation == PV_BLK_WRITE)
		memcpy(device->bounce, data, size);
	error = do_one(device, request);
	if (!error && request->operation == PV_BLK_READ)
		memcpy(data, device->bounce, size);
	return error;
}

int pv_blkfront_do(struct pv_blkfront *device, enum pv_blk_operation operation, uint64_t sector,
		   void *buffer, unsigned int sectors)
{
	struct pv_blk_request request = {.operation = operation, .sector = sector};
	const unsigned int most = device->info.max_sectors;
	int error;

	pv_mutex_lock(&device->one);
	do {
		request.sectors = sectors < most ? sectors : most;
		error = do_some(device, &request, buffer);
		request.sector += request.sectors;
		sectors -= request.sectors;
		buffer = (uint8_t *)buffer + request.sectors * PV_BLK_SECTOR;
	} while (!error && sectors);
	pv_mutex_unlock(&device->one);
	return error;
}
