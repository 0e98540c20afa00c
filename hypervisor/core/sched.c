/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mechanism of scheduling: run queue, switch, waking, runstates. See sched.h. */
#include <core/hooks.h>
#include <core/sched.h>
#include <lib/options.h>
#include <lib/string.h>
#include <x86/time.h>

static struct sched_cpu {
	struct vcpu idle, *current; /* NULL: not up yet */
	struct timer slice;
	bool claimed; /* told to schedule for a waking vCPU, has not yet */
} sched_cpus[MAX_CPUS];

struct spinlock sched_lock = SPINLOCK_INIT;
struct list sched_queue = LIST_INIT(sched_queue);
u32 sched_id = XEN_SCHEDULER_CREDIT;
u64 sched_slice_ns = SCHED_SLICE_DEFAULT;

/* --- set-up --- */

static char opt_sched[16] = "credit";
OPTION("sched", option_string, opt_sched);

void sched_init(void)
{
	if (strcmp(opt_sched, "rr") == 0)
		sched_id = SCHED_RR;
	else if (strcmp(opt_sched, "credit") != 0)
		printk(LOG_WARN, "sched=%s is unknown, using credit (known: credit, rr)\n",
		       opt_sched);
	printk(LOG_INFO, "scheduler: %s\n", sched_id == SCHED_RR ? "round robin" : "credit");
}

static void slice_over(void *arg)
{
	cpu_set_work(this_cpu(), WORK_SCHEDULE);
}

void sched_init_cpu(void)
{
	struct cpu *c = this_cpu();
	struct sched_cpu *sc = &sched_cpus[c->id];
	struct vcpu *idle = &sc->idle;

	idle->vcpu_id = idle->cpu = c->id;
	idle->affinity.bits = BIT(c->id);
	idle->is_running = idle->sched.on_cpu = true;
	idle->runstate = (struct vcpu_runstate_info){.state_entry_time = now_ns()};
	timer_init(&sc->slice, slice_over, NULL);
	sc->current = c->current = idle;
	c->current_memory = &idle->mem;
	c->work |= WORK_SCHEDULE;
}

/* --- runstates --- */

bool vcpu_runnable(const struct vcpu *v)
{
	const struct domain *d = v->domain;

	return !(READ_ONCE(v->pause_flags) | READ_ONCE(d->pause_count) |
		 READ_ONCE(d->is_shut_down) | READ_ONCE(d->is_dying) | READ_ONCE(d->is_crashed));
}

/* sched_lock is held */
static void runstate_change(struct vcpu *v, int state, u64 now)
{
	struct vcpu_runstate_info *r = &v->runstate;

	r->time[r->state] += now - r->state_entry_time;
	r->state_entry_time = now;
	r->state = state;
}

void vcpu_get_runstate(const struct vcpu *v, struct vcpu_runstate_info *out)
{
	spin_lock(&sched_lock);
	*out = v->runstate;
	out->time[out->state] += now_ns() - out->state_entry_time;
	spin_unlock(&sched_lock);
}

u64 sched_idle_ns(u32 cpu)
{
	struct vcpu_runstate_info r;

	vcpu_get_runstate(&sched_cpus[cpu].idle, &r);
	return r.time[RUNSTATE_running];
}

/* --- finding CPUs; sched_lock is held --- */

static u64 to_kick; /* CPUs to be told to schedule, by who holds sched_lock */

static void claim(u32 cpu)
{
	sched_cpus[cpu].claimed = true;
	to_kick |= BIT(cpu);
}

/* Interrupts are sent without the lock: below another hypervisor each may take long. */
void sched_unlock(void)
{
	u64 kick = to_kick;

	to_kick = 0;
	spin_unlock(&sched_lock);
	for (; kick; kick &= kick - 1)
		cpu_set_work(cpus[__builtin_ctzl(kick)], WORK_SCHEDULE);
}

#define IDLE_CPU (1L << 62) /* gained by taking one */

/* What is gained if v takes a CPU: an idle one is best, above all where it ran last. */
static s64 gain(const struct vcpu *v, u32 cpu)
{
	const struct vcpu *current = sched_cpus[cpu].current;

	if (!current || sched_cpus[cpu].claimed || !(v->affinity.bits & BIT(cpu)))
		return 0;
	return current->domain ? policy_lead(v, current) : IDLE_CPU + (cpu == v->cpu);
}

/*
 * Find a CPU for a waiting vCPU, one from which more than `least` is gained. Those that will not
 * have it now need a slice timer from now on.
 */
static void find_cpu(const struct vcpu *v, s64 least)
{
	u32 found = MAX_CPUS;

	if (v->domain->sched.unpark.active)
		return;
	for (u32 cpu = 0; cpu < cpu_count; cpu++) {
		s64 gained = gain(v, cpu);

		if (gained > least) {
			least = gained;
			found = cpu;
		}
	}
	if (found < MAX_CPUS) {
		claim(found);
		return;
	}
	for (u32 cpu = 0; cpu < cpu_count; cpu++) {
		struct sched_cpu *sc = &sched_cpus[cpu];

		if ((v->affinity.bits & BIT(cpu)) && sc->current && !sc->slice.active)
			timer_set(&sc->slice, cpu, now_ns() + sched_slice_ns);
	}
}

void sched_kick_waiting(const struct sched_domain *sd)
{
	struct list *pos;

	list_for_each (pos, &sched_queue) {
		struct vcpu *v = list_entry(pos, struct vcpu, sched.link);

		if (!v->sched.on_cpu && !v->is_running && (!sd || sd == &v->domain->sched))
			find_cpu(v, sd ? 0 : IDLE_CPU - 1);
	}
}

/* --- waking and sleeping --- */

/* To the end of the queue, or off it. It runs nowhere, or is about to be switched away from. */
static void requeue(struct vcpu *v, bool runnable, u64 now)
{
	int asleep = v->pause_flags == VPF_BLOCKED ? RUNSTATE_blocked : RUNSTATE_offline;
	bool was = v->sched.queued;

	if (was)
		list_del(&v->sched.link);
	v->sched.queued = runnable;
	v->domain->sched.active += runnable - was;
	if (runnable != was)
		policy_runnable(v, runnable);
	if (runnable)
		list_add_tail(&sched_queue, &v->sched.link);
	runstate_change(v, runnable ? RUNSTATE_runnable : asleep, now);
}

void vcpu_wake(struct vcpu *v)
{
	spin_lock(&sched_lock);
	if (!v->sched.queued && vcpu_runnable(v)) {
		requeue(v, true, now_ns());
		find_cpu(v, 0);
	}
	sched_unlock();
}

void vcpu_sleep_nosync(struct vcpu *v)
{
	spin_lock(&sched_lock);
	if (v->sched.on_cpu)
		to_kick |= BIT(v->cpu);
	else if (!vcpu_runnable(v))
		requeue(v, false, now_ns());
	sched_unlock();
}

void vcpu_block(struct vcpu *v)
{
	const struct vcpu_info *info = v->info;

	/* full barrier: who sends an event sets it pending first, then looks at the flag */
	__atomic_fetch_or(&v->pause_flags, VPF_BLOCKED, __ATOMIC_SEQ_CST);
	if (READ_ONCE(v->pv.nmi_pending) ||
	    (READ_ONCE(info->evtchn_upcall_pending) && !READ_ONCE(info->evtchn_upcall_mask)))
		__atomic_fetch_and(&v->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST);
	else
		cpu_set_work(this_cpu(), WORK_SCHEDULE);
}

void vcpu_unblock(struct vcpu *v)
{
	if ((__atomic_load_n(&v->pause_flags, __ATOMIC_SEQ_CST) & VPF_BLOCKED) &&
	    (__atomic_fetch_and(&v->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST) & VPF_BLOCKED)) {
		WRITE_ONCE(v->poll_port, 0);
		vcpu_wake(v);
	}
}

void vcpu_kick(struct vcpu *v, u32 work)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (READ_ONCE(v->is_running))
		cpu_set_work(cpus[READ_ONCE(v->cpu)], work);
}

void sched_yield(void)
{
	current_vcpu()->sched.yielding = true;
	cpu_set_work(this_cpu(), WORK_SCHEDULE);
}

int sched_set_affinity(struct vcpu *v, struct cpumask mask)
{
	if (!(mask.bits & cpumask_online().bits))
		return -XEN_EINVAL;
	spin_lock(&sched_lock);
	v->affinity = mask;
	if (v->sched.on_cpu && !(mask.bits & BIT(v->cpu)))
		claim(v->cpu);
	else if (v->sched.queued && !v->sched.on_cpu)
		find_cpu(v, 0);
	sched_unlock();
	return 0;
}

/* --- the switch --- */

/* The next vCPU of this CPU becomes its current. */
static struct vcpu *choose(struct sched_cpu *sc, const struct vcpu *prev, u64 now, u64 *slice)
{
	struct vcpu *next = policy_pick(this_cpu()->id, prev, now, slice);

	if (!next)
		next = &sc->idle;
	if (*slice == ~0UL && sc->slice.active)
		timer_stop(&sc->slice);
	next->sched.on_cpu = true;
	next->cpu = this_cpu()->id;
	__atomic_store_n(&next->is_running, true, __ATOMIC_SEQ_CST);
	sc->current = next;
	runstate_change(next, RUNSTATE_running, now);
	return next;
}

static void switch_to(struct vcpu *prev, struct vcpu *next)
{
	if (prev->domain && prev->runstate_area)
		vcpu_update_areas(prev); /* its tables are still loaded */
	this_cpu()->current = next;
	pv_context_switch(prev, next);
	if (next->domain)
		vcpu_update_areas(next);
	cpu_set_work(this_cpu(), WORK_EVENTS);
	if (!prev->domain)
		return;
	/* its state is saved: others may take it, and some CPU may have passed it over meanwhile */
	spin_lock(&sched_lock);
	if (prev->sched.queued)
		find_cpu(prev, IDLE_CPU - 1);
	/* last: who waits for this may free it, without the lock */
	__atomic_store_n(&prev->is_running, false, __ATOMIC_RELEASE);
	sched_unlock();
}

void schedule(void)
{
	struct sched_cpu *sc = &sched_cpus[this_cpu()->id];
	struct vcpu *prev = sc->current;

	spin_lock(&sched_lock);
	u64 now = now_ns();
	bool claimed = sc->claimed;

	sc->claimed = false;
	prev->sched.on_cpu = false;
	if (prev->domain) {
		policy_charge(prev, now - prev->runstate.state_entry_time, now);
		requeue(prev, vcpu_runnable(prev), now);
	} else {
		runstate_change(prev, RUNSTATE_runnable, now);
	}
	u64 slice = ~0UL;
	struct vcpu *next = choose(sc, prev, now, &slice);

	prev->sched.yielding = false;
	if (claimed) /* for someone, and may have taken another: who is left may use an idle CPU */
		sched_kick_waiting(NULL);
	sched_unlock();
	if (slice != ~0UL)
		timer_set(&sc->slice, this_cpu()->id, now + slice);
	if (prev != next)
		switch_to(prev, next);
}
