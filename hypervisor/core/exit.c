/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way out of the hypervisor when there is something to do first, idling, and standing still. */
#include <core/calls.h>
#include <core/hooks.h>
#include <core/sched.h>

/* --- standing still for the auditor --- */

static struct spinlock quiesce_lock = SPINLOCK_INIT;
static bool quiesced;	  /* everyone but the lock's owner stands still */
static u32 quiesced_cpus; /* how many do */

void quiesce_point(void)
{
	if (likely(!__atomic_load_n(&quiesced, __ATOMIC_SEQ_CST)))
		return;
	__atomic_fetch_add(&quiesced_cpus, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&quiesced, __ATOMIC_SEQ_CST))
		cpu_relax();
	__atomic_fetch_sub(&quiesced_cpus, 1, __ATOMIC_SEQ_CST);
}

void hook_quiesce(bool stop)
{
	if (!stop) {
		__atomic_store_n(&quiesced, false, __ATOMIC_SEQ_CST);
		while (__atomic_load_n(&quiesced_cpus, __ATOMIC_SEQ_CST))
			cpu_relax();
		spin_unlock(&quiesce_lock);
		return;
	}
	while (!spin_trylock(&quiesce_lock))
		quiesce_point();
	__atomic_store_n(&quiesced, true, __ATOMIC_SEQ_CST);
	for (u32 cpu = 0; cpu < cpu_count; cpu++)
		cpu_set_work(cpus[cpu], WORK_SCHEDULE);
	while (__atomic_load_n(&quiesced_cpus, __ATOMIC_SEQ_CST) != cpu_count - 1)
		cpu_relax();
}

/* --- exit --- */

/* One step for the running vCPU; true: look for work again; false: enter it. */
static bool run_vcpu(struct cpu *c, struct vcpu *v)
{
	if (!v->domain) {
		cpu_idle();
		return true;
	}
	if (v->call.active) {
		cpu_interrupt_window();
		if (!READ_ONCE(c->work))
			hypercall_resume(v);
		return true;
	}
	pv_deliver_events();
	return READ_ONCE(c->work);
}

void exit_work(void)
{
	struct cpu *c = this_cpu();

	do {
		u32 work = READ_ONCE(c->work);

		if (work)
			work = __atomic_exchange_n(&c->work, 0, __ATOMIC_SEQ_CST);
		quiesce_point();
		if (unlikely(work & WORK_NMI) && dom0)
			vcpu_send_nmi(dom0->vcpus[0]);
		if (work & WORK_TIMERS)
			timers_run();
		if (work & (WORK_SCHEDULE | WORK_CRASH))
			schedule();
	} while (run_vcpu(c, c->current));
}
