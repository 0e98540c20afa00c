/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl: the life of a domain in the hands of its keeper. */
#include <xen/errno.h>
#include <xen/sched.h>
#include <core/calls.h>
#include <core/domctl.h>
#include <core/evtchn.h>
#include <core/grant.h>
#include <core/life.h>
#include <core/sched.h>
#include <lib/string.h>
#include <x86/time.h>
#include <x86/uaccess.h>

#define DEFAULT_GRANT_FRAMES	64
#define DEFAULT_MAPTRACK_FRAMES 1024
#define HIGHEST_PORT		4095u /* 2-level ABI */

/* --- bitmaps --- */

int bitmap_from_guest(u64 *bits, const struct xenctl_bitmap *map)
{
	u32 nr = MIN(map->nr_bits, 64u);
	u64 value = 0;

	if (nr && !copy_from_guest(&value, (u64)map->bitmap.p, (nr + 7) / 8))
		return -XEN_EFAULT;
	*bits = nr < 64 ? value & (BIT(nr) - 1) : value;
	return 0;
}

int bitmap_to_guest(const struct xenctl_bitmap *map, u64 bits)
{
	u64 bytes = ((u64)map->nr_bits + 7) / 8, at = (u64)map->bitmap.p;

	if (map->nr_bits < 64)
		bits &= BIT(map->nr_bits) - 1;
	if (!copy_to_guest(at, &bits, MIN(bytes, sizeof(bits))))
		return -XEN_EFAULT;
	if (bytes > sizeof(bits) && !clear_guest(at + sizeof(bits), bytes - sizeof(bits)))
		return -XEN_EFAULT;
	return 0;
}

/* --- create, destroy, pause --- */

static long check_create(const struct xen_domctl_createdomain *op)
{
	if (op->flags & ~(u32)(XEN_DOMCTL_CDF_xs_domain | XEN_DOMCTL_CDF_oos_off))
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT,
			      "createdomain: flags %#x ask for more than a PV domain", op->flags);
	if (op->max_vcpus < 1 || op->max_vcpus > MAX_VCPUS)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "createdomain: %u vCPUs, 1..%u are possible",
			      op->max_vcpus, MAX_VCPUS);
	if (XEN_DOMCTL_GRANT_version(op->grant_opts) != 1)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT,
			      "createdomain: grant tables are of version 1, not %u",
			      XEN_DOMCTL_GRANT_version(op->grant_opts));
	if (op->iommu_opts || op->vmtrace_size || op->cpupool_id ||
	    (op->arch.emulation_flags & ~(u32)XEN_X86_EMU_PIT) ||
	    (op->arch.misc_flags & ~XEN_X86_MSR_RELAXED))
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT,
			      "createdomain: IOMMU %#x, trace %u, pool %u, emulation %#x, flags %#x",
			      op->iommu_opts, op->vmtrace_size, op->cpupool_id,
			      op->arch.emulation_flags, op->arch.misc_flags);
	return 0;
}

static long create_domain(struct xen_domctl *op)
{
	const struct xen_domctl_createdomain *c = &op->u.createdomain;
	struct domain_config config = {
		.max_vcpus = c->max_vcpus,
		.max_evtchn_port = MIN(c->max_evtchn_port, HIGHEST_PORT),
		.max_grant_frames = c->max_grant_frames < 0 ? DEFAULT_GRANT_FRAMES :
							      (u32)c->max_grant_frames,
		.max_maptrack_frames = c->max_maptrack_frames < 0 ? DEFAULT_MAPTRACK_FRAMES :
								    (u32)c->max_maptrack_frames,
		.ssidref = c->ssidref,
	};
	bool choose = op->domain == 0 || op->domain >= DOMID_FIRST_RESERVED;
	long bad = check_create(c);
	struct domain *d;
	int err;

	if (bad)
		return bad;
	memcpy(config.handle, c->handle, sizeof(config.handle));
	d = domain_create_configured(choose ? DOMID_INVALID : op->domain, false, &config, &err);
	if (!d)
		return refuse(err, err == -XEN_ENOMEM ? REFUSE_MEMORY : REFUSE_STATE,
			      "createdomain: domain %u cannot be made, error %d", op->domain, -err);
	d->xs_domain = !!(c->flags & XEN_DOMCTL_CDF_xs_domain);
	op->domain = d->mem.domid;
	return 0;
}

static long is_caller(void)
{
	return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "a domain cannot do this to itself");
}

static long destroy_domain(struct domain *d)
{
	if (d == current_domain())
		return is_caller();
	return domain_kill(d);
}

static long pause_domain(struct domain *d)
{
	if (d == current_domain())
		return is_caller();
	if (d->control_pauses == ~0u)
		return -XEN_EOVERFLOW;
	d->control_pauses++;
	domain_pause(d);
	return 0;
}

static long unpause_domain(struct domain *d)
{
	if (!d->control_pauses)
		return refuse(-XEN_EINVAL, REFUSE_STATE, "domain %u is not paused", d->mem.domid);
	d->control_pauses--;
	domain_unpause(d);
	return 0;
}

static long set_vcpus(struct domain *d, u32 max)
{
	if (d == current_domain())
		return is_caller();
	if (max != d->max_vcpus)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "domain %u was created for %u vCPUs, not %u",
			      d->mem.domid, d->max_vcpus, max);
	if (d->is_dying)
		return refuse(-XEN_EINVAL, REFUSE_STATE, "domain %u is dying", d->mem.domid);
	for (u32 i = 0; i < max; i++)
		if (!d->vcpus[i] && !vcpu_create(d, i))
			return refuse(-XEN_ENOMEM, REFUSE_MEMORY, "no memory for vCPU %u", i);
	return 0;
}

static long set_max_mem(struct domain *d, u64 kib)
{
	spin_lock(&d->mem.lock);
	d->mem.max_pages = kib >> (PAGE_SHIFT - 10);
	spin_unlock(&d->mem.lock);
	return 0;
}

static long resume_domain(struct domain *d)
{
	if (d == current_domain())
		return is_caller();
	if (domain_resume(d))
		return refuse(-XEN_EINVAL, REFUSE_STATE, "domain %u is not shut down", d->mem.domid);
	return 0;
}

/* --- information --- */

static u32 state_flags(const struct domain *d)
{
	return (d->is_dying ? XEN_DOMINF_dying : 0) | (d->control_pauses ? XEN_DOMINF_paused : 0) |
	       (d->xs_domain ? XEN_DOMINF_xs_domain : 0) |
	       (d->is_shut_down ? XEN_DOMINF_shutdown |
					  (u32)d->shutdown_code << XEN_DOMINF_shutdownshift :
				  0);
}

void domain_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	u32 activity = XEN_DOMINF_blocked;

	memset(info, 0, sizeof(*info));
	info->domain = d->mem.domid;
	info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
	for (u32 i = 0; i < MAX_VCPUS; i++) {
		struct vcpu *v = d->vcpus[i];
		struct vcpu_runstate_info r;

		if (!v)
			continue;
		vcpu_get_runstate(v, &r);
		info->cpu_time += r.time[RUNSTATE_running];
		info->max_vcpu_id = i;
		if (v->pause_flags & VPF_DOWN)
			continue;
		info->nr_online_vcpus++;
		if (!(v->pause_flags & VPF_BLOCKED))
			activity &= ~XEN_DOMINF_blocked;
		if (v->is_running)
			activity |= XEN_DOMINF_running;
	}
	info->flags = state_flags(d) | (info->nr_online_vcpus ? activity : 0);
	info->tot_pages = d->mem.tot_pages;
	info->max_pages = d->mem.max_pages;
	info->outstanding_pages = d->mem.outstanding_claim;
	info->shared_info_frame = page_to_mfn(d->shared_info_page).n;
	info->ssidref = d->ssidref;
	memcpy(info->handle, d->handle, sizeof(info->handle));
}

/* Where there is no such domain, the next one answers: callers go through all that way. */
static long get_domain_info(struct xen_domctl *op)
{
	struct domain *d = op->domain == DOMID_SELF ? domain_get(DOMID_SELF) :
						      domain_get_next(op->domain);

	if (!d)
		return -XEN_ESRCH;
	domain_fill_info(d, &op->u.getdomaininfo);
	op->domain = d->mem.domid;
	domain_put(d);
	return 0;
}

static long get_node_affinity(const struct xen_domctl_nodeaffinity *op)
{
	return bitmap_to_guest(&op->nodemap, 1);
}

static long set_node_affinity(const struct xen_domctl_nodeaffinity *op)
{
	u64 nodes;
	int rc = bitmap_from_guest(&nodes, &op->nodemap);

	return rc ? rc : nodes & 1 ? 0 : -XEN_EINVAL;
}

static long set_tsc(const struct xen_domctl_tsc_info *op)
{
	/* 0: as the hypervisor likes, 2: never emulated; both mean the hardware's TSC here */
	if (op->tsc_mode == 0 || op->tsc_mode == 2)
		return 0;
	return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "settscinfo: the TSC is not emulated (mode %u)",
		      op->tsc_mode);
}

static long get_tsc(struct xen_domctl_tsc_info *op)
{
	*op = (struct xen_domctl_tsc_info){.gtsc_khz = tsc_khz, .elapsed_nsec = now_ns()};
	return 0;
}

static long set_time_offset(struct domain *d, s64 seconds)
{
	d->time_offset_s = seconds;
	domain_update_wallclock(d);
	return 0;
}

/* --- dispatch --- */

static long address_size(struct xen_domctl *op)
{
	if (op->cmd == XEN_DOMCTL_get_address_size)
		op->u.address_size.size = 64;
	return op->u.address_size.size == 64 ?
		       0 :
		       refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "domains have 64 bits, not %u",
			      op->u.address_size.size);
}

/* What concerns the domain as a whole. -XEN_ENOSYS: not here. */
static long domain_op(struct domain *d, struct xen_domctl *op)
{
	switch (op->cmd) {
	case XEN_DOMCTL_destroydomain:
		return destroy_domain(d);
	case XEN_DOMCTL_pausedomain:
		return pause_domain(d);
	case XEN_DOMCTL_unpausedomain:
		return unpause_domain(d);
	case XEN_DOMCTL_max_mem:
		return set_max_mem(d, op->u.max_mem.max_memkb);
	case XEN_DOMCTL_max_vcpus:
		return set_vcpus(d, op->u.max_vcpus.max);
	case XEN_DOMCTL_resumedomain:
		return resume_domain(d);
	case XEN_DOMCTL_setdomainhandle:
		memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
		return 0;
	case XEN_DOMCTL_settimeoffset:
		return set_time_offset(d, op->u.settimeoffset.time_offset_seconds);
	case XEN_DOMCTL_settscinfo:
		return set_tsc(&op->u.tsc_info);
	case XEN_DOMCTL_gettscinfo:
		return get_tsc(&op->u.tsc_info);
	case XEN_DOMCTL_set_address_size:
	case XEN_DOMCTL_get_address_size:
		return address_size(op);
	case XEN_DOMCTL_setnodeaffinity:
		return set_node_affinity(&op->u.nodeaffinity);
	case XEN_DOMCTL_getnodeaffinity:
		return get_node_affinity(&op->u.nodeaffinity);
	default:
		return -XEN_ENOSYS;
	}
}

/* What concerns its vCPUs, its frames, or what it may touch. */
static long part_op(struct domain *d, struct xen_domctl *op)
{
	switch (op->cmd) {
	case XEN_DOMCTL_setvcpucontext:
		return domctl_set_context(d, &op->u.vcpucontext);
	case XEN_DOMCTL_getvcpucontext:
		return domctl_get_context(d, &op->u.vcpucontext);
	case XEN_DOMCTL_getvcpuinfo:
		return domctl_get_vcpu_info(d, &op->u.getvcpuinfo);
	case XEN_DOMCTL_setvcpuaffinity:
		return domctl_set_affinity(d, &op->u.vcpuaffinity);
	case XEN_DOMCTL_getvcpuaffinity:
		return domctl_get_affinity(d, &op->u.vcpuaffinity);
	case XEN_DOMCTL_scheduler_op:
		return domctl_scheduler(d, &op->u.scheduler_op);
	case XEN_DOMCTL_sendtrigger:
		return domctl_send_trigger(d, &op->u.sendtrigger);
	case XEN_DOMCTL_ioport_permission:
		return domctl_ioport_permission(d, &op->u.ioport_permission);
	case XEN_DOMCTL_iomem_permission:
		return domctl_iomem_permission(d, &op->u.iomem_permission);
	case XEN_DOMCTL_irq_permission:
		return domctl_irq_permission(d, &op->u.irq_permission);
	case XEN_DOMCTL_hypercall_init:
		return domctl_hypercall_init(d, &op->u.hypercall_init);
	case XEN_DOMCTL_getpageframeinfo3:
		return domctl_frame_types(d, &op->u.getpageframeinfo3);
	case XEN_DOMCTL_get_cpu_policy:
		return cpu_policy_get(d->vcpus[0] ? d->vcpus[0] : current_vcpu(),
				      &op->u.cpu_policy.nr_leaves, (u64)op->u.cpu_policy.leaves.p,
				      &op->u.cpu_policy.nr_msrs);
	case XEN_DOMCTL_set_cpu_policy:
		return cpu_policy_check(d->vcpus[0] ? d->vcpus[0] : current_vcpu(),
					&op->u.cpu_policy);
	default:
		return refuse(-XEN_ENOSYS, REFUSE_UNKNOWN, "there is no operation %u", op->cmd);
	}
}

static long run(struct xen_domctl *op)
{
	struct domain *d;
	long rc;

	if (op->cmd == XEN_DOMCTL_createdomain)
		return create_domain(op);
	if (op->cmd == XEN_DOMCTL_getdomaininfo)
		return get_domain_info(op);
	d = domain_get(op->domain);
	if (!d)
		return refuse(-XEN_ESRCH, REFUSE_UNKNOWN, "operation %u: there is no domain %u", op->cmd,
			      op->domain);
	rc = domain_op(d, op);
	if (rc == -XEN_ENOSYS)
		rc = part_op(d, op);
	domain_put(d);
	return rc;
}

long do_domctl(u64 arg)
{
	/* one at a time: what a keeper does to a domain is in no other's way */
	static struct spinlock control_lock = SPINLOCK_INIT;
	struct xen_domctl op;
	long rc;

	if (!current_domain()->privileged)
		return refuse(-XEN_EPERM, REFUSE_PERMISSION, "only dom0 may");
	if (!get_guest(op, arg))
		return refuse(-XEN_EFAULT, REFUSE_FAULT, "argument at %#lx is not accessible", arg);
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return refuse(-XEN_EACCES, REFUSE_ARGUMENT, "interface version %#x, this is %#x",
			      op.interface_version, XEN_DOMCTL_INTERFACE_VERSION);
	if (!spin_trylock(&control_lock))
		return hypercall_preempt(__HYPERVISOR_domctl, 0, arg, 0, 0, 0, 0, 0);
	rc = run(&op);
	spin_unlock(&control_lock);
	if (rc == -XEN_ERESTART)
		return hypercall_preempt(__HYPERVISOR_domctl, 0, arg, 0, 0, 0, 0, 0);
	if (rc >= 0 || rc == -XEN_ENOBUFS)
		if (!put_guest(arg, op))
			return refuse(-XEN_EFAULT, REFUSE_FAULT, "argument at %#lx is not writable",
				      arg);
	return rc;
}
