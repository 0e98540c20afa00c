/* SPDX-License-Identifier: MIT */
/*
 * event_channel_op(int cmd, void *arg): virtual interrupts.
 *
 * A port is one bit (struct shared_info). A port of state "interdomain" has a peer in another or
 * the same domain; sending on one end makes the other pending. Conventions: see xen.h. None of
 * the calls is preempted, except reset. ENOSPC (no free port) stands for all allocating calls.
 */
#ifndef __XEN_PUBLIC_EVENT_CHANNEL_H__
#define __XEN_PUBLIC_EVENT_CHANNEL_H__

#include "xen.h"

#define EVTCHNOP_bind_interdomain 0
#define EVTCHNOP_bind_virq	  1
#define EVTCHNOP_bind_pirq	  2
#define EVTCHNOP_close		  3
#define EVTCHNOP_send		  4
#define EVTCHNOP_status		  5
#define EVTCHNOP_alloc_unbound	  6
#define EVTCHNOP_bind_ipi	  7
#define EVTCHNOP_bind_vcpu	  8
#define EVTCHNOP_unmask		  9
#define EVTCHNOP_reset		  10
#define EVTCHNOP_init_control	  11 /* FIFO channels: ENOSYS, use the two-level bits */
#define EVTCHNOP_expand_array	  12 /* FIFO channels: ENOSYS */
#define EVTCHNOP_set_priority	  13 /* FIFO channels: ENOSYS */

#ifndef __ASSEMBLY__
typedef uint32_t evtchn_port_t; /* 1..4095; 0 is never a valid port */
DEFINE_XEN_GUEST_HANDLE(evtchn_port_t);

/*
 * Make a port in `dom` that `remote_dom` may bind to later. `dom` other than DOMID_SELF: dom0.
 */
struct evtchn_alloc_unbound {
	domid_t dom, remote_dom; /* IN */
	evtchn_port_t port;	 /* OUT */
};
typedef struct evtchn_alloc_unbound evtchn_alloc_unbound_t;

/*
 * Bind a new port to an unbound one of another domain, which must have been allocated for the
 * caller (or by the caller itself). The new port starts pending, as events may have been missed.
 * EINVAL: no such port, or it is not unbound, or not for you. ESRCH.
 */
struct evtchn_bind_interdomain {
	domid_t remote_dom;	   /* IN: DOMID_SELF for a loop */
	evtchn_port_t remote_port; /* IN */
	evtchn_port_t local_port;  /* OUT */
};
typedef struct evtchn_bind_interdomain evtchn_bind_interdomain_t;

/*
 * Bind a port to a VIRQ. EINVAL: unknown VIRQ, or a global one not on vCPU 0. ENOENT: no such
 * vCPU. EEXIST: already bound. A VIRQ that only dom0 receives can be bound, and stays silent.
 */
struct evtchn_bind_virq {
	uint32_t virq;	    /* IN: VIRQ_* */
	uint32_t vcpu;	    /* IN: which vCPU is notified */
	evtchn_port_t port; /* OUT */
};
typedef struct evtchn_bind_virq evtchn_bind_virq_t;

/*
 * Bind a port to a physical interrupt that physdev_op mapped. EPERM: not permitted. EINVAL: no such
 * pirq. EEXIST: bound.
 */
struct evtchn_bind_pirq {
	uint32_t pirq; /* IN: the number that PHYSDEVOP_map_pirq gave */
#define BIND_PIRQ__WILL_SHARE 1
	uint32_t flags;	    /* IN: BIND_PIRQ__WILL_SHARE: other domains may bind it also */
	evtchn_port_t port; /* OUT */
};
typedef struct evtchn_bind_pirq evtchn_bind_pirq_t;

/* A port that the domain sends to itself, delivered on a given vCPU. ENOENT: no such vCPU. */
struct evtchn_bind_ipi {
	uint32_t vcpu;	    /* IN */
	evtchn_port_t port; /* OUT */
};
typedef struct evtchn_bind_ipi evtchn_bind_ipi_t;

/* Free a port; a peer becomes unbound. EINVAL: not in use. */
struct evtchn_close {
	evtchn_port_t port; /* IN */
};
typedef struct evtchn_close evtchn_close_t;

/* Notify the peer of an interdomain or IPI port. EINVAL: other kinds. Unbound: nothing happens. */
struct evtchn_send {
	evtchn_port_t port; /* IN: the sender's own end */
};
typedef struct evtchn_send evtchn_send_t;

/* What a port is. `dom` other than DOMID_SELF: dom0. EINVAL: beyond the last port. */
struct evtchn_status {
	domid_t dom;	    /* IN */
	evtchn_port_t port; /* IN */
#define EVTCHNSTAT_closed      0
#define EVTCHNSTAT_unbound     1
#define EVTCHNSTAT_interdomain 2
#define EVTCHNSTAT_pirq	       3
#define EVTCHNSTAT_virq	       4
#define EVTCHNSTAT_ipi	       5
	uint32_t status; /* OUT: EVTCHNSTAT_* */
	uint32_t vcpu;	 /* OUT: vCPU that is notified */
	union {
		struct {
			domid_t dom; /* OUT: who may bind it */
		} unbound;
		struct {
			domid_t dom;	    /* OUT: the peer's domain */
			evtchn_port_t port; /* OUT: the peer's port */
		} interdomain;
		uint32_t pirq; /* OUT */
		uint32_t virq; /* OUT */
	} u;
};
typedef struct evtchn_status evtchn_status_t;

/*
 * Choose the vCPU that a port notifies. ENOENT: no such vCPU. EINVAL: a port that cannot move (IPI,
 * per-vCPU VIRQ, closed). Events in flight may still arrive at the old one.
 */
struct evtchn_bind_vcpu {
	evtchn_port_t port; /* IN */
	uint32_t vcpu;	    /* IN */
};
typedef struct evtchn_bind_vcpu evtchn_bind_vcpu_t;

/* Clear a port's mask bit, and raise the upcall if it was pending. EINVAL: beyond the last port. */
struct evtchn_unmask {
	evtchn_port_t port; /* IN */
};
typedef struct evtchn_unmask evtchn_unmask_t;

/* Close all ports. `dom` other than DOMID_SELF: dom0. Preempted. */
struct evtchn_reset {
	domid_t dom; /* IN */
};
typedef struct evtchn_reset evtchn_reset_t;

/* FIFO channels, refused: the structures are here for porters who probe for them. */
struct evtchn_init_control {
	uint64_t control_gfn; /* IN: frame of the control block */
	uint32_t offset;      /* IN: byte offset in it, 8-aligned */
	uint32_t vcpu;	      /* IN */
	uint8_t link_bits;    /* OUT */
	uint8_t _pad[7];
};
typedef struct evtchn_init_control evtchn_init_control_t;

struct evtchn_expand_array {
	uint64_t array_gfn; /* IN: one more frame of event words */
};
typedef struct evtchn_expand_array evtchn_expand_array_t;

struct evtchn_set_priority {
	evtchn_port_t port; /* IN */
	uint32_t priority;  /* IN: EVTCHN_FIFO_PRIORITY_* */
};
typedef struct evtchn_set_priority evtchn_set_priority_t;

/* Ports that the two-level bitmaps can hold. */
#define EVTCHN_2L_NR_CHANNELS (sizeof(xen_ulong_t) * sizeof(xen_ulong_t) * 64)

#define EVTCHN_FIFO_PRIORITY_MAX     0
#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN     15
#define EVTCHN_FIFO_MAX_QUEUES	     (EVTCHN_FIFO_PRIORITY_MIN + 1)

typedef uint32_t event_word_t;
#define EVTCHN_FIFO_PENDING	31
#define EVTCHN_FIFO_MASKED	30
#define EVTCHN_FIFO_LINKED	29
#define EVTCHN_FIFO_BUSY	28
#define EVTCHN_FIFO_LINK_BITS	17
#define EVTCHN_FIFO_LINK_MASK	((1 << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS (1 << EVTCHN_FIFO_LINK_BITS)

struct evtchn_fifo_control_block {
	uint32_t ready;
	uint32_t _rsvd;
	uint32_t head[EVTCHN_FIFO_MAX_QUEUES];
};
typedef struct evtchn_fifo_control_block evtchn_fifo_control_block_t;
#endif /* !__ASSEMBLY__ */
#endif
