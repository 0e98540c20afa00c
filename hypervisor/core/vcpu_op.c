/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcpu_op: a guest's hold on its own vCPUs. */
#include <xen/vcpu.h>
#include <core/calls.h>
#include <core/hooks.h>
#include <core/life.h>
#include <core/sched.h>
#include <x86/time.h>

#define MIN_PERIOD_NS 1000000UL

union argument {
	struct vcpu_register_runstate_memory_area runstate_area;
	struct vcpu_register_time_memory_area time_area;
	struct vcpu_set_periodic_timer periodic;
	struct vcpu_set_singleshot_timer singleshot;
	struct vcpu_register_vcpu_info info;
};

/* The context is larger than a stack should carry: it is read to the heap. */
static long initialise(struct vcpu *v, u64 arg)
{
	struct vcpu_guest_context *c = heap_alloc(sizeof(*c));
	long rc;

	if (!c)
		return refuse(NO_MEMORY, "no memory to read a context");
	if (!get_guest(*c, arg)) {
		heap_free(c);
		return refuse_fault(arg);
	}
	rc = vcpu_take_context(v, c, true);
	heap_free(c);
	if (rc == -XEN_ERESTART)
		return hypercall_preempt(0, VCPUOP_initialise, v->vcpu_id, arg, 0);
	return rc;
}

static long bring_up(struct vcpu *v, union argument *a)
{
	(void)a;
	if (!v->initialised)
		return refuse(BAD_STATE, "vCPU %u was not initialised", v->vcpu_id);
	if (__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST) & VPF_DOWN)
		vcpu_wake(v);
	return 0;
}

static long take_down(struct vcpu *v, union argument *a)
{
	(void)a;
	__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_sleep_nosync(v);
	return 0;
}

static long is_up(struct vcpu *v, union argument *a)
{
	(void)a;
	return !(READ_ONCE(v->pause_flags) & VPF_DOWN);
}

/* The area of another vCPU is written now through the caller's tables, and by itself from then on.
 */
static long register_runstate(struct vcpu *v, union argument *a)
{
	u64 at = a->runstate_area.addr.p;
	struct vcpu_runstate_info r;

	if (!guest_range_ok(at, sizeof(r)))
		return refuse_fault(at);
	vcpu_get_runstate(v, &r);
	if (at && !put_guest(at, r)) /* 0: no more updates */
		return refuse_fault(at);
	WRITE_ONCE(v->runstate_area, at);
	return 0;
}

static long register_time(struct vcpu *v, union argument *a)
{
	u64 at = a->time_area.addr.p;

	if (!guest_range_ok(at, sizeof(struct vcpu_time_info)))
		return refuse_fault(at);
	WRITE_ONCE(v->time_area, at);
	vcpu_time_area_changed(v);
	return 0;
}

static long set_periodic(struct vcpu *v, union argument *a)
{
	u64 period = a->periodic.period_ns;

	if (period < MIN_PERIOD_NS || period > ~0UL / 4)
		return refuse(BAD_ARGUMENT, "period of %lu ns is not in %lu..2^62", period,
			      MIN_PERIOD_NS);
	timer_stop(&v->periodic);
	v->periodic_last = now_ns();
	WRITE_ONCE(v->periodic_ns, period);
	timer_set(&v->periodic, v->cpu, v->periodic_last + period);
	return 0;
}

static long stop_periodic(struct vcpu *v, union argument *a)
{
	(void)a;
	WRITE_ONCE(v->periodic_ns, 0);
	timer_stop(&v->periodic);
	return 0;
}

/* VCPU_SSHOTTMR_future is ignored, as Xen does: a time in the past fires at once. */
static long set_singleshot(struct vcpu *v, union argument *a)
{
	timer_set(&v->singleshot, v->cpu, a->singleshot.timeout_abs_ns);
	return 0;
}

static long stop_singleshot(struct vcpu *v, union argument *a)
{
	(void)a;
	timer_stop(&v->singleshot);
	return 0;
}

static long register_info(struct vcpu *v, union argument *a)
{
	long rc;

	spin_lock(&v->domain->context_lock);
	rc = vcpu_register_info(v, mfn(a->info.mfn), a->info.offset);
	spin_unlock(&v->domain->context_lock);
	return rc;
}

static long send_nmi(struct vcpu *v, union argument *a)
{
	(void)a;
	vcpu_send_nmi(v);
	return 0;
}

static long get_runstate(struct vcpu *v, u64 arg)
{
	struct vcpu_runstate_info r;

	vcpu_get_runstate(v, &r);
	return put_guest(arg, r) ? 0 : refuse_fault(arg);
}

/* Operations that read `size` bytes of argument and write nothing back. */
static const struct operation {
	long (*fn)(struct vcpu *v, union argument *a);
	u32 size;
	bool self_only; /* the vCPU must be the caller */
} operations[] = {
	[VCPUOP_up] = {bring_up, 0, false},
	[VCPUOP_down] = {take_down, 0, false},
	[VCPUOP_is_up] = {is_up, 0, false},
	[VCPUOP_register_runstate_memory_area] = {register_runstate, sizeof(u64), false},
	[VCPUOP_set_periodic_timer] = {set_periodic, sizeof(struct vcpu_set_periodic_timer), false},
	[VCPUOP_stop_periodic_timer] = {stop_periodic, 0, false},
	[VCPUOP_set_singleshot_timer] = {set_singleshot, sizeof(struct vcpu_set_singleshot_timer),
					 true},
	[VCPUOP_stop_singleshot_timer] = {stop_singleshot, 0, true},
	[VCPUOP_register_vcpu_info] = {register_info, sizeof(struct vcpu_register_vcpu_info),
				       false},
	[VCPUOP_send_nmi] = {send_nmi, 0, false},
	[VCPUOP_register_vcpu_time_memory_area] = {register_time, sizeof(u64), false},
};

static long operate(const struct operation *o, struct vcpu *v, u64 arg)
{
	union argument a;

	if (o->self_only && v != current_vcpu())
		return refuse(BAD_ARGUMENT, "vCPU %u is not the caller", v->vcpu_id);
	if (o->size && !copy_from_guest(&a, arg, o->size))
		return refuse_fault(arg);
	return o->fn(v, &a);
}

long do_vcpu_op(u64 cmd, u64 vcpu_id, u64 arg)
{
	struct domain *d = current_domain();
	struct vcpu *v = (u32)vcpu_id < MAX_VCPUS ? d->vcpus[(u32)vcpu_id] : NULL;

	cmd = (u32)cmd;
	if (!v && cmd == VCPUOP_is_up) /* Linux counts its vCPUs like this */
		return -XEN_ENOENT;
	if (!v)
		return refuse(NO_VCPU, "there is no vCPU %u", (u32)vcpu_id);
	if (cmd == VCPUOP_initialise)
		return initialise(v, arg);
	if (cmd == VCPUOP_get_runstate_info)
		return get_runstate(v, arg);
	if (cmd < ARRAY_SIZE(operations) && operations[cmd].fn)
		return operate(&operations[cmd], v, arg);
	return refuse_operation(cmd);
}
