/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests' disks: the back end of blkif.h, each on a disk or partition of dom0's.
 *
 * A guest's pages go to the device as they are. They are held for it by grant maps of the kind for
 * devices alone (GNTMAP_device_map), a batch with one hypercall: nothing is mapped into dom0, so
 * there is no page table to change and no TLB to flush.
 *
 * Persistent grants (feature-persistent) are not offered: with them Linux copies every byte between
 * its own pages and the granted ones, which costs more than the hypercalls. A front end that has
 * its data in granted pages anyway, as the SDK's, says "standing-grants" = 1 where dom0 offers
 * "feature-standing-grants": it will end no grant while it is connected, and all are writable. Then
 * dom0 holds each page from its first use on. Such a front end may also say "long-segments" = 1
 * where dom0 offers "feature-long-segments": last_sect of a segment in the ring may then be beyond
 * its page, and goes on in the pages of the references that follow its own, 128 KiB at most. No
 * more than feature-max-indirect-segments pages are in a request. So the pages of a buffer are
 * looked up, and known to be consecutive in the machine, once and for all. Both are Parapet's own;
 * nobody else is asked to know them.
 */
#ifndef DOM0_BACKEND_VBD_H
#define DOM0_BACKEND_VBD_H

#include <stdint.h>
#include <xen/xen.h>
#include "backend/backend.h"
#include "config/disk.h"
#include "lib/problem.h"

/* Start the thread that serves the rings. Once. 0 or negative. */
int vbds_start(void);

/* Plug a disk into a guest. 0, or negative with the problem. */
int vbd_add(domid_t domid, const struct disk_config *config, struct problem *problem);

/* Unplug it; see backend_remove(). */
int vbd_remove(domid_t domid, unsigned int number, bool force, struct problem *problem);

#define VBD_DISK_LENGTH (DISK_TARGET_LENGTH + 32)

/* Of a device, for display. */
struct vbd_status {
	struct disk_config config;
	char disk[VBD_DISK_LENGTH]; /* dom0's name of it */
	enum xenbus_state state;
	unsigned int busy; /* requests under way */
	uint64_t reads, read_sectors, writes, written_sectors, others, errors;
};

/* The index-th device of a domain. False behind the last. */
bool vbd_status(domid_t domid, unsigned int index, struct vbd_status *status);

#endif
