/* SPDX-License-Identifier: MIT */
/*
 * Connecting, and memory. Buffers are granted once, for good; so are the ring and the pages for the
 * lists of long requests, one a slot when it is first needed.
 */
#include <stdlib.h>
#include <string.h>
#include <pv/time.h>
#include "blkfront.h"

#define PATIENCE_NS (20 * PV_NS_PER_SECOND)

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
	buffer->step = PAGE_SECTORS;
	if (device->takes_long && consecutive)
		buffer->step = device->info.max_sectors < LONG_SECTORS ? device->info.max_sectors
								       : LONG_SECTORS;
	return true;
}

static struct buffer *new_buffer(const struct pv_blkfront *device, unsigned int pages)
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
	if (grant_all(device, buffer, &granted))
		return buffer;
	free_buffer(buffer, granted);
	return NULL;
}

void *pv_blkfront_buffer(struct pv_blkfront *device, unsigned int pages)
{
	struct buffer *buffer = new_buffer(device, pages);

	if (!buffer)
		return NULL;
	buffer->next = device->buffers;
	device->buffers = buffer;
	return buffer->start;
}

/* --- connecting ------------------------------------------------------------------------------ */

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

static int connect(struct pv_blkfront *device, unsigned int order)
{
	static const char *const names[] = {"ring-ref0", "ring-ref1", "ring-ref2", "ring-ref3"};
	const struct pv_frontend *frontend = &device->frontend;
	struct pv_frontend_node nodes[5 + PV_ARRAY_SIZE(names)] = {
		{"event-channel", device->port},
		/* Grants stand until the end. Two of these are Parapet's: see dom0/backend/vbd.h */
		{"long-segments", device->takes_long},
		{"standing-grants", pv_frontend_offer(frontend, "feature-standing-grants", 0)},
		{"feature-persistent", pv_frontend_offer(frontend, "feature-persistent", 0)},
		{"ring-ref", device->pages->refs[0]},
	};
	unsigned int count = 5;
	int error;

	if (order)
		nodes[4] = (struct pv_frontend_node){"ring-page-order", order};
	for (unsigned int i = 0; order && i < 1u << order; i++)
		nodes[count++] = (struct pv_frontend_node){names[i], device->pages->refs[i]};
	error = pv_frontend_publish(frontend, nodes, count, XenbusStateInitialised);
	if (!error)
		error = pv_frontend_wait(frontend, pv_time_ns() + PATIENCE_NS);
	if (!error)
		error = pv_xenbus_set_state(0, frontend->path, XenbusStateConnected);
	return error;
}

static void make_slots(struct pv_blkfront *device)
{
	device->info.depth = RING_SIZE(&device->ring);
	while (device->free_count < device->info.depth) {
		device->free[device->free_count] = (uint8_t)device->free_count;
		device->free_count++;
	}
}

static int open_device(struct pv_blkfront *device)
{
	unsigned long order;
	int port, error = pv_frontend_open(&device->frontend, "vbd", device->number,
					   pv_time_ns() + PATIENCE_NS);

	if (error)
		return error;
	read_info(device);
	order = pv_frontend_offer(&device->frontend, "max-ring-page-order", 0);
	if (order > RING_ORDER_MAX)
		order = RING_ORDER_MAX;
	device->pages = new_buffer(device, 1u << order);
	if (!device->pages)
		return -XEN_ENOMEM;
	XEN_FRONT_RING_INIT(&device->ring, (struct blkif_sring *)device->pages->start,
			    PV_PAGE_SIZE << order);
	make_slots(device);
	blkfront_set_short(device);
	error = port =
		pv_event_alloc_unbound(device->frontend.backend_id, pv_event_raise, &device->event);
	if (port < 0)
		goto no_port;
	device->port = port;
	error = connect(device, order);
	if (!error)
		return 0;
	pv_frontend_close(&device->frontend, pv_time_ns() + PATIENCE_NS);
	pv_event_close(device->port);
no_port:
	free_buffer(device->pages, device->pages->pages);
	return error;
}

struct pv_blkfront *pv_blkfront_open(unsigned int number, int *error)
{
	struct pv_blkfront *device = calloc(1, sizeof(*device));
	int result = -XEN_ENOMEM;

	if (device) {
		device->number = number;
		device->handle = (uint16_t)number;
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
	struct buffer *next;

	pv_frontend_close(&device->frontend, pv_time_ns() + PATIENCE_NS);
	pv_event_close(device->port);
	for (struct buffer *buffer = device->buffers; buffer; buffer = next) {
		next = buffer->next;
		free_buffer(buffer, buffer->pages);
	}
	for (unsigned int i = 0; i < SLOTS; i++)
		if (device->lists[i].page)
			pv_frontend_free_page(device->lists[i].page, device->lists[i].ref);
	free_buffer(device->pages, device->pages->pages);
	free(device);
}

const struct pv_blk_info *pv_blkfront_info(const struct pv_blkfront *device)
{
	return &device->info;
}
