/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policies: proportional share, and round robin.
 *
 * Proportional share. Each vCPU has credit, in ns, that it uses up while it runs, the slower the
 * larger its share is: the domain's weight divided by its runnable vCPUs. The waiting vCPU with
 * most credit runs next. If it has none left, everyone who may run on this CPU gets a round of
 * CREDIT, up to a limit of CREDIT. Therefore
 *
 *  - rivals for the same CPUs get rounds together, and use them up by their weights;
 *  - nobody is ever more than a round ahead by not having run, so nobody starves when that vCPU
 *    comes back; what it could not use is not saved up;
 *  - pinned vCPUs get the rounds of their own CPU, and are not measured against other CPUs'.
 *
 * Who sleeps gets the rounds that it missed when it wakes, and may exceed the limit by BOOST: so a
 * vCPU that sleeps most of the time is ahead of any that does not, and takes a CPU at once.
 *
 * A cap is a bucket of run time filled at the cap's rate; a domain whose bucket is empty is parked
 * until a tick's worth has run in again.
 *
 * Round robin is what is left of it when nobody ever uses up any credit: the queue, ordered by
 * credit, is then one of first come, first served; and caps do not count.
 */
#include <xen/xen.h>
#include <core/sched.h>
#include <x86/time.h>

#define CREDIT	       10000000L
#define BOOST	       2000000L
#define PREEMPT_MARGIN 500000L	  /* credit by which a waiting vCPU must exceed a running one */
#define MIN_SLICE      500000UL	  /* ns */
#define CAP_PERIOD     50000000UL /* ns of cap that a bucket holds */
#define CAP_TICK       10000000UL

const struct sched_policy sched_credit = {"credit", 5 /* XEN_SCHEDULER_CREDIT */, true};
/* XEN_SCHEDULER_NULL: the number of a scheduler without parameters */
const struct sched_policy sched_rr = {"round robin", 9, false};

static u64 rounds[MAX_CPUS];

/* Rounds that were given to whom may run on the CPUs of mask. */
static u64 rounds_of(u64 mask)
{
	u64 sum = 0;
	u32 cpu;

	for (cpu = 0; cpu < cpu_count; cpu++)
		sum += mask & BIT(cpu) ? rounds[cpu] : 0;
	return sum;
}

static s64 used(const struct sched_vcpu *s, u64 ns)
{
	const struct sched_domain *sd = s->domain;

	/* without rivals a stint has no end, and needs no paying for */
	ns = MIN(ns, 2 * sched_slice_ns);
	return (s64)(ns * SCHED_WEIGHT_DEFAULT * MAX(sd->active, 1u) / sd->weight);
}

static void add_credit(struct sched_vcpu *s, u64 count, s64 limit)
{
	/* beyond a thousand rounds any debt is paid, and the product cannot overflow */
	s64 credit = s->credit + (s64)MIN(count, 100000UL) * CREDIT;

	s->credit = MAX(s->credit, MIN(credit, limit));
}

static void insert(struct sched_vcpu *s)
{
	struct list *pos;

	list_for_each (pos, &sched_queue) {
		if (list_entry(pos, struct sched_vcpu, link)->credit < s->credit)
			break;
	}
	list_add_tail(pos, &s->link);
}

void policy_enqueue(struct sched_vcpu *s, bool woken)
{
	if (woken) {
		u64 seen = rounds_of(s->v->affinity.bits);

		/* fewer than at its last sleep: affinity has changed */
		add_credit(s, seen > s->rounds_seen ? seen - s->rounds_seen : 0, CREDIT + BOOST);
	}
	insert(s);
}

void policy_slept(struct sched_vcpu *s)
{
	s->rounds_seen = rounds_of(s->v->affinity.bits);
}

/* A round for everyone who may run on cpu, as many times as the best of them needs. */
static void new_round(u32 cpu, s64 best)
{
	u64 count = 1 + (u64)-best / CREDIT;
	struct list all = LIST_INIT(all), *pos, *tmp;

	rounds[cpu] += count;
	list_for_each_safe (pos, tmp, &sched_queue) {
		list_del(pos);
		list_add_tail(&all, pos);
	}
	list_for_each_safe (pos, tmp, &all) {
		struct sched_vcpu *s = list_entry(pos, struct sched_vcpu, link);

		if (s->v->affinity.bits & BIT(cpu))
			add_credit(s, count, CREDIT);
		list_del(pos);
		insert(s);
	}
	for (u32 i = 0; i < cpu_count; i++) {
		struct vcpu *v = sched_current(i);

		if (v && v->domain && !v->sched->queued && (v->affinity.bits & BIT(cpu)))
			add_credit(v->sched, count, CREDIT);
	}
}

/* --- cap --- */

static s64 cap_ns(const struct sched_domain *sd, u64 ns)
{
	return (s64)(ns / 100 * sd->cap);
}

static void refill(struct sched_domain *sd, u64 now)
{
	u64 gap = MIN(now - sd->budget_at, 100 * CAP_PERIOD);

	sd->budget = MIN(sd->budget + cap_ns(sd, gap), cap_ns(sd, CAP_PERIOD));
	sd->budget_at = now;
}

static void unpark(void *arg)
{
	struct sched_domain *sd = arg;

	spin_lock(&sched_lock);
	sd->parked = false;
	sched_kick_waiting(sd);
	spin_unlock(&sched_lock);
}

static void spend(struct sched_domain *sd, u64 ns)
{
	u64 now, wanted;

	if (!sd->cap)
		return;
	now = now_ns();
	refill(sd, now);
	sd->budget -= (s64)ns;
	if (sd->budget > 0 || sd->parked)
		return;
	sd->parked = true;
	wanted = (u64)(cap_ns(sd, CAP_TICK) - sd->budget);
	timer_set(&sd->unpark, now + wanted * 100 / sd->cap);
}

void policy_adjusted(struct sched_domain *sd)
{
	if (!sd->unpark.fn)
		timer_init(&sd->unpark, unpark, sd, this_cpu()->id);
	sd->budget = cap_ns(sd, CAP_TICK);
	sd->budget_at = now_ns();
	if (sd->parked) { /* the timer will find it unparked: harmless */
		sd->parked = false;
		sched_kick_waiting(sd);
	}
}

/* --- running --- */

void policy_charge(struct sched_vcpu *s, u64 ns)
{
	if (!sched_policy->proportional)
		return;
	spend(s->domain, ns);
	s->credit -= used(s, ns);
}

static u64 slice_of(const struct sched_vcpu *s, bool contended)
{
	const struct sched_domain *sd = s->domain;
	u64 slice = contended ? sched_slice_ns : ~0UL;

	if (sd->cap && sched_policy->proportional) {
		u64 budget = sd->budget > 0 ? (u64)sd->budget : 0;

		slice = MIN(slice, MAX(budget / MAX(sd->active, 1u), MIN_SLICE));
	}
	return slice;
}

/* May this CPU take s from the queue now? */
static bool eligible(const struct sched_vcpu *s, u32 cpu, const struct sched_vcpu *prev)
{
	return (s->v->affinity.bits & BIT(cpu)) && !s->domain->parked &&
	       (s == prev || !READ_ONCE(s->v->is_running));
}

struct sched_vcpu *policy_pick(u32 cpu, const struct sched_vcpu *prev, u64 *slice)
{
	struct sched_vcpu *best = NULL, *yielder = NULL;
	bool contended = false;
	struct list *pos;

	list_for_each (pos, &sched_queue) {
		struct sched_vcpu *s = list_entry(pos, struct sched_vcpu, link);

		if (!eligible(s, cpu, prev))
			continue;
		if (best) {
			contended = true;
			break;
		}
		if (s->yielding && !yielder)
			yielder = s;
		else
			best = s;
	}
	if (yielder) {
		contended |= best != NULL;
		yielder->yielding = false; /* once is enough */
		best = best ? best : yielder;
	}
	if (!best)
		return NULL;
	if (best->credit <= 0 && sched_policy->proportional)
		new_round(cpu, best->credit);
	*slice = slice_of(best, contended);
	return best;
}

bool policy_preempts(const struct sched_vcpu *s, const struct sched_vcpu *running)
{
	s64 left = running->credit - used(running, now_ns() - running->charged_at);

	return sched_policy->proportional && !s->domain->parked &&
	       s->credit > left + PREEMPT_MARGIN;
}
