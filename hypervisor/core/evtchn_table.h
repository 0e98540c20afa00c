/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's ports, shared by evtchn.c (table, delivery) and evtchn_op.c (hypercall).
 *
 *   FREE -> UNBOUND -> INTERDOMAIN      alloc_unbound, then the peer's bind_interdomain
 *   FREE -> INTERDOMAIN                 the end that binds
 *   FREE -> PIRQ | VIRQ | IPI
 *   any  -> FREE                        close; an INTERDOMAIN peer goes back to UNBOUND
 *
 * Locks: evtchn_binding_lock covers every change of state, on all domains; whoever changes a port
 * also holds its domain's lock. A sender holds only its own domain's lock: that keeps the peer's
 * end in place as well, since to change the peer one needs the locks of both ends.
 * Order: evtchn_binding_lock, then domains' locks by ascending domid.
 */
#ifndef CORE_EVTCHN_TABLE_H
#define CORE_EVTCHN_TABLE_H

#include <core/evtchn.h>

#define EVTCHN_PORTS   4096 /* 2-level ABI, 64-bit guest: 64 * 64 */
#define EVTCHN_BUCKET  128  /* ports in one heap page */
#define EVTCHN_BUCKETS (EVTCHN_PORTS / EVTCHN_BUCKET)
#define EVTCHN_PIRQS   256

enum evtchn_state {
	EVTCHN_FREE,
	EVTCHN_RESERVED, /* port 0: never handed out */
	EVTCHN_UNBOUND,
	EVTCHN_INTERDOMAIN,
	EVTCHN_PIRQ,
	EVTCHN_VIRQ,
	EVTCHN_IPI,
};

struct evtchn {
	u8 state;
	u16 vcpu_id; /* vCPU that is notified */
	union {
		domid_t unbound_for;
		struct {
			struct domain *domain;
			evtchn_port_t port;
		} peer;
		u32 pirq;
		u32 virq;
	};
};

struct evtchn_domain {
	struct spinlock lock;
	struct evtchn *buckets[EVTCHN_BUCKETS];
	u32 ports;			       /* ports that have memory: 0 .. ports - 1 */
	u32 free_hint;			       /* no port below is free */
	u32 release_next;		       /* progress of release and reset */
	evtchn_port_t pirq_port[EVTCHN_PIRQS]; /* 0: none */
};

_Static_assert(EVTCHN_BUCKET * sizeof(struct evtchn) <= PAGE_SIZE, "a bucket is one page");

extern struct spinlock evtchn_binding_lock;

/** The port's entry, or NULL if it has none. */
struct evtchn *evtchn_entry(struct domain *d, evtchn_port_t port);
/** A free port (made RESERVED), or -XEN_ENOSPC, -XEN_ENOMEM. Caller: both locks of d. */
int evtchn_take_free(struct domain *d);
void evtchn_lock_pair(struct domain *a, struct domain *b);
void evtchn_unlock_pair(struct domain *a, struct domain *b);
/** Mark the port pending and notify its vCPU unless masked. */
void evtchn_set_pending(struct domain *d, evtchn_port_t port, const struct evtchn *e);
/** Notify the port's vCPU of a pending event that has just been unmasked. */
void evtchn_unmasked(struct domain *d, evtchn_port_t port, const struct evtchn *e);
/** Close; false if it was free. Takes the locks. */
bool evtchn_close(struct domain *d, evtchn_port_t port);
/** Close all; -XEN_ERESTART when preempted, progress in release_next. */
int evtchn_close_all(struct domain *d);
bool evtchn_virq_is_per_vcpu(unsigned virq);

#endif
