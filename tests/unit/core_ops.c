/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched_op, vcpu_op and set_timer_op: what a guest does with its own vCPUs and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <core/calls.h>
#include <core/evtchn.h>
#include <core/sched.h>
#include "fakes/world.h"

#define MS 1000000UL

static struct domain *guest;
static struct vcpu *v, *second;

/* A guest of two vCPUs; vCPU 0 runs on CPU 1, which is the one that acts. */
static int set_up(void **state)
{
	const struct domain_config config = {.max_vcpus = 2, .max_evtchn_port = 100};
	const struct cpumask cpu1 = {2};
	int err = world_set_up(state);

	guest = domain_create(5, &config, &err);
	v = vcpu_create(guest, 0);
	second = vcpu_create(guest, 1);
	world_page = world_new_page(&guest->mem, false);
	assert_int_equal(sched_set_affinity(v, cpu1), 0);
	assert_int_equal(sched_set_affinity(second, cpu1), 0);
	v->initialised = true;
	v->pause_flags = 0;
	guest->control_pauses--;
	domain_unpause(guest);
	world_run_cpus();
	fake_cpu = 1;
	assert_ptr_equal(current_vcpu(), v);
	return err;
}

static int tear_down(void **state)
{
	fake_cpu = 0;
	world_end(guest);
	return world_tear_down(state);
}

/* Time passes, timers fire, CPUs schedule. */
static void pass(u64 ns)
{
	fake_now += ns;
	cpus[0]->work |= WORK_TIMERS;
	cpus[1]->work |= WORK_TIMERS;
	world_run_cpus();
	fake_cpu = 1;
}

static bool runs(const struct vcpu *vcpu)
{
	return cpus[1]->current == vcpu;
}

static evtchn_port_t timer_port(void)
{
	struct evtchn_bind_virq op = {.virq = VIRQ_TIMER};

	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_virq, (u64)&op), 0);
	return op.port;
}

static void clear(evtchn_port_t port)
{
	guest->shared_info->evtchn_pending[0] &= ~(1UL << port);
	v->info->evtchn_pending_sel = 0;
	v->info->evtchn_upcall_pending = 0;
}

static long vcpu_op(u32 cmd, u32 id, void *arg)
{
	return do_vcpu_op(cmd, id, (u64)arg);
}

/* --- block and poll --- */

static void block_waits_for_an_event(void **state)
{
	(void)state;
	timer_port();
	assert_int_equal(do_set_timer_op(fake_now + 5 * MS), 0);
	v->info->evtchn_upcall_mask = 1;
	assert_int_equal(do_sched_op(SCHEDOP_block, 0), 0);
	assert_int_equal(v->info->evtchn_upcall_mask, 0);
	pass(4 * MS);
	assert_false(runs(v));
	pass(2 * MS);
	assert_true(runs(v));
	/* pending and unmasked: no sleep */
	assert_int_equal(do_sched_op(SCHEDOP_block, 0), 0);
	pass(0);
	assert_true(runs(v));
}

static void poll_ends_by_event_or_time(void **state)
{
	evtchn_port_t port = timer_port();
	struct sched_poll poll = {.nr_ports = 1, .timeout = 10 * MS};

	(void)state;
	poll.ports.p = &port;
	v->info->evtchn_upcall_mask = 1;
	assert_int_equal(do_sched_op(SCHEDOP_poll, (u64)&poll), 0);
	pass(5 * MS);
	assert_false(runs(v));
	pass(6 * MS);
	assert_true(runs(v));
	poll.timeout = 0;
	assert_int_equal(do_set_timer_op(fake_now + MS), 0);
	assert_int_equal(do_sched_op(SCHEDOP_poll, (u64)&poll), 0);
	pass(0);
	assert_false(runs(v));
	pass(2 * MS);
	assert_true(runs(v)); /* although upcalls are masked */
	assert_int_equal(do_sched_op(SCHEDOP_poll, (u64)&poll), 0);
	pass(0);
	assert_true(runs(v)); /* pending already */
	clear(port);
	poll.timeout = 1; /* long ago */
	assert_int_equal(do_sched_op(SCHEDOP_poll, (u64)&poll), 0);
	pass(0);
	assert_true(runs(v));
	poll.nr_ports = 129;
	assert_int_equal(do_sched_op(SCHEDOP_poll, (u64)&poll), -XEN_EINVAL);
	poll.nr_ports = 1;
	port = 4095;
	assert_int_equal(do_sched_op(SCHEDOP_poll, (u64)&poll), -XEN_EINVAL);
	assert_int_equal(v->poll_port, 0);
}

static evtchn_port_t ports[2];
static unsigned looks;

/* The event of the first port comes when it has been looked at already. */
static bool it_comes_behind(u64 addr, size_t size)
{
	(void)size;
	if (addr == (u64)&ports[1] && !looks++)
		evtchn_set_pending(guest, ports[0], evtchn_entry(guest, ports[0]));
	return true;
}

static void poll_misses_nothing_that_comes_while_it_looks(void **state)
{
	struct evtchn_bind_ipi op = {.vcpu = 0};
	struct sched_poll poll = {.nr_ports = 2};

	(void)state;
	ports[0] = timer_port();
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_ipi, (u64)&op), 0);
	ports[1] = op.port;
	poll.ports.p = ports;
	v->info->evtchn_upcall_mask = 1;
	looks = 0;
	fake_accessible = it_comes_behind;
	assert_int_equal(do_sched_op(SCHEDOP_poll, (u64)&poll), 0);
	fake_accessible = NULL;
	assert_int_equal(looks, 1);
	pass(0);
	assert_true(runs(v));
	assert_int_equal(v->poll_port, 0);
}

/* --- shutdown --- */

static void shutdown_code_comes_first(void **state)
{
	struct sched_shutdown op = {.reason = SHUTDOWN_suspend};
	struct sched_remote_shutdown remote = {.domain_id = 0, .reason = SHUTDOWN_crash};

	(void)state;
	assert_int_equal(do_sched_op(SCHEDOP_remote_shutdown, (u64)&remote), -XEN_EPERM);
	assert_int_equal(do_sched_op(99, 0), -XEN_ENOSYS);
	assert_int_equal(do_sched_op(SCHEDOP_shutdown_code, (u64)&op), 0);
	assert_false(guest->is_shut_down);
	op.reason = SHUTDOWN_poweroff;
	assert_int_equal(do_sched_op(SCHEDOP_shutdown, (u64)&op), 0);
	assert_true(guest->is_shut_down);
	pass(0);
	assert_false(runs(v));
}

static void watchdog_barks_unless_fed(void **state)
{
	struct sched_watchdog op = {.id = 0, .timeout = 2};

	(void)state;
	assert_int_equal(do_sched_op(SCHEDOP_watchdog, (u64)&op), 1);
	assert_int_equal(do_sched_op(SCHEDOP_watchdog, (u64)&op), 2);
	assert_int_equal(do_sched_op(SCHEDOP_watchdog, (u64)&op), -XEN_ENOSPC);
	op.id = 3;
	assert_int_equal(do_sched_op(SCHEDOP_watchdog, (u64)&op), -XEN_EINVAL);
	op = (struct sched_watchdog){.id = 2, .timeout = 0};
	assert_int_equal(do_sched_op(SCHEDOP_watchdog, (u64)&op), 0);
	assert_int_equal(do_sched_op(SCHEDOP_watchdog, (u64)&op), -XEN_EINVAL);
	pass(1000 * MS);
	op = (struct sched_watchdog){.id = 1, .timeout = 2};
	assert_int_equal(do_sched_op(SCHEDOP_watchdog, (u64)&op), 0);
	pass(1500 * MS);
	assert_false(guest->is_shut_down);
	pass(1000 * MS);
	assert_true(guest->is_shut_down);
	assert_int_equal(guest->shutdown_code, SHUTDOWN_watchdog);
}

/* --- timers --- */

static void singleshot_timer(void **state)
{
	struct vcpu_set_singleshot_timer op = {.timeout_abs_ns = 5 * MS};
	evtchn_port_t port = timer_port();

	(void)state;
	assert_int_equal(vcpu_op(VCPUOP_set_singleshot_timer, 1, &op), -XEN_EINVAL);
	assert_int_equal(vcpu_op(VCPUOP_set_singleshot_timer, 0, &op), 0);
	pass(6 * MS);
	assert_true(evtchn_port_pending(guest, port));
	clear(port);
	op.flags = VCPU_SSHOTTMR_future; /* no difference: it is past, and fires at once */
	assert_int_equal(vcpu_op(VCPUOP_set_singleshot_timer, 0, &op), 0);
	pass(0);
	assert_true(evtchn_port_pending(guest, port));
	clear(port);
	op.timeout_abs_ns = 20 * MS;
	assert_int_equal(vcpu_op(VCPUOP_set_singleshot_timer, 0, &op), 0);
	assert_int_equal(vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
	pass(20 * MS);
	assert_false(evtchn_port_pending(guest, port));
}

static void periodic_timer(void **state)
{
	struct vcpu_set_periodic_timer op = {.period_ns = 10};
	evtchn_port_t port = timer_port();
	unsigned ticks = 0;

	(void)state;
	assert_int_equal(vcpu_op(VCPUOP_set_periodic_timer, 0, &op), -XEN_EINVAL);
	op.period_ns = 10 * MS;
	assert_int_equal(vcpu_op(VCPUOP_set_periodic_timer, 0, &op), 0);
	for (unsigned i = 0; i < 100; i++) {
		pass(MS);
		ticks += evtchn_port_pending(guest, port);
		clear(port);
	}
	assert_int_equal(ticks, 10);
	pass(1000 * MS); /* missed ticks are not made up for */
	clear(port);
	pass(5 * MS);
	assert_false(evtchn_port_pending(guest, port));
	assert_int_equal(vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
	pass(100 * MS);
	assert_false(evtchn_port_pending(guest, port));
}

/* --- vCPUs --- */

static void vcpus_come_and_go(void **state)
{
	static struct vcpu_guest_context c;

	(void)state;
	assert_int_equal(vcpu_op(VCPUOP_is_up, 0, NULL), 1);
	assert_int_equal(vcpu_op(VCPUOP_is_up, 1, NULL), 0);
	assert_int_equal(vcpu_op(VCPUOP_is_up, 2, NULL), -XEN_ENOENT);
	assert_int_equal(vcpu_op(VCPUOP_is_up, ~0u, NULL), -XEN_ENOENT);
	assert_int_equal(vcpu_op(VCPUOP_up, 1, NULL), -XEN_EINVAL);
	assert_int_equal(vcpu_op(VCPUOP_initialise, 1, &c), -XEN_EINVAL);
	c.flags = VGCF_in_kernel;
	assert_int_equal(vcpu_op(VCPUOP_initialise, 1, &c), 0);
	assert_int_equal(vcpu_op(VCPUOP_initialise, 1, &c), -XEN_EEXIST);
	fake_heap_left = 0; /* it needs none */
	assert_int_equal(vcpu_op(VCPUOP_initialise, 1, &c), -XEN_EEXIST);
	fake_heap_left = -1;
	fake_fault_from = (u64)&c;
	fake_fault_to = fake_fault_from + 1;
	assert_int_equal(vcpu_op(VCPUOP_initialise, 1, &c), -XEN_EFAULT);
	fake_fault_from = fake_fault_to = 0;
	assert_int_equal(vcpu_op(VCPUOP_up, 1, NULL), 0);
	assert_int_equal(vcpu_op(VCPUOP_is_up, 1, NULL), 1);
	assert_int_equal(vcpu_op(VCPUOP_down, 0, NULL), 0);
	pass(0);
	assert_true(runs(second));
	assert_int_equal(vcpu_op(VCPUOP_down, 1, NULL), 0);
	assert_int_equal(vcpu_op(VCPUOP_up, 0, NULL), 0);
	pass(0);
	assert_true(runs(v));
}

static void areas_and_runstates(void **state)
{
	struct vcpu_runstate_info r, area = {.state = 9};
	struct vcpu_time_info t = {.version = 9};
	struct vcpu_register_runstate_memory_area runstate = {.addr.p = (u64)&area};
	struct vcpu_register_time_memory_area clock = {.addr.p = (u64)&t};

	(void)state;
	pass(3 * MS);
	assert_int_equal(vcpu_op(VCPUOP_get_runstate_info, 0, &r), 0);
	assert_int_equal(r.state, RUNSTATE_running);
	assert_int_equal(r.time[RUNSTATE_running], 3 * MS);
	assert_int_equal(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &runstate), 0);
	assert_int_equal(area.state, RUNSTATE_running);
	runstate.addr.p = ~0UL - 8;
	assert_int_equal(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &runstate), -XEN_EFAULT);
	runstate.addr.p = 0;
	assert_int_equal(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &runstate), 0);
	assert_int_equal(v->runstate_area, 0);
	assert_int_equal(vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &clock), 0);
	assert_int_equal(t.tsc_to_system_mul, 1u << 31);
	assert_int_equal(t.version % 2, 0);
}

static void nmi_wakes(void **state)
{
	(void)state;
	v->info->evtchn_upcall_mask = 1;
	assert_int_equal(do_sched_op(SCHEDOP_block, 0), 0);
	pass(MS);
	assert_false(runs(v));
	vcpu_send_nmi(v);
	pass(0);
	assert_true(runs(v));
	assert_true(v->pv.nmi_pending);
	assert_int_equal(vcpu_op(77, 0, NULL), -XEN_ENOSYS);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(block_waits_for_an_event),
		TEST(poll_ends_by_event_or_time),
		TEST(poll_misses_nothing_that_comes_while_it_looks),
		TEST(shutdown_code_comes_first),
		TEST(watchdog_barks_unless_fed),
		TEST(singleshot_timer),
		TEST(periodic_timer),
		TEST(vcpus_come_and_go),
		TEST(areas_and_runstates),
		TEST(nmi_wakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
