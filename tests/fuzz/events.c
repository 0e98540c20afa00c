/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels of a privileged domain and two others, made of the input: hypercalls, what guests
 * do to their bitmaps, and what the hypervisor sends. Every step is done by the real sources and by
 * the model here; then every port, bitmap, and the numbers of wake-ups must be the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "fakes/core_fakes.h"
#include "input.h"

#define OPERATIONS 250
#define DOMAINS	   3
#define VCPUS	   2
#define PORTS	   512 /* that the model knows: more than one input can open */
#define LIMIT	   10  /* highest port of domains 1 and 2 */
#define MEMORY	   64u /* ports that get memory at a time */

/* --- the model: which states there are is the ABI's --- */

enum { CLOSED, UNBOUND, INTERDOMAIN, PIRQ, VIRQ, IPI };

struct port {
	uint32_t state, vcpu, number, peer; /* number: remote domain, port, pirq, virq */
};

static struct model {
	struct port ports[DOMAINS][PORTS];
	uint32_t memory[DOMAINS]; /* ports below this can be named */
	bool pending[DOMAINS][PORTS], mask[DOMAINS][PORTS];
	uint64_t selected[DOMAINS][VCPUS];
	bool upcall[DOMAINS][VCPUS];
	uint32_t poll[DOMAINS][VCPUS];
	int kicks, unblocks;
} m;

static struct domain *domains[DOMAINS];
static uint32_t self, vcpu; /* who acts */

static void upcall(uint32_t d, uint32_t v, uint32_t port)
{
	bool selected = m.selected[d][v] >> (port / 64) & 1;

	m.selected[d][v] |= 1ull << (port / 64);
	if (selected || m.upcall[d][v])
		return;
	m.upcall[d][v] = true;
	m.unblocks++;
	m.kicks += d != self || v != vcpu;
}

static void raise(uint32_t d, uint32_t port)
{
	if (m.pending[d][port])
		return;
	m.pending[d][port] = true;
	if (!m.mask[d][port])
		upcall(d, m.ports[d][port].vcpu, port);
	for (uint32_t v = 0; v < VCPUS; v++)
		if (m.poll[d][v] && (m.poll[d][v] == port || m.poll[d][v] == ~0u)) {
			m.poll[d][v] = 0;
			m.unblocks++;
		}
}

static uint32_t named(uint32_t name)
{
	uint32_t d = name == DOMID_SELF ? self : name;

	return d < DOMAINS && (d == self || self == 0) ? d : ~0u;
}

/* The lowest port that is closed, opened so; 0: there is none. */
static uint32_t open_port(uint32_t d, struct port p)
{
	uint32_t port = 1;

	while (port < PORTS && m.ports[d][port].state != CLOSED)
		port++;
	if (port >= PORTS)
		FINDING("the model knows too few ports");
	if (d && port > LIMIT)
		return 0;
	if (port == m.memory[d])
		m.memory[d] += MEMORY;
	m.ports[d][port] = p;
	return port;
}

static bool bound(uint32_t d, uint32_t state, uint32_t number, uint32_t v)
{
	for (uint32_t i = 1; i < PORTS; i++)
		if (m.ports[d][i].state == state && m.ports[d][i].number == number &&
		    (state == PIRQ || m.ports[d][i].peer == v))
			return true;
	return false;
}

static bool per_vcpu(uint32_t virq)
{
	return virq == 0 || virq == 1 || virq == 7 || virq == 13 || (virq >= 16 && virq <= 23);
}

static bool model_close(uint32_t d, uint32_t port)
{
	if (port >= m.memory[d] || m.ports[d][port].state == CLOSED)
		return false;
	struct port *p = &m.ports[d][port], old = *p;

	*p = (struct port){CLOSED};
	if (old.state == INTERDOMAIN) {
		struct port *other = &m.ports[old.peer][old.number];

		*other = (struct port){UNBOUND, other->vcpu, d};
	}
	m.pending[d][port] = false;
	return true;
}

/* --- operations: true if it was done; the model's verdict is checked at once --- */

static uint32_t any_port(void)
{
	uint8_t b = input_byte();

	return b < 0xf0 ? b % 14 : b < 0xf8 ? (uint32_t)b * 32 : (uint32_t)input_word();
}

static uint32_t any_domain(void)
{
	static const uint32_t names[] = {DOMID_SELF, 0, 1, 2, 3, 0x7ff1, DOMID_SELF, 1};

	return names[input_byte() % 8];
}

static uint32_t any_vcpu(void)
{
	uint8_t b = input_byte();

	return b < 0xe0 ? b % VCPUS : b < 0xf0 ? b % 64 : (uint32_t)input_word();
}

static long call(unsigned cmd, void *op)
{
	long rc = do_event_channel_op(cmd, (u64)op);

	while (rc == HYPERCALL_PREEMPTED)
		rc = do_event_channel_op(fake_preempt_args[0], fake_preempt_args[1]);
	return rc;
}

/* What both say of a call that opens a port. */
static bool same_port(const char *what, long rc, uint32_t port, uint32_t expected)
{
	if (!rc != !!expected || (!rc && port != expected))
		FINDING("%s by d%u: %ld, port %u; the model says port %u", what, self, rc, port,
			expected);
	return !rc;
}

static bool same(const char *what, long rc, bool expected)
{
	if (!rc != expected)
		FINDING("%s by d%u: %ld, the model says %s", what, self, rc,
			expected ? "done" : "refused");
	return expected;
}

static bool op_alloc(void)
{
	struct evtchn_alloc_unbound op = {.dom = any_domain(), .remote_dom = any_domain()};
	uint32_t d = named(op.dom), remote = op.remote_dom == DOMID_SELF ? self : op.remote_dom;
	long rc = call(EVTCHNOP_alloc_unbound, &op);

	return same_port("alloc_unbound", rc, op.port,
			 d == ~0u ? 0 : open_port(d, (struct port){UNBOUND, 0, remote}));
}

static uint32_t model_bind(uint32_t peer, uint32_t port)
{
	struct port *other;
	uint32_t local;

	if (peer == DOMID_SELF)
		peer = self;
	if (peer >= DOMAINS || port >= m.memory[peer])
		return 0;
	other = &m.ports[peer][port];
	if (other->state != UNBOUND || other->number != self)
		return 0;
	local = open_port(self, (struct port){INTERDOMAIN, 0, port, peer});
	if (!local)
		return 0;
	*other = (struct port){INTERDOMAIN, other->vcpu, local, self};
	raise(self, local);
	return local;
}

static bool op_bind(void)
{
	struct evtchn_bind_interdomain op = {.remote_dom = any_domain(), .remote_port = any_port()};
	long rc = call(EVTCHNOP_bind_interdomain, &op);

	return same_port("bind_interdomain", rc, op.local_port,
			 model_bind(op.remote_dom, op.remote_port));
}

static bool op_virq(void)
{
	struct evtchn_bind_virq op = {.virq = input_byte() % 26, .vcpu = any_vcpu()};
	long rc = call(EVTCHNOP_bind_virq, &op);
	bool good = op.virq < 24 && op.vcpu < VCPUS && (!op.vcpu || per_vcpu(op.virq)) &&
		    !bound(self, VIRQ, op.virq, op.vcpu);

	return same_port("bind_virq", rc, op.port,
			 good ? open_port(self, (struct port){VIRQ, op.vcpu, op.virq, op.vcpu})
			      : 0);
}

static bool op_ipi(void)
{
	struct evtchn_bind_ipi op = {.vcpu = any_vcpu()};
	long rc = call(EVTCHNOP_bind_ipi, &op);

	return same_port("bind_ipi", rc, op.port,
			 op.vcpu < VCPUS ? open_port(self, (struct port){IPI, op.vcpu}) : 0);
}

static bool op_pirq(void)
{
	struct evtchn_bind_pirq op = {.pirq = input_byte() % 20, .flags = input_byte() % 2};

	if (input_byte() > 0xf8)
		op.pirq = (uint32_t)input_word();
	long rc = call(EVTCHNOP_bind_pirq, &op);
	/* 10 to 15 are domain 0's; 13 is taken, and while that is found out a port may be missing
	 */
	bool good = self == 0 && op.pirq >= 10 && op.pirq < 16 && !bound(self, PIRQ, op.pirq, 0);
	uint32_t port = good ? open_port(self, (struct port){PIRQ, 0, op.pirq}) : 0;

	if (port && op.pirq == 13) {
		model_close(self, port);
		port = 0;
	}
	return same_port("bind_pirq", rc, op.port, port);
}

static bool op_vcpu(void)
{
	struct evtchn_bind_vcpu op = {.port = any_port(), .vcpu = any_vcpu()};
	long rc = call(EVTCHNOP_bind_vcpu, &op);
	struct port *p = op.port < m.memory[self] ? &m.ports[self][op.port] : NULL;
	bool good = p && op.vcpu < VCPUS && p->state != CLOSED && p->state != IPI &&
		    !(p->state == VIRQ && per_vcpu(p->number));

	if (good)
		p->vcpu = op.vcpu;
	return same("bind_vcpu", rc, good);
}

static bool op_close(void)
{
	struct evtchn_close op = {any_port()};
	long rc = call(EVTCHNOP_close, &op);

	return same("close", rc, model_close(self, op.port));
}

static bool op_send(void)
{
	struct evtchn_send op = {any_port()};
	long rc = call(EVTCHNOP_send, &op);
	const struct port *p = op.port < m.memory[self] ? &m.ports[self][op.port] : NULL;
	bool good = p && (p->state == INTERDOMAIN || p->state == IPI || p->state == UNBOUND);

	if (good && p->state == INTERDOMAIN)
		raise(p->peer, p->number);
	else if (good && p->state == IPI)
		raise(self, op.port);
	return same("send", rc, good);
}

static bool op_unmask(void)
{
	struct evtchn_unmask op = {any_port()};
	long rc = call(EVTCHNOP_unmask, &op);
	bool good = op.port < m.memory[self];

	if (good) {
		m.mask[self][op.port] = false;
		if (m.pending[self][op.port])
			upcall(self, m.ports[self][op.port].vcpu, op.port);
	}
	return same("unmask", rc, good);
}

static bool op_status(void)
{
	static const struct port closed;
	struct evtchn_status op = {.dom = any_domain(), .port = any_port()};
	long rc = call(EVTCHNOP_status, &op);
	uint32_t d = named(op.dom);
	bool good = d != ~0u && op.port < 4096;

	if (good && !rc) {
		const struct port *p = op.port < PORTS ? &m.ports[d][op.port] : &closed;

		if (op.status != p->state || op.vcpu != p->vcpu ||
		    (p->state == INTERDOMAIN &&
		     (op.u.interdomain.dom != p->peer || op.u.interdomain.port != p->number)) ||
		    (p->state == UNBOUND && op.u.unbound.dom != p->number) ||
		    ((p->state == VIRQ || p->state == PIRQ) && op.u.virq != p->number))
			FINDING("status of port %u of d%u", op.port, d);
	}
	return same("status", rc, good);
}

static bool op_reset(void)
{
	struct evtchn_reset op = {any_domain()};
	uint8_t b = input_byte();
	uint32_t d = named(op.dom);

	if (b % 8)
		return false;
	if (d != ~0u)
		domains[d]->control_pauses = b >> 7;
	fake_preempt_in = b >> 3 & 3;
	long rc = call(EVTCHNOP_reset, &op);
	bool good = d != ~0u && (d == self || b >> 7);

	for (uint32_t port = 0; good && port < m.memory[d]; port++)
		model_close(d, port);
	fake_preempt_in = -1;
	return same("reset", rc, good);
}

/* What a guest does to its own bitmaps, and what it waits for. */
static bool op_bitmaps(void)
{
	struct shared_info *s = domains[self]->shared_info;
	struct vcpu_info *info = &s->vcpu_info[vcpu];
	uint32_t port = any_port() % PORTS;
	uint8_t b = input_byte();

	switch (b % 6) {
	case 0:
		m.mask[self][port] = true;
		s->evtchn_mask[port / 64] |= 1ul << port % 64;
		break;
	case 1:
		m.pending[self][port] = false;
		s->evtchn_pending[port / 64] &= ~(1ul << port % 64);
		break;
	case 2:
		m.upcall[self][vcpu] = info->evtchn_upcall_pending = 0;
		break;
	case 3:
		m.selected[self][vcpu] = info->evtchn_pending_sel = 0;
		break;
	case 4:
		m.poll[self][vcpu] = domains[self]->vcpus[vcpu]->poll_port = b & 64 ? ~0u : port;
		break;
	default: /* nonsense: nobody but the guest itself relies on it */
		m.pending[self][port] = true;
		s->evtchn_pending[port / 64] |= 1ul << port % 64;
	}
	return true;
}

static bool op_from_hypervisor(void)
{
	uint32_t d = input_byte() % DOMAINS, v = input_byte() % VCPUS;
	uint32_t number = input_byte() % 24;
	bool pirq = input_byte() & 1;

	if (pirq)
		evtchn_send_pirq(domains[d], number);
	else
		evtchn_send_virq(domains[d]->vcpus[v], number);
	for (uint32_t i = 1; i < PORTS; i++) {
		const struct port *p = &m.ports[d][i];

		if (p->number == number &&
		    (pirq ? p->state == PIRQ : p->state == VIRQ && p->peer == v))
			raise(d, i);
	}
	return true;
}

static bool (*const table[])(void) = {
	op_alloc,  op_bind,  op_virq,	 op_ipi,     op_pirq,
	op_vcpu,   op_close, op_send,	 op_send,    op_unmask,
	op_status, op_reset, op_bitmaps, op_bitmaps, op_from_hypervisor,
	op_bind};

/* --- comparison --- */

static void compare_port(uint32_t d, uint32_t i)
{
	static const struct evtchn none;
	const struct evtchn *e = evtchn_entry(domains[d], i);
	const struct port *p = &m.ports[d][i];
	const struct shared_info *s = domains[d]->shared_info;

	if (!e != (i >= m.memory[d]))
		FINDING("port %u of d%u has memory: %d", i, d, !!e);
	e = e ? e : &none;
	if (e->state != p->state || (p->state && e->vcpu_id != p->vcpu) ||
	    (p->state == INTERDOMAIN && e->peer != domains[p->peer]) ||
	    (p->state && p->state != IPI && e->number != p->number))
		FINDING("port %u of d%u: state %u, vCPU %u, number %u; the model: %u, %u, %u", i, d,
			e->state, e->vcpu_id, e->number, p->state, p->vcpu, p->number);
	if ((s->evtchn_pending[i / 64] >> i % 64 & 1) != m.pending[d][i] ||
	    (s->evtchn_mask[i / 64] >> i % 64 & 1) != m.mask[d][i])
		FINDING("port %u of d%u: pending %d, masked %d, says the model", i, d,
			m.pending[d][i], m.mask[d][i]);
	if (p->state == VIRQ && domains[d]->vcpus[p->peer]->virq_port[p->number] != i)
		FINDING("virq %u is not noted", p->number);
	if (p->state == PIRQ && domains[d]->evtchn.pirq_port[p->number] != i)
		FINDING("pirq %u is not noted", p->number);
}

static void compare(void)
{
	for (uint32_t d = 0; d < DOMAINS; d++) {
		for (uint32_t i = 0; i < m.memory[d] + 1; i++)
			compare_port(d, i);
		for (uint32_t v = 0; v < VCPUS; v++) {
			const struct vcpu_info *info = &domains[d]->shared_info->vcpu_info[v];

			if (info->evtchn_pending_sel != m.selected[d][v] ||
			    info->evtchn_upcall_pending != m.upcall[d][v] ||
			    domains[d]->vcpus[v]->poll_port != m.poll[d][v])
				FINDING("vCPU %u of d%u: selected %lx, upcall %u, polls %u", v, d,
					info->evtchn_pending_sel, info->evtchn_upcall_pending,
					domains[d]->vcpus[v]->poll_port);
		}
		if (domains[d]->refs != 1 || domains[d]->evtchn.lock.held)
			FINDING("d%u is held: %u references", d, domains[d]->refs);
	}
	if (fake_kicks != m.kicks || fake_unblocks != m.unblocks)
		FINDING("%d kicks, %d unblocked; the model: %d, %d", fake_kicks, fake_unblocks,
			m.kicks, m.unblocks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input_begin(data, size);
	fake_reset();
	memset(&m, 0, sizeof(m));
	for (uint32_t d = 0; d < DOMAINS; d++) {
		domains[d] = fake_domain((domid_t)d, VCPUS);
		domains[d]->max_evtchn_port = d ? LIMIT : ~0u;
		m.memory[d] = MEMORY;
		if (evtchn_grow(domains[d]))
			FINDING("no memory");
	}
	domains[0]->irq_allowed[0] = 0xfc00;
	for (unsigned i = 0; i < OPERATIONS && input_left(); i++) {
		uint8_t who = input_byte();

		self = who % DOMAINS;
		vcpu = who >> 7;
		fake_run_as(domains[self]->vcpus[vcpu]);
		accepted += table[input_byte() % ARRAY_SIZE(table)]();
		operations++;
		compare();
	}
	for (uint32_t d = 0; d < DOMAINS; d++) {
		domains[d]->is_dying = true;
		evtchn_close_all(domains[d]);
	}
	for (uint32_t d = 0; d < DOMAINS; d++) {
		evtchn_domain_free(domains[d]);
		fake_domain_free(domains[d]);
	}
	if (fake_heap_live)
		FINDING("%d allocations are left", fake_heap_live);
	return 0;
}
