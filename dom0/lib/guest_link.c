/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pv/event.h>
#include <pv/mm.h>
#include "lib/guest_link.h"

int guest_link_open(struct guest_link *link, domid_t domid, unsigned long mfn, evtchn_port_t port,
		    struct pv_semaphore *semaphore)
{
	const pv_mfn_t frame = mfn;
	int rc;

	link->domid = domid;
	link->page = pv_map_foreign(&frame, 1, PV_RW, domid, &rc);
	if (!link->page)
		return rc;
	rc = pv_event_bind_interdomain(domid, port, pv_event_raise, semaphore);
	if (rc < 0) {
		pv_unmap_free(link->page, 1);
		return rc;
	}
	link->port = rc;
	return 0;
}

void guest_link_close(struct guest_link *link)
{
	pv_event_close(link->port);
	pv_unmap_free(link->page, 1);
}

void guest_link_notify(const struct guest_link *link)
{
	pv_event_send(link->port); /* fails only if the guest closed its end: then nobody waits */
}
