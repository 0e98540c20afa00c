/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcpu_op: a guest's hold on its own vCPUs. */
#include <xen/vcpu.h>
#include <core/calls.h>
#include <core/hooks.h>
#include <core/life.h>
#include <core/sched.h>
#include <x86/time.h>

#define MIN_PERIOD_NS 1000000UL

static long not_current(const struct vcpu *v)
{
	return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "vCPU %u is not the caller", v->vcpu_id);
}

/* The context is larger than a stack should carry: it is read to the heap. */
static long initialise(struct vcpu *v, u64 arg)
{
	struct vcpu_guest_context *c = heap_alloc(sizeof(*c));
	long rc;

	if (!c)
		return refuse(-XEN_ENOMEM, REFUSE_MEMORY, "no memory to read a context");
	if (!get_guest(*c, arg)) {
		heap_free(c);
		return refuse_fault(arg);
	}
	rc = vcpu_take_context(v, c, true);
	heap_free(c);
	if (rc == -XEN_ERESTART)
		return hypercall_preempt(__HYPERVISOR_vcpu_op, 0, VCPUOP_initialise, v->vcpu_id, arg, 0,
					 0, 0);
	return rc;
}

static long bring_up(struct vcpu *v)
{
	if (!v->initialised)
		return refuse(-XEN_EINVAL, REFUSE_STATE, "vCPU %u was not initialised", v->vcpu_id);
	if (__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST) & VPF_DOWN)
		vcpu_wake(v);
	return 0;
}

static long take_down(struct vcpu *v)
{
	__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_sleep_nosync(v);
	return 0;
}

static long get_runstate(struct vcpu *v, u64 arg)
{
	struct vcpu_runstate_info r;

	vcpu_get_runstate(v, &r);
	return put_guest(arg, r) ? 0 : refuse_fault(arg);
}

/* The area of another vCPU is written now through the caller's tables, and by itself from then on. */
static long register_runstate(struct vcpu *v, u64 arg)
{
	struct vcpu_register_runstate_memory_area area;
	long rc = 0;

	if (!get_guest(area, arg))
		return refuse_fault(arg);
	if (!guest_range_ok(area.addr.p, sizeof(struct vcpu_runstate_info)))
		return refuse_fault(area.addr.p);
	if (area.addr.p) /* otherwise: no more updates */
		rc = get_runstate(v, area.addr.p);
	if (!rc)
		WRITE_ONCE(v->runstate_area, area.addr.p);
	return rc;
}

static long register_time(struct vcpu *v, u64 arg)
{
	struct vcpu_register_time_memory_area area;

	if (!get_guest(area, arg))
		return refuse_fault(arg);
	if (!guest_range_ok(area.addr.p, sizeof(struct vcpu_time_info)))
		return refuse_fault(area.addr.p);
	WRITE_ONCE(v->time_area, area.addr.p);
	vcpu_time_area_changed(v);
	return 0;
}

static long set_periodic(struct vcpu *v, u64 arg)
{
	struct vcpu_set_periodic_timer op;

	if (!get_guest(op, arg))
		return refuse_fault(arg);
	if (op.period_ns < MIN_PERIOD_NS || op.period_ns > ~0UL / 4)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "period of %lu ns is not in %lu..2^62",
			      op.period_ns, MIN_PERIOD_NS);
	timer_stop(&v->periodic);
	v->periodic_last = now_ns();
	WRITE_ONCE(v->periodic_ns, op.period_ns);
	timer_migrate(&v->periodic, v->cpu);
	timer_set(&v->periodic, v->periodic_last + op.period_ns);
	return 0;
}

static long stop_periodic(struct vcpu *v)
{
	WRITE_ONCE(v->periodic_ns, 0);
	timer_stop(&v->periodic);
	return 0;
}

static long set_singleshot(struct vcpu *v, u64 arg)
{
	struct vcpu_set_singleshot_timer op;

	if (v != current_vcpu())
		return not_current(v);
	if (!get_guest(op, arg))
		return refuse_fault(arg);
	/* VCPU_SSHOTTMR_future is ignored, as Xen does: a time in the past fires at once */
	timer_migrate(&v->singleshot, v->cpu);
	timer_set(&v->singleshot, op.timeout_abs_ns);
	return 0;
}

static long stop_singleshot(struct vcpu *v)
{
	if (v != current_vcpu())
		return not_current(v);
	timer_stop(&v->singleshot);
	return 0;
}

static long register_info(struct vcpu *v, u64 arg)
{
	struct vcpu_register_vcpu_info op;
	long rc;

	if (!get_guest(op, arg))
		return refuse_fault(arg);
	spin_lock(&v->domain->context_lock);
	rc = vcpu_register_info(v, mfn(op.mfn), op.offset);
	spin_unlock(&v->domain->context_lock);
	return rc;
}

/* Known only where the vCPU cannot move. */
static long get_physid(struct vcpu *v, u64 arg)
{
	u64 mask = v->affinity.bits & cpus_online().bits;
	struct vcpu_get_physid op;
	u32 cpu;

	if (!v->domain->privileged || !mask || (mask & (mask - 1)))
		return refuse(-XEN_EINVAL, REFUSE_STATE, "vCPU %u is not pinned to one CPU", v->vcpu_id);
	cpu = (u32)__builtin_ctzl(mask);
	op.phys_id = cpus[cpu]->apic_id | (u64)cpu << 32;
	return put_guest(arg, op) ? 0 : refuse_fault(arg);
}

long do_vcpu_op(u64 cmd, u64 vcpu_id, u64 arg)
{
	struct domain *d = current_domain();
	struct vcpu *v = (u32)vcpu_id < MAX_VCPUS ? d->vcpus[(u32)vcpu_id] : NULL;

	if (!v && (u32)cmd == VCPUOP_is_up) /* Linux counts its vCPUs like this */
		return -XEN_ENOENT;
	if (!v)
		return refuse(-XEN_ENOENT, REFUSE_UNKNOWN, "there is no vCPU %u", (u32)vcpu_id);
	switch ((u32)cmd) {
	case VCPUOP_initialise:
		return initialise(v, arg);
	case VCPUOP_up:
		return bring_up(v);
	case VCPUOP_down:
		return take_down(v);
	case VCPUOP_is_up:
		return !(READ_ONCE(v->pause_flags) & VPF_DOWN);
	case VCPUOP_get_runstate_info:
		return get_runstate(v, arg);
	case VCPUOP_register_runstate_memory_area:
		return register_runstate(v, arg);
	case VCPUOP_set_periodic_timer:
		return set_periodic(v, arg);
	case VCPUOP_stop_periodic_timer:
		return stop_periodic(v);
	case VCPUOP_set_singleshot_timer:
		return set_singleshot(v, arg);
	case VCPUOP_stop_singleshot_timer:
		return stop_singleshot(v);
	case VCPUOP_register_vcpu_info:
		return register_info(v, arg);
	case VCPUOP_send_nmi:
		vcpu_send_nmi(v);
		return 0;
	case VCPUOP_get_physid:
		return get_physid(v, arg);
	case VCPUOP_register_vcpu_time_memory_area:
		return register_time(v, arg);
	default:
		return refuse_operation(cmd);
	}
}
