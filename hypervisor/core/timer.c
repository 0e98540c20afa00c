/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers: a sorted list for each CPU, one lock for all of them. A CPU has a handful (slice, and a
 * few of each vCPU that last armed its own here), so the walk on insertion is short. Devices are
 * not touched under the lock: below another hypervisor each access may take long.
 */
#include <core/timer.h>
#include <x86/cpu.h>
#include <x86/spinlock.h>
#include <x86/time.h>

static struct spinlock timer_lock = SPINLOCK_INIT;
static struct list queues[MAX_CPUS];	/* by expires */
static struct timer *running[MAX_CPUS]; /* its callback is being called */

void timers_init_cpu(void)
{
	list_init(&queues[this_cpu()->id]);
}

static struct timer *first_on(u32 cpu)
{
	return list_empty(&queues[cpu]) ? NULL : list_first(&queues[cpu], struct timer, link);
}

static void dequeue(struct timer *t)
{
	if (t->active)
		list_del(&t->link);
	t->active = false;
}

void timer_set(struct timer *t, u32 cpu, u64 expires_ns)
{
	struct list *pos;
	bool is_first;

	spin_lock(&timer_lock);
	dequeue(t);
	/* stay where the callback runs: timer_stop() looks there; and a CPU may not be up yet */
	if (running[t->cpu] != t && queues[cpu].next)
		t->cpu = cpu;
	cpu = t->cpu;
	t->expires = expires_ns;
	t->active = true;
	list_for_each (pos, &queues[cpu])
		if (list_entry(pos, struct timer, link)->expires > expires_ns)
			break;
	list_add_tail(pos, &t->link); /* before pos */
	is_first = first_on(cpu) == t;
	spin_unlock(&timer_lock);
	if (is_first && cpu == this_cpu()->id)
		timer_program(expires_ns);
	else if (is_first)
		cpu_set_work(cpus[cpu], WORK_TIMERS);
}

void timer_stop(struct timer *t)
{
	spin_lock(&timer_lock);
	dequeue(t);
	/* on this CPU a running callback is our caller; elsewhere it may still arm t again */
	while (running[t->cpu] == t && t->cpu != this_cpu()->id) {
		spin_unlock(&timer_lock);
		cpu_relax();
		spin_lock(&timer_lock);
		dequeue(t);
	}
	spin_unlock(&timer_lock);
}

void timers_run(void)
{
	u32 cpu = this_cpu()->id;
	u64 now = now_ns(), next;
	struct timer *t;

	spin_lock(&timer_lock);
	while ((t = first_on(cpu)) && t->expires <= now) {
		dequeue(t);
		running[cpu] = t;
		spin_unlock(&timer_lock);
		t->fn(t->arg);
		spin_lock(&timer_lock);
		running[cpu] = NULL;
	}
	next = t ? t->expires : ~0UL;
	spin_unlock(&timer_lock);
	timer_program(next);
}
