/* SPDX-License-Identifier: MIT */
/*
 * One page of ring. An id is a slot of `slots`, where the request is noted; the back end is
 * believed in nothing: ids are checked.
 */
#include <stdlib.h>
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

struct pv_blkfront {
	struct pv_frontend frontend;
	struct pv_blk_info info;
	unsigned int number;
	bool broken; /* the back end broke the rules */
	evtchn_port_t port;
	struct pv_semaphore event;
	struct pv_mutex one; /* thread in pv_blkfront_do(): each answer has one who waits for it */
	void *page;
	grant_ref_t page_ref;
	blkif_front_ring_t ring;
	struct pv_blk_request *slots[SLOTS];
};

static void read_info(struct pv_blkfront *device)
{
	const struct pv_frontend *frontend = &device->frontend;

	device->info.sectors = pv_frontend_offer(frontend, "sectors", 0);
	device->info.sector_size = pv_frontend_offer(frontend, "sector-size", PV_BLK_SECTOR);
	device->info.read_only = pv_frontend_offer(frontend, "info", 0) & VDISK_READONLY;
	device->info.flushes = pv_frontend_offer(frontend, "feature-flush-cache", 0);
}

static int connect(struct pv_blkfront *device)
{
	const struct pv_frontend_node nodes[] = {
		{"ring-ref", device->page_ref},
		{"event-channel", device->port},
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
		result = open_device(device);
	}
	if (error)
		*error = result;
	if (!result)
		return device;
	free(device);
	return NULL;
}

void pv_blkfront_close(struct pv_blkfront *device)
{
	pv_frontend_close(&device->frontend, pv_time_ns() + PATIENCE_NS);
	pv_event_close(device->port);
	pv_frontend_free_page(device->page, device->page_ref);
	free(device);
}

const struct pv_blk_info *pv_blkfront_info(const struct pv_blkfront *device)
{
	return &device->info;
}

/* --- requests ------------------------------------------------------------------------------- */

static bool is_good(const struct pv_blkfront *device, const struct pv_blk_request *request)
{
	if (request->operation == PV_BLK_FLUSH)
		return !request->sectors;
	return request->sectors && request->sectors <= PV_BLK_PAGES * PAGE_SECTORS &&
	       request->sector <= device->info.sectors &&
	       request->sectors <= device->info.sectors - request->sector &&
	       !((uintptr_t)request->buffer & ~PV_PAGE_MASK);
}

static void end_grants(struct pv_blk_request *request)
{
	while (request->ref_count)
		pv_grant_end(request->refs[--request->ref_count]);
}

/* The back end only reads what is to be written. */
static int grant_pages(struct pv_blkfront *device, struct pv_blk_request *request)
{
	unsigned int pages = (request->sectors + PAGE_SECTORS - 1) / PAGE_SECTORS;

	for (request->ref_count = 0; request->ref_count < pages; request->ref_count++) {
		uint8_t *page = (uint8_t *)request->buffer + request->ref_count * PV_PAGE_SIZE;
		int ref = pv_grant_access(device->frontend.backend_id, pv_virt_to_mfn(page),
					  request->operation == PV_BLK_WRITE);

		if (ref < 0) {
			end_grants(request);
			return ref;
		}
		request->refs[request->ref_count] = ref;
	}
	return 0;
}

static void fill_in(struct pv_blkfront *device, const struct pv_blk_request *request, uint64_t id)
{
	static const uint8_t operations[] = {BLKIF_OP_READ, BLKIF_OP_WRITE,
					     BLKIF_OP_FLUSH_DISKCACHE};
	blkif_request_t *raw = RING_GET_REQUEST(&device->ring, device->ring.req_prod_pvt);
	unsigned int left = request->sectors;

	raw->operation = operations[request->operation];
	raw->nr_segments = request->ref_count;
	raw->handle = device->number;
	raw->id = id;
	raw->sector_number = request->sector;
	for (unsigned int i = 0; i < request->ref_count; i++, left -= PAGE_SECTORS)
		raw->seg[i] = (struct blkif_request_segment){
			request->refs[i], 0, (left < PAGE_SECTORS ? left : PAGE_SECTORS) - 1};
	device->ring.req_prod_pvt++;
}

int pv_blkfront_submit(struct pv_blkfront *device, struct pv_blk_request *request)
{
	unsigned int id = 0;
	bool notify;
	int error;

	if (device->broken)
		return -XEN_EIO;
	if (!is_good(device, request))
		return -XEN_EINVAL;
	while (id < SLOTS && device->slots[id])
		id++;
	if (id == SLOTS || RING_FULL(&device->ring))
		return -XEN_EBUSY;
	error = grant_pages(device, request);
	if (error)
		return error;
	device->slots[id] = request;
	fill_in(device, request, id);
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&device->ring, notify);
	if (notify)
		pv_event_send(device->port);
	return 0;
}

static void complete(struct pv_blkfront *device, const blkif_response_t *response)
{
	struct pv_blk_request *request;

	if (response->id >= SLOTS || !device->slots[response->id]) {
		device->broken = true;
		return;
	}
	request = device->slots[response->id];
	device->slots[response->id] = NULL;
	end_grants(request);
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
		while (device->ring.rsp_cons != end && !device->broken) {
			RING_COPY_RESPONSE(&device->ring, device->ring.rsp_cons, &response);
			device->ring.rsp_cons++;
			complete(device, &response);
			count++;
		}
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

int pv_blkfront_do(struct pv_blkfront *device, enum pv_blk_operation operation, uint64_t sector,
		   void *buffer, unsigned int sectors)
{
	struct pv_blk_request request = {.operation = operation, .sector = sector};
	int error;

	pv_mutex_lock(&device->one);
	do {
		request.buffer = buffer;
		request.sectors = sectors < PV_BLK_PAGES * PAGE_SECTORS
					  ? sectors
					  : PV_BLK_PAGES * PAGE_SECTORS;
		error = do_one(device, &request);
		request.sector += request.sectors;
		sectors -= request.sectors;
		buffer = (uint8_t *)buffer + PV_BLK_PAGES * PV_PAGE_SIZE;
	} while (!error && sectors);
	pv_mutex_unlock(&device->one);
	return error;
}
