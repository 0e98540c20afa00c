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
 * A cap says until when it covers the time that the domain has run. When that lies in the future
 * the domain is parked, by its timer `unpark`, until it lies a tick in the past again.
 *
 * Round robin is what is left of it when nobody ever uses up any credit: among equals it is first
 * come, first served.
 */
#include <core/sched.h>
#include <x86/time.h>

#define CREDIT	       10000000L
#define BOOST	       2000000L
#define PREEMPT_MARGIN 500000L	 /* credit by which a waiting vCPU must exceed a running one */
#define MIN_SLICE      500000L	 /* ns */
#define CAP_BURST      50000000L /* ns of a cap that can be saved up */
#define CAP_TICK       10000000L

static u64 rounds[MAX_CPUS];

static s64 used(const struct vcpu *v, u64 ns)
{
	const struct sched_domain *sd = &v->domain->sched;

	if (sched_id == SCHED_RR)
		return 0;
	/* without rivals a stint has no end, and needs no paying for */
	ns = MIN(ns, 2 * sched_slice_ns);
	return (s64)(ns * SCHED_WEIGHT_DEFAULT * MAX(sd->active, 1u) / sd->weight);
}

static void add_credit(struct vcpu *v, u64 count, s64 limit)
{
	/* beyond a thousand rounds any debt is paid, and the product cannot overflow */
	s64 credit = v->sched.credit + (s64)MIN(count, 100000UL) * CREDIT;

	v->sched.credit = MAX(v->sched.credit, MIN(credit, limit));
}

/* A round for everyone who may run on cpu, as many times as the best of them needs. */
static void new_round(u32 cpu, s64 best)
{
	u64 count = 1 + (u64)-best / CREDIT;
	struct list *pos;

	rounds[cpu] += count;
	list_for_each (pos, &sched_queue) {
		struct vcpu *v = list_entry(pos, struct vcpu, sched.link);

		if (v->affinity.bits & BIT(cpu))
			add_credit(v, count, CREDIT);
	}
}

void policy_runnable(struct vcpu *v, bool runnable)
{
	u64 now = 0, then = v->sched.rounds_seen;

	for (u32 cpu = 0; cpu < cpu_count; cpu++)
		now += v->affinity.bits & BIT(cpu) ? rounds[cpu] : 0;
	v->sched.rounds_seen = now;
	if (runnable) /* fewer than when it fell asleep: affinity has changed */
		add_credit(v, now > then ? now - then : 0, CREDIT + BOOST);
}

/* --- cap --- */

static void unpark(void *arg)
{
	struct sched_domain *sd = arg;

	spin_lock(&sched_lock);
	sched_kick_waiting(sd);
	sched_unlock();
}

void policy_charge(struct vcpu *v, u64 ns, u64 now)
{
	struct sched_domain *sd = &v->domain->sched;

	v->sched.credit -= used(v, ns);
	if (!sd->cap)
		return;
	/* longer than any slice of a capped one: what ran before the cap was set is not counted */
	sd->covered_until = MAX(sd->covered_until, (s64)now - CAP_BURST) +
			    MIN((s64)(ns * 100 / sd->cap), 4 * CAP_BURST);
	if (sd->covered_until >= (s64)now)
		timer_set(&sd->unpark, this_cpu()->id, (u64)(sd->covered_until + CAP_TICK));
}

/* --- parameters --- */

void sched_domain_init(struct domain *d)
{
	d->sched.weight = SCHED_WEIGHT_DEFAULT;
	timer_init(&d->sched.unpark, unpark, &d->sched);
}

int sched_domain_adjust(struct domain *d, u32 weight, u32 cap)
{
	struct sched_domain *sd = &d->sched;

	if (!weight || weight > 65535 || cap > cpu_count * 100)
		return -XEN_EINVAL;
	timer_stop(&sd->unpark);
	spin_lock(&sched_lock);
	sd->weight = weight;
	sd->cap = cap;
	sd->covered_until = (s64)now_ns() - CAP_TICK;
	sched_kick_waiting(sd);
	sched_unlock();
	for_each_vcpu (v, d) /* whose slices it changes */
		vcpu_kick(v, WORK_SCHEDULE);
	return 0;
}

/* --- running --- */

static u64 slice_of(const struct sched_domain *sd, bool contended, u64 now)
{
	u64 slice = contended ? sched_slice_ns : ~0UL;

	if (sd->cap) {
		s64 saved = MIN((s64)now - sd->covered_until, CAP_BURST);
		s64 share = saved / 100 * sd->cap / MAX(sd->active, 1u);

		slice = MIN(slice, (u64)MAX(share, MIN_SLICE));
	}
	return slice;
}

struct vcpu *policy_pick(u32 cpu, const struct vcpu *prev, u64 now, u64 *slice)
{
	struct vcpu *best = NULL;
	bool contended = false;
	struct list *pos;

	list_for_each (pos, &sched_queue) {
		struct vcpu *v = list_entry(pos, struct vcpu, sched.link);

		if (v->sched.on_cpu || !(v->affinity.bits & BIT(cpu)) ||
		    v->domain->sched.unpark.active || (v != prev && READ_ONCE(v->is_running)))
			continue;
		contended |= best != NULL;
		if (!best || best->sched.yielding ||
		    (v->sched.credit > best->sched.credit && !v->sched.yielding))
			best = v;
	}
	if (!best)
		return NULL;
	if (best->sched.credit <= 0 && sched_id != SCHED_RR)
		new_round(cpu, best->sched.credit);
	*slice = slice_of(&best->domain->sched, contended, now);
	return best;
}

s64 policy_lead(const struct vcpu *v, const struct vcpu *running)
{
	u64 ns = now_ns() - running->runstate.state_entry_time;

	return v->sched.credit - (running->sched.credit - used(running, ns)) - PREEMPT_MARGIN;
}
