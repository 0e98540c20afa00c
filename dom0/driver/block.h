/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block devices: what a disk driver offers, and what partitions and back ends build on.
 *
 * Requests are asynchronous and name memory by machine addresses, so that a guest's granted frames
 * go to the device as they are. A request is its caller's from before block_submit() until done()
 * is called: it and its segments may not change or go away meanwhile, and neither may the frames.
 * done() is called once for each accepted request, in any order, never from within block_submit(),
 * on a thread of the driver: it may make hypercalls, allocate, and submit further requests, but
 * not wait for a request to the same disk. All of this lives on vCPU 0, in threads, never in event
 * handlers.
 *
 * A write is durable when a flush that was submitted after the write's done() is done.
 */
#ifndef DOM0_DRIVER_BLOCK_H
#define DOM0_DRIVER_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/errno.h>

#define BLOCK_SECTOR	  512 /* the unit of every sector number, whatever the device's own is */
#define BLOCK_NAME_LENGTH 32

enum block_operation { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_DISCARD, BLOCK_OPERATIONS };

/* Memory that is consecutive in the machine: address a multiple of 512, length a multiple of the
 * device's logical block. It may cross a page only if the device has long_segments. */
struct block_segment {
	uint64_t machine;
	uint32_t length; /* bytes */
};

struct block_request {
	enum block_operation operation;
	uint32_t sectors;		      /* 0 for a flush */
	uint64_t sector;		      /* changed on the way through partitions */
	unsigned int segment_count;	      /* 0 for flush and discard */
	const struct block_segment *segments; /* lengths add up to sectors */
	/* error: 0, -XEN_EIO, -XEN_EOPNOTSUPP, or -XEN_ENODEV where the device is broken */
	void (*done)(struct block_request *request, int error);
	void *owner; /* for done() */

	struct block_request *next; /* the device's, while it has the request */
	unsigned int parts;	    /* the driver's: commands that are not done yet */
	int error;		    /* the driver's: the first that went wrong */
};

struct block_device {
	char name[BLOCK_NAME_LENGTH]; /* as Linux would: vda, vda1, nvme0n1, nvme0n1p1 */
	uint64_t sectors;
	uint32_t logical_block;	 /* bytes, 512 or more: sector, sectors and lengths are multiples */
	uint32_t physical_block; /* bytes: writes of less may be read-modify-write inside */
	unsigned int max_segments;  /* of a request, 32 or more */
	bool long_segments;	    /* of any length; else within a page */
	uint32_t max_sectors;	    /* of a read or write */
	uint32_t max_discard;	    /* sectors; 0: it cannot discard */
	uint32_t discard_alignment; /* sectors: less than that may not be given back */
	bool read_only;
	bool can_flush; /* false: what is done is durable, and a flush does nothing */

	const char *kind; /* "virtio", "NVMe", "partition" */
	/* The driver's: start a request that is known to be good. 0; -XEN_EBUSY when the queue is
	 * full: block_retry() then tries again; or what block_submit() shall return. */
	int (*start)(struct block_device *device, struct block_request *request);
	/* The driver's, or NULL: tell the device what was started while it was held. */
	void (*kick)(struct block_device *device);
	void *driver;
	struct block_device *whole; /* of a partition or image: the disk; else NULL */
	unsigned int held;	    /* see block_hold(): start() tells the device nothing */

	struct block_request *waiting, **waiting_last; /* for room in the queue */
	struct block_device *next;
};

/*
 * Hand a request to a device; one that has no room left keeps it until there is. Returns 0: done()
 * will be called. Otherwise it will not: -XEN_EINVAL (beyond the end, not aligned, too many
 * segments, lengths that do not add up), -XEN_EROFS, -XEN_EOPNOTSUPP (discard).
 */
int block_submit(struct block_device *device, struct block_request *request);

/* For what found none: keep a request until there is room. 0. */
int block_wait(struct block_device *device, struct block_request *request);

/* As block_submit(), for a request that the caller has checked himself: it is within the disk,
 * which is written, flushed or discarded only if it can be; segments are good, and not too many.
 * -XEN_EBUSY: there is no room; the caller tries later, or calls block_wait(). */
static inline int block_try_good(struct block_device *device, struct block_request *request)
{
	request->error = 0;
	request->next = NULL;
	if (device->waiting) /* it would overtake */
		return -XEN_EBUSY;
	return device->start(device, request);
}

/* The same, but waits for room. */
static inline int block_submit_good(struct block_device *device, struct block_request *request)
{
	int error = block_try_good(device, request);

	return error == -XEN_EBUSY ? block_wait(device, request) : error;
}

/* What is submitted in between may be told to the device at the end, all at once. The holder does
 * not wait in between. Nests. */
void block_hold(struct block_device *device);
void block_let_go(struct block_device *device);

/* Add memory to a list of segments, of `count` so far: to the last one, where it continues that and
 * the device allows it. It is in one page, or the device has long_segments. Returns the count. */
static inline unsigned int block_add_segment(const struct block_device *device,
					     struct block_segment *segments, unsigned int count,
					     uint64_t machine, uint32_t length)
{
	struct block_segment *last = &segments[count - 1];

	if (count && device->long_segments && last->machine + last->length == machine) {
		last->length += length;
		return count;
	}
	segments[count] = (struct block_segment){machine, length};
	return count + 1;
}

/*
 * Do one thing and wait for it: not on a driver's thread. The buffer is memory of the page
 * allocator (pv_pages_alloc) at a multiple of 512 bytes; NULL for flush and discard. 0 or a
 * negative XEN_E….
 */
int block_do(struct block_device *device, enum block_operation operation, uint64_t sector,
	     void *buffer, uint32_t sectors);

static inline int block_read(struct block_device *device, uint64_t sector, void *buffer,
			     uint32_t sectors)
{
	return block_do(device, BLOCK_READ, sector, buffer, sectors);
}

/* Whole disks that were found, in the order in which they were. They never go away. */
extern struct block_device *block_devices;

/* --- for drivers --- */

/* After the fields of the device are filled in, before the first request. */
void block_init(struct block_device *device);

/* The same for a whole disk, which is listed. */
void block_add(struct block_device *device);

/* Call done() of a request that start() took. Not from within start(). */
void block_complete(struct block_request *request, int error);

/* There may be room: start what waits. */
void block_retry(struct block_device *device);

#endif
