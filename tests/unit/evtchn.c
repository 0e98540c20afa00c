/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: states, delivery, limits, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "fakes/core_fakes.h"

static struct domain *a, *b;

/*
 * Ports change under their domain's lock alone, but for the vCPU that they notify: they are the
 * same whenever it is taken as they were when it was last released.
 */
static struct {
	u64 ports;
	bool locked;
} seen[FAKE_DOMAINS];

static u64 sum_of_ports(const struct domain *d)
{
	u64 sum = 1;

	for (unsigned i = 0; i < EVTCHN_BUCKETS * EVTCHN_BUCKET; i++) {
		const struct evtchn *bucket = d->evtchn.buckets[i / EVTCHN_BUCKET];
		const struct evtchn *e = bucket ? &bucket[i % EVTCHN_BUCKET] : NULL;

		if (e && e->state != EVTCHNSTAT_closed)
			sum = (sum + i + e->state * 3 + e->number * 5 + (u64)e->peer) * 0x9e3779b9;
	}
	return sum;
}

static void see_ports(const struct spinlock *l)
{
	for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
		if (!fake_domains[i] || l != &fake_domains[i]->evtchn.lock)
			continue;
		u64 ports = sum_of_ports(fake_domains[i]);

		seen[i].locked = !seen[i].locked;
		if (seen[i].locked && seen[i].ports)
			assert_true(ports == seen[i].ports);
		seen[i].ports = ports;
	}
}

static int set_up(void **state)
{
	(void)state;
	fake_reset();
	memset(seen, 0, sizeof(seen));
	fake_on_lock = see_ports;
	a = fake_domain(1, 2);
	b = fake_domain(2, 1);
	assert_int_equal(evtchn_grow(a), 0);
	assert_int_equal(evtchn_grow(b), 0);
	fake_run_as(a->vcpus[0]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_preempt_in = -1;
	a->is_dying = b->is_dying = true;
	assert_int_equal(evtchn_close_all(a), 0);
	assert_int_equal(evtchn_close_all(b), 0);
	evtchn_domain_free(a);
	evtchn_domain_free(b);
	assert_int_equal(a->refs, 1);
	assert_int_equal(b->refs, 1);
	fake_domain_free(a);
	fake_domain_free(b);
	assert_int_equal(fake_heap_live, 0);
	return 0;
}

#define OP(cmd, ...) do_event_channel_op(cmd, (u64) & (__VA_ARGS__))

static evtchn_port_t unbound(domid_t remote)
{
	struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = remote};

	assert_int_equal(OP(EVTCHNOP_alloc_unbound, op), 0);
	return op.port;
}

static long bind(domid_t remote, evtchn_port_t port, evtchn_port_t *local)
{
	struct evtchn_bind_interdomain op = {.remote_dom = remote, .remote_port = port};
	long rc = OP(EVTCHNOP_bind_interdomain, op);

	*local = op.local_port;
	return rc;
}

static long send(evtchn_port_t port)
{
	struct evtchn_send op = {port};

	return OP(EVTCHNOP_send, op);
}

static long close_port(evtchn_port_t port)
{
	struct evtchn_close op = {port};

	return OP(EVTCHNOP_close, op);
}

static struct evtchn_status status_of(domid_t dom, evtchn_port_t port)
{
	struct evtchn_status op = {.dom = dom, .port = port};

	assert_int_equal(OP(EVTCHNOP_status, op), 0);
	return op;
}

static bool pending(struct domain *d, evtchn_port_t port)
{
	return d->shared_info->evtchn_pending[port / 64] >> (port % 64) & 1;
}

static void set_mask(struct domain *d, evtchn_port_t port)
{
	d->shared_info->evtchn_mask[port / 64] |= 1UL << (port % 64);
}

/* Connect a's port with b's; both ends quiet. */
static void connect_pair(evtchn_port_t *pa, evtchn_port_t *pb)
{
	*pa = unbound(2);
	fake_run_as(b->vcpus[0]);
	assert_int_equal(bind(1, *pa, pb), 0);
	fake_run_as(a->vcpus[0]);
	memset(b->shared_info->evtchn_pending, 0, sizeof(b->shared_info->evtchn_pending));
	memset(b->vcpus[0]->info, 0, sizeof(*b->vcpus[0]->info));
	fake_kicks = fake_unblocks = 0;
}

static void connects_and_delivers(void **state)
{
	evtchn_port_t pa, pb;

	(void)state;
	connect_pair(&pa, &pb);
	assert_int_equal(send(pa), 0);
	assert_true(pending(b, pb));
	assert_int_equal(b->vcpus[0]->info->evtchn_upcall_pending, 1);
	assert_int_equal(b->vcpus[0]->info->evtchn_pending_sel, 1UL << (pb / 64));
	assert_int_equal(fake_kicks, 1);
	assert_int_equal(send(pa), 0); /* already pending: nobody is woken twice */
	assert_int_equal(fake_kicks, 1);
	assert_int_equal(status_of(DOMID_SELF, pa).status, EVTCHNSTAT_interdomain);
	assert_int_equal(status_of(DOMID_SELF, pa).u.interdomain.dom, 2);
	assert_int_equal(status_of(DOMID_SELF, pa).u.interdomain.port, pb);
}

static void a_fresh_binding_looks_once(void **state)
{
	evtchn_port_t pa = unbound(2), pb;

	(void)state;
	assert_int_equal(send(pa), 0); /* nobody listens: lost, no error */
	fake_run_as(b->vcpus[0]);
	assert_int_equal(bind(1, pa, &pb), 0);
	assert_true(pending(b, pb));
}

static void masked_events_wait(void **state)
{
	evtchn_port_t pa, pb;
	struct evtchn_unmask op;

	(void)state;
	connect_pair(&pa, &pb);
	set_mask(b, pb);
	assert_int_equal(send(pa), 0);
	assert_true(pending(b, pb));
	assert_int_equal(b->vcpus[0]->info->evtchn_upcall_pending, 0);
	assert_int_equal(fake_kicks, 0);
	fake_run_as(b->vcpus[0]);
	op.port = pb;
	assert_int_equal(OP(EVTCHNOP_unmask, op), 0);
	assert_int_equal(b->vcpus[0]->info->evtchn_upcall_pending, 1);
	assert_int_equal(fake_unblocks, 1);
	assert_int_equal(fake_kicks, 0); /* it looks itself on its way out */
}

static void only_the_named_domain_may_bind(void **state)
{
	evtchn_port_t pa = unbound(3), local;

	(void)state;
	fake_run_as(b->vcpus[0]);
	assert_int_equal(bind(1, pa, &local), -XEN_EINVAL);
	assert_int_equal(bind(1, 4000, &local), -XEN_EINVAL);
	assert_int_equal(bind(1, 5000, &local), -XEN_EINVAL);
	assert_int_equal(bind(1, ~0u, &local), -XEN_EINVAL);
	assert_int_equal(bind(3, 1, &local), -XEN_ESRCH);
	assert_int_equal(fake_last_refusal, NO_DOMAIN);
	assert_int_equal(fake_refusals, 5);
}

static void closing_leaves_the_peer_unbound(void **state)
{
	evtchn_port_t pa, pb, again;

	(void)state;
	connect_pair(&pa, &pb);
	assert_int_equal(close_port(pa), 0);
	assert_int_equal(close_port(pa), -XEN_EINVAL);
	fake_run_as(b->vcpus[0]);
	assert_int_equal(status_of(DOMID_SELF, pb).status, EVTCHNSTAT_unbound);
	assert_int_equal(status_of(DOMID_SELF, pb).u.unbound.dom, 1);
	assert_int_equal(send(pb), 0);
	fake_run_as(a->vcpus[0]);
	assert_int_equal(bind(2, pb, &again), 0);
	assert_int_equal(again, pa); /* the lowest free port */
}

static void ports_within_one_domain(void **state)
{
	evtchn_port_t first, second;

	(void)state;
	first = unbound(DOMID_SELF);
	assert_int_equal(bind(1, first, &second), 0);
	assert_int_equal(send(first), 0);
	assert_true(pending(a, second));
	assert_int_equal(close_port(second), 0);
	assert_int_equal(status_of(DOMID_SELF, first).status, EVTCHNSTAT_unbound);
}

static void virqs(void **state)
{
	struct evtchn_bind_virq op = {.virq = VIRQ_TIMER, .vcpu = 1};
	struct evtchn_bind_vcpu move = {.vcpu = 0};

	(void)state;
	assert_int_equal(OP(EVTCHNOP_bind_virq, op), 0);
	evtchn_send_virq(a->vcpus[1], VIRQ_TIMER);
	assert_true(pending(a, op.port));
	assert_int_equal(a->vcpus[1]->info->evtchn_upcall_pending, 1);
	assert_int_equal(a->vcpus[0]->info->evtchn_upcall_pending, 0);
	move.port = op.port;
	assert_int_equal(OP(EVTCHNOP_bind_vcpu, move), -XEN_EINVAL);
	assert_int_equal(OP(EVTCHNOP_bind_virq, op), -XEN_EEXIST);
	assert_int_equal(close_port(op.port), 0);
	assert_int_equal(OP(EVTCHNOP_bind_virq, op), 0);
	op = (struct evtchn_bind_virq){.virq = VIRQ_CONSOLE, .vcpu = 1};
	assert_int_equal(OP(EVTCHNOP_bind_virq, op), -XEN_EINVAL);
	op = (struct evtchn_bind_virq){.virq = NR_VIRQS};
	assert_int_equal(OP(EVTCHNOP_bind_virq, op), -XEN_EINVAL);
	op = (struct evtchn_bind_virq){.virq = VIRQ_DEBUG, .vcpu = 2};
	assert_int_equal(OP(EVTCHNOP_bind_virq, op), -XEN_ENOENT);
}

static void global_virqs_move(void **state)
{
	struct evtchn_bind_virq op = {.virq = VIRQ_DOM_EXC, .vcpu = 0};
	struct evtchn_bind_vcpu move = {.vcpu = 1};

	(void)state;
	assert_int_equal(OP(EVTCHNOP_bind_virq, op), 0);
	move.port = op.port;
	assert_int_equal(OP(EVTCHNOP_bind_vcpu, move), 0);
	evtchn_send_virq(a->vcpus[0], VIRQ_DOM_EXC);
	assert_int_equal(a->vcpus[1]->info->evtchn_upcall_pending, 1);
	assert_int_equal(close_port(op.port), 0);
	assert_int_equal(a->vcpus[0]->virq_port[VIRQ_DOM_EXC], 0);
}

static void ipis_and_pirqs(void **state)
{
	struct evtchn_bind_ipi ipi = {.vcpu = 1};
	struct evtchn_bind_pirq pirq = {.pirq = 9};

	(void)state;
	assert_int_equal(OP(EVTCHNOP_bind_ipi, ipi), 0);
	assert_int_equal(send(ipi.port), 0);
	assert_int_equal(a->vcpus[1]->info->evtchn_upcall_pending, 1);
	ipi.vcpu = 9;
	assert_int_equal(OP(EVTCHNOP_bind_ipi, ipi), -XEN_ENOENT);
	assert_int_equal(OP(EVTCHNOP_bind_pirq, pirq), -XEN_EPERM);
	a->irq_allowed[0] = 1 << 9 | 1 << 13;
	assert_int_equal(OP(EVTCHNOP_bind_pirq, pirq), 0);
	assert_int_equal(send(pirq.port), -XEN_EINVAL);
	evtchn_send_pirq(a, 9);
	assert_true(pending(a, pirq.port));
	assert_int_equal(OP(EVTCHNOP_bind_pirq, pirq), -XEN_EEXIST);
	pirq.pirq = 13; /* the line is taken: the port is free again */
	assert_int_equal(OP(EVTCHNOP_bind_pirq, pirq), -XEN_EBUSY);
	assert_int_equal(a->evtchn.pirq_port[13], 0);
	pirq.pirq = 100000;
	assert_int_equal(OP(EVTCHNOP_bind_pirq, pirq), -XEN_EINVAL);
}

static void all_ports_can_be_had_and_no_more(void **state)
{
	struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = 2};
	unsigned n = 0;

	(void)state;
	while (OP(EVTCHNOP_alloc_unbound, op) == 0)
		n++;
	assert_int_equal(n, 64 * 64 - 1); /* bits of the 64-bit ABI, port 0 is nobody's */
	assert_int_equal(OP(EVTCHNOP_alloc_unbound, op), -XEN_ENOSPC);
	assert_int_equal(close_port(77), 0);
	assert_int_equal(unbound(2), 77);
}

static void the_toolstack_limits_ports(void **state)
{
	struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = 2};

	(void)state;
	a->max_evtchn_port = 3;
	assert_int_equal(unbound(2), 1);
	assert_int_equal(unbound(2), 2);
	assert_int_equal(unbound(2), 3);
	assert_int_equal(OP(EVTCHNOP_alloc_unbound, op), -XEN_ENOSPC);
}

static void no_memory_is_an_error(void **state)
{
	struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = 2};
	struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};
	struct domain *c = fake_domain(3, 1);
	evtchn_port_t waiting, local;
	int i, failed = 0;

	(void)state;
	fake_run_as(b->vcpus[0]);
	waiting = unbound(1);
	fake_run_as(a->vcpus[0]);
	for (i = 1; i < EVTCHN_BUCKET; i++)
		unbound(2);
	fake_heap_left = 0;
	failed += OP(EVTCHNOP_alloc_unbound, op) == -XEN_ENOMEM;
	/* nothing is half bound then */
	failed += OP(EVTCHNOP_bind_virq, virq) == -XEN_ENOMEM;
	assert_int_equal(a->vcpus[0]->virq_port[VIRQ_TIMER], 0);
	failed += bind(2, waiting, &local) == -XEN_ENOMEM;
	assert_int_equal(evtchn_entry(b, waiting)->state, EVTCHNSTAT_unbound);
	failed += evtchn_grow(c) == -XEN_ENOMEM;
	fake_heap_left = -1;
	assert_int_equal(failed, 4);
	print_message("faults: %d allocations made to fail\n", failed);
	assert_int_equal(unbound(2), EVTCHN_BUCKET);
	evtchn_domain_free(c);
	fake_domain_free(c);
}

static void others_ports_are_dom0s_to_name(void **state)
{
	struct evtchn_alloc_unbound op = {.dom = 2, .remote_dom = 0};
	struct evtchn_status status = {.dom = 2, .port = 1};
	struct evtchn_reset reset = {.dom = 2};

	(void)state;
	assert_int_equal(OP(EVTCHNOP_alloc_unbound, op), -XEN_EPERM);
	assert_int_equal(OP(EVTCHNOP_status, status), -XEN_EPERM);
	assert_int_equal(OP(EVTCHNOP_reset, reset), -XEN_EPERM);
	a->privileged = true;
	assert_int_equal(OP(EVTCHNOP_alloc_unbound, op), 0);
	assert_int_equal(status_of(2, op.port).status, EVTCHNSTAT_unbound);
	assert_int_equal(OP(EVTCHNOP_reset, reset), -XEN_EOPNOTSUPP);
	b->control_pauses = 1;
	assert_int_equal(OP(EVTCHNOP_reset, reset), 0);
	assert_int_equal(status_of(2, op.port).status, EVTCHNSTAT_closed);
	op.dom = 3;
	assert_int_equal(OP(EVTCHNOP_alloc_unbound, op), -XEN_ESRCH);
}

static void reset_is_preemptible(void **state)
{
	struct evtchn_reset reset = {.dom = DOMID_SELF};
	int i;

	(void)state;
	for (i = 0; i < 200; i++)
		unbound(2);
	fake_preempt_in = 1;
	assert_int_equal(OP(EVTCHNOP_reset, reset), HYPERCALL_PREEMPTED);
	assert_int_equal(fake_preempt_args[0], EVTCHNOP_reset);
	assert_int_equal(fake_preempt_args[1], (u64)&reset);
	assert_int_equal(status_of(DOMID_SELF, 64).status, EVTCHNSTAT_closed);
	assert_int_equal(status_of(DOMID_SELF, 200).status, EVTCHNSTAT_unbound);
	/* however often it gives way, it gets on */
	for (int goes = 0; goes < 10; goes++) {
		fake_preempt_in = 0;
		if (!OP(EVTCHNOP_reset, reset))
			break;
	}
	assert_int_equal(status_of(DOMID_SELF, 200).status, EVTCHNSTAT_closed);
	fake_preempt_in = -1;
	assert_int_equal(OP(EVTCHNOP_reset, reset), 0);
	assert_int_equal(unbound(2), 1);
}

/* Its ports that were opened behind it must not outlive the domain: the peers point to it. */
static void the_end_closes_what_an_unfinished_reset_has_passed(void **state)
{
	struct evtchn_reset reset = {.dom = DOMID_SELF};
	evtchn_port_t pa, pb;

	(void)state;
	for (int i = 0; i < 100; i++)
		unbound(2);
	fake_preempt_in = 0;
	assert_int_equal(OP(EVTCHNOP_reset, reset), HYPERCALL_PREEMPTED);
	fake_preempt_in = -1;
	connect_pair(&pa, &pb);
	assert_int_equal(pa, 1);
	a->is_dying = true;
	assert_int_equal(evtchn_close_all(a), 0);
	fake_run_as(b->vcpus[0]);
	assert_int_equal(status_of(DOMID_SELF, pb).status, EVTCHNSTAT_unbound);
}

static void the_dying_get_no_ports(void **state)
{
	struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = 2};

	(void)state;
	a->is_dying = true;
	assert_true(OP(EVTCHNOP_alloc_unbound, op) < 0);
}

static void pollers_are_woken(void **state)
{
	evtchn_port_t pa, pb;

	(void)state;
	connect_pair(&pa, &pb);
	set_mask(b, pb);
	set_mask(b, 0); /* the masks are behind the pending bits */
	b->vcpus[0]->poll_port = pb;
	assert_int_equal(send(pa), 0);
	assert_int_equal(fake_unblocks, 1);
	assert_int_equal(b->vcpus[0]->poll_port, 0);
	assert_true(evtchn_port_pending(b, pb));
	assert_false(evtchn_port_pending(b, 4096));
	assert_false(evtchn_port_valid(b, 0));
	assert_true(evtchn_port_valid(b, pb));
}

static void bad_arguments(void **state)
{
	struct evtchn_status status = {.dom = DOMID_SELF, .port = 4096};
	struct evtchn_bind_vcpu move = {.port = 0, .vcpu = 0};
	struct evtchn_unmask unmask = {5000};

	(void)state;
	assert_int_equal(send(0), -XEN_EINVAL);
	assert_int_equal(send(4096), -XEN_EINVAL);
	assert_int_equal(close_port(0), -XEN_EINVAL);
	assert_int_equal(close_port(~0u), -XEN_EINVAL);
	assert_int_equal(OP(EVTCHNOP_status, status), -XEN_EINVAL);
	assert_int_equal(OP(EVTCHNOP_bind_vcpu, move), -XEN_EINVAL);
	move.vcpu = 77;
	assert_int_equal(OP(EVTCHNOP_bind_vcpu, move), -XEN_ENOENT);
	assert_int_equal(OP(EVTCHNOP_unmask, unmask), -XEN_EINVAL);
	assert_int_equal(do_event_channel_op(99, 0), -XEN_ENOSYS);
	assert_int_equal(do_event_channel_op(EVTCHNOP_init_control, 0), -XEN_ENOSYS);
	fake_fault_from = 0x1000;
	fake_fault_to = 0x2000;
	assert_int_equal(do_event_channel_op(EVTCHNOP_send, 0x1800), -XEN_EFAULT);
	assert_int_equal(do_event_channel_op(EVTCHNOP_reset, 0x1800), -XEN_EFAULT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(connects_and_delivers),
		TEST(a_fresh_binding_looks_once),
		TEST(masked_events_wait),
		TEST(only_the_named_domain_may_bind),
		TEST(closing_leaves_the_peer_unbound),
		TEST(ports_within_one_domain),
		TEST(virqs),
		TEST(global_virqs_move),
		TEST(ipis_and_pirqs),
		TEST(all_ports_can_be_had_and_no_more),
		TEST(the_toolstack_limits_ports),
		TEST(no_memory_is_an_error),
		TEST(others_ports_are_dom0s_to_name),
		TEST(reset_is_preemptible),
		TEST(the_end_closes_what_an_unfinished_reset_has_passed),
		TEST(the_dying_get_no_ports),
		TEST(pollers_are_woken),
		TEST(bad_arguments),
	};

	return cmocka_run_group_tests_name("event channels", tests, NULL, NULL);
}
