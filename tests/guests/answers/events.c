/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abi/reference/events.md */
#include <xen/event_channel.h>
#include "answers.h"

#define EVTCHN(command, ...)                                                                       \
	HYPERVISOR_event_channel_op(EVTCHNOP_##command, &(struct evtchn_##command)__VA_ARGS__)

static bool pending(evtchn_port_t port)
{
	return pv_shared_info.evtchn_pending[port / 64] >> port % 64 & 1;
}

static void forget(evtchn_port_t port)
{
	__atomic_fetch_and(&pv_shared_info.evtchn_pending[port / 64], ~(1ul << port % 64),
			   __ATOMIC_SEQ_CST);
}

/* Keep the SDK from looking at ports that it does not know. */
static void mask(evtchn_port_t port)
{
	__atomic_fetch_or(&pv_shared_info.evtchn_mask[port / 64], 1ul << port % 64,
			  __ATOMIC_SEQ_CST);
}

static uint32_t state(evtchn_port_t port)
{
	struct evtchn_status s = {.dom = DOMID_SELF, .port = port};

	return HYPERVISOR_event_channel_op(EVTCHNOP_status, &s) ? ~0u : s.status;
}

static evtchn_port_t unbound_port(void)
{
	struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};

	ANSWER(HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &a), 0);
	mask(a.port);
	return a.port;
}

static evtchn_port_t interdomain_port(evtchn_port_t other)
{
	struct evtchn_bind_interdomain b = {.remote_dom = DOMID_SELF, .remote_port = other};

	/* The free port that it will get is not known before: mask it as soon as it is. */
	ANSWER(HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain, &b), 0);
	mask(b.local_port);
	return b.local_port;
}

static void loop(void)
{
	evtchn_port_t one = unbound_port(), two;

	HOLDS(one > 0 && one < 4096);
	HOLDS(state(one) == EVTCHNSTAT_unbound);
	ANSWER(EVTCHN(send, {one}), 0);
	two = interdomain_port(one);
	HOLDS(state(one) == EVTCHNSTAT_interdomain && state(two) == EVTCHNSTAT_interdomain);
	ANSWER(EVTCHN(bind_interdomain, {DOMID_SELF, one, 0}), -XEN_EINVAL);
	ANSWER(EVTCHN(bind_interdomain, {NO_DOMAIN, one, 0}), -XEN_ESRCH);
	forget(one);
	ANSWER(EVTCHN(send, {two}), 0);
	HOLDS(pending(one));
	ANSWER(EVTCHN(bind_vcpu, {one, 0}), 0);
	ANSWER(EVTCHN(bind_vcpu, {one, NO_VCPU}), -XEN_ENOENT);
	ANSWER(EVTCHN(close, {two}), 0);
	ANSWER(EVTCHN(close, {two}), -XEN_EINVAL);
	HOLDS(state(two) == EVTCHNSTAT_closed);
	HOLDS(state(one) == EVTCHNSTAT_unbound);
	ANSWER(EVTCHN(close, {one}), 0);
	forget(one);
	forget(two);
}

static void virtual_interrupts(void)
{
	struct evtchn_bind_virq debug = {.virq = VIRQ_DEBUG};

	ANSWER(EVTCHN(bind_virq, {VIRQ_TIMER, 0, 0}), -XEN_EEXIST); /* the SDK has it */
	ANSWER(EVTCHN(bind_virq, {99, 0, 0}), -XEN_EINVAL);
	ANSWER(EVTCHN(bind_virq, {VIRQ_DEBUG, NO_VCPU, 0}), -XEN_ENOENT);
	ANSWER(EVTCHN(bind_virq, {VIRQ_DOM_EXC, 1, 0}), -XEN_EINVAL);
	ANSWER(HYPERVISOR_event_channel_op(EVTCHNOP_bind_virq, &debug), 0);
	ANSWER(EVTCHN(bind_virq, {VIRQ_DEBUG, 0, 0}), -XEN_EEXIST);
	HOLDS(state(debug.port) == EVTCHNSTAT_virq);
	ANSWER(EVTCHN(send, {debug.port}), -XEN_EINVAL);
	ANSWER(EVTCHN(bind_vcpu, {debug.port, 0}), -XEN_EINVAL);
	ANSWER(EVTCHN(close, {debug.port}), 0);
}

static void processors(void)
{
	struct evtchn_bind_ipi ipi = {.vcpu = 0};

	ANSWER(EVTCHN(bind_ipi, {NO_VCPU, 0}), -XEN_ENOENT);
	ANSWER(HYPERVISOR_event_channel_op(EVTCHNOP_bind_ipi, &ipi), 0);
	mask(ipi.port);
	ANSWER(EVTCHN(send, {ipi.port}), 0);
	HOLDS(pending(ipi.port));
	ANSWER(EVTCHN(bind_vcpu, {ipi.port, 0}), -XEN_EINVAL);
	ANSWER(EVTCHN(close, {ipi.port}), 0);
	forget(ipi.port);
}

void answers_of_events(void)
{
	struct evtchn_status beyond = {.dom = DOMID_SELF, .port = 1 << 20};

	loop();
	virtual_interrupts();
	processors();
	ANSWER(EVTCHN(alloc_unbound, {NO_DOMAIN, DOMID_SELF, 0}), nobody());
	ANSWER(EVTCHN(send, {1 << 20}), -XEN_EINVAL);
	ANSWER(EVTCHN(close, {1 << 20}), -XEN_EINVAL);
	ANSWER(EVTCHN(unmask, {1 << 20}), -XEN_EINVAL);
	ANSWER(EVTCHN(send, {0}), -XEN_EINVAL);
	ANSWER(HYPERVISOR_event_channel_op(EVTCHNOP_status, &beyond), -XEN_EINVAL);
	ANSWER(EVTCHN(bind_pirq, {1 << 20, 0, 0}), -XEN_EINVAL);
	ANSWER(HYPERVISOR_event_channel_op(99, NULL), -XEN_ENOSYS);
	ANSWER(HYPERVISOR_event_channel_op(EVTCHNOP_send, HYPERVISORS_OWN), -XEN_EFAULT);
	if (on_parapet) /* on Xen this would change how events arrive */
		ANSWER(EVTCHN(init_control, {.vcpu = 0}), -XEN_ENOSYS);
}
