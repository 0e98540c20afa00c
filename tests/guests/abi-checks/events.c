/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels and sched_op. */
#include <string.h>
#include <pv/event.h>
#include <pv/time.h>
#include "checks.h"

static volatile unsigned int calls;
static volatile evtchn_port_t last_port;

static void count(evtchn_port_t port, void *argument)
{
	(void)argument;
	calls++;
	last_port = port;
}

static struct evtchn_status status_of(evtchn_port_t port)
{
	struct evtchn_status s = {.dom = DOMID_SELF, .port = port};

	expect("status", HYPERVISOR_event_channel_op(EVTCHNOP_status, &s), 0);
	return s;
}

static bool pending(evtchn_port_t port)
{
	return pv_shared_info.evtchn_pending[port / 64] >> (port % 64) & 1;
}

static void check_interdomain(void)
{
	domid_t self = pv_domain_id();
	int a = pv_event_alloc_unbound(DOMID_SELF, count, NULL), b;
	struct evtchn_bind_interdomain again = {.remote_dom = DOMID_SELF, .remote_port = a};
	struct evtchn_status s = status_of(a);

	expect("alloc_unbound", a > 0, 1);
	expect("unbound: status", s.status, EVTCHNSTAT_unbound);
	expect("unbound: domain", s.u.unbound.dom, self);
	b = pv_event_bind_interdomain(DOMID_SELF, a, count, NULL);
	expect("bind_interdomain", b > 0 && b != a, 1);
	expect_refused("bind it twice",
		       HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain, &again));
	s = status_of(a);
	expect("interdomain: status", s.status, EVTCHNSTAT_interdomain);
	expect("interdomain: domain", s.u.interdomain.dom, self);
	expect("interdomain: port", s.u.interdomain.port, b);
	calls = 0;
	expect("send", pv_event_send(b), 0);
	expect("upcall before send returns", calls >= 1, 1);
	expect("the other end got it", last_port, a);
	pv_events_disable();
	calls = 0;
	pv_event_send(b);
	expect("masked vCPU: no upcall", calls, 0);
	expect("masked vCPU: pending", pv_this_vcpu()->info->evtchn_upcall_pending, 1);
	expect("masked vCPU: port pending", pending(a), 1);
	expect("masked vCPU: selector", pv_this_vcpu()->info->evtchn_pending_sel >> (a / 64) & 1,
	       1);
	pv_events_enable();
	expect("upcall after unmasking", calls, 1);
	pv_event_mask(a);
	pv_event_send(b);
	expect("masked port: no upcall", calls, 1);
	expect("masked port: pending", pending(a), 1);
	expect("masked port: vCPU not", pv_this_vcpu()->info->evtchn_upcall_pending, 0);
	pv_event_unmask(a);
	expect("unmask delivers", calls, 2);
	expect("close one end",
	       HYPERVISOR_event_channel_op(EVTCHNOP_close, &(struct evtchn_close){b}), 0);
	expect("the other end is unbound", status_of(a).status, EVTCHNSTAT_unbound);
	pv_event_close(a);
	expect("closed: status", status_of(a).status, EVTCHNSTAT_closed);
	expect("closed: send", pv_event_send(a), -XEN_EINVAL);
}

static void check_ports(void)
{
	int ipi = pv_event_bind_ipi(0, count, NULL), virq;
	struct evtchn_bind_virq v = {.virq = VIRQ_DEBUG, .vcpu = 0};
	struct evtchn_bind_ipi i = {.vcpu = 77};
	struct evtchn_status s = status_of(ipi);
	struct evtchn_alloc_unbound u = {.dom = 0x7000, .remote_dom = DOMID_SELF};
	struct evtchn_bind_vcpu bv = {.port = ipi, .vcpu = 77};

	expect("bind_ipi", ipi > 0, 1);
	expect("ipi: status", s.status, EVTCHNSTAT_ipi);
	expect("ipi: vCPU", s.vcpu, 0);
	calls = 0;
	expect("ipi to oneself", pv_event_send(ipi), 0);
	expect("ipi: upcall", calls, 1);
	expect_refused("bind_ipi of no vCPU", HYPERVISOR_event_channel_op(EVTCHNOP_bind_ipi, &i));
	expect_refused("bind_vcpu to no vCPU",
		       HYPERVISOR_event_channel_op(EVTCHNOP_bind_vcpu, &bv));
	virq = pv_event_bind_virq(VIRQ_DEBUG, 0, count, NULL);
	expect("bind_virq", virq > 0, 1);
	s = status_of(virq);
	expect("virq: status", s.status, EVTCHNSTAT_virq);
	expect("virq: number", s.u.virq, VIRQ_DEBUG);
	expect("bind_virq twice", HYPERVISOR_event_channel_op(EVTCHNOP_bind_virq, &v), -XEN_EEXIST);
	v.virq = 24;
	expect("virq 24", HYPERVISOR_event_channel_op(EVTCHNOP_bind_virq, &v), -XEN_EINVAL);
	v.virq = VIRQ_DEBUG;
	v.vcpu = 77;
	expect_refused("virq of no vCPU", HYPERVISOR_event_channel_op(EVTCHNOP_bind_virq, &v));
	expect("send to a virq's port", pv_event_send(virq), -XEN_EINVAL);
	pv_event_close(virq);
	pv_event_close(ipi);
	expect_refused("alloc_unbound for nobody",
		       HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &u));
	expect("send to port 0", pv_event_send(0), -XEN_EINVAL);
	expect_refused("send to a port that there is not", pv_event_send(0x7fffffff));
	expect("close port 0",
	       HYPERVISOR_event_channel_op(EVTCHNOP_close, &(struct evtchn_close){0}), -XEN_EINVAL);
	expect_refused(
		"close a port that there is not",
		HYPERVISOR_event_channel_op(EVTCHNOP_close, &(struct evtchn_close){0x7fffffff}));
	expect_refused(
		"unmask a port that there is not",
		HYPERVISOR_event_channel_op(EVTCHNOP_unmask, &(struct evtchn_unmask){0x7fffffff}));
	expect("unknown command", HYPERVISOR_event_channel_op(99, &u), -XEN_ENOSYS);
	expect("bad pointer", HYPERVISOR_event_channel_op(EVTCHNOP_send, (void *)8), -XEN_EFAULT);
	if (!pv_is_dom0())
		expect_refused("pirq by an ordinary domain",
			       HYPERVISOR_event_channel_op(EVTCHNOP_bind_pirq,
							   &(struct evtchn_bind_pirq){.pirq = 4}));
}

static void check_sched(void)
{
	int a = pv_event_alloc_unbound(DOMID_SELF, count, NULL);
	int b = pv_event_bind_interdomain(DOMID_SELF, a, count, NULL);
	evtchn_port_t port = a;
	struct sched_poll poll = {.nr_ports = 1};
	uint64_t start;
	bool waited = false;

	set_xen_guest_handle(poll.ports, &port);
	expect("yield", HYPERVISOR_sched_op(SCHEDOP_yield, NULL), 0);
	pv_event_mask(a);
	/* any event ends a poll, the console's too: once it must not be so */
	for (int i = 0; i < 10; i++) {
		start = pv_time_ns();
		poll.timeout = start + 3 * PV_NS_PER_MS;
		expect("poll that times out", HYPERVISOR_sched_op(SCHEDOP_poll, &poll), 0);
		waited = waited || pv_time_ns() - start >= 2 * PV_NS_PER_MS;
	}
	expect("poll waits", waited, 1);
	pv_event_send(b);
	poll.timeout = pv_time_ns() + 5 * PV_NS_PER_SECOND;
	start = pv_time_ns();
	expect("poll of a pending port", HYPERVISOR_sched_op(SCHEDOP_poll, &poll), 0);
	expect("poll returns at once", pv_time_ns() - start < 2 * PV_NS_PER_SECOND, 1);
	expect("poll leaves it pending", pending(a), 1);
	poll.nr_ports = 1000;
	expect("poll of too many", HYPERVISOR_sched_op(SCHEDOP_poll, &poll), -XEN_EINVAL);
	poll.nr_ports = 1;
	port = 0x7fffffff;
	expect("poll of a bad port", HYPERVISOR_sched_op(SCHEDOP_poll, &poll), -XEN_EINVAL);
	pv_event_unmask(a);
	pv_events_disable();
	pv_event_send(b);
	calls = 0;
	expect("block with an event pending", HYPERVISOR_sched_op(SCHEDOP_block, NULL), 0);
	expect("block unmasks and delivers", calls, 1);
	expect("block leaves events on", pv_events_masked(), 0);
	expect("unknown command", HYPERVISOR_sched_op(99, NULL), -XEN_ENOSYS);
	expect("shutdown with a bad pointer", HYPERVISOR_sched_op(SCHEDOP_shutdown, (void *)8),
	       -XEN_EFAULT);
	pv_event_close(b);
	pv_event_close(a);
}

void check_events(void)
{
	check_interdomain();
	check_ports();
	check_sched();
}
