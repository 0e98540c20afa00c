/* SPDX-License-Identifier: MIT */
/*
 * Front ends of split drivers: what network, disks and others have in common. A device is a
 * directory of ours in the store, device/CLASS/NUMBER, which names that of its back end.
 *
 *     open (waits until the back end offers the device) → grant pages, allocate a port, publish
 * them → wait until it is connected … → close
 *
 * Callable from threads; each function waits for the store. Errors are negative XEN_E* numbers.
 */
#ifndef PV_FRONTEND_H
#define PV_FRONTEND_H

#include <pv/grant.h>
#include <pv/store.h>
#include <pv/types.h>

#define PV_FRONTEND_PATH 128

/* Fields are to be read only. */
struct pv_frontend {
	char path[PV_FRONTEND_PATH];	/* device/vif/0 */
	char backend[PV_FRONTEND_PATH]; /* the other end's directory */
	domid_t backend_id;
};

/*
 * Find device/class/number and wait, at most until system time deadline, for its back end to offer
 * it. What another driver had left connected is closed first. -XEN_ENODEV: there is none;
 * -XEN_ETIMEDOUT.
 */
int pv_frontend_open(struct pv_frontend *frontend, const char *class, unsigned int number,
		     uint64_t deadline);

/* The lowest number of a device of the class that is plugged in, or -XEN_ENODEV. */
int pv_frontend_first(const char *class);

/* A number in the back end's directory, or in ours; otherwise where it is none. */
unsigned long pv_frontend_offer(const struct pv_frontend *frontend, const char *name,
				unsigned long otherwise);
unsigned long pv_frontend_number(const struct pv_frontend *frontend, const char *name,
				 unsigned long otherwise);

/* A text in the back end's directory; from malloc(), or NULL. */
char *pv_frontend_text(const struct pv_frontend *frontend, const char *name);

/* A zeroed page that the back end may write; NULL without memory. *ref: its grant. */
void *pv_frontend_page(const struct pv_frontend *frontend, grant_ref_t *ref);
/* Take it back. A page that the back end still maps is not freed but left to it. */
void pv_frontend_free_page(void *page, grant_ref_t ref);

/* What to publish. */
struct pv_frontend_node {
	const char *name;
	unsigned long value;
};

/* Write all the nodes, and our state, in one transaction. */
int pv_frontend_publish(const struct pv_frontend *frontend, const struct pv_frontend_node *nodes,
			unsigned int count, enum xenbus_state state);

/* Wait until the back end is connected: 0, -XEN_ETIMEDOUT, or -XEN_ENODEV if it closes. */
int pv_frontend_wait(const struct pv_frontend *frontend, uint64_t deadline);

/*
 * Closing, and Closed when the back end has let go or system time deadline has passed. To be called
 * before pages and ports are taken back.
 */
void pv_frontend_close(const struct pv_frontend *frontend, uint64_t deadline);

#endif
