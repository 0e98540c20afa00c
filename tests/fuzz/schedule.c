/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler and the timers on one to four simulated CPUs and a clock of the fuzzer's: guests
 * that wake, block, yield and are paused, affinities, weights, caps and timers, made of the input.
 * CPUs do their work in any order, or later. What must hold always, and what whenever all CPUs have
 * done their work, stands in check_always() and check_settled(): it is written from what sched.h
 * and timer.h promise, and looks at the policy's numbers nowhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <core/hooks.h>
#include <core/sched.h>
#include "fakes/host.h"
#include "fakes/work.h"
#include "input.h"

#define OPERATIONS 200
#define MS	   1000000ull
#define CPUS	   4
#define DOMAINS	   4
#define EACH	   2 /* vCPUs of a domain */
#define VCPUS	   (DOMAINS * EACH)
#define TIMERS	   6
#define NEVER	   (~0ull)
/* Weights are 128 to 512: the least share of a CPU is 1 in 57, of slices of 10 ms. */
#define STARVED (8000 * MS)
#define SAVED	(50 * MS) /* of a cap: by how much a domain may run ahead after a rest */

struct model_vcpu {
	bool blocked;
	uint64_t affinity, ran, waited;
};

struct model_domain {
	uint32_t pauses, weight, cap;
	uint64_t ran, since; /* run time since the cap was set, and when that was */
};

struct model_timer {
	bool armed;
	uint64_t due;
	uint8_t then;
};

static unsigned turn;
static struct domain domains[DOMAINS];
static struct vcpu vcpus[VCPUS];
static struct vcpu_info infos[VCPUS];
static struct timer timers[TIMERS];
static struct model_domain md[DOMAINS];
static struct model_vcpu mv[VCPUS];
static struct model_timer mt[TIMERS];

void pv_context_switch(struct vcpu *prev, struct vcpu *next)
{
	if (!next->is_running || this_cpu()->current != next || prev == next)
		FINDING("a switch to what does not run");
}

void vcpu_update_areas(struct vcpu *v)
{
	(void)v;
}

void quiesce_point(void)
{
}

static unsigned domain_of(unsigned v)
{
	return v / EACH;
}

static bool runnable(unsigned v)
{
	return !mv[v].blocked && !md[domain_of(v)].pauses;
}

/* The vCPU on that CPU; -1: it idles. */
static int on_cpu(unsigned cpu)
{
	const struct vcpu *v = cpus[cpu]->current;

	return v && v->domain ? (int)(v - vcpus) : -1;
}

/* --- what must hold --- */

static void check_always(void)
{
	unsigned listed[VCPUS] = {0}, active[DOMAINS] = {0}, n = 0;
	struct list *pos;

	list_for_each (pos, &sched_queue) {
		unsigned v = (unsigned)(list_entry(pos, struct vcpu, sched.link) - vcpus);

		if (v >= VCPUS || ++n > VCPUS)
			FINDING("a queue of others, or without end");
		listed[v]++;
		active[domain_of(v)]++;
	}
	for (unsigned v = 0; v < VCPUS; v++) {
		unsigned places = 0;

		for (unsigned c = 0; c < cpu_count; c++)
			places += on_cpu(c) == (int)v;
		if (listed[v] != vcpus[v].sched.queued || places > 1 ||
		    places != vcpus[v].is_running || places != vcpus[v].sched.on_cpu)
			FINDING("vCPU %u: %u times queued, on %u CPUs; it says %d, %d, %d", v,
				listed[v], places, vcpus[v].sched.queued, vcpus[v].is_running,
				vcpus[v].sched.on_cpu);
		if (places && on_cpu(vcpus[v].cpu) != (int)v)
			FINDING("vCPU %u says that it is on CPU %u", v, vcpus[v].cpu);
		if ((vcpus[v].pause_flags != 0) != mv[v].blocked ||
		    vcpus[v].affinity.bits != mv[v].affinity)
			FINDING("vCPU %u: flags %x, affinity %lx", v, vcpus[v].pause_flags,
				vcpus[v].affinity.bits);
	}
	for (unsigned d = 0; d < DOMAINS; d++) {
		if (active[d] != domains[d].sched.active)
			FINDING("domain %u: %u are active, it says %u", d, active[d],
				domains[d].sched.active);
		if (domains[d].sched.unpark.active && !md[d].cap)
			FINDING("domain %u waits, and has no cap", d);
	}
	if (sched_lock.held)
		FINDING("a lock is held");
}

static void check_settled(void)
{
	for (unsigned v = 0; v < VCPUS; v++) {
		bool waits = runnable(v) && !vcpus[v].is_running;

		if (vcpus[v].sched.queued != runnable(v))
			FINDING("vCPU %u is %squeued", v, runnable(v) ? "not " : "");
		if (vcpus[v].is_running && (!runnable(v) || !(mv[v].affinity >> vcpus[v].cpu & 1)))
			FINDING("vCPU %u runs on CPU %u, may it: %d, affinity %lx", v, vcpus[v].cpu,
				runnable(v), mv[v].affinity);
		for (unsigned c = 0; c < cpu_count; c++)
			if (waits && on_cpu(c) < 0 && (mv[v].affinity >> c & 1) &&
			    !domains[domain_of(v)].sched.unpark.active)
				FINDING("CPU %u idles beside vCPU %u", c, v);
		if (mv[v].waited > STARVED)
			FINDING("vCPU %u has waited for %lu ms", v, mv[v].waited / 1000000);
	}
	for (unsigned d = 0; d < DOMAINS; d++) {
		uint64_t time = fake_now - md[d].since;
		/* each vCPU may have been given what was saved, and ends its slice */
		uint64_t most = (time + SAVED * (1 + EACH)) * md[d].cap / 100 + EACH * MS;

		if (md[d].cap && md[d].ran > most)
			FINDING("domain %u of cap %u ran for %lu us of %lu", d, md[d].cap,
				md[d].ran / 1000, time / 1000);
	}
	for (unsigned t = 0; t < TIMERS; t++)
		if (mt[t].armed && mt[t].due <= fake_now)
			FINDING("timer %u is late", t);
}

/* --- CPUs and time --- */

static bool work_on(unsigned cpu)
{
	bool worked = fake_work_on(cpu);

	if (worked)
		check_always();
	return worked;
}

static void settle(void)
{
	unsigned quiet = 0, steps = 0;

	while (quiet < cpu_count) {
		quiet = work_on(turn++ % cpu_count) ? 0 : quiet + 1;
		if (++steps > 10000)
			FINDING("it does not come to rest");
	}
	check_settled();
}

static void account(uint64_t ns)
{
	for (unsigned c = 0; c < cpu_count; c++) {
		int v = on_cpu(c);

		if (v < 0)
			continue;
		mv[v].ran += ns;
		mv[v].waited = 0;
		md[domain_of((unsigned)v)].ran += ns;
	}
	for (unsigned v = 0; v < VCPUS; v++) {
		bool can = runnable(v) && !md[domain_of(v)].cap;

		if (!vcpus[v].is_running)
			mv[v].waited = can ? mv[v].waited + ns : 0;
	}
}

static void run_for(uint64_t ns)
{
	uint64_t end = fake_now + ns;

	settle();
	while (fake_now < end) {
		uint64_t next = end;

		for (unsigned c = 0; c < cpu_count; c++)
			next = fake_deadline[c] < next ? fake_deadline[c] : next;
		next = next > fake_now ? next : fake_now;
		account(next - fake_now);
		fake_now = next;
		settle();
	}
}

static void nobody_has_waited(void)
{
	for (unsigned v = 0; v < VCPUS; v++)
		mv[v].waited = 0;
}

/* --- timers --- */

static void set_timer(unsigned t, unsigned cpu, uint64_t due)
{
	mt[t].armed = true;
	mt[t].due = due;
	timer_set(&timers[t], cpu, due);
}

static void stop_timer(unsigned t)
{
	mt[t].armed = false;
	timer_stop(&timers[t]);
}

static void fired(void *arg)
{
	unsigned t = (unsigned)((struct timer *)arg - timers);

	if (!mt[t].armed || mt[t].due > fake_now || timers[t].active)
		FINDING("timer %u fires: armed %d, due %lu, now %lu", t, mt[t].armed, mt[t].due,
			fake_now);
	if (timers[t].cpu != fake_cpu)
		FINDING("timer %u of CPU %u fires on %u", t, timers[t].cpu, fake_cpu);
	mt[t].armed = false;
	for (unsigned other = 0; other < TIMERS; other++)
		if (mt[other].armed && timers[other].cpu == fake_cpu && mt[other].due < mt[t].due)
			FINDING("timer %u fires before %u", t, other);
	switch (mt[t].then & 3) {
	case 1:
		set_timer(t, mt[t].then >> 4 & 3, fake_now + (1 + (mt[t].then >> 2)) * MS);
		break;
	case 2:
		stop_timer(mt[t].then / 4 % TIMERS);
		break;
	case 3:
		mv[mt[t].then / 4 % VCPUS].blocked = false;
		vcpu_unblock(&vcpus[mt[t].then / 4 % VCPUS]);
	}
}

/* --- operations --- */

static unsigned any_vcpu(void)
{
	return input_byte() % VCPUS;
}

static void op_wake(void)
{
	unsigned v = any_vcpu();

	fake_cpu = input_byte() % cpu_count;
	mv[v].blocked = false;
	infos[v].evtchn_upcall_pending = 0;
	vcpu_unblock(&vcpus[v]);
	fake_cpu = 0;
	accepted++;
}

static void op_block(void)
{
	uint8_t b = input_byte();
	unsigned c = b % cpu_count;
	int v = on_cpu(c);

	if (v < 0)
		return;
	infos[v].evtchn_upcall_pending = (b & 0xc0) == 0xc0;
	infos[v].evtchn_upcall_mask = b >> 5 & 1;
	fake_cpu = c;
	vcpu_block(&vcpus[v]);
	fake_cpu = 0;
	mv[v].blocked = !infos[v].evtchn_upcall_pending || infos[v].evtchn_upcall_mask;
	accepted++;
}

static void op_yield(void)
{
	unsigned c = input_byte() % cpu_count;

	if (on_cpu(c) < 0)
		return;
	fake_cpu = c;
	sched_yield();
	fake_cpu = 0;
	accepted++;
}

static void op_pause(void)
{
	uint8_t b = input_byte();
	unsigned d = b % DOMAINS;
	bool pause = b & 0x80 && md[d].pauses < 3;

	if (!pause && !md[d].pauses)
		return;
	md[d].pauses += pause ? 1 : -1u;
	domains[d].pause_count = md[d].pauses;
	for (unsigned v = d * EACH; v < (d + 1) * EACH; v++)
		if (pause)
			vcpu_sleep_nosync(&vcpus[v]);
		else
			vcpu_wake(&vcpus[v]);
	accepted++;
}

static void op_affinity(void)
{
	unsigned v = any_vcpu();
	uint8_t b = input_byte();
	struct cpumask mask = {b < 0xf0 ? b & 15 : input_word()};
	bool good = mask.bits & ((1u << cpu_count) - 1);

	fake_cpu = input_byte() % cpu_count;
	if (!sched_set_affinity(&vcpus[v], mask) != good)
		FINDING("affinity %lx: the model says %d", mask.bits, good);
	fake_cpu = 0;
	mv[v].affinity = good ? mask.bits : mv[v].affinity;
	nobody_has_waited();
	accepted += good;
}

static void op_adjust(void)
{
	uint8_t b = input_byte();
	unsigned d = b % DOMAINS;
	uint32_t weight = 128 + input_byte() * 3 / 2, cap = b & 0x40 ? input_byte() : 0;

	if (b >= 0xf8)
		weight = b & 1 ? 0 : 65536 + input_byte();
	bool good = weight && weight < 65536 && cap <= 100 * cpu_count;

	settle(); /* what ran until now is not counted */
	if (!sched_domain_adjust(&domains[d], weight, cap) != good)
		FINDING("weight %u, cap %u: the model says %d", weight, cap, good);
	nobody_has_waited();
	accepted += good;
	if (!good)
		return;
	md[d].weight = weight;
	md[d].cap = cap;
	md[d].ran = 0;
	md[d].since = fake_now;
}

static void op_timer(void)
{
	uint8_t b = input_byte();
	unsigned t = b % TIMERS;

	fake_cpu = input_byte() % cpu_count;
	if (b & 0x80) {
		stop_timer(t);
	} else {
		mt[t].then = input_byte();
		mt[t].then &= cpu_count == CPUS ? 0xff : 0xcf;
		set_timer(t, input_byte() % cpu_count,
			  fake_now + input_byte() * MS / 8 - (b & 0x40 ? 5 * MS : 0));
	}
	fake_cpu = 0;
	accepted++;
}

static void op_work(void)
{
	work_on(input_byte() % cpu_count);
	accepted++;
}

static void op_time(void)
{
	uint8_t b = input_byte();

	run_for(b < 0xf8 ? b * MS / 4 : b < 0xff ? 500 * MS : 2500 * MS);
	accepted++;
}

static void (*const table[])(void) = {
	op_wake,   op_wake,  op_block, op_block, op_yield, op_pause, op_pause, op_affinity,
	op_adjust, op_timer, op_timer, op_work,	 op_work,  op_time,  op_time,  op_time};

/* --- beginning and end --- */

static void begin(void)
{
	uint8_t b = input_byte();

	fake_host_reset(1 + b % CPUS);
	list_init(&sched_queue);
	sched_id = b & 0x80 ? SCHED_RR : XEN_SCHEDULER_CREDIT;
	sched_slice_ns = SCHED_SLICE_DEFAULT;
	memset(domains, 0, sizeof(domains));
	memset(vcpus, 0, sizeof(vcpus));
	memset(infos, 0, sizeof(infos));
	memset(md, 0, sizeof(md));
	memset(mv, 0, sizeof(mv));
	memset(mt, 0, sizeof(mt));
	fake_now = 100 * MS; /* timers may lie in the past */
	for (fake_cpu = 0; fake_cpu < cpu_count; fake_cpu++) {
		timers_init_cpu();
		sched_init_cpu();
	}
	fake_cpu = 0;
	for (unsigned d = 0; d < DOMAINS; d++) {
		sched_domain_init(&domains[d]);
		md[d].weight = 256;
	}
	for (unsigned v = 0; v < VCPUS; v++) {
		vcpus[v].vcpu_id = v % EACH;
		vcpus[v].cpu = v % cpu_count;
		vcpus[v].domain = &domains[domain_of(v)];
		domains[domain_of(v)].vcpus[v % EACH] = &vcpus[v];
		vcpus[v].info = &infos[v];
		vcpus[v].pause_flags = VPF_BLOCKED;
		mv[v].blocked = true;
		vcpus[v].affinity.bits = mv[v].affinity = ~0ull;
		vcpus[v].runstate.state = RUNSTATE_blocked;
		vcpus[v].runstate.state_entry_time = fake_now;
	}
	for (unsigned t = 0; t < TIMERS; t++)
		timer_init(&timers[t], fired, &timers[t]);
}

static void end(void)
{
	const uint64_t begun = 100 * MS;

	settle();
	for (unsigned v = 0; v < VCPUS; v++) {
		struct vcpu_runstate_info r;

		vcpu_get_runstate(&vcpus[v], &r);
		if (r.time[0] + r.time[1] + r.time[2] + r.time[3] != fake_now - begun ||
		    r.time[RUNSTATE_running] != mv[v].ran)
			FINDING("vCPU %u: its states do not add up, or it ran for %lu ns, not %lu",
				v, r.time[RUNSTATE_running], mv[v].ran);
		mv[v].blocked = true;
		vcpus[v].pause_flags = VPF_BLOCKED;
		vcpu_sleep_nosync(&vcpus[v]);
	}
	for (unsigned t = 0; t < TIMERS; t++)
		stop_timer(t);
	settle();
	for (unsigned d = 0; d < DOMAINS; d++)
		timer_stop(&domains[d].sched.unpark);
	if (!list_empty(&sched_queue))
		FINDING("somebody is left");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input_begin(data, size);
	begin();
	input_steps(table, ARRAY_SIZE(table), OPERATIONS, check_always);
	end();
	return 0;
}
