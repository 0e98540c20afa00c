/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler: mechanism in sched.c, policies in sched_policy.c.
 *
 * One list of runnable vCPUs serves all CPUs: it is work-conserving and balanced by construction,
 * and with the few dozen vCPUs of this machine its lock and its walks are cheap. A vCPU is in one
 * of four places:
 *
 *   sleeping  not runnable                                     queued = on_cpu = false
 *   waiting   runnable, for a CPU                              queued, !on_cpu
 *   running   is some CPU's current                            queued, on_cpu
 *   leaving   chosen away from, its state not yet saved        !on_cpu, v->is_running
 *
 * A leaving vCPU may be waiting already: no CPU takes it before is_running is false.
 */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <xen/domctl.h>
#include <core/domain.h>

#define SCHED_WEIGHT_DEFAULT 256
#define SCHED_SLICE_DEFAULT  10000000UL		/* ns */
#define SCHED_RR	     XEN_SCHEDULER_NULL /* the number of one without parameters */

extern struct spinlock sched_lock; /* released by sched_unlock() */
extern struct list sched_queue;	   /* runnable vCPUs; those who waited longest come first */
extern u32 sched_id;		   /* XEN_SCHEDULER_CREDIT or SCHED_RR */
extern u64 sched_slice_ns;

/** Release sched_lock, then tell the CPUs to schedule that were found under it. */
void sched_unlock(void);

/* --- sched_policy.c, for sched.c; sched_lock is held --- */

/** v becomes runnable, or ceases to be. */
void policy_runnable(struct vcpu *v, bool runnable);
/** v has run for ns, until now. */
void policy_charge(struct vcpu *v, u64 ns, u64 now);
/** Best waiting vCPU for this CPU, or NULL; *slice: how long it may run (~0: until disturbed). */
struct vcpu *policy_pick(u32 cpu, const struct vcpu *prev, u64 now, u64 *slice);
/** By how much v, waiting, deserves a CPU more than its vCPU. Above 0: it takes it at once. */
s64 policy_lead(const struct vcpu *v, const struct vcpu *running);

/**
 * With sched_lock: find CPUs for waiting vCPUs of a domain that became eligible. NULL: idle CPUs
 * for those of any.
 */
void sched_kick_waiting(const struct sched_domain *sd);

/** Once, before any vCPU exists: choose the policy by the option sched=. */
void sched_init(void);
/** On each CPU, after timers_init_cpu(): its idle vCPU becomes current. */
void sched_init_cpu(void);
void sched_domain_init(struct domain *d);

/** Weight 1..65535, cap in per cent of one CPU (0: none). 0, or -XEN_EINVAL. */
int sched_domain_adjust(struct domain *d, u32 weight, u32 cap);
/** Where it may run; an online CPU must be named: -XEN_EINVAL. Moves the vCPU if need be. */
int sched_set_affinity(struct vcpu *v, struct cpumask mask);
/** Time that an online CPU was idle since boot. */
u64 sched_idle_ns(u32 cpu);

/**
 * Stand still here while another CPU audits the machine (exit.c). The caller holds no reference on
 * a page and no lock that the auditor takes. On the way out of the hypervisor, and in waits for
 * another CPU to get there.
 */
void quiesce_point(void);

#endif
