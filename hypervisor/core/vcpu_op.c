/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcpu_op: a guest's hold on its own vCPUs. */
#include <core/calls.h>
#include <x86/time.h>

#define MIN_PERIOD_NS 1000000UL

/* What the operations that change something read; those that are not named read nothing. */
union argument {
	u64 area; /* its address: struct vcpu_register_{runstate,time}_memory_area */
	struct vcpu_set_periodic_timer periodic;
	struct vcpu_set_singleshot_timer singleshot;
	struct vcpu_register_vcpu_info info;
};

static const u8 sizes[] = {
	[VCPUOP_register_runstate_memory_area] = sizeof(u64),
	[VCPUOP_register_vcpu_time_memory_area] = sizeof(u64),
	[VCPUOP_set_periodic_timer] = sizeof(struct vcpu_set_periodic_timer),
	[VCPUOP_set_singleshot_timer] = sizeof(struct vcpu_set_singleshot_timer),
	[VCPUOP_register_vcpu_info] = sizeof(struct vcpu_register_vcpu_info),
};

static long bring_up(struct vcpu *v)
{
	if (!v->initialised)
		return refuse(BAD_STATE, "vCPU %u was not initialised", v->vcpu_id);
	if (__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST) & VPF_DOWN)
		vcpu_wake(v);
	return 0;
}

static long put_runstate(struct vcpu *v, u64 at)
{
	struct vcpu_runstate_info r;

	vcpu_get_runstate(v, &r);
	return put_guest(at, r) ? 0 : refuse_fault(at);
}

/* The area of another vCPU is written now through the caller's tables, and by itself later on. */
static long register_runstate(struct vcpu *v, u64 at)
{
	long rc = at ? put_runstate(v, at) : 0; /* 0: no more updates */

	if (!rc)
		WRITE_ONCE(v->runstate_area, at);
	return rc;
}

/* What is written there never changes: once is enough, with the vCPU's own tables. */
static long register_time(struct vcpu *v, u64 at)
{
	if (!guest_range_ok(at, sizeof(struct vcpu_time_info)))
		return refuse_fault(at);
	WRITE_ONCE(v->time_area, at);
	if (v == current_vcpu())
		vcpu_update_areas(v);
	return 0;
}

/* period 0: stop it */
static long set_periodic(struct vcpu *v, u64 period)
{
	WRITE_ONCE(v->periodic_ns, 0);
	timer_stop(&v->periodic);
	WRITE_ONCE(v->periodic_ns, period);
	if (period)
		timer_set(&v->periodic, v->cpu, now_ns() + period);
	return 0;
}

static long operate(u32 cmd, struct vcpu *v, const union argument *a)
{
	switch (cmd) {
	case VCPUOP_up:
		return bring_up(v);
	case VCPUOP_down:
		__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
		vcpu_sleep_nosync(v);
		return 0;
	case VCPUOP_is_up:
		return !(READ_ONCE(v->pause_flags) & VPF_DOWN);
	case VCPUOP_register_runstate_memory_area:
		return register_runstate(v, a->area);
	case VCPUOP_register_vcpu_time_memory_area:
		return register_time(v, a->area);
	case VCPUOP_register_vcpu_info:
		return vcpu_register_info(v, mfn(a->info.mfn), a->info.offset);
	case VCPUOP_set_periodic_timer:
		if (a->periodic.period_ns < MIN_PERIOD_NS || a->periodic.period_ns > ~0UL / 4)
			return refuse(BAD_ARGUMENT, "period of %lu ns: 1 ms is the least",
				      a->periodic.period_ns);
		return set_periodic(v, a->periodic.period_ns);
	case VCPUOP_stop_periodic_timer:
		return set_periodic(v, 0);
	case VCPUOP_set_singleshot_timer: /* VCPU_SSHOTTMR_future or not: the past fires at once */
		timer_set(&v->singleshot, v->cpu, a->singleshot.timeout_abs_ns);
		return 0;
	case VCPUOP_stop_singleshot_timer:
		timer_stop(&v->singleshot);
		return 0;
	case VCPUOP_send_nmi:
		vcpu_send_nmi(v);
		return 0;
	default:
		return refuse_operation(cmd);
	}
}

long do_vcpu_op(u64 cmd, u64 vcpu_id, u64 arg)
{
	struct domain *d = current_domain();
	struct vcpu *v = (u32)vcpu_id < MAX_VCPUS ? d->vcpus[(u32)vcpu_id] : NULL;
	union argument a;

	cmd = (u32)cmd;
	if (!v && cmd == VCPUOP_is_up) /* Linux counts its vCPUs like this */
		return -XEN_ENOENT;
	if (!v)
		return refuse(NO_VCPU, "there is no vCPU %u", (u32)vcpu_id);
	if (cmd == VCPUOP_get_runstate_info)
		return put_runstate(v, arg);
	if (cmd == VCPUOP_initialise) {
		long rc = vcpu_set_context(v, arg, true);

		if (rc != -XEN_ERESTART)
			return rc;
		return hypercall_preempt(0, cmd, vcpu_id, arg, 0);
	}
	if ((cmd == VCPUOP_set_singleshot_timer || cmd == VCPUOP_stop_singleshot_timer) &&
	    v != current_vcpu())
		return refuse(BAD_ARGUMENT, "vCPU %u is not the caller", v->vcpu_id);
	if (cmd < ARRAY_SIZE(sizes) && sizes[cmd] && !copy_from_guest(&a, arg, sizes[cmd]))
		return refuse_fault(arg);
	return operate((u32)cmd, v, &a);
}
