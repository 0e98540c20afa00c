/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl on vCPUs: context, information, affinity, scheduling, signals. */
#include <xen/errno.h>
#include <core/domctl.h>
#include <core/hooks.h>
#include <core/life.h>
#include <core/sched.h>
#include <x86/uaccess.h>

static struct vcpu *find_vcpu(struct domain *d, u32 id)
{
	struct vcpu *v = id < MAX_VCPUS ? d->vcpus[id] : NULL;

	if (!v)
		refuse(-XEN_ESRCH, REFUSE_UNKNOWN, "domain %u has no vCPU %u", d->mem.domid, id);
	return v;
}

/* --- context --- */

static long take_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	struct domain *d = v->domain;
	long rc;

	domain_pause(d);
	rc = vcpu_take_context(v, c, false);
	if (!rc && (c->flags & VGCF_online))
		__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	else if (!rc)
		__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	domain_unpause(d);
	return rc;
}

long domctl_set_context(struct domain *d, const struct xen_domctl_vcpucontext *op)
{
	struct vcpu *v = find_vcpu(d, op->vcpu);
	struct vcpu_guest_context *c;
	long rc;

	if (!v)
		return -XEN_ESRCH;
	if (d == current_domain() || d->is_dying)
		return refuse(-XEN_EINVAL, REFUSE_STATE, "domain %u is the caller, or dying",
			      d->mem.domid);
	c = heap_alloc(sizeof(*c));
	if (!c)
		return refuse(-XEN_ENOMEM, REFUSE_MEMORY, "no memory to read a context");
	if (get_guest(*c, (u64)op->ctxt.p))
		rc = take_context(v, c);
	else
		rc = refuse(-XEN_EFAULT, REFUSE_FAULT, "context at %#lx is not accessible",
			    (u64)op->ctxt.p);
	heap_free(c);
	return rc;
}

long domctl_get_context(struct domain *d, const struct xen_domctl_vcpucontext *op)
{
	struct vcpu *v = find_vcpu(d, op->vcpu);
	struct vcpu_guest_context *c;
	long rc = 0;

	if (!v)
		return -XEN_ESRCH;
	if (d == current_domain())
		return refuse(-XEN_EINVAL, REFUSE_STATE, "domain %u is the caller", d->mem.domid);
	if (!v->initialised)
		return refuse(-XEN_ENODATA, REFUSE_STATE, "vCPU %u has no context yet", op->vcpu);
	c = heap_alloc(sizeof(*c));
	if (!c)
		return refuse(-XEN_ENOMEM, REFUSE_MEMORY, "no memory for a context");
	domain_pause(d);
	pv_get_context(v, c);
	domain_unpause(d);
	if (!put_guest((u64)op->ctxt.p, *c))
		rc = refuse(-XEN_EFAULT, REFUSE_FAULT, "context at %#lx is not writable",
			    (u64)op->ctxt.p);
	heap_free(c);
	return rc;
}

/* --- information, signals --- */

long domctl_get_vcpu_info(struct domain *d, struct xen_domctl_getvcpuinfo *op)
{
	struct vcpu *v = find_vcpu(d, op->vcpu);
	struct vcpu_runstate_info r;

	if (!v)
		return -XEN_ESRCH;
	vcpu_get_runstate(v, &r);
	op->online = !(v->pause_flags & VPF_DOWN);
	op->blocked = !!(v->pause_flags & VPF_BLOCKED);
	op->running = v->is_running;
	op->cpu_time = r.time[RUNSTATE_running];
	op->cpu = v->cpu;
	return 0;
}

long domctl_send_trigger(struct domain *d, const struct xen_domctl_sendtrigger *op)
{
	struct vcpu *v;

	if (op->trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
		return refuse(-XEN_ENOSYS, REFUSE_ARGUMENT, "sendtrigger: %u is not NMI", op->trigger);
	v = find_vcpu(d, op->vcpu);
	if (!v)
		return -XEN_ESRCH;
	vcpu_send_nmi(v);
	return 0;
}

/* --- affinity, scheduling --- */

long domctl_set_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *op)
{
	struct vcpu *v = find_vcpu(d, op->vcpu);
	bool hard = op->flags & XEN_VCPUAFFINITY_HARD, soft = op->flags & XEN_VCPUAFFINITY_SOFT;
	struct cpumask hard_mask, soft_mask;
	u64 online = cpus_online().bits;
	int rc = 0;

	if (!v)
		return -XEN_ESRCH;
	if (!hard && !soft)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "affinity: flags %#x", op->flags);
	if (hard)
		rc = bitmap_from_guest(&hard_mask.bits, &op->cpumap_hard);
	if (!rc && soft)
		rc = bitmap_from_guest(&soft_mask.bits, &op->cpumap_soft);
	if (!rc)
		rc = sched_set_affinity(v, hard ? &hard_mask : NULL, soft ? &soft_mask : NULL);
	if (rc)
		return refuse(rc, REFUSE_ARGUMENT, "affinity of vCPU %u: no such CPU, or no map",
			      op->vcpu);
	if (hard)
		rc = bitmap_to_guest(&op->cpumap_hard, v->affinity.bits & online);
	if (!rc && soft)
		rc = bitmap_to_guest(&op->cpumap_soft,
				     v->soft_affinity.bits & v->affinity.bits & online);
	return rc;
}

long domctl_get_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *op)
{
	struct vcpu *v = find_vcpu(d, op->vcpu);
	int rc = 0;

	if (!v)
		return -XEN_ESRCH;
	if (!(op->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)))
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "affinity: flags %#x", op->flags);
	if (op->flags & XEN_VCPUAFFINITY_HARD)
		rc = bitmap_to_guest(&op->cpumap_hard, v->affinity.bits);
	if (!rc && (op->flags & XEN_VCPUAFFINITY_SOFT))
		rc = bitmap_to_guest(&op->cpumap_soft, v->soft_affinity.bits);
	return rc;
}

/* Weight 0 and cap ~0 leave what they are. */
static long put_parameters(struct domain *d, u16 weight, u16 cap)
{
	int rc = sched_domain_adjust(d, weight ? weight : d->sched->weight,
				     cap != 0xffff ? cap : d->sched->cap);

	return rc ? refuse(rc, REFUSE_ARGUMENT, "weight %u or cap %u is out of range", weight, cap) : 0;
}

long domctl_scheduler(struct domain *d, struct xen_domctl_scheduler_op *op)
{
	/* weight and cap lie at the same place for both ids */
	if (op->sched_id != sched_policy->id && op->sched_id != XEN_SCHEDULER_CREDIT2)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "scheduler %u is not the one in use, %u",
			      op->sched_id, sched_policy->id);
	switch (op->cmd) {
	case XEN_DOMCTL_SCHEDOP_getinfo:
		op->u.credit.weight = (u16)d->sched->weight;
		op->u.credit.cap = (u16)d->sched->cap;
		return 0;
	case XEN_DOMCTL_SCHEDOP_putinfo:
		return put_parameters(d, op->u.credit.weight, op->u.credit.cap);
	default:
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "scheduler command %u", op->cmd);
	}
}
