/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Branch predictors between vCPUs: whoever enters a CPU must find nothing there that others have
 * trained, nor what its own tasks have, before its kernel parted them on another CPU. The model
 * keeps what each CPU's predictor holds, in all orders of a long random run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#define wrmsr	   real_wrmsr /* ours are below */
#define wrmsr_safe real_wrmsr_safe
#include <x86/asm.h>
#undef wrmsr
#undef wrmsr_safe

enum { CPUS = 3, VCPUS = 4, STEPS = 100000 };

static void wrmsr(u32 msr, u64 value);
static bool wrmsr_safe(u32 msr, u64 value);
#include "hypervisor/pv/context.c"

static struct cpu machine[CPUS];
static unsigned on_cpu;
static struct domain domains[2];
static struct vcpu vcpus[VCPUS], idle[CPUS], *running[CPUS];

/* What trained a CPU's predictor: vCPUs, and their tasks (numbers that a kernel never reuses). */
static bool trained[CPUS][VCPUS];
static unsigned oldest_task[CPUS][VCPUS], task[VCPUS];
static unsigned long barriers;

struct cpu *this_cpu(void)
{
	return &machine[on_cpu];
}

static void forget(void)
{
	memset(trained[on_cpu], 0, sizeof(trained[on_cpu]));
	barriers++;
}

static void wrmsr(u32 msr, u64 value)
{
	assert_int_equal(msr, MSR_PRED_CMD);
	assert_int_equal(value, 1);
	assert_true(cpu_has_ibpb);
	forget();
}

static bool wrmsr_safe(u32 msr, u64 value)
{
	(void)value;
	assert_int_equal(msr, MSR_TSC_AUX);
	return true;
}

bool cpu_has_ibpb = true;

void context_save(struct arch_vcpu *a)
{
	(void)a;
}

void context_load(struct arch_vcpu *a, u64 cr3)
{
	(void)a;
	(void)cr3;
}

void context_load_idle(void)
{
}

/* --- the model --- */

static void check(const struct vcpu *v)
{
	for (unsigned i = 0; i < VCPUS; i++)
		if (trained[on_cpu][i] && (i != v - vcpus || oldest_task[on_cpu][i] != task[i]))
			fail_msg(
				"vCPU %u runs on CPU %u, which vCPU %u has trained as task %u (now %u)",
				(unsigned)(v - vcpus), on_cpu, i, oldest_task[on_cpu][i], task[i]);
}

/* The vCPU runs branches; its kernel may change tasks, with a barrier of its own as it does. */
static void run(const struct vcpu *v)
{
	unsigned i = v - vcpus;

	if (!v->domain)
		return;
	if (rand() % 3 == 0) {
		task[i]++;
		forget();
		barriers--;
	}
	if (!trained[on_cpu][i])
		oldest_task[on_cpu][i] = task[i];
	trained[on_cpu][i] = true;
}

static void enter(struct vcpu *next)
{
	struct vcpu *prev = running[on_cpu];

	pv_context_switch(prev, next);
	running[on_cpu] = next;
	if (next->domain)
		check(next);
}

static bool runs_elsewhere(const struct vcpu *v)
{
	for (unsigned i = 0; i < CPUS; i++)
		if (i != on_cpu && running[i] == v)
			return true;
	return false;
}

static int start(void **state)
{
	(void)state;
	srand(1);
	memset(vcpus, 0, sizeof(vcpus));
	memset(machine, 0, sizeof(machine));
	memset(trained, 0, sizeof(trained));
	barriers = 0;
	cpu_has_ibpb = true;
	for (unsigned i = 0; i < VCPUS; i++)
		vcpus[i].domain = &domains[i % 2];
	for (unsigned i = 0; i < CPUS; i++) {
		machine[i].id = i;
		running[i] = &idle[i];
	}
	on_cpu = 0;
	return 0;
}

/* --- tests --- */

static void nobody_meets_others_branches(void **state)
{
	(void)state;
	for (unsigned step = 0; step < STEPS; step++) {
		on_cpu = rand() % CPUS;
		struct vcpu *next = rand() % 3 ? &vcpus[rand() % VCPUS] : &idle[on_cpu];

		if (!runs_elsewhere(next))
			enter(next);
		run(running[on_cpu]);
	}
	assert_true(barriers > STEPS / 10 && barriers < STEPS);
}

/* One that only slept pays nothing: nobody has been here since. */
static void waking_costs_no_barrier(void **state)
{
	(void)state;
	enter(&vcpus[0]);
	assert_int_equal(barriers, 1);
	for (unsigned i = 0; i < 10; i++) {
		enter(&idle[0]);
		enter(&vcpus[0]);
	}
	assert_int_equal(barriers, 1);
}

/* XSA-479: back on a CPU where it was last, having been on another in between. */
static void who_comes_back_from_another_cpu_needs_one(void **state)
{
	(void)state;
	enter(&vcpus[0]);
	run(&vcpus[0]);
	enter(&idle[0]);
	on_cpu = 1;
	enter(&vcpus[0]);
	task[0]++;
	enter(&idle[1]);
	on_cpu = 0;
	unsigned long before = barriers;

	enter(&vcpus[0]);
	assert_int_equal(barriers, before + 1);
}

/* A new vCPU may lie where a dead one did. */
static void a_new_one_is_not_taken_for_the_last(void **state)
{
	(void)state;
	enter(&vcpus[0]);
	enter(&idle[0]);
	memset(&vcpus[0], 0, sizeof(vcpus[0]));
	vcpus[0].domain = &domains[1];
	enter(&vcpus[0]);
	assert_int_equal(barriers, 2);
}

static void without_the_feature_none_is_tried(void **state)
{
	(void)state;
	cpu_has_ibpb = false;
	pv_context_switch(&idle[0], &vcpus[0]);
	pv_context_switch(&vcpus[0], &vcpus[1]);
	assert_int_equal(barriers, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nobody_meets_others_branches, start),
		cmocka_unit_test_setup(waking_costs_no_barrier, start),
		cmocka_unit_test_setup(who_comes_back_from_another_cpu_needs_one, start),
		cmocka_unit_test_setup(a_new_one_is_not_taken_for_the_last, start),
		cmocka_unit_test_setup(without_the_feature_none_is_tried, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
