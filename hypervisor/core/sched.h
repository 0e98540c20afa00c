/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler: mechanism in sched.c, policies in sched_policy.c.
 *
 * One run queue serves all CPUs: it is work-conserving and balanced by construction, and with the
 * few dozen vCPUs of this machine its lock and its walk are cheap. A vCPU is in one of four places:
 *
 *   sleeping  not runnable                                     queued = on_cpu = false
 *   waiting   runnable, on the run queue                       queued
 *   running   is some CPU's current                            on_cpu
 *   leaving   chosen away from, its state not yet saved        !on_cpu, v->is_running
 *
 * A leaving vCPU may be waiting already: no CPU takes it before is_running is false.
 */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <core/domain.h>

#define SCHED_WEIGHT_DEFAULT 256
#define SCHED_WEIGHT_MAX     65535
#define SCHED_SLICE_DEFAULT  10000000UL /* ns */

struct sched_domain {
	u32 weight; /* share, relative to other domains */
	u32 cap;    /* per cent of one CPU, 0: none */
	u32 active; /* runnable vCPUs: they share the weight */
	s64 budget; /* capped domains: ns that may still be used */
	u64 budget_at;
	bool parked; /* budget used up */
	struct timer unpark;
};

struct sched_vcpu {
	struct list link; /* run queue, ordered by the policy */
	struct vcpu *v;
	struct sched_domain *domain; /* NULL: idle vCPU */
	s64 credit;		     /* weighted ns, see sched_policy.c */
	u64 rounds_seen;
	u64 charged_at; /* running: time up to which it was charged */
	bool queued, on_cpu, active, yielding;
};

struct sched_policy {
	const char *name;
	u32 id;		   /* XEN_SCHEDULER_* of domctl.h */
	bool proportional; /* weights and caps count */
};

extern struct spinlock sched_lock;
extern struct list sched_queue;
extern const struct sched_policy sched_credit, sched_rr;
extern const struct sched_policy *sched_policy;
extern u64 sched_slice_ns;

/* --- sched_policy.c, for sched.c; sched_lock is held --- */

/** Put a runnable vCPU on the queue. woken: it slept until now. */
void policy_enqueue(struct sched_vcpu *s, bool woken);
/** s ceases to be runnable. */
void policy_slept(struct sched_vcpu *s);
/** s has run for ns. */
void policy_charge(struct sched_vcpu *s, u64 ns);
/** Best waiting vCPU for this CPU, still queued, and how long it may run (~0: until disturbed). */
struct sched_vcpu *policy_pick(u32 cpu, const struct sched_vcpu *prev, u64 *slice);
/** Should s, waiting, take the CPU from running at once? */
bool policy_preempts(const struct sched_vcpu *s, const struct sched_vcpu *running);
/** Weight or cap of a domain changed. */
void policy_adjusted(struct sched_domain *sd);

/** With sched_lock: waiting vCPUs of a domain became eligible, find CPUs for them. */
void sched_kick_waiting(struct sched_domain *sd);

/** Once, before any vCPU exists: choose the policy by the option sched=. */
void sched_init(void);
/** On each CPU, after timers_init_cpu(): its idle vCPU becomes current. */
void sched_init_cpu(void);

int sched_domain_init(struct domain *d);
void sched_domain_free(struct domain *d);
int sched_vcpu_init(struct vcpu *v);
/** The vCPU is not runnable and runs nowhere. */
void sched_vcpu_free(struct vcpu *v);

/** Weight 1..65535, cap in per cent of one CPU (0: none). 0, or -XEN_EINVAL. */
int sched_domain_adjust(struct domain *d, u32 weight, u32 cap);
/** Where it may run; an online CPU must be named: -XEN_EINVAL. Moves the vCPU if need be. */
int sched_set_affinity(struct vcpu *v, struct cpumask mask);
struct cpumask cpus_online(void);
/** The vCPU that has the CPU; with sched_lock. */
struct vcpu *sched_current(u32 cpu);
/** Time that an online CPU was idle since boot. */
u64 sched_idle_ns(u32 cpu);

/**
 * Stand still here while another CPU audits the machine (exit.c). The caller holds no reference on a
 * page and no lock that the auditor takes. On the way out of the hypervisor, and in waits for another
 * CPU to get there.
 */
void quiesce_point(void);

#endif
