/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl: the life of a domain and of its vCPUs in the hands of its keeper. */
#include <core/calls.h>
#include <core/sched.h>
#include <lib/string.h>
#include <pv/pv.h>

/* --- creation --- */

/* What is not asked for is 0 or, in flags, what every PV domain has anyway. */
static long check_create(const struct xen_domctl_createdomain *c)
{
	u32 flags = c->flags & ~(u32)(XEN_DOMCTL_CDF_xs_domain | XEN_DOMCTL_CDF_oos_off);
	u32 emulation = c->arch.emulation_flags & ~(u32)XEN_X86_EMU_PIT;
	u32 msrs = c->arch.misc_flags & ~XEN_X86_MSR_RELAXED;

	if (c->max_vcpus < 1 || c->max_vcpus > MAX_VCPUS)
		return refuse(BAD_ARGUMENT, "%u vCPUs, 1..%u are possible", c->max_vcpus,
			      MAX_VCPUS);
	if (XEN_DOMCTL_GRANT_version(c->grant_opts) != 1)
		return refuse(BAD_ARGUMENT, "grant table options %#x: version 1 is possible",
			      c->grant_opts);
	if (flags || emulation || msrs || c->iommu_opts || c->vmtrace_size || c->cpupool_id)
		return refuse(
			BAD_ARGUMENT,
			"more than a PV domain: flags %#x, emulation %#x, MSRs %#x, IOMMU %#x, trace %u, pool %u",
			flags, emulation, msrs, c->iommu_opts, c->vmtrace_size, c->cpupool_id);
	return 0;
}

static long create_domain(struct xen_domctl *op)
{
	const struct xen_domctl_createdomain *c = &op->u.createdomain;
	struct domain_config config = domain_defaults;
	bool choose = op->domain == 0 || op->domain >= DOMID_FIRST_RESERVED;
	long bad = check_create(c);
	int err;

	if (bad)
		return bad;
	config.max_vcpus = c->max_vcpus;
	config.max_evtchn_port = MIN(c->max_evtchn_port, config.max_evtchn_port);
	if (c->max_grant_frames >= 0)
		config.max_grant_frames = (u32)c->max_grant_frames;
	if (c->max_maptrack_frames >= 0)
		config.max_maptrack_frames = (u32)c->max_maptrack_frames;
	struct domain *d = domain_create(choose ? DOMID_INVALID : op->domain, &config, &err);

	if (!d)
		return refuse_as(err, err == -XEN_ENOMEM ? NO_MEMORY : BAD_STATE,
				 "domain %u cannot be made, error %d", op->domain, -err);
	d->ssidref = c->ssidref;
	d->xs_domain = !!(c->flags & XEN_DOMCTL_CDF_xs_domain);
	memcpy(d->handle, c->handle, sizeof(d->handle));
	op->domain = d->mem.domid;
	return 0;
}

static long create_vcpus(struct domain *d, u32 max)
{
	if (max != d->max_vcpus)
		return refuse(BAD_ARGUMENT, "the domain was created for %u vCPUs, not %u",
			      d->max_vcpus, max);
	if (d->is_dying)
		return refuse(BAD_STATE, "domain %u is dying", d->mem.domid);
	for (u32 i = 0; i < max; i++)
		if (!d->vcpus[i] && !vcpu_create(d, i))
			return refuse(NO_MEMORY, "no memory for vCPU %u", i);
	return 0;
}

/* --- information --- */

void domain_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	u32 activity = XEN_DOMINF_blocked;

	*info = (struct xen_domctl_getdomaininfo){
		.domain = d->mem.domid,
		.flags = (d->is_dying ? XEN_DOMINF_dying : 0) |
			 (d->control_pauses ? XEN_DOMINF_paused : 0) |
			 (d->xs_domain ? XEN_DOMINF_xs_domain : 0),
		.max_vcpu_id = XEN_INVALID_MAX_VCPU_ID,
		.tot_pages = d->mem.tot_pages,
		.max_pages = d->mem.max_pages,
		.shared_info_frame = page_to_mfn(d->shared_info_page).n,
		.ssidref = d->ssidref,
	};
	memcpy(info->handle, d->handle, sizeof(info->handle));
	if (d->is_shut_down)
		info->flags |= XEN_DOMINF_shutdown | (u32)d->shutdown_code
							     << XEN_DOMINF_shutdownshift;
	for_each_vcpu (v, d) {
		struct vcpu_runstate_info r;

		vcpu_get_runstate(v, &r);
		info->cpu_time += r.time[RUNSTATE_running];
		info->max_vcpu_id = v->vcpu_id;
		if (v->pause_flags & VPF_DOWN)
			continue;
		info->nr_online_vcpus++;
		if (!(v->pause_flags & VPF_BLOCKED))
			activity &= ~XEN_DOMINF_blocked;
		if (v->is_running)
			activity |= XEN_DOMINF_running;
	}
	if (info->nr_online_vcpus)
		info->flags |= activity;
}

/* Where there is no such domain, the next one answers: callers go through all that way. */
static long get_domain_info(struct xen_domctl *op)
{
	struct domain *d = op->domain == DOMID_SELF ? domain_get(DOMID_SELF)
						    : domain_find(op->domain, DOMID_FIRST_RESERVED);

	if (!d)
		return -XEN_ESRCH;
	domain_fill_info(d, &op->u.getdomaininfo);
	op->domain = d->mem.domid;
	domain_put(d);
	return 0;
}

static long get_vcpu_info(const struct vcpu *v, struct xen_domctl_getvcpuinfo *info)
{
	struct vcpu_runstate_info r;

	vcpu_get_runstate(v, &r);
	*info = (struct xen_domctl_getvcpuinfo){
		.vcpu = v->vcpu_id,
		.online = !(v->pause_flags & VPF_DOWN),
		.blocked = !!(v->pause_flags & VPF_BLOCKED),
		.running = v->is_running,
		.cpu_time = r.time[RUNSTATE_running],
		.cpu = v->cpu,
	};
	return 0;
}

/* --- vCPUs --- */

static long context(struct vcpu *v, u64 at, bool set)
{
	struct domain *d = v->domain;

	if (set && d->is_dying)
		return refuse(BAD_STATE, "domain %u is dying", d->mem.domid);
	if (!set && !v->initialised)
		return refuse_as(-XEN_ENODATA, BAD_STATE, "vCPU %u has no context yet", v->vcpu_id);
	domain_pause(d);
	long rc = set ? vcpu_set_context(v, at, false) : vcpu_get_context(v, at);

	domain_unpause(d);
	return rc;
}

/* One mask for each vCPU: the soft one of the ABI, a wish, is not kept. There are 64 CPUs at most.
 */
static long affinity(struct vcpu *v, const struct xen_domctl_vcpuaffinity *a, bool set)
{
	u64 at = (u64)a->cpumap_hard.bitmap.p, bytes = ((u64)a->cpumap_hard.nr_bits + 7) / 8;
	u64 head = MIN(bytes, sizeof(u64));
	u64 known = a->cpumap_hard.nr_bits < 64 ? BIT(a->cpumap_hard.nr_bits) - 1 : ~0UL;
	struct cpumask mask = {0};

	if (a->flags != XEN_VCPUAFFINITY_HARD)
		return refuse(BAD_ARGUMENT, "affinity: flags %#x are not HARD", a->flags);
	if (set) {
		if (!copy_from_guest(&mask, at, head))
			return refuse_fault(at);
		mask.bits &= known;
		if (sched_set_affinity(v, mask))
			return refuse(BAD_ARGUMENT, "affinity of vCPU %u: no such CPU", v->vcpu_id);
	}
	/* What there are no CPUs for is cleared, as far as any tool asks. */
	const u64 map[16] = {v->affinity.bits & known & (set ? cpumask_online().bits : ~0UL)};

	return copy_to_guest(at, map, MIN(bytes, sizeof(map))) ? 0 : refuse_fault(at);
}

/* Weight and cap lie at the same place for both kinds of credit. 0 and ~0 leave what they are. */
static long scheduler(struct domain *d, struct xen_domctl_scheduler_op *op)
{
	struct xen_domctl_sched_credit *c = &op->u.credit;

	if (op->sched_id != sched_id && op->sched_id != XEN_SCHEDULER_CREDIT2)
		return refuse(BAD_ARGUMENT, "scheduler %u is not in use", op->sched_id);
	if (op->cmd == XEN_DOMCTL_SCHEDOP_getinfo) {
		c->weight = (u16)d->sched.weight;
		c->cap = (u16)d->sched.cap;
		return 0;
	}
	if (op->cmd != XEN_DOMCTL_SCHEDOP_putinfo)
		return refuse(BAD_ARGUMENT, "scheduler command %u", op->cmd);
	if (sched_domain_adjust(d, c->weight ?: d->sched.weight,
				c->cap != 0xffff ? c->cap : d->sched.cap))
		return refuse(BAD_ARGUMENT, "weight %u, cap %u: out of range", c->weight, c->cap);
	return 0;
}

/* --- dispatch --- */

/* Arguments of operations on a vCPU begin with its number. */
_Static_assert(!offsetof(struct xen_domctl_getvcpuinfo, vcpu) &&
		       !offsetof(struct xen_domctl_vcpuaffinity, vcpu),
	       "the vCPU is the first word");

static long on_vcpu(struct domain *d, struct xen_domctl *op)
{
	u32 id = op->u.vcpucontext.vcpu;
	struct vcpu *v = id < MAX_VCPUS ? d->vcpus[id] : NULL;

	if (!v)
		return refuse(NO_DOMAIN, "domain %u has no vCPU %u", d->mem.domid, id);
	switch (op->cmd) {
	case XEN_DOMCTL_setvcpucontext:
	case XEN_DOMCTL_getvcpucontext:
		return context(v, (u64)op->u.vcpucontext.ctxt.p,
			       op->cmd == XEN_DOMCTL_setvcpucontext);
	case XEN_DOMCTL_getvcpuinfo:
		return get_vcpu_info(v, &op->u.getvcpuinfo);
	default:
		return affinity(v, &op->u.vcpuaffinity, op->cmd == XEN_DOMCTL_setvcpuaffinity);
	}
}

static long on_domain(struct domain *d, struct xen_domctl *op)
{
	switch (op->cmd) {
	case XEN_DOMCTL_destroydomain:
		return domain_kill(d);
	case XEN_DOMCTL_pausedomain:
		if (d->control_pauses == ~0u)
			return -XEN_EOVERFLOW;
		d->control_pauses++;
		domain_pause(d);
		return 0;
	case XEN_DOMCTL_unpausedomain:
		if (!d->control_pauses)
			return refuse(BAD_STATE, "domain %u is not paused", d->mem.domid);
		d->control_pauses--;
		domain_unpause(d);
		return 0;
	case XEN_DOMCTL_max_mem:
		WRITE_ONCE(d->mem.max_pages, op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10));
		return 0;
	case XEN_DOMCTL_max_vcpus:
		return create_vcpus(d, op->u.max_vcpus.max);
	case XEN_DOMCTL_setdomainhandle:
		memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
		return 0;
	case XEN_DOMCTL_hypercall_init:
		return pv_write_hypercall_page(&d->mem, mfn(op->u.hypercall_init.gmfn));
	case XEN_DOMCTL_scheduler_op:
		return scheduler(d, &op->u.scheduler_op);
	case XEN_DOMCTL_ioport_permission:
		return domctl_ioport_permission(d, op);
	case XEN_DOMCTL_iomem_permission:
		return domctl_iomem_permission(d, op);
	case XEN_DOMCTL_irq_permission:
		return domctl_irq_permission(d, op);
	default:
		return refuse_operation(op->cmd);
	}
}

#define VCPU_OPERATIONS                                                                            \
	(BIT(XEN_DOMCTL_setvcpucontext) | BIT(XEN_DOMCTL_getvcpucontext) |                         \
	 BIT(XEN_DOMCTL_getvcpuinfo) | BIT(XEN_DOMCTL_setvcpuaffinity) |                           \
	 BIT(XEN_DOMCTL_getvcpuaffinity))
#define NOT_TO_ONESELF                                                                             \
	(BIT(XEN_DOMCTL_destroydomain) | BIT(XEN_DOMCTL_pausedomain) | BIT(XEN_DOMCTL_max_vcpus) | \
	 BIT(XEN_DOMCTL_setvcpucontext) | BIT(XEN_DOMCTL_getvcpucontext))

static long run(struct xen_domctl *op)
{
	u64 bit = op->cmd < 64 ? BIT(op->cmd) : 0;
	struct domain *d;

	if (op->cmd == XEN_DOMCTL_createdomain)
		return create_domain(op);
	if (op->cmd == XEN_DOMCTL_getdomaininfo)
		return get_domain_info(op);
	long rc = get_target(op->domain, &d);

	if (rc)
		return rc;
	if ((bit & NOT_TO_ONESELF) && d == current_domain())
		rc = refuse(BAD_ARGUMENT, "a domain cannot do this to itself");
	else
		rc = bit & VCPU_OPERATIONS ? on_vcpu(d, op) : on_domain(d, op);
	domain_put(d);
	return rc;
}

long do_domctl(u64 arg)
{
	/* one at a time: what a keeper does to a domain is in no other's way */
	static struct spinlock control_lock = SPINLOCK_INIT;
	struct xen_domctl op;
	long rc = control_read(&op, sizeof(op), arg, XEN_DOMCTL_INTERFACE_VERSION);

	if (rc)
		return rc;
	rc = -XEN_ERESTART;
	if (spin_trylock(&control_lock)) {
		rc = run(&op);
		spin_unlock(&control_lock);
	}
	if (rc == -XEN_ERESTART)
		return hypercall_preempt(0, arg, 0, 0, 0);
	return rc >= 0 && !put_guest(arg, op) ? refuse_fault(arg) : rc;
}
