/* SPDX-License-Identifier: MIT */
/*
 * Event channels (2-level): ports with a handler each.
 *
 * A handler runs in the upcall, on the vCPU that its port is bound to, with events masked and on
 * the stack of what it interrupted. It may send events, wake threads (pv/thread.h), set timers and
 * use pv_printk(); it may not block, allocate memory or use stdio. A thread that wants more waits
 * on a semaphore that the handler raises (pv_event_raise does just that).
 *
 * The bind functions return the port (> 0), unmasked, or a negative XEN_E* number. Bindings belong
 * to the guest until pv_event_close().
 */
#ifndef PV_EVENT_H
#define PV_EVENT_H

#include <pv/types.h>
#include <pv/vcpu.h>
#include <xen/event_channel.h>

#define PV_NR_PORTS 4096

typedef void (*pv_event_handler)(evtchn_port_t port, void *argument);

int pv_event_bind_virq(unsigned int virq, unsigned int vcpu, pv_event_handler handler,
		       void *argument);
int pv_event_bind_ipi(unsigned int vcpu, pv_event_handler handler, void *argument);
/* flags: BIND_PIRQ__WILL_SHARE or 0. dom0 only. */
int pv_event_bind_pirq(unsigned int pirq, unsigned int flags, pv_event_handler handler,
		       void *argument);
/* The other end is port remote of a domain that allocated it for us. */
int pv_event_bind_interdomain(domid_t domain, evtchn_port_t remote, pv_event_handler handler,
			      void *argument);
/* A port that domain may bind to. */
int pv_event_alloc_unbound(domid_t domain, pv_event_handler handler, void *argument);

/* Give a port that exists already (console, store) its handler, and unmask it. */
int pv_event_attach(evtchn_port_t port, pv_event_handler handler, void *argument);

/* Move the notifications of a port to another vCPU. */
int pv_event_bind_vcpu(evtchn_port_t port, unsigned int vcpu);

/* Notify the other end. Callable anywhere. */
int pv_event_send(evtchn_port_t port);

/* No handler call for this port until unmasked; an event that comes meanwhile is kept. */
void pv_event_mask(evtchn_port_t port);
void pv_event_unmask(evtchn_port_t port);

/* Unbind; the port may be reused by the hypervisor. */
void pv_event_close(evtchn_port_t port);

/* A ready-made handler: argument is a struct pv_semaphore, raised once per event. */
void pv_event_raise(evtchn_port_t port, void *argument);

/* Call the handlers of all pending events of this vCPU: for a guest that has a handler of its own
 * for PV_VECTOR_EVENT. Events are masked. */
void pv_event_upcall(void);

/* The domain's own number: a port opened to DOMID_SELF shows it. Calls the hypervisor each time. */
domid_t pv_domain_id(void);

/* --- the mask of all events of this vCPU: the guest's interrupt flag --------------------- */

static inline bool pv_events_masked(void)
{
	return pv_this_vcpu()->info->evtchn_upcall_mask;
}

static inline void pv_events_disable(void)
{
	pv_this_vcpu()->info->evtchn_upcall_mask = 1;
	pv_barrier();
}

/* What became pending meanwhile is delivered before this returns. */
void pv_events_enable(void);

/* Disable, and return what to give to pv_events_restore(). */
static inline bool pv_events_save(void)
{
	bool masked = pv_events_masked();

	pv_events_disable();
	return masked;
}

static inline void pv_events_restore(bool masked)
{
	if (!masked)
		pv_events_enable();
}

#endif
