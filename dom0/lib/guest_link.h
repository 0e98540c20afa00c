/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's shared page and event channel, as a back end of dom0 holds them. */
#ifndef DOM0_LIB_GUEST_LINK_H
#define DOM0_LIB_GUEST_LINK_H

#include <pv/thread.h>
#include <pv/types.h>
#include <xen/event_channel.h>

struct guest_link {
	domid_t domid;
	void *page; /* mapped read-write; the guest writes it at any moment */
	evtchn_port_t port;
};

/*
 * Map frame mfn of the guest and bind to its port; each event raises the semaphore. 0 or a negative
 * XEN_E…, and then nothing is held.
 */
int guest_link_open(struct guest_link *link, domid_t domid, unsigned long mfn, evtchn_port_t port,
		    struct pv_semaphore *semaphore);

/* Unmap and unbind. */
void guest_link_close(struct guest_link *link);

/* Send the guest an event. */
void guest_link_notify(const struct guest_link *link);

#endif
