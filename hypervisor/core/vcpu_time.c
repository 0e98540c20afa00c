/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvclock, wall clock, and the areas that a guest has asked to be kept up to date. */
#include <core/domain.h>
#include <x86/time.h>
#include <x86/uaccess.h>

#define NS_PER_S 1000000000UL

/* Compiler barrier: x86 keeps stores in order, and readers may be on any CPU. */
#define store_barrier() __atomic_thread_fence(__ATOMIC_RELEASE)

/*
 * The scale is the same for all CPUs and does not change, so it is written once for each place.
 * Time therefore never steps back, on no CPU, and the guest is told so (TSC_STABLE).
 */
static struct vcpu_time_info pvclock(u32 version)
{
	return (struct vcpu_time_info){
		.version = version,
		.tsc_timestamp = time_scale.tsc_base,
		.system_time = time_scale.ns_base,
		.tsc_to_system_mul = time_scale.mul,
		.tsc_shift = time_scale.shift,
		.flags = XEN_PVCLOCK_TSC_STABLE_BIT,
	};
}

void vcpu_update_time_info(struct vcpu *v)
{
	struct vcpu_time_info *t = &v->info->time;
	u32 version = READ_ONCE(t->version) | 1; /* the guest may have written nonsense */

	WRITE_ONCE(t->version, version);
	store_barrier();
	*t = pvclock(version);
	store_barrier();
	WRITE_ONCE(t->version, version + 1);
}

/* With the assist, readers on other vCPUs can tell that an update is under way. */
static void write_runstate_area(const struct vcpu *v)
{
	struct vcpu_runstate_info r = v->runstate;
	u64 at = v->runstate_area + offsetof(struct vcpu_runstate_info, state_entry_time);
	bool flag = v->domain->mem.vm_assist & BIT(VMASST_TYPE_runstate_update_flag);

	if (flag) {
		r.state_entry_time |= XEN_RUNSTATE_UPDATE;
		if (!put_guest(at, r.state_entry_time))
			return;
		store_barrier();
	}
	if (!put_guest(v->runstate_area, r) || !flag)
		return;
	store_barrier();
	(void)put_guest(at, v->runstate.state_entry_time);
}

void vcpu_update_areas(struct vcpu *v)
{
	bool any = v->runstate_area || v->time_area;

	v->areas_stale = any && !v->arch.kernel_mode;
	if (!any || v->areas_stale)
		return;
	if (v->time_area) {
		const struct vcpu_time_info t = pvclock(2);

		/* the guest's own address: if it faults, its loss */
		(void)put_guest(__atomic_exchange_n(&v->time_area, 0, __ATOMIC_SEQ_CST), t);
	}
	if (v->runstate_area)
		write_runstate_area(v);
}

/* --- wall clock --- */

static struct spinlock wallclock_lock = SPINLOCK_INIT;

void domain_update_wallclock(struct domain *d)
{
	struct shared_info *s = d->shared_info;

	if (d->is_dying) /* its shared_info may be gone */
		return;
	spin_lock(&wallclock_lock);
	u64 sec = wallclock_boot_ns / NS_PER_S;
	u32 version = READ_ONCE(s->wc_version) | 1;

	WRITE_ONCE(s->wc_version, version);
	store_barrier();
	s->wc_sec = (u32)sec;
	s->wc_sec_hi = (u32)(sec >> 32);
	s->wc_nsec = (u32)(wallclock_boot_ns % NS_PER_S);
	store_barrier();
	WRITE_ONCE(s->wc_version, version + 1);
	spin_unlock(&wallclock_lock);
}

void wallclock_set(u64 sec, u32 nsec, u64 at_ns)
{
	struct domain *d;

	spin_lock(&wallclock_lock);
	wallclock_boot_ns = sec * NS_PER_S + nsec - at_ns;
	spin_unlock(&wallclock_lock);
	for_each_domain (d)
		domain_update_wallclock(d);
}
