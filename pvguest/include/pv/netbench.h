/* SPDX-License-Identifier: MIT */
/*
 * Measuring TCP: a server that takes all that it is sent (port 9, "discard"), and one that sends
 * until its peer has had enough (port 19, "source"), as any TCP client can use them; and a client
 * of both. On lwIP: see pv/net.h.
 */
#ifndef PV_NETBENCH_H
#define PV_NETBENCH_H

#include <stdbool.h>
#include <stdint.h>

#define PV_NETBENCH_DISCARD 9
#define PV_NETBENCH_SOURCE  19

struct pv_netbench {
	bool sent;	/* by us; otherwise received */
	char peer[16];	/* its address */
	uint64_t bytes; /* of payload */
	uint64_t ns;	/* from the connection's beginning to its end */
};

/* Serve both ports, each connection by a thread of its own, at most 8; done() (may be NULL) is
 * called at the end of each, on its thread. 0 or a negative XEN_E*: -XEN_EBUSY, if it is on. */
int pv_netbench_start(void (*done)(const struct pv_netbench *result));

/* Stop it, and end its connections; returns when they are. False: it was not on. */
bool pv_netbench_stop(void);

/* Send to a server, or have it send, so many bytes. 0, or negative: the connection failed. */
int pv_netbench_send(const char *peer, uint64_t bytes, struct pv_netbench *result);
int pv_netbench_receive(const char *peer, uint64_t bytes, struct pv_netbench *result);

#endif
