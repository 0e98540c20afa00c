/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Round robin: first come, first served, for a fixed slice. Weights and caps are kept but unused. */
#include <core/sched.h>

static void rr_enqueue(struct sched_vcpu *s, bool woken)
{
	(void)woken;
	list_add_tail(&sched_queue, &s->link);
}

static void rr_charge(struct sched_vcpu *s, u64 ns)
{
	(void)s;
	(void)ns;
}

static void rr_slept(struct sched_vcpu *s)
{
	s->yielding = false;
}

static struct sched_vcpu *rr_pick(u32 cpu, struct sched_vcpu *prev, u64 *slice)
{
	struct sched_vcpu *best = NULL;
	struct list *pos;

	*slice = ~0UL;
	list_for_each (pos, &sched_queue) {
		struct sched_vcpu *s = list_entry(pos, struct sched_vcpu, link);

		if (!sched_eligible(s, cpu, prev))
			continue;
		if (best) {
			*slice = sched_slice_ns;
			break;
		}
		best = s;
	}
	return best;
}

static bool rr_preempts(const struct sched_vcpu *s, const struct sched_vcpu *running)
{
	(void)s;
	(void)running;
	return false;
}

static void rr_adjusted(struct sched_domain *sd)
{
	(void)sd;
}

const struct sched_policy sched_rr = {
	.name = "round robin",
	.id = 9, /* XEN_SCHEDULER_NULL: the number of a scheduler without parameters */
	.enqueue = rr_enqueue,
	.slept = rr_slept,
	.charge = rr_charge,
	.pick = rr_pick,
	.preempts = rr_preempts,
	.adjusted = rr_adjusted,
};
