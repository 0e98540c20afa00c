/* SPDX-License-Identifier: MIT */
/* Event channels, 2-level: binding, and the upcall that calls handlers. */
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/start.h>
#include <pv/thread.h>
#include "internal.h"

#define WORD_BITS 64

static struct {
	pv_event_handler function;
	void *argument;
} handlers[PV_NR_PORTS];

static void set_bit(volatile void *bits, unsigned int n)
{
	__atomic_fetch_or((volatile uint64_t *)bits + n / WORD_BITS, 1ULL << (n % WORD_BITS),
			  __ATOMIC_SEQ_CST);
}

static void clear_bit(volatile void *bits, unsigned int n)
{
	__atomic_fetch_and((volatile uint64_t *)bits + n / WORD_BITS, ~(1ULL << (n % WORD_BITS)),
			   __ATOMIC_SEQ_CST);
}

static void handle_word(struct pv_vcpu *me, unsigned int word)
{
	struct shared_info *s = &pv_shared_info;
	uint64_t ready;

	while ((ready = s->evtchn_pending[word] & ~s->evtchn_mask[word] & me->bound[word])) {
		evtchn_port_t port = word * WORD_BITS + __builtin_ctzll(ready);

		clear_bit(s->evtchn_pending, port);
		if (handlers[port].function)
			handlers[port].function(port, handlers[port].argument);
		pv_barrier();
	}
}

/* Pending is cleared before the selector is read, and that before the words: none is missed. */
void pv_event_upcall(void)
{
	struct pv_vcpu *me = pv_this_vcpu();
	bool nested = me->in_event;

	me->in_event = true;
	while (me->info->evtchn_upcall_pending) {
		uint64_t selected;

		me->info->evtchn_upcall_pending = 0;
		selected = __atomic_exchange_n(&me->info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
		for (; selected; selected &= selected - 1)
			handle_word(me, __builtin_ctzll(selected));
	}
	me->in_event = nested;
}

void pv_events_enable(void)
{
	struct vcpu_info *info = pv_this_vcpu()->info;

	pv_barrier();
	info->evtchn_upcall_mask = 0;
	pv_barrier();
	if (info->evtchn_upcall_pending)
		HYPERVISOR_xen_version(0, NULL); /* its return delivers the upcall */
}

void pv_event_mask(evtchn_port_t port)
{
	set_bit(pv_shared_info.evtchn_mask, port);
}

void pv_event_unmask(evtchn_port_t port)
{
	struct evtchn_unmask op = {.port = port};

	HYPERVISOR_event_channel_op(EVTCHNOP_unmask, &op);
}

/* Notify only vCPU id of port. */
static void claim_port(evtchn_port_t port, unsigned int id)
{
	for (unsigned int i = 0; i < PV_MAX_VCPUS; i++) {
		struct pv_vcpu *vcpu = pv_vcpu(i);

		if (vcpu && i == id)
			set_bit(vcpu->bound, port);
		else if (vcpu)
			clear_bit(vcpu->bound, port);
	}
}

static int install(evtchn_port_t port, unsigned int vcpu, pv_event_handler handler, void *argument)
{
	if (port >= PV_NR_PORTS)
		return -XEN_EINVAL;
	handlers[port].function = handler;
	handlers[port].argument = argument;
	claim_port(port, vcpu);
	pv_event_unmask(port);
	return port;
}

int pv_event_attach(evtchn_port_t port, pv_event_handler handler, void *argument)
{
	return install(port, 0, handler, argument);
}

int pv_event_bind_virq(unsigned int virq, unsigned int vcpu, pv_event_handler handler,
		       void *argument)
{
	struct evtchn_bind_virq op = {.virq = virq, .vcpu = vcpu};
	long error = HYPERVISOR_event_channel_op(EVTCHNOP_bind_virq, &op);

	return error ? (int)error : install(op.port, vcpu, handler, argument);
}

int pv_event_bind_ipi(unsigned int vcpu, pv_event_handler handler, void *argument)
{
	struct evtchn_bind_ipi op = {.vcpu = vcpu};
	long error = HYPERVISOR_event_channel_op(EVTCHNOP_bind_ipi, &op);

	return error ? (int)error : install(op.port, vcpu, handler, argument);
}

int pv_event_bind_pirq(unsigned int pirq, unsigned int flags, pv_event_handler handler,
		       void *argument)
{
	struct evtchn_bind_pirq op = {.pirq = pirq, .flags = flags};
	long error = HYPERVISOR_event_channel_op(EVTCHNOP_bind_pirq, &op);

	return error ? (int)error : install(op.port, 0, handler, argument);
}

int pv_event_bind_interdomain(domid_t domain, evtchn_port_t remote, pv_event_handler handler,
			      void *argument)
{
	struct evtchn_bind_interdomain op = {.remote_dom = domain, .remote_port = remote};
	long error = HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain, &op);

	return error ? (int)error : install(op.local_port, 0, handler, argument);
}

int pv_event_alloc_unbound(domid_t domain, pv_event_handler handler, void *argument)
{
	struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = domain};
	long error = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &op);

	return error ? (int)error : install(op.port, 0, handler, argument);
}

int pv_event_bind_vcpu(evtchn_port_t port, unsigned int vcpu)
{
	struct evtchn_bind_vcpu op = {.port = port, .vcpu = vcpu};
	long error = HYPERVISOR_event_channel_op(EVTCHNOP_bind_vcpu, &op);

	if (!error)
		claim_port(port, vcpu);
	return error;
}

int pv_event_send(evtchn_port_t port)
{
	struct evtchn_send op = {.port = port};

	return HYPERVISOR_event_channel_op(EVTCHNOP_send, &op);
}

void pv_event_close(evtchn_port_t port)
{
	struct evtchn_close op = {.port = port};

	pv_event_mask(port);
	HYPERVISOR_event_channel_op(EVTCHNOP_close, &op);
	handlers[port].function = NULL;
}

domid_t pv_domain_id(void)
{
	struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
	struct evtchn_status status = {.dom = DOMID_SELF};
	long error = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &op);

	status.port = op.port;
	if (!error)
		error = HYPERVISOR_event_channel_op(EVTCHNOP_status, &status);
	if (error)
		pv_panic("no event channel: error %ld", error);
	pv_event_close(op.port);
	return status.u.unbound.dom;
}

void pv_event_raise(evtchn_port_t port, void *argument)
{
	(void)port;
	pv_semaphore_up(argument);
}

void pv_event_init(void)
{
	for (evtchn_port_t port = 0; port < PV_NR_PORTS; port++)
		pv_event_mask(port);
}
