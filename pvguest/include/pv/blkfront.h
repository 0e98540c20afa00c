/* SPDX-License-Identifier: MIT */
/*
 * Disks: sectors of 512 bytes to and from a back end, asynchronously or through a small cache.
 *
 * Requests transfer to and from buffers that are granted to the back end from their allocation to
 * the device's closing, so that neither end has to do anything for a page; nothing is copied.
 * Callable from threads. Errors are negative XEN_E* numbers.
 */
#ifndef PV_BLKFRONT_H
#define PV_BLKFRONT_H

#include <pv/types.h>

#define PV_BLK_SECTOR	 512
#define PV_BLK_PAGES	 64			   /* of a request, at most: see max_sectors */
#define PV_BLK_XVD(disk) (202u << 8 | (disk) << 4) /* number of xvda (0), xvdb (1) … xvdp */

enum pv_blk_operation { PV_BLK_READ, PV_BLK_WRITE, PV_BLK_FLUSH };

struct pv_blkfront;

/* The caller's, and with it the buffer, until done() was called. */
struct pv_blk_request {
	enum pv_blk_operation operation;
	uint64_t sector;
	unsigned int sectors; /* 0 for a flush */
	void *buffer;	      /* whole pages of one pv_blkfront_buffer() of the device */
	/* Called by pv_blkfront_poll(): it may submit. error: 0, -XEN_EIO, -XEN_EOPNOTSUPP */
	void (*done)(struct pv_blk_request *request, int error);
	void *owner; /* for done() */
};

struct pv_blk_info {
	uint64_t sectors;
	unsigned int sector_size; /* bytes: what is read and written is a multiple of it */
	unsigned int max_sectors; /* of a request: from 88 to PV_BLK_PAGES pages' */
	unsigned int depth;	  /* requests under way at once, at most: 32, 64 or 128 */
	bool read_only;
	bool flushes; /* what was written is durable after a flush; else at once */
};

/* Connect device/vbd/number. NULL, and *error (may be NULL): -XEN_ENODEV, -XEN_ETIMEDOUT… */
struct pv_blkfront *pv_blkfront_open(unsigned int number, int *error);

/* Close it, and wait until the back end has let go. No request may be under way. */
void pv_blkfront_close(struct pv_blkfront *device);

const struct pv_blk_info *pv_blkfront_info(const struct pv_blkfront *device);

/* Zeroed pages for requests; NULL without memory. The device's, until it is closed. */
void *pv_blkfront_buffer(struct pv_blkfront *device, unsigned int pages);

/* Start a request; those that done() starts go out together. 0: done() will be called. -XEN_EBUSY:
 * the ring is full; -XEN_EINVAL: it is no request of this disk; -XEN_EIO: the back end broke the
 * protocol. */
int pv_blkfront_submit(struct pv_blkfront *device, struct pv_blk_request *request);

/* Call done() of what the back end has done; returns how many. With a deadline (system time) it
 * waits for at least one; 0: it does not wait. */
unsigned int pv_blkfront_poll(struct pv_blkfront *device, uint64_t deadline);

/* One thing after the other: do it and wait. From any memory, of any length; what is not in a
 * buffer of the device's is copied. Threads take turns; not while another is in pv_blkfront_poll().
 */
int pv_blkfront_do(struct pv_blkfront *device, enum pv_blk_operation operation, uint64_t sector,
		   void *buffer, unsigned int sectors);

/* --- a cache of 4 KiB blocks, written through ---------------------------------------------- */

struct pv_blk_cache;

/* One for a device, of `blocks` blocks; NULL without memory. The device stays the caller's. */
struct pv_blk_cache *pv_blk_cache_new(struct pv_blkfront *device, unsigned int blocks);
void pv_blk_cache_free(struct pv_blk_cache *cache);

/* The disk's size in bytes. */
uint64_t pv_blk_cache_size(const struct pv_blk_cache *cache);

/* Bytes at any offset and of any length within the disk. Threads take turns. */
int pv_blk_cache_read(struct pv_blk_cache *cache, uint64_t offset, void *data, size_t length);
int pv_blk_cache_write(struct pv_blk_cache *cache, uint64_t offset, const void *data,
		       size_t length);

#endif
