/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mechanism of scheduling: run queue, switch, waking, runstates. See sched.h. */
#include <xen/errno.h>
#include <core/hooks.h>
#include <core/sched.h>
#include <lib/options.h>
#include <lib/string.h>
#include <x86/time.h>

struct sched_cpu {
	struct vcpu *idle, *current;
	struct timer slice;
	bool claimed; /* told to schedule for a waking vCPU, has not yet */
};

struct spinlock sched_lock = SPINLOCK_INIT;
struct list sched_queue = LIST_INIT(sched_queue);
const struct sched_policy *sched_policy = &sched_credit;
u64 sched_slice_ns = SCHED_SLICE_DEFAULT;

static struct sched_cpu sched_cpus[MAX_CPUS];
static struct vcpu idle_vcpus[MAX_CPUS];
static struct sched_vcpu idle_scheds[MAX_CPUS];

/* --- set-up --- */

static char opt_sched[16] = "credit";
OPTION("sched", OPTION_STRING, opt_sched);

void sched_init(void)
{
	if (strcmp(opt_sched, "rr") == 0)
		sched_policy = &sched_rr;
	else if (strcmp(opt_sched, "credit") != 0)
		printk(LOG_WARN, "sched=%s is unknown, using credit (known: credit, rr)\n",
		       opt_sched);
	printk(LOG_INFO, "scheduler: %s\n", sched_policy->name);
}

static void slice_over(void *arg)
{
	(void)arg;
	cpu_set_work(this_cpu(), WORK_SCHEDULE);
}

void sched_init_cpu(void)
{
	struct cpu *c = this_cpu();
	struct sched_cpu *sc = &sched_cpus[c->id];
	struct vcpu *idle = &idle_vcpus[c->id];

	idle->vcpu_id = c->id;
	idle->cpu = c->id;
	idle->is_running = true;
	idle->affinity.bits = BIT(c->id);
	idle->sched = &idle_scheds[c->id];
	idle->sched->v = idle;
	idle->sched->on_cpu = true;
	idle->sched->charged_at = now_ns();
	idle->runstate.state_entry_time = idle->sched->charged_at;
	timer_init(&sc->slice, slice_over, NULL, c->id);
	sc->idle = idle;
	sc->current = idle;
	c->sched = sc;
	c->current = idle;
	c->current_memory = &idle->mem;
	c->work |= WORK_SCHEDULE;
}

int sched_domain_init(struct domain *d)
{
	struct sched_domain *sd = heap_alloc(sizeof(*sd));

	if (!sd)
		return -XEN_ENOMEM;
	sd->weight = SCHED_WEIGHT_DEFAULT;
	d->sched = sd;
	return 0;
}

void sched_domain_free(struct domain *d)
{
	if (d->sched && d->sched->unpark.fn)
		timer_stop(&d->sched->unpark);
	heap_free(d->sched);
	d->sched = NULL;
}

int sched_vcpu_init(struct vcpu *v)
{
	struct sched_vcpu *s = heap_alloc(sizeof(*s));

	if (!s)
		return -XEN_ENOMEM;
	s->v = v;
	s->domain = v->domain->sched;
	list_init(&s->link);
	v->affinity.bits = ~0UL;
	v->runstate.state = RUNSTATE_offline;
	v->runstate.state_entry_time = now_ns();
	v->sched = s;
	return 0;
}

void sched_vcpu_free(struct vcpu *v)
{
	BUG_ON(v->sched && (v->sched->queued || v->sched->on_cpu));
	heap_free(v->sched);
	v->sched = NULL;
}

struct cpumask cpus_online(void)
{
	return (struct cpumask){cpu_count >= 64 ? ~0UL : BIT(cpu_count) - 1};
}

struct vcpu *sched_current(u32 cpu)
{
	return sched_cpus[cpu].current;
}

/* --- runstates; sched_lock is held --- */

bool vcpu_runnable(const struct vcpu *v)
{
	const struct domain *d = v->domain;

	return !d ||
	       !(READ_ONCE(v->pause_flags) | READ_ONCE(v->pause_count) | READ_ONCE(d->pause_count) |
		 READ_ONCE(d->is_shut_down) | READ_ONCE(d->is_dying));
}

static void runstate_change(struct vcpu *v, int state, u64 now)
{
	struct vcpu_runstate_info *r = &v->runstate;

	if (r->state == state)
		return;
	r->time[r->state] += now - r->state_entry_time;
	r->state_entry_time = now;
	r->state = state;
}

static int sleeping_state(const struct vcpu *v)
{
	return v->pause_flags == VPF_BLOCKED ? RUNSTATE_blocked : RUNSTATE_offline;
}

void vcpu_get_runstate(struct vcpu *v, struct vcpu_runstate_info *out)
{
	spin_lock(&sched_lock);
	*out = v->runstate;
	out->time[out->state] += now_ns() - out->state_entry_time;
	spin_unlock(&sched_lock);
}

u64 sched_idle_ns(u32 cpu)
{
	struct sched_cpu *sc = &sched_cpus[cpu];
	u64 ns;

	spin_lock(&sched_lock);
	ns = cpus[cpu]->idle_ns;
	if (sc->current == sc->idle)
		ns += now_ns() - sc->idle->sched->charged_at;
	spin_unlock(&sched_lock);
	return ns;
}

/* --- run queue; sched_lock is held --- */

static void enqueue(struct sched_vcpu *s, bool woken)
{
	if (!s->active) {
		s->active = true;
		s->domain->active++;
	}
	policy_enqueue(s, woken);
	s->queued = true;
}

static void dequeue(struct sched_vcpu *s)
{
	if (s->queued)
		list_del(&s->link);
	s->queued = false;
}

static void deactivate(struct sched_vcpu *s)
{
	if (!s->active)
		return;
	s->domain->active--;
	s->active = false;
	policy_slept(s);
}

static void claim(u32 cpu)
{
	sched_cpus[cpu].claimed = true;
	cpu_set_work(cpus[cpu], WORK_SCHEDULE);
}

static bool is_idle(u32 cpu)
{
	struct sched_cpu *sc = &sched_cpus[cpu];

	return sc->current && sc->current == sc->idle && !sc->claimed;
}

/* An idle CPU of the mask, best the one where it ran last. -1: none. */
static int find_idle(const struct vcpu *v, u64 mask)
{
	u32 cpu;

	if ((mask & BIT(v->cpu)) && is_idle(v->cpu))
		return (int)v->cpu;
	for (cpu = 0; cpu < cpu_count; cpu++) {
		if ((mask & BIT(cpu)) && is_idle(cpu))
			return (int)cpu;
	}
	return -1;
}

/* The CPU whose vCPU has to go for s, or -1. */
static int find_victim(const struct sched_vcpu *s, u64 mask)
{
	const struct sched_vcpu *victim = NULL;
	u32 cpu;
	int found = -1;

	for (cpu = 0; cpu < cpu_count; cpu++) {
		struct sched_cpu *sc = &sched_cpus[cpu];

		if (!(mask & BIT(cpu)) || !sc->current || !sc->current->domain || sc->claimed)
			continue;
		if (victim && victim->credit <= sc->current->sched->credit)
			continue;
		victim = sc->current->sched;
		found = (int)cpu;
	}
	return victim && policy_preempts(s, victim) ? found : -1;
}

/* Find a CPU for a waiting vCPU; those that will not have it now need a slice timer from now on. */
static void find_cpu(struct sched_vcpu *s, bool preempt)
{
	u64 mask = s->v->affinity.bits;
	int cpu = find_idle(s->v, mask);
	u32 i;

	if (cpu < 0 && preempt)
		cpu = find_victim(s, mask);
	if (cpu >= 0) {
		claim((u32)cpu);
		return;
	}
	for (i = 0; i < cpu_count; i++) {
		struct sched_cpu *sc = &sched_cpus[i];

		if ((mask & BIT(i)) && sc->current && !sc->slice.active)
			timer_set(&sc->slice, now_ns() + sched_slice_ns);
	}
}

/* This CPU was claimed for someone, and may have taken another: who is left may use an idle CPU. */
static void pass_on_claim(void)
{
	struct list *pos;

	list_for_each (pos, &sched_queue) {
		struct sched_vcpu *s = list_entry(pos, struct sched_vcpu, link);
		int cpu = find_idle(s->v, s->v->affinity.bits);

		if (cpu >= 0 && !s->domain->parked && !s->v->is_running)
			claim((u32)cpu);
	}
}

void sched_kick_waiting(struct sched_domain *sd)
{
	struct list *pos;

	list_for_each (pos, &sched_queue) {
		struct sched_vcpu *s = list_entry(pos, struct sched_vcpu, link);

		if (s->domain == sd)
			find_cpu(s, true);
	}
}

/* --- waking and sleeping --- */

void vcpu_wake(struct vcpu *v)
{
	struct sched_vcpu *s = v->sched;

	spin_lock(&sched_lock);
	if (!s->queued && !s->on_cpu && vcpu_runnable(v)) {
		runstate_change(v, RUNSTATE_runnable, now_ns());
		enqueue(s, true);
		find_cpu(s, true);
	}
	spin_unlock(&sched_lock);
}

void vcpu_sleep_nosync(struct vcpu *v)
{
	struct sched_vcpu *s = v->sched;

	spin_lock(&sched_lock);
	if (!vcpu_runnable(v)) {
		if (s->on_cpu) {
			cpu_set_work(cpus[v->cpu], WORK_SCHEDULE);
		} else {
			dequeue(s);
			deactivate(s);
			runstate_change(v, sleeping_state(v), now_ns());
		}
	}
	spin_unlock(&sched_lock);
}

void vcpu_sleep(struct vcpu *v)
{
	vcpu_sleep_nosync(v);
	while (!vcpu_runnable(v) && __atomic_load_n(&v->is_running, __ATOMIC_ACQUIRE)) {
		cpu_relax();
		quiesce_point(); /* the CPU that we wait for may be standing still */
	}
}

static bool events_wait(const struct vcpu *v)
{
	return READ_ONCE(v->pv.nmi_pending) || (READ_ONCE(v->info->evtchn_upcall_pending) &&
						!READ_ONCE(v->info->evtchn_upcall_mask));
}

void vcpu_block(struct vcpu *v)
{
	/* full barrier: who sends an event sets it pending first, then looks at the flag */
	__atomic_fetch_or(&v->pause_flags, VPF_BLOCKED, __ATOMIC_SEQ_CST);
	if (events_wait(v))
		__atomic_fetch_and(&v->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST);
	else
		cpu_set_work(this_cpu(), WORK_SCHEDULE);
}

void vcpu_unblock(struct vcpu *v)
{
	if (!(__atomic_load_n(&v->pause_flags, __ATOMIC_SEQ_CST) & VPF_BLOCKED))
		return;
	if (__atomic_fetch_and(&v->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST) & VPF_BLOCKED) {
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
	current_vcpu()->sched->yielding = true;
	cpu_set_work(this_cpu(), WORK_SCHEDULE);
}

/* --- parameters --- */

int sched_domain_adjust(struct domain *d, u32 weight, u32 cap)
{
	if (!weight || weight > SCHED_WEIGHT_MAX || cap > cpu_count * 100)
		return -XEN_EINVAL;
	spin_lock(&sched_lock);
	d->sched->weight = weight;
	d->sched->cap = cap;
	policy_adjusted(d->sched);
	spin_unlock(&sched_lock);
	return 0;
}

int sched_set_affinity(struct vcpu *v, struct cpumask mask)
{
	struct sched_vcpu *s = v->sched;

	if (!(mask.bits & cpus_online().bits))
		return -XEN_EINVAL;
	spin_lock(&sched_lock);
	v->affinity = mask;
	if (s->queued) {
		dequeue(s);
		enqueue(s, true);
		find_cpu(s, true);
	} else if (s->on_cpu && !(v->affinity.bits & BIT(v->cpu))) {
		claim(v->cpu);
	}
	spin_unlock(&sched_lock);
	return 0;
}

/* --- the switch --- */

static void charge(struct sched_vcpu *s, u64 now)
{
	u64 ns = now - s->charged_at;

	s->charged_at = now;
	if (s->domain)
		policy_charge(s, ns);
	else
		this_cpu()->idle_ns += ns;
}

static struct sched_vcpu *choose(struct sched_cpu *sc, struct sched_vcpu *prev, u64 now)
{
	u64 slice = ~0UL;
	struct sched_vcpu *next = policy_pick(this_cpu()->id, prev, &slice);

	if (!next)
		next = sc->idle->sched;
	dequeue(next);
	next->yielding = false;
	next->charged_at = now;
	if (slice != ~0UL)
		timer_set(&sc->slice, now + slice);
	else if (sc->slice.active)
		timer_stop(&sc->slice);
	return next;
}

/* What prev does from now on, if it is not chosen again. */
static void put_back(struct sched_vcpu *prev, u64 now)
{
	if (!prev->domain)
		return;
	if (vcpu_runnable(prev->v)) {
		enqueue(prev, false);
		return;
	}
	deactivate(prev);
	runstate_change(prev->v, sleeping_state(prev->v), now);
}

static void switch_to(struct vcpu *prev, struct vcpu *next)
{
	if (prev->domain && prev->runstate_area)
		vcpu_update_areas(prev); /* its tables are still loaded */
	this_cpu()->current = next;
	pv_context_switch(prev, next);
	if (next->domain)
		vcpu_update_areas(next);
}

/* prev's state is saved: others may take it, and some CPU may have passed it over meanwhile. */
static void release(struct vcpu *prev)
{
	spin_lock(&sched_lock);
	__atomic_store_n(&prev->is_running, false, __ATOMIC_RELEASE);
	if (prev->sched->queued)
		find_cpu(prev->sched, false);
	spin_unlock(&sched_lock);
}

void schedule(void)
{
	struct sched_cpu *sc = this_cpu()->sched;
	struct sched_vcpu *prev = sc->current->sched, *next;
	bool claimed;
	u64 now;

	spin_lock(&sched_lock);
	now = now_ns();
	claimed = sc->claimed;
	sc->claimed = false;
	charge(prev, now);
	put_back(prev, now);
	prev->on_cpu = false;
	next = choose(sc, prev, now);
	next->on_cpu = true;
	next->v->cpu = this_cpu()->id;
	__atomic_store_n(&next->v->is_running, true, __ATOMIC_SEQ_CST);
	sc->current = next->v;
	if (prev != next && prev->queued)
		runstate_change(prev->v, RUNSTATE_runnable, now);
	runstate_change(next->v, RUNSTATE_running, now);
	if (claimed)
		pass_on_claim();
	spin_unlock(&sched_lock);
	if (prev == next)
		return;
	switch_to(prev->v, next->v);
	if (prev->domain)
		release(prev->v);
	cpu_set_work(this_cpu(), WORK_EVENTS);
}
