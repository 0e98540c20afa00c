/* SPDX-License-Identifier: MIT */
/*
 * One page of ring. An id is a slot of `slots`, where the request is noted; the back end is
 * believed in nothing: ids are checked. Buffers are granted once, for good; so are the pages for
 * the lists of long requests, one a slot when it is first needed.
 */
#include <stdlib.h>
#include <string.h>
#include <pv/blkfront.h>
#include <pv/event.h>
#include <pv/frontend.h>
#include <pv/mm.h>
#include <pv/time.h>

#define xen_mb()  pv_mb()
#define xen_rmb() pv_rmb()
#define xen_wmb() pv_wmb()
#include <xen/io/blkif.h>

#define SLOTS	     32
#define PATIENCE_NS  (20 * PV_NS_PER_SECOND)
#define PAGE_SECTORS (PV_PAGE_SIZE / PV_BLK_SECTOR)
#define DIRECT_PAGES BLKIF_MAX_SEGMENTS_PER_REQUEST
#define LONG_SECTORS 256 /* of a segment that goes on in the pages of the references behind */

_Static_assert(PV_BLK_PAGES * sizeof(struct blkif_request_segment) <= PV_PAGE_SIZE,
	       "one list page");

/* Memory for data: consecutive pages that the back end may read and write. */
struct buffer {
	struct buffer *next;
	uint8_t *start;
	unsigned int pages;
	unsigned int step; /* sectors that a segment can have */
	grant_ref_t refs[];
};

struct slot {
	struct pv_blk_request *request; /* NULL: free */
	struct blkif_request_segment *list;
	grant_ref_t list_ref;
};

struct pv_blkfront {
	struct pv_frontend frontend;
	struct pv_blk_info info;
	unsigned int number;
	bool broken;	 /* the back end broke the rules */
	bool takes_long; /* segments: see dom0/backend/vbd.h */
	evtchn_port_t port;
	struct pv_semaphore event;
	struct pv_mutex one; /* thread in pv_blkfront_do(): each answer has one who waits for it */
	void *page;
	grant_ref_t page_ref;
	blkif_front_ring_t ring;
	struct slot slots[SLOTS];
	uint8_t free[SLOTS], free_count; /* slots without a request; the last is used first */
	struct buffer *buffers;
	uint8_t *bounce; /* for pv_blkfront_do(): PV_BLK_PAGES, or NULL before it was needed */
	bool answering;	 /* in done(): what it submits goes out with what else it submits */
};

static void read_info(struct pv_blkfront *device)
{
	const struct pv_frontend *frontend = &device->frontend;
	unsigned long pages;

	device->info.sectors = pv_frontend_offer(frontend, "sectors", 0);
	device->info.sector_size = pv_frontend_offer(frontend, "sector-size", PV_BLK_SECTOR);
	device->info.read_only = pv_frontend_offer(frontend, "info", 0) & VDISK_READONLY;
	device->info.flushes = pv_frontend_offer(frontend, "feature-flush-cache", 0);
	device->takes_long = pv_frontend_offer(frontend, "feature-standing-grants", 0) &&
			     pv_frontend_offer(frontend, "feature-long-segments", 0);
	pages = pv_frontend_offer(frontend, "feature-max-indirect-segments", 0);
	device->info.max_sectors = (pages <= DIRECT_PAGES  ? DIRECT_PAGES
				    : pages < PV_BLK_PAGES ? pages
							   : PV_BLK_PAGES) *
				   PAGE_SECTORS;
}

static int connect(struct pv_blkfront *device)
{
	const struct pv_frontend_node nodes[] = {
		{"ring-ref", device->page_ref},
		{"event-channel", device->port},
		/* Grants stand until the end. Two of these are Parapet's: see dom0/backend/vbd.h */
		{"long-segments", device->takes_long},
		{"standing-grants",
		 pv_frontend_offer(&device->frontend, "feature-standing-grants", 0)},
		{"feature-persistent",
		 pv_frontend_offer(&device->frontend, "feature-persistent", 0)},
	};
	int error = pv_frontend_publish(&device->frontend, nodes, PV_ARRAY_SIZE(nodes),
					XenbusStateInitialised);

	if (!error)
		error = pv_frontend_wait(&device->frontend, pv_time_ns() + PATIENCE_NS);
	if (!error)
		error = pv_xenbus_set_state(0, device->frontend.path, XenbusStateConnected);
	return error;
}

static int open_device(struct pv_blkfront *device)
{
	int error = pv_frontend_open(&device->frontend, "vbd", device->number,
				     pv_time_ns() + PATIENCE_NS);
	int port;

	if (error)
		return error;
	read_info(device);
	device->page = pv_frontend_page(&device->frontend, &device->page_ref);
	if (!device->page)
		return -XEN_ENOMEM;
	XEN_FRONT_RING_INIT(&device->ring, (struct blkif_sring *)device->page, PV_PAGE_SIZE);
	port = pv_event_alloc_unbound(device->frontend.backend_id, pv_event_raise, &device->event);
	if (port < 0) {
		pv_frontend_free_page(device->page, device->page_ref);
		return port;
	}
	device->port = port;
	error = connect(device);
	if (!error)
		return 0;
	pv_frontend_close(&device->frontend, pv_time_ns() + PATIENCE_NS);
	pv_event_close(device->port);
	pv_frontend_free_page(device->page, device->page_ref);
	return error;
}

struct pv_blkfront *pv_blkfront_open(unsigned int number, int *error)
{
	struct pv_blkfront *device = calloc(1, sizeof(*device));
	int result = -XEN_ENOMEM;

	if (device) {
		device->number = number;
		while (device->free_count < SLOTS) {
			device->free[device->free_count] = device->free_count;
			device->free_count++;
		}
		result = open_device(device);
	}
	if (error)
		*error = result;
	if (!result)
		return device;
	free(device);
	return NULL;
}

/* --- buffers -------------------------------------------------------------------------------- */

static void free_buffer(struct buffer *buffer, unsigned int granted)
{
	for (unsigned int i = 0; i < buffer->pages; i++)
		if (i >= granted || !pv_grant_end(buffer->refs[i]))
			pv_pages_free(buffer->start + i * PV_PAGE_SIZE, 1);
	free(buffer);
}

static bool grant_all(const struct pv_blkfront *device, struct buffer *buffer,
		      unsigned int *granted)
{
	bool consecutive = true;

	for (*granted = 0; *granted < buffer->pages; (*granted)++) {
		uint8_t *page = buffer->start + *granted * PV_PAGE_SIZE;
		int ref = pv_grant_access(device->frontend.backend_id, pv_virt_to_mfn(page), false);

		if (ref < 0)
			return false;
		buffer->refs[*granted] = (grant_ref_t)ref;
		consecutive &= (grant_ref_t)ref - *granted == buffer->refs[0];
	}
	buffer->step = device->takes_long && consecutive ? LONG_SECTORS : PAGE_SECTORS;
	return true;
}

void *pv_blkfront_buffer(struct pv_blkfront *device, unsigned int pages)
{
	struct buffer *buffer = malloc(sizeof(*buffer) + pages * sizeof(buffer->refs[0]));
	unsigned int granted;

	if (!buffer)
		return NULL;
	buffer->start = pv_pages_alloc(pages);
	buffer->pages = pages;
	if (!buffer->start) {
		free(buffer);
		return NULL;
	}
	memset(buffer->start, 0, pages * PV_PAGE_SIZE); /* what was there is not for others */
	if (!grant_all(device, buffer, &granted)) {
		free_buffer(buffer, granted);
		return NULL;
	}
	buffer->next = device->buffers;
	device->buffers = buffer;
	return buffer->start;
}

/* The buffer that whole pages are in, and which of its own the first is; NULL: none. */
static inline const struct buffer *find_buffer(const struct pv_blkfront *device, const void *start,
					       unsigned int pages, size_t *first)
{
	for (const struct buffer *buffer = device->buffers; buffer; buffer = buffer->next) {
		size_t offset = (uintptr_t)start - (uintptr_t)buffer->start;

		*first = offset / PV_PAGE_SIZE;
		if (offset % PV_PAGE_SIZE == 0 && *first + pages <= buffer->pages)
			return buffer;
	}
	return NULL;
}

void pv_blkfront_close(struct pv_blkfront *device)
{
	struct buffer *next;

	pv_frontend_close(&device->frontend, pv_time_ns() + PATIENCE_NS);
	pv_event_close(device->port);
	for (struct buffer *buffer = device->buffers; buffer; buffer = next) {
		next = buffer->next;
		free_buffer(buffer, buffer->pages);
	}
	for (unsigned int i = 0; i < SLOTS; i++)
		if (device->slots[i].list)
			pv_frontend_free_page(device->slots[i].list, device->slots[i].list_ref);
	pv_frontend_free_page(device->page, device->page_ref);
	free(device);
}

const struct pv_blk_info *pv_blkfront_info(const struct pv_blkfront *device)
{
	return &device->info;
}

/* --- requests ------------------------------------------------------------------------------- */

static unsigned int pages_of(const struct pv_blk_request *request)
{
	return (request->sectors + PAGE_SECTORS - 1) / PAGE_SECTORS;
}

static bool is_good(const struct pv_blkfront *device, const struct pv_blk_request *request)
{
	if (request->operation == PV_BLK_FLUSH)
		return !request->sectors;
	return request->sectors && request->sectors <= device->info.max_sectors &&
	       request->sector <= device->info.sectors &&
	       request->sectors <= device->info.sectors - request->sector;
}

static const uint8_t operations[] = {BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_FLUSH_DISKCACHE};

static bool has_list(const struct pv_blkfront *device, struct slot *slot)
{
	if (!slot->list)
		slot->list = pv_frontend_page(&device->frontend, &slot->list_ref);
	return slot->list;
}

static inline void push(struct pv_blkfront *device)
{
	bool notify;

	if (device->answering)
		return;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&device->ring, notify);
	if (notify)
		pv_event_send(device->port);
}

/* The segments of a request that has more than one: in the ring, or in a list of the slot's. */
static int fill_segments(struct pv_blkfront *device, blkif_request_t *raw, unsigned int id,
			 const struct buffer *buffer, const grant_ref_t *refs, unsigned int sectors)
{
	const unsigned int step = buffer->step;
	struct blkif_request_segment *segment = raw->seg;
	unsigned int count = (sectors + step - 1) / step;

	raw->nr_segments = (uint8_t)count;
	if (count > DIRECT_PAGES) {
		blkif_request_indirect_t *indirect = (blkif_request_indirect_t *)raw;

		if (!has_list(device, &device->slots[id]))
			return -XEN_ENOMEM;
		segment = device->slots[id].list;
		indirect->indirect_op = raw->operation;
		indirect->operation = BLKIF_OP_INDIRECT;
		indirect->nr_segments = (uint16_t)count;
		indirect->handle = device->number;
		indirect->indirect_grefs[0] = device->slots[id].list_ref;
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

/* What is good in any case, or a flush, is filled in; the rest is fill_segments()'. */
static int fill(struct pv_blkfront *device, blkif_request_t *raw, unsigned int id,
		const struct pv_blk_request *request)
{
	const unsigned int sectors = request->sectors, pages = pages_of(request);
	const struct buffer *buffer;
	size_t first;

	raw->operation = operations[request->operation];
	raw->nr_segments = sectors != 0;
	raw->handle = device->number;
	raw->id = id;
	raw->sector_number = request->sector;
	if (!sectors)
		return 0;
	buffer = find_buffer(device, request->buffer, pages, &first);
	if (!buffer)
		return -XEN_EINVAL;
	if (sectors > buffer->step)
		return fill_segments(device, raw, id, buffer, &buffer->refs[first], sectors);
	raw->seg[0] = (struct blkif_request_segment){buffer->refs[first], 0, sectors - 1};
	return 0;
}

_Static_assert(SLOTS <= __CONST_RING_SIZE(blkif, PV_PAGE_SIZE), "a free slot has a place");

int pv_blkfront_submit(struct pv_blkfront *device, struct pv_blk_request *request)
{
	unsigned int id;
	int error;

	if (device->broken)
		return -XEN_EIO;
	if (!is_good(device, request))
		return -XEN_EINVAL;
	if (!device->free_count)
		return -XEN_EBUSY;
	id = device->free[device->free_count - 1];
	error = fill(device, RING_GET_REQUEST(&device->ring, device->ring.req_prod_pvt), id,
		     request);
	if (error)
		return error;
	device->slots[id].request = request;
	device->free_count--;
	device->ring.req_prod_pvt++;
	push(device);
	return 0;
}

static void complete(struct pv_blkfront *device, const blkif_response_t *response)
{
	struct pv_blk_request *request;

	if (response->id >= SLOTS || !device->slots[response->id].request) {
		device->broken = true;
		return;
	}
	request = device->slots[response->id].request;
	device->slots[response->id].request = NULL;
	device->free[device->free_count++] = (uint8_t)response->id;
	request->done(request, response->status == BLKIF_RSP_OKAY	  ? 0
			       : response->status == BLKIF_RSP_EOPNOTSUPP ? -XEN_EOPNOTSUPP
									  : -XEN_EIO);
}

static unsigned int take_responses(struct pv_blkfront *device)
{
	unsigned int count = 0;
	blkif_response_t response;
	int more = 1;

	while (more && !device->broken) {
		RING_IDX end = __atomic_load_n(&device->ring.sring->rsp_prod, __ATOMIC_ACQUIRE);

		device->broken = RING_RESPONSE_PROD_OVERFLOW(&device->ring, end);
		device->answering = true;
		while (device->ring.rsp_cons != end && !device->broken) {
			RING_COPY_RESPONSE(&device->ring, device->ring.rsp_cons, &response);
			device->ring.rsp_cons++;
			complete(device, &response);
			count++;
		}
		device->answering = false;
		push(device);
		RING_FINAL_CHECK_FOR_RESPONSES(&device->ring, more);
	}
	return count;
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
	if (!size || find_buffer(device, data, pages_of(request), &first))
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
