/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests' network devices: the back end of netif.h, each a port of a bridge.
 *
 * Frames are moved by grant copy, in batches, so that no page of a guest stays mapped but its two
 * rings. A front end that always offers and sends the same pages, as the SDK's, says
 * "standing-grants" = 1 where dom0 offers "feature-standing-grants": it will end no grant while it
 * is connected, and all are writable. Its pages stay mapped from their first use on, and dom0
 * copies by itself, for less than a hypercall for each page. As for disks (vbd.h), these nodes are
 * Parapet's own, and nobody else is asked to know them.
 *
 * A queue of bounded length stands before each guest; what finds it full is dropped, so that
 * a guest that takes nothing holds nobody up.
 */
#ifndef DOM0_BACKEND_VIF_H
#define DOM0_BACKEND_VIF_H

#include <stdint.h>
#include <xen/xen.h>
#include "backend/backend.h"
#include "config/vif.h"
#include "lib/problem.h"

/* Start the thread that moves frames, and give each card its bridge: ethN is in xenbrN. Once, after
 * the cards were found. 0 or negative. */
int vifs_start(void);

/*
 * Plug a device into a guest, under a number that it never had before: a guest may take its time to
 * forget one that is gone. A MAC address of zeros is replaced by one of our choice, in *config too.
 * 0, or negative with the problem.
 */
int vif_add(domid_t domid, unsigned int handle, struct vif_config *config, struct problem *problem);

/* Unplug it; see backend_remove(). */
int vif_remove(domid_t domid, unsigned int handle, bool force, struct problem *problem);

/* Of a device, for display. */
struct vif_status {
	unsigned int handle;
	enum xenbus_state state;
	struct vif_config config;
	uint64_t sent, sent_bytes;	   /* by the guest */
	uint64_t received, received_bytes; /* by it */
	uint64_t dropped;		   /* on their way to it */
	uint64_t spoofed;
};

/* The index-th device of a domain. False behind the last. */
bool vif_status(domid_t domid, unsigned int index, struct vif_status *status);

#endif
