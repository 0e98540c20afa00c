/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dispatch, preemption, multicalls, refusals and the exit path, with hypercalls that do as told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include <core/calls.h>
#include <core/evtchn.h>
#include <core/grant.h>
#include <core/hooks.h>
#include <core/sched.h>
#include <mm/hooks.h>
#include <pv/pv.h>
#include "fakes/host.h"

struct domain *dom0;

static struct domain guest;
static struct vcpu vcpu;
static int calls; /* of memory_op */
static u64 last_args[2], resumed_with;
static int preempt_times; /* memory_op gives way so often, one more done each time */
static int delivered, schedules, timer_runs, interrupt_windows;
static u32 work_from_window; /* what an interrupt in the window asks for */

/* --- hypercalls --- */

long do_memory_op(u64 cmd, u64 arg)
{
	u64 done = hypercall_done();

	calls++;
	last_args[0] = cmd;
	last_args[1] = arg;
	resumed_with = done;
	assert_int_equal(hypercall_done(), 0);
	assert_int_equal(this_cpu()->hypercall, __HYPERVISOR_memory_op);
	if (preempt_times > 0) {
		preempt_times--;
		return hypercall_preempt(done + 1, cmd, arg, 0, 0);
	}
	return (long)(cmd + arg);
}

long do_xen_version(u64 cmd, u64 arg)
{
	return refuse(BAD_ARGUMENT, "version %lu of %lu", cmd, arg);
}

long do_mmu_update(u64 requests, u64 count, u64 done, u64 domain)
{
	(void)requests;
	(void)done;
	(void)domain;
	this_cpu()->batch_index = (u32)count;
	return refuse_as(-XEN_EPERM, NOT_OWNED, "not yours");
}

long do_get_debugreg(u64 reg)
{
	return (long)reg; /* whatever the guest likes */
}

#define NOT_CALLED(name, ...)                                                                      \
	long name(__VA_ARGS__)                                                                     \
	{                                                                                          \
		fail_msg(#name " was called");                                                     \
		return 0;                                                                          \
	}
#pragma GCC diagnostic ignored "-Wunused-parameter"
NOT_CALLED(do_set_trap_table, u64 a)
NOT_CALLED(do_set_gdt, u64 a, u64 b)
NOT_CALLED(do_stack_switch, u64 a, u64 b)
NOT_CALLED(do_set_callbacks, u64 a, u64 b, u64 c)
NOT_CALLED(do_fpu_taskswitch, u64 a)
NOT_CALLED(do_platform_op, u64 a)
NOT_CALLED(do_set_debugreg, u64 a, u64 b)
NOT_CALLED(do_update_descriptor, u64 a, u64 b)
NOT_CALLED(do_update_va_mapping, u64 a, u64 b, u64 c)
NOT_CALLED(do_set_timer_op, u64 a)
NOT_CALLED(do_console_io, u64 a, u64 b, u64 c)
NOT_CALLED(do_grant_table_op, u64 a, u64 b, u64 c)
NOT_CALLED(do_vm_assist, u64 a, u64 b)
NOT_CALLED(do_update_va_mapping_otherdomain, u64 a, u64 b, u64 c, u64 d)
NOT_CALLED(do_iret, void)
NOT_CALLED(do_vcpu_op, u64 a, u64 b, u64 c)
NOT_CALLED(do_set_segment_base, u64 a, u64 b)
NOT_CALLED(do_mmuext_op, u64 a, u64 b, u64 c, u64 d)
NOT_CALLED(do_nmi_op, u64 a, u64 b)
NOT_CALLED(do_sched_op, u64 a, u64 b)
NOT_CALLED(do_callback_op, u64 a, u64 b)
NOT_CALLED(do_event_channel_op, u64 a, u64 b)
NOT_CALLED(do_physdev_op, u64 a, u64 b)
NOT_CALLED(do_sysctl, u64 a)
NOT_CALLED(do_domctl, u64 a)
NOT_CALLED(do_parapet_op, u64 a, u64 b)

/* --- what the exit path calls --- */

void pv_deliver_events(void)
{
	delivered++;
}

void schedule(void)
{
	schedules++;
}

void timers_run(void)
{
	timer_runs++;
}

void cpu_interrupt_window(void)
{
	interrupt_windows++;
	this_cpu()->work |= work_from_window;
	work_from_window = 0;
}

void vcpu_send_nmi(struct vcpu *v)
{
	fail_msg("no NMI comes here, to %p", (void *)v);
}

void cpu_idle(void)
{
	fail_msg("the CPU is not idle");
}

static int set_up(void **state)
{
	(void)state;
	fake_host_reset(1);
	memset(&guest, 0, sizeof(guest));
	memset(&vcpu, 0, sizeof(vcpu));
	guest.mem.domid = 3;
	vcpu.domain = &guest;
	this_cpu()->current = &vcpu;
	fake_regs.entry_vector = ENTRY_SYSCALL;
	calls = preempt_times = delivered = schedules = timer_runs = interrupt_windows = 0;
	work_from_window = 0;
	return 0;
}

static long call(u32 nr, u64 a1, u64 a2)
{
	const u64 args[6] = {a1, a2};

	return hypercall_call(nr, args);
}

/* As entry code does: call, store the result, leave by the exit path if there is work. */
static long guest_call(u32 nr, u64 a1, u64 a2)
{
	fake_regs.rax = (u64)call(nr, a1, a2);
	if (this_cpu()->work)
		exit_work();
	return (long)fake_regs.rax;
}

/* --- dispatch --- */

static void unknown_numbers_are_refused_once(void **state)
{
	static const u32 none[] = {11, 27, 38, 48, 63, 64, 1000, ~0u};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(none); i++) {
		assert_int_equal(call(none[i], 0, 0), -XEN_ENOSYS);
		fake_log[0] = '\0';
		assert_int_equal(call(none[i], 0, 0), -XEN_ENOSYS);
		assert_string_equal(fake_log, "");
	}
	for (u32 nr = 0; nr < HYPERCALLS; nr++) {
		assert_non_null(hypercall_table[nr]);
		assert_non_null(hypercall_name(nr));
	}
	assert_string_equal(hypercall_name(1), "mmu_update");
	assert_string_equal(hypercall_name(36), "domctl");
	assert_string_equal(hypercall_name(29), "sched_op");
	assert_string_equal(hypercall_name(~0u), "hypercall");
}

/* --- preemption --- */

static void preempted_call_goes_on_with_its_progress(void **state)
{
	(void)state;
	preempt_times = 3;
	assert_int_equal(guest_call(__HYPERVISOR_memory_op, 40, 2), 42);
	assert_int_equal(calls, 4);
	assert_int_equal(resumed_with, 3);
	assert_int_equal(interrupt_windows, 3);
	assert_false(vcpu.call.active);
	/* a fresh call knows nothing of it */
	assert_int_equal(guest_call(__HYPERVISOR_memory_op, 1, 2), 3);
	assert_int_equal(resumed_with, 0);
}

static void work_comes_before_the_rest_of_a_call(void **state)
{
	(void)state;
	preempt_times = 1;
	work_from_window = WORK_TIMERS | WORK_SCHEDULE;
	assert_int_equal(guest_call(__HYPERVISOR_memory_op, 1, 1), 2);
	assert_int_equal(timer_runs, 1);
	assert_int_equal(schedules, 1);
	assert_int_equal(delivered, 1);
}

static void check_gives_way_to_work_and_time(void **state)
{
	(void)state;
	assert_false(hypercall_preempt_check());
	this_cpu()->work = WORK_EVENTS | WORK_HYPERCALL; /* neither is urgent */
	assert_false(hypercall_preempt_check());
	this_cpu()->work = WORK_SCHEDULE;
	assert_true(hypercall_preempt_check());
	this_cpu()->work = 0;
	assert_false(hypercall_preempt_check());
	fake_now += 2000000;
	assert_true(hypercall_preempt_check()); /* a millisecond is over */
	assert_false(hypercall_preempt_check());
}

/* --- multicall --- */

static struct multicall_entry list[8];

static long multicall(u64 count)
{
	return guest_call(__HYPERVISOR_multicall, (u64)list, count);
}

static void entry(unsigned i, u32 op, u64 a1, u64 a2)
{
	list[i] = (struct multicall_entry){.op = op, .result = 99, .args = {a1, a2}};
}

static void multicall_stores_each_result(void **state)
{
	(void)state;
	entry(0, __HYPERVISOR_memory_op, 1, 2);
	entry(1, 200, 0, 0);
	entry(2, __HYPERVISOR_memory_op, 3, 4);
	entry(3, __HYPERVISOR_memory_op, 5, 6);
	assert_int_equal(multicall(3), 0);
	assert_int_equal(list[0].result, 3);
	assert_int_equal((long)list[1].result, -XEN_ENOSYS);
	assert_int_equal(list[2].result, 7);
	assert_int_equal(list[3].result, 99);
	assert_int_equal(multicall(0), 0);
	assert_int_equal(multicall(0x100000000), 0); /* 32 bits count */
}

/* A guest may have an address like the mark of preemption in its debug register. */
static void any_result_is_a_result(void **state)
{
	(void)state;
	entry(0, __HYPERVISOR_get_debugreg, (u64)HYPERCALL_PREEMPTED, 0);
	assert_int_equal(multicall(1), 0);
	assert_int_equal((long)list[0].result, HYPERCALL_PREEMPTED);
}

static void multicall_refuses_what_it_cannot_hold(void **state)
{
	(void)state;
	entry(0, __HYPERVISOR_multicall, (u64)list, 1);
	entry(1, __HYPERVISOR_iret, 0, 0);
	assert_int_equal(multicall(2), 0);
	assert_int_equal((long)list[0].result, -XEN_EINVAL);
	assert_int_equal((long)list[1].result, -XEN_EINVAL);
	assert_int_equal(guest_call(__HYPERVISOR_multicall, ~0UL - 8, 1), -XEN_EFAULT);
	assert_int_equal(guest_call(__HYPERVISOR_multicall, (1UL << 47) - 64, ~0u), -XEN_EFAULT);
	fake_fault_from = (u64)&list[1];
	fake_fault_to = (u64)&list[2];
	entry(0, __HYPERVISOR_memory_op, 1, 1);
	assert_int_equal(multicall(3), -XEN_EFAULT);
	assert_int_equal(list[0].result, 2);
	assert_false(vcpu.in_multicall);
}

static void entry_is_preempted_and_resumed(void **state)
{
	(void)state;
	entry(0, __HYPERVISOR_memory_op, 1, 1);
	entry(1, __HYPERVISOR_memory_op, 10, 20);
	entry(2, __HYPERVISOR_memory_op, 7, 7);
	call(__HYPERVISOR_memory_op, 0, 0);
	preempt_times = 2;
	assert_int_equal(multicall(3), 0);
	assert_int_equal(list[0].result, 2);
	assert_int_equal(list[1].result, 30);
	assert_int_equal(list[2].result, 14);
	assert_int_equal(calls, 1 + 3 + 2);
	assert_false(vcpu.call.active || vcpu.inner.active || vcpu.in_multicall);
	assert_int_equal(vcpu.inner.done | vcpu.call.done, 0);
}

/* The guest changes its list while an entry is under way: the entry goes on as it began. */
static void list_is_read_once(void **state)
{
	(void)state;
	entry(0, __HYPERVISOR_memory_op, 10, 20);
	preempt_times = 1;
	assert_int_equal(call(__HYPERVISOR_multicall, (u64)list, 1), HYPERCALL_PREEMPTED);
	assert_int_equal(list[0].result, 99); /* nothing internal is seen */
	entry(0, __HYPERVISOR_iret, 0, 0);
	exit_work();
	assert_int_equal(list[0].result, 30);
	assert_int_equal(fake_regs.rax, 0);
}

static void multicall_gives_way_between_entries(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++)
		entry(i, __HYPERVISOR_memory_op, i, 1);
	this_cpu()->work = WORK_SCHEDULE;
	assert_int_equal(call(__HYPERVISOR_multicall, (u64)list, 8), HYPERCALL_PREEMPTED);
	assert_int_equal(calls, 1);
	assert_int_equal(vcpu.call.done, 1);
	exit_work();
	assert_int_equal(calls, 8);
	assert_int_equal(list[7].result, 8);
	assert_int_equal(schedules, 1);
}

/* --- refusals --- */

static void refusals_explain_and_count(void **state)
{
	(void)state;
	assert_int_equal(call(__HYPERVISOR_xen_version, 5, 6), -XEN_EINVAL);
	assert_string_equal(fake_log, "d3v0 xen_version: version 5 of 6\n");
	fake_log[0] = '\0';
	assert_int_equal(call(__HYPERVISOR_mmu_update, 0, 17), -XEN_EPERM);
	assert_string_equal(fake_log, "d3v0 mmu_update[17]: not yours\n");
	fake_log[0] = '\0';
	fake_regs.entry_vector = 13;
	refuse_as(-1, BAD_STATE, "no %s", "LGDT");
	assert_string_equal(fake_log, "d3v0 vector 13: no LGDT\n");
	assert_int_equal(guest.refusals[PARAPET_REFUSED_ARGUMENT], 1);
	assert_int_equal(guest.refusals[PARAPET_REFUSED_OWNER], 1);
	assert_int_equal(guest.refusals[PARAPET_REFUSED_STATE], 1);
	this_cpu()->current = NULL; /* while dom0 is built */
	fake_log[0] = '\0';
	assert_int_equal(refuse_as(-5, BAD_STATE, "early"), -5);
	assert_string_equal(fake_log, "early\n");
}

static unsigned lines(void)
{
	unsigned n = 0;

	for (const char *p = fake_log; *p; p++)
		n += *p == '\n';
	return n;
}

static void flood_of_refusals_is_cut(void **state)
{
	(void)state;
	fake_now = 1;
	for (unsigned i = 0; i < 1000; i++)
		call(__HYPERVISOR_xen_version, i, 0);
	assert_int_equal(lines(), 30);
	assert_int_equal(guest.refusals[PARAPET_REFUSED_ARGUMENT], 1000);
	fake_log[0] = '\0';
	fake_now += 6000000000;
	call(__HYPERVISOR_xen_version, 0, 0);
	assert_int_equal(lines(), 2);
	assert_non_null(strstr(fake_log, "970 further refusals"));
}

#define TEST(fn) cmocka_unit_test_setup(fn, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unknown_numbers_are_refused_once),
		TEST(preempted_call_goes_on_with_its_progress),
		TEST(work_comes_before_the_rest_of_a_call),
		TEST(check_gives_way_to_work_and_time),
		TEST(multicall_stores_each_result),
		TEST(any_result_is_a_result),
		TEST(multicall_refuses_what_it_cannot_hold),
		TEST(entry_is_preempted_and_resumed),
		TEST(list_is_read_once),
		TEST(multicall_gives_way_between_entries),
		TEST(refusals_explain_and_count),
		TEST(flood_of_refusals_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
