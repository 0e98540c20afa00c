/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all disks have in common: the checks of a request, and the queue for what finds no room. */
#include <stddef.h>
#include <xen/errno.h>
#include "driver/block.h"

#define PAGE_BYTES 4096

struct block_device *block_devices;

void block_init(struct block_device *device)
{
	device->waiting = NULL;
	device->waiting_last = &device->waiting;
}

void block_add(struct block_device *device)
{
	struct block_device **last = &block_devices;

	block_init(device);
	while (*last)
		last = &(*last)->next;
	*last = device;
}

static bool good_segment(const struct block_device *device, const struct block_segment *segment)
{
	return segment->length && segment->length % device->logical_block == 0 &&
	       segment->machine % BLOCK_SECTOR == 0 &&
	       (device->long_segments ||
		segment->machine % PAGE_BYTES + segment->length <= PAGE_BYTES);
}

static bool good_segments(const struct block_device *device, const struct block_request *request)
{
	uint64_t bytes = 0;

	if (!request->segment_count || request->segment_count > device->max_segments)
		return false;
	for (unsigned int i = 0; i < request->segment_count; i++) {
		if (!good_segment(device, &request->segments[i]))
			return false;
		bytes += request->segments[i].length;
	}
	return bytes == (uint64_t)request->sectors * BLOCK_SECTOR;
}

static bool good_place(const struct block_device *device, const struct block_request *request)
{
	uint32_t unit = device->logical_block / BLOCK_SECTOR;

	return request->sectors && request->sectors % unit == 0 && request->sector % unit == 0 &&
	       request->sector <= device->sectors &&
	       request->sectors <= device->sectors - request->sector;
}

static int check(const struct block_device *device, const struct block_request *request)
{
	if (request->operation == BLOCK_FLUSH)
		return request->sectors || request->segment_count ? -XEN_EINVAL : 0;
	if (request->operation != BLOCK_READ && device->read_only)
		return -XEN_EROFS;
	if (!good_place(device, request))
		return -XEN_EINVAL;
	if (request->operation == BLOCK_DISCARD && !device->max_discard)
		return -XEN_EOPNOTSUPP;
	if (request->operation == BLOCK_DISCARD)
		return request->sectors > device->max_discard || request->segment_count
			       ? -XEN_EINVAL
			       : 0;
	if (request->sectors > device->max_sectors || !good_segments(device, request))
		return -XEN_EINVAL;
	return 0;
}

int block_submit(struct block_device *device, struct block_request *request)
{
	int error = check(device, request);

	return error ? error : block_submit_good(device, request);
}

int block_wait(struct block_device *device, struct block_request *request)
{
	*device->waiting_last = request;
	device->waiting_last = &request->next;
	return 0;
}

void block_hold(struct block_device *device)
{
	if (device->whole)
		device = device->whole;
	device->held++;
}

void block_let_go(struct block_device *device)
{
	if (device->whole)
		device = device->whole;
	if (!--device->held && device->kick)
		device->kick(device);
}

void block_complete(struct block_request *request, int error)
{
	request->done(request, error);
}

/* Of what one done() submits, nothing overtakes what waits; so this ends. */
void block_retry(struct block_device *device)
{
	struct block_request *request;
	int error;

	while ((request = device->waiting)) {
		/* Once it is started it may wait for room in the device below. */
		struct block_request *next = request->next;

		error = device->start(device, request);
		if (error == -XEN_EBUSY)
			return;
		device->waiting = next;
		if (!device->waiting)
			device->waiting_last = &device->waiting;
		if (error)
			block_complete(request, error);
	}
}
