/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels, 2-level ABI. */
#ifndef CORE_EVTCHN_H
#define CORE_EVTCHN_H

#include <xen/event_channel.h>
#include <core/domain.h>

int evtchn_domain_init(struct domain *d);
/** Close everything; preemptible (-XEN_ERESTART). */
int evtchn_domain_release(struct domain *d);
void evtchn_domain_free(struct domain *d);

/** Raise a virq on a vCPU; the ports of global virqs are vCPU 0's. */
void evtchn_send_virq(struct vcpu *v, unsigned virq);
/** virq of dom0 (VIRQ_DOM_EXC, VIRQ_CONSOLE, VIRQ_CON_RING, VIRQ_DEBUGGER). */
void evtchn_send_dom0_virq(unsigned virq);
/** An interrupt line fired for a guest. */
void evtchn_send_pirq(struct domain *d, unsigned pirq);
/** True if the port is pending (sched_op poll). */
bool evtchn_port_pending(struct domain *d, evtchn_port_t port);
bool evtchn_port_valid(struct domain *d, evtchn_port_t port);
/** Allocate an unbound port of d for remote (dom0 builder, domctl). >= 0 the port, or -errno. */
int evtchn_alloc_unbound(struct domain *d, domid_t remote);

long do_event_channel_op(u64 cmd, u64 arg);

#endif
