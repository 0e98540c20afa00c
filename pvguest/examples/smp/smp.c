/* SPDX-License-Identifier: MIT */
/*
 * Brings up every vCPU of the domain. Each gets a port for IPIs and a timer of its own; then they
 * pass a token around by IPIs, count under one spinlock, and take a few timer ticks each.
 */
#include <stdio.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/spinlock.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <pv/vcpu.h>
#include <xen/vcpu.h>

#define ROUNDS 20    /* of the token */
#define COUNTS 10000 /* by each vCPU, under the lock */
#define TICKS  5     /* by each vCPU */
#define TICK   (2 * PV_NS_PER_MS)
#define LIMIT  (20 * PV_NS_PER_SECOND)

static struct cpu {
	int ipi_port, timer_port;
	volatile unsigned int tokens, ticks;
	volatile bool up, done;
	bool wrong_vcpu;
} cpus[PV_MAX_VCPUS];

static unsigned int nr_cpus;
static struct pv_spinlock lock;
static unsigned long total; /* under lock */
static volatile bool go;

/* An IPI: the token is here; pass it on. */
static void token_came(evtchn_port_t port, void *argument)
{
	struct cpu *me = argument;
	unsigned int id = pv_this_vcpu()->id;

	(void)port;
	me->wrong_vcpu |= me != &cpus[id];
	me->tokens++;
	if (id != 0 || me->tokens < ROUNDS)
		pv_event_send(cpus[(id + 1) % nr_cpus].ipi_port);
}

static void program_timer(void)
{
	struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = pv_time_ns() + TICK};

	HYPERVISOR_vcpu_op(VCPUOP_set_singleshot_timer, pv_this_vcpu()->id, &timer);
}

static void ticked(evtchn_port_t port, void *argument)
{
	struct cpu *me = argument;

	(void)port;
	me->wrong_vcpu |= me != &cpus[pv_this_vcpu()->id];
	if (++me->ticks < TICKS)
		program_timer();
}

static void count(void)
{
	for (int i = 0; i < COUNTS; i++) {
		bool masked = pv_spin_lock(&lock);

		total++;
		pv_spin_unlock(&lock, masked);
	}
}

/* Runs on each vCPU but the first. */
static void secondary(void *argument)
{
	struct cpu *me = argument;

	me->up = true;
	while (!go)
		HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	count();
	program_timer();
	while (me->ticks < TICKS || me->tokens < ROUNDS) {
		/* Masked while we look, so that no event slips in between the look and the block.
		 */
		pv_events_disable();
		if (me->ticks < TICKS || me->tokens < ROUNDS)
			pv_vcpu_block();
		else
			pv_events_enable();
	}
	me->done = true;
}

static bool bring_up(unsigned int id)
{
	struct cpu *cpu = &cpus[id];
	int error = pv_vcpu_start(id, secondary, cpu);

	if (error) {
		printf("FAIL smp: vCPU %u does not start: %d\n", id, error);
		return false;
	}
	cpu->ipi_port = pv_event_bind_ipi(id, token_came, cpu);
	cpu->timer_port = pv_event_bind_virq(VIRQ_TIMER, id, ticked, cpu);
	if (cpu->ipi_port < 0 || cpu->timer_port < 0) {
		printf("FAIL smp: vCPU %u gets no port: %d %d\n", id, cpu->ipi_port,
		       cpu->timer_port);
		return false;
	}
	return true;
}

/* Wait for all the others, and say what each has not done by the limit. */
static bool all_done(uint64_t limit)
{
	bool good = cpus[0].tokens >= ROUNDS;

	for (unsigned int id = 1; id < nr_cpus; id++) {
		struct cpu *cpu = &cpus[id];

		while ((!cpu->done || pv_vcpu_is_up(id) == 1) && pv_time_ns() < limit)
			pv_sleep_ms(1);
		if (cpu->done && !cpu->wrong_vcpu && pv_vcpu_is_up(id) == 0)
			continue;
		printf("FAIL smp: vCPU %u: up %d, %u tokens, %u ticks%s\n", id, pv_vcpu_is_up(id),
		       cpu->tokens, cpu->ticks, cpu->wrong_vcpu ? ", event on a wrong vCPU" : "");
		good = false;
	}
	return good;
}

int main(void)
{
	uint64_t limit = pv_time_ns() + LIMIT;
	bool good = true;

	nr_cpus = pv_vcpu_count();
	cpus[0].ipi_port = pv_event_bind_ipi(0, token_came, &cpus[0]);
	for (unsigned int id = 1; id < nr_cpus; id++)
		good &= bring_up(id);
	for (unsigned int id = 1; id < nr_cpus; id++)
		while (good && !cpus[id].up && pv_time_ns() < limit)
			pv_sleep_ms(1);
	go = true;
	pv_event_send(cpus[1 % nr_cpus].ipi_port);
	count();
	while (cpus[0].tokens < ROUNDS && pv_time_ns() < limit)
		pv_sleep_ms(1);
	good &= all_done(limit);
	if (total != (unsigned long)COUNTS * nr_cpus) {
		printf("FAIL smp: %lu counts under the lock, expected %lu\n", total,
		       (unsigned long)COUNTS * nr_cpus);
		good = false;
	}
	if (good)
		printf("smp: passed, %u vcpus\n", nr_cpus);
	return !good;
}
