/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One thing done and waited for. */
#include <pv/mm.h>
#include <pv/thread.h>
#include <xen/errno.h>
#include "driver/block.h"
#include "driver/dma.h"

#define SEGMENTS     32 /* no device takes less */
#define PAGE_SECTORS (PV_PAGE_SIZE / BLOCK_SECTOR)

struct waiter {
	struct pv_semaphore done;
	int error;
};

static void wake(struct block_request *request, int error)
{
	struct waiter *waiter = request->owner;

	waiter->error = error;
	pv_semaphore_up(&waiter->done);
}

static int submit_and_wait(struct block_device *device, struct block_request *request)
{
	struct waiter waiter = {.error = 0};
	int error;

	request->done = wake;
	request->owner = &waiter;
	error = block_submit(device, request);
	if (error)
		return error;
	pv_semaphore_down(&waiter.done);
	return waiter.error;
}

/* Fill in segments for at most `bytes` of the buffer, of `most` pages; returns how many bytes. */
static uint32_t describe(const struct block_device *device, struct block_segment *segments,
			 unsigned int *count, unsigned int most, uint8_t *buffer, uint64_t bytes)
{
	uint32_t total = 0;

	for (*count = 0; most-- && total < bytes;) {
		uint32_t room = PV_PAGE_SIZE - ((uintptr_t)(buffer + total) & ~PV_PAGE_MASK);
		uint32_t length = bytes - total < room ? bytes - total : room;

		*count = block_add_segment(device, segments, *count, dma_address(buffer + total),
					   length);
		total += length;
	}
	return total;
}

static int transfer(struct block_device *device, enum block_operation operation, uint64_t sector,
		    uint8_t *buffer, uint64_t sectors)
{
	struct block_segment segments[SEGMENTS];
	unsigned int most = device->max_sectors / PAGE_SECTORS;
	int error = 0;

	if (most > SEGMENTS)
		most = SEGMENTS;
	while (!error && sectors) {
		struct block_request request = {.operation = operation, .sector = sector};
		uint32_t bytes = describe(device, segments, &request.segment_count, most, buffer,
					  sectors * BLOCK_SECTOR);

		request.segments = segments;
		request.sectors = bytes / BLOCK_SECTOR;
		error = submit_and_wait(device, &request);
		sector += bytes / BLOCK_SECTOR;
		sectors -= bytes / BLOCK_SECTOR;
		buffer += bytes;
	}
	return error;
}

int block_do(struct block_device *device, enum block_operation operation, uint64_t sector,
	     void *buffer, uint32_t sectors)
{
	struct block_request request = {
		.operation = operation,
		.sector = sector,
		.sectors = sectors,
	};

	if (operation == BLOCK_READ || operation == BLOCK_WRITE)
		return transfer(device, operation, sector, buffer, sectors);
	return submit_and_wait(device, &request);
}
