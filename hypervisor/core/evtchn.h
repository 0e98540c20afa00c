/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels, 2-level ABI: a domain's ports.
 *
 *   closed -> unbound -> interdomain    alloc_unbound, then the peer's bind_interdomain
 *   closed -> interdomain               the end that binds
 *   closed -> pirq | virq | ipi
 *   any    -> closed                    close; an interdomain peer goes back to unbound
 *
 * Locks: evtchn_binding_lock covers every change of state, on all domains; whoever changes a port
 * also holds its domain's lock. A sender holds only its own domain's lock: that keeps the peer's
 * end in place as well, since to change the peer one needs the locks of both ends. Only under
 * evtchn_binding_lock may a CPU hold two domains' locks: so their order does not matter.
 */
#ifndef CORE_EVTCHN_H
#define CORE_EVTCHN_H

#include <xen/event_channel.h>
#include <x86/spinlock.h>

#define EVTCHN_PORTS   4096 /* 2-level ABI, 64-bit guest: 64 * 64 */
#define EVTCHN_BUCKET  64   /* ports that get memory at a time */
#define EVTCHN_BUCKETS (EVTCHN_PORTS / EVTCHN_BUCKET)
#define EVTCHN_PIRQS   256

struct domain;
struct vcpu;

struct evtchn {
	u8 state;    /* EVTCHNSTAT_*; port 0 is closed for ever */
	u16 vcpu_id; /* vCPU that is notified */
	u32 number;  /* pirq, virq: which; unbound: for which domain; interdomain: peer's port */
	struct domain *peer; /* interdomain; it closes its ports before it goes */
	evtchn_port_t *slot; /* pirq, virq: where its owner keeps the port, 0 once it is closed */
};

/* In struct domain; zero to begin with. */
struct evtchn_domain {
	struct spinlock lock;
	struct evtchn *buckets[EVTCHN_BUCKETS];
	u32 ports;			       /* ports that have memory: 0 .. ports - 1 */
	u32 free_hint;			       /* no port below is free */
	evtchn_port_t pirq_port[EVTCHN_PIRQS]; /* 0: none */
};

/** Memory for more ports, the first of a new domain too. 0, -XEN_ENOSPC, -XEN_ENOMEM. Caller: d's
 * lock, unless nobody knows d. */
int evtchn_grow(struct domain *d);
void evtchn_domain_free(struct domain *d);
/** Close all ports; -XEN_ERESTART when preempted. Takes the locks. Final when d is dying. */
int evtchn_close_all(struct domain *d);

/** The port's entry, or NULL if it has none. */
struct evtchn *evtchn_entry(struct domain *d, evtchn_port_t port);
/** Mark the port pending and notify its vCPU unless masked. Caller: the lock of an end. */
void evtchn_set_pending(struct domain *d, evtchn_port_t port, const struct evtchn *e);
/** Unmask the port, and notify its vCPU if it is pending. False: there is no such port. */
bool evtchn_unmask(struct domain *d, evtchn_port_t port);

/** Raise a virq on a vCPU; the ports of global virqs are vCPU 0's. */
void evtchn_send_virq(struct vcpu *v, unsigned virq);
/** virq of dom0 (VIRQ_DOM_EXC, VIRQ_CONSOLE, VIRQ_CON_RING, VIRQ_DEBUGGER). */
void evtchn_send_dom0_virq(unsigned virq);
/** An interrupt line fired for a guest. */
void evtchn_send_pirq(struct domain *d, unsigned pirq);
/** True if the port is pending (sched_op poll). */
bool evtchn_port_pending(struct domain *d, evtchn_port_t port);
bool evtchn_port_valid(struct domain *d, evtchn_port_t port);

long do_event_channel_op(u64 cmd, u64 arg);

#endif
