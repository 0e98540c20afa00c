/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debug keys: a letter from dom0 (sysctl debug_keys) prints something on the console. */
#include <core/domctl.h>
#include <core/hooks.h>
#include <core/sched.h>
#include <x86/time.h>

static void dump_vcpu(struct vcpu *v)
{
	static const char *const states[] = {"running", "runnable", "blocked", "offline"};
	struct vcpu_runstate_info r;

	vcpu_get_runstate(v, &r);
	printk(LOG_INFO,
	       "  v%u on CPU %u: %s, pause flags %#x, ran %lu ms, events %s%s, affinity %#lx, credit %ld\n",
	       v->vcpu_id, v->cpu, states[r.state], v->pause_flags,
	       r.time[RUNSTATE_running] / 1000000, v->info->evtchn_upcall_pending ? "pending" : "none",
	       v->info->evtchn_upcall_mask ? " (masked)" : "", v->affinity.bits, v->sched->credit);
}

static void dump_domain(struct domain *d, void *arg)
{
	(void)arg;
	printk(LOG_INFO, "d%u: %lu of %lu pages, %u references%s%s%s, paused %u, weight %u, cap %u\n",
	       d->mem.domid, d->mem.tot_pages, d->mem.max_pages, d->refs, d->is_dying ? ", dying" : "",
	       d->is_shut_down ? ", shut down" : "", d->privileged ? ", privileged" : "",
	       d->pause_count, d->sched->weight, d->sched->cap);
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		if (d->vcpus[i])
			dump_vcpu(d->vcpus[i]);
}

/* Of vCPUs that run elsewhere the registers are those of their last switch. */
static void dump_registers(struct domain *d, void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		if (d->vcpus[i] && d->vcpus[i]->initialised)
			pv_dump(d->vcpus[i]);
}

static void dump_cpus(void)
{
	printk(LOG_INFO, "scheduler %s, slice %lu us, now %lu ms\n", sched_policy->name,
	       sched_slice_ns / 1000, now_ns() / 1000000);
	for (u32 i = 0; i < cpu_count; i++) {
		const struct vcpu *v;
		int domid = -1, vcpu_id = 0;

		spin_lock(&sched_lock);
		v = sched_current(i);
		if (v && v->domain) {
			domid = v->domain->mem.domid;
			vcpu_id = (int)v->vcpu_id;
		}
		spin_unlock(&sched_lock);
		if (domid >= 0)
			printk(LOG_INFO, "  CPU %u runs d%dv%d\n", i, domid, vcpu_id);
		else
			printk(LOG_INFO, "  CPU %u is idle, %lu ms in all\n", i,
			       sched_idle_ns(i) / 1000000);
	}
}

void debug_key(char key)
{
	switch (key) {
	case 'q':
		domain_for_each(dump_domain, NULL);
		break;
	case 'd':
		domain_for_each(dump_registers, NULL);
		break;
	case 'r':
		dump_cpus();
		break;
	case 'm':
		printk(LOG_INFO, "memory: %lu of %lu pages are free\n", heap_free_pages(),
		       heap_total_pages());
		break;
	default:
		printk(LOG_INFO, "debug keys: q domains, d registers, r scheduler, m memory\n");
	}
}
