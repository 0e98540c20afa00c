/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers: a sorted list for each CPU. A CPU has a handful (slice, and a few of each vCPU that last
 * armed its own here), so the walk on insertion is short.
 */
#include <core/timer.h>
#include <x86/cpu.h>
#include <x86/spinlock.h>
#include <x86/time.h>

struct timer_queue {
	struct spinlock lock;
	struct list timers;    /* by expires */
	struct timer *running; /* its callback is being called */
	bool ready;
};

static struct timer_queue queues[MAX_CPUS];

void timers_init_cpu(void)
{
	struct timer_queue *q = &queues[this_cpu()->id];

	list_init(&q->timers);
	q->ready = true;
	this_cpu()->timers = q;
}

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, u32 cpu)
{
	list_init(&t->link);
	t->expires = 0;
	t->fn = fn;
	t->arg = arg;
	t->cpu = cpu;
	t->active = false;
}

/* Lock the queue that t is on; the queue may change until the lock is held. */
static struct timer_queue *lock_queue(struct timer *t)
{
	for (;;) {
		u32 cpu = READ_ONCE(t->cpu);
		struct timer_queue *q = &queues[cpu];

		spin_lock(&q->lock);
		if (likely(cpu == t->cpu))
			return q;
		spin_unlock(&q->lock);
	}
}

static void dequeue(struct timer *t)
{
	if (t->active)
		list_del(&t->link);
	t->active = false;
}

static void enqueue(struct timer_queue *q, struct timer *t)
{
	struct list *pos;

	list_for_each (pos, &q->timers) {
		if (list_entry(pos, struct timer, link)->expires > t->expires)
			break;
	}
	list_add_tail(pos, &t->link); /* before pos */
	t->active = true;
}

/* The hardware must fire for the first timer: at once here, by the CPU itself elsewhere. */
static void reprogram(struct timer_queue *q, u32 cpu)
{
	u64 first =
		list_empty(&q->timers) ? ~0UL : list_first(&q->timers, struct timer, link)->expires;

	if (cpu == this_cpu()->id)
		timer_program(first);
	else
		cpu_set_work(cpus[cpu], WORK_TIMERS);
}

void timer_set(struct timer *t, u64 expires_ns)
{
	struct timer_queue *q = lock_queue(t);

	dequeue(t);
	t->expires = expires_ns;
	enqueue(q, t);
	if (q->timers.next == &t->link)
		reprogram(q, t->cpu);
	spin_unlock(&q->lock);
}

void timer_stop(struct timer *t)
{
	struct timer_queue *q = lock_queue(t);

	dequeue(t);
	/* on this CPU a running callback is our caller; elsewhere it may still arm t again */
	while (q->running == t && t->cpu != this_cpu()->id) {
		spin_unlock(&q->lock);
		cpu_relax();
		q = lock_queue(t);
		dequeue(t);
	}
	spin_unlock(&q->lock);
}

void timer_migrate(struct timer *t, u32 cpu)
{
	struct timer_queue *q;
	bool active;

	if (READ_ONCE(t->cpu) == cpu || !queues[cpu].ready)
		return;
	q = lock_queue(t);
	/* stay where the callback runs, so that timer_stop() can see it */
	if (q->running == t) {
		spin_unlock(&q->lock);
		return;
	}
	active = t->active;
	dequeue(t);
	WRITE_ONCE(t->cpu, cpu);
	spin_unlock(&q->lock);
	if (active)
		timer_set(t, t->expires);
}

void timers_run(void)
{
	u32 cpu = this_cpu()->id;
	struct timer_queue *q = &queues[cpu];
	u64 now = now_ns();

	spin_lock(&q->lock);
	while (!list_empty(&q->timers)) {
		struct timer *t = list_first(&q->timers, struct timer, link);

		if (t->expires > now)
			break;
		dequeue(t);
		q->running = t;
		spin_unlock(&q->lock);
		t->fn(t->arg);
		spin_lock(&q->lock);
		q->running = NULL;
	}
	reprogram(q, cpu);
	spin_unlock(&q->lock);
}
