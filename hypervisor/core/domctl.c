/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl: the life of a domain and of its vCPUs in the hands of its keeper. */
#include <xen/sched.h>
#include <core/calls.h>
#include <core/domctl.h>
#include <core/hooks.h>
#include <core/life.h>
#include <core/sched.h>
#include <lib/string.h>
#include <pv/pv.h>

#define DEFAULT_GRANT_FRAMES	64
#define DEFAULT_MAPTRACK_FRAMES 1024
#define HIGHEST_PORT		4095u /* 2-level ABI */

/* --- bitmaps --- */

/* A copy of a bitmap in guest memory; bits beyond 64 are dropped. 0 or -XEN_EFAULT. */
static int bitmap_from_guest(u64 *bits, const struct xenctl_bitmap *map)
{
	u32 nr = MIN(map->nr_bits, 64u);
	u64 value = 0;

	if (nr && !copy_from_guest(&value, (u64)map->bitmap.p, (nr + 7) / 8))
		return -XEN_EFAULT;
	*bits = nr < 64 ? value & (BIT(nr) - 1) : value;
	return 0;
}

/* All of map is written: bits beyond 64 are 0. 0 or -XEN_EFAULT. */
static int bitmap_to_guest(const struct xenctl_bitmap *map, u64 bits)
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
		return refuse(BAD_ARGUMENT, "createdomain: flags %#x ask for more than a PV domain",
			      op->flags);
	if (op->max_vcpus < 1 || op->max_vcpus > MAX_VCPUS)
		return refuse(BAD_ARGUMENT, "createdomain: %u vCPUs, 1..%u are possible",
			      op->max_vcpus, MAX_VCPUS);
	if (XEN_DOMCTL_GRANT_version(op->grant_opts) != 1)
		return refuse(BAD_ARGUMENT, "createdomain: grant tables are of version 1, not %u",
			      XEN_DOMCTL_GRANT_version(op->grant_opts));
	if (op->iommu_opts || op->vmtrace_size || op->cpupool_id ||
	    (op->arch.emulation_flags & ~(u32)XEN_X86_EMU_PIT) ||
	    (op->arch.misc_flags & ~XEN_X86_MSR_RELAXED))
		return refuse(
			BAD_ARGUMENT,
			"createdomain: IOMMU %#x, trace %u, pool %u, emulation %#x, flags %#x",
			op->iommu_opts, op->vmtrace_size, op->cpupool_id, op->arch.emulation_flags,
			op->arch.misc_flags);
	return 0;
}

static long create_domain(struct xen_domctl *op)
{
	const struct xen_domctl_createdomain *c = &op->u.createdomain;
	struct domain_config config = {
		.max_vcpus = c->max_vcpus,
		.max_evtchn_port = MIN(c->max_evtchn_port, HIGHEST_PORT),
		.max_grant_frames =
			c->max_grant_frames < 0 ? DEFAULT_GRANT_FRAMES : (u32)c->max_grant_frames,
		.max_maptrack_frames = c->max_maptrack_frames < 0 ? DEFAULT_MAPTRACK_FRAMES
								  : (u32)c->max_maptrack_frames,
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
		return refuse_as(err, err == -XEN_ENOMEM ? NO_MEMORY : BAD_STATE,
				 "createdomain: domain %u cannot be made, error %d", op->domain,
				 -err);
	d->xs_domain = !!(c->flags & XEN_DOMCTL_CDF_xs_domain);
	op->domain = d->mem.domid;
	return 0;
}

static long destroy_domain(struct domain *d, struct xen_domctl *op)
{
	(void)op;
	return domain_kill(d);
}

static long pause_domain(struct domain *d, struct xen_domctl *op)
{
	(void)op;
	if (d->control_pauses == ~0u)
		return -XEN_EOVERFLOW;
	d->control_pauses++;
	domain_pause(d);
	return 0;
}

static long unpause_domain(struct domain *d, struct xen_domctl *op)
{
	(void)op;
	if (!d->control_pauses)
		return refuse(BAD_STATE, "domain %u is not paused", d->mem.domid);
	d->control_pauses--;
	domain_unpause(d);
	return 0;
}

static long set_vcpus(struct domain *d, struct xen_domctl *op)
{
	u32 max = op->u.max_vcpus.max;

	if (max != d->max_vcpus)
		return refuse(BAD_ARGUMENT, "domain %u was created for %u vCPUs, not %u",
			      d->mem.domid, d->max_vcpus, max);
	if (d->is_dying)
		return refuse(BAD_STATE, "domain %u is dying", d->mem.domid);
	for (u32 i = 0; i < max; i++)
		if (!d->vcpus[i] && !vcpu_create(d, i))
			return refuse(NO_MEMORY, "no memory for vCPU %u", i);
	return 0;
}

static long set_max_mem(struct domain *d, struct xen_domctl *op)
{
	spin_lock(&d->mem.lock);
	d->mem.max_pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);
	spin_unlock(&d->mem.lock);
	return 0;
}

static long hypercall_init(struct domain *d, struct xen_domctl *op)
{
	u64 frame = op->u.hypercall_init.gmfn;
	struct page *pg = mm_get_page_writable(mfn(frame), &d->mem);

	if (!pg)
		return refuse_as(
			-XEN_EACCES, NOT_OWNED,
			"frame %#lx for hypercalls is not domain %u's, or not to be written", frame,
			d->mem.domid);
	pv_fill_hypercall_page(page_to_virt(pg));
	type_put(pg);
	return 0;
}

static long set_handle(struct domain *d, struct xen_domctl *op)
{
	memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
	return 0;
}

/* --- information --- */

static u32 state_flags(const struct domain *d)
{
	return (d->is_dying ? XEN_DOMINF_dying : 0) | (d->control_pauses ? XEN_DOMINF_paused : 0) |
	       (d->xs_domain ? XEN_DOMINF_xs_domain : 0) |
	       (d->is_shut_down
			? XEN_DOMINF_shutdown | (u32)d->shutdown_code << XEN_DOMINF_shutdownshift
			: 0);
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
	info->shared_info_frame = page_to_mfn(d->shared_info_page).n;
	info->ssidref = d->ssidref;
	memcpy(info->handle, d->handle, sizeof(info->handle));
}

/* Where there is no such domain, the next one answers: callers go through all that way. */
static long get_domain_info(struct xen_domctl *op)
{
	struct domain *d =
		op->domain == DOMID_SELF ? domain_get(DOMID_SELF) : domain_get_next(op->domain);

	if (!d)
		return -XEN_ESRCH;
	domain_fill_info(d, &op->u.getdomaininfo);
	op->domain = d->mem.domid;
	domain_put(d);
	return 0;
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

static long set_context(struct vcpu *v, struct xen_domctl *op)
{
	u64 at = (u64)op->u.vcpucontext.ctxt.p;
	struct vcpu_guest_context *c;
	long rc;

	if (v->domain->is_dying)
		return refuse(BAD_STATE, "domain %u is dying", v->domain->mem.domid);
	c = heap_alloc(sizeof(*c));
	if (!c)
		return refuse(NO_MEMORY, "no memory to read a context");
	rc = get_guest(*c, at) ? take_context(v, c) : refuse_fault(at);
	heap_free(c);
	return rc;
}

static long get_context(struct vcpu *v, struct xen_domctl *op)
{
	u64 at = (u64)op->u.vcpucontext.ctxt.p;
	struct vcpu_guest_context *c;
	long rc;

	if (!v->initialised)
		return refuse_as(-XEN_ENODATA, BAD_STATE, "vCPU %u has no context yet", v->vcpu_id);
	c = heap_alloc(sizeof(*c));
	if (!c)
		return refuse(NO_MEMORY, "no memory for a context");
	domain_pause(v->domain);
	pv_get_context(v, c);
	domain_unpause(v->domain);
	rc = put_guest(at, *c) ? 0 : refuse_fault(at);
	heap_free(c);
	return rc;
}

static long get_vcpu_info(struct vcpu *v, struct xen_domctl *op)
{
	struct vcpu_runstate_info r;

	vcpu_get_runstate(v, &r);
	op->u.getvcpuinfo = (struct xen_domctl_getvcpuinfo){
		.vcpu = v->vcpu_id,
		.online = !(v->pause_flags & VPF_DOWN),
		.blocked = !!(v->pause_flags & VPF_BLOCKED),
		.running = v->is_running,
		.cpu_time = r.time[RUNSTATE_running],
		.cpu = v->cpu,
	};
	return 0;
}

/* --- affinity, scheduling --- */

/* One mask for each vCPU: the soft one of the ABI, a wish, is not kept. */
static long affinity(struct vcpu *v, struct xen_domctl *op)
{
	const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	bool set = op->cmd == XEN_DOMCTL_setvcpuaffinity;
	struct cpumask mask;
	int rc;

	if (a->flags != XEN_VCPUAFFINITY_HARD)
		return refuse(BAD_ARGUMENT, "affinity: flags %#x are not HARD", a->flags);
	if (set) {
		rc = bitmap_from_guest(&mask.bits, &a->cpumap_hard);
		if (!rc)
			rc = sched_set_affinity(v, mask);
		if (rc)
			return refuse_as(rc, BAD_ARGUMENT,
					 "affinity of vCPU %u: no such CPU, or no map", v->vcpu_id);
	}
	return bitmap_to_guest(&a->cpumap_hard,
			       v->affinity.bits & (set ? cpus_online().bits : ~0UL));
}

/* Weight 0 and cap ~0 leave what they are. */
static long put_parameters(struct domain *d, u16 weight, u16 cap)
{
	int rc = sched_domain_adjust(d, weight ? weight : d->sched.weight,
				     cap != 0xffff ? cap : d->sched.cap);

	return rc ? refuse_as(rc, BAD_ARGUMENT, "weight %u or cap %u is out of range", weight, cap)
		  : 0;
}

static long scheduler(struct domain *d, struct xen_domctl *domctl)
{
	struct xen_domctl_scheduler_op *op = &domctl->u.scheduler_op;

	/* weight and cap lie at the same place for both ids */
	if (op->sched_id != sched_id && op->sched_id != XEN_SCHEDULER_CREDIT2)
		return refuse(BAD_ARGUMENT, "scheduler %u is not the one in use, %u", op->sched_id,
			      sched_id);
	switch (op->cmd) {
	case XEN_DOMCTL_SCHEDOP_getinfo:
		op->u.credit.weight = (u16)d->sched.weight;
		op->u.credit.cap = (u16)d->sched.cap;
		return 0;
	case XEN_DOMCTL_SCHEDOP_putinfo:
		return put_parameters(d, op->u.credit.weight, op->u.credit.cap);
	default:
		return refuse(BAD_ARGUMENT, "scheduler command %u", op->cmd);
	}
}

/* --- dispatch --- */

/* An operation on a domain, or on one of its vCPUs. */
struct operation {
	long (*on_domain)(struct domain *d, struct xen_domctl *op);
	long (*on_vcpu)(struct vcpu *v, struct xen_domctl *op);
	bool not_self; /* the caller's own domain is refused */
};

static const struct operation operations[] = {
	[XEN_DOMCTL_destroydomain] = {.on_domain = destroy_domain, .not_self = true},
	[XEN_DOMCTL_pausedomain] = {.on_domain = pause_domain, .not_self = true},
	[XEN_DOMCTL_unpausedomain] = {.on_domain = unpause_domain},
	[XEN_DOMCTL_max_mem] = {.on_domain = set_max_mem},
	[XEN_DOMCTL_max_vcpus] = {.on_domain = set_vcpus, .not_self = true},
	[XEN_DOMCTL_setdomainhandle] = {.on_domain = set_handle},
	[XEN_DOMCTL_hypercall_init] = {.on_domain = hypercall_init},
	[XEN_DOMCTL_scheduler_op] = {.on_domain = scheduler},
	[XEN_DOMCTL_ioport_permission] = {.on_domain = domctl_ioport_permission},
	[XEN_DOMCTL_iomem_permission] = {.on_domain = domctl_iomem_permission},
	[XEN_DOMCTL_irq_permission] = {.on_domain = domctl_irq_permission},
	[XEN_DOMCTL_setvcpucontext] = {.on_vcpu = set_context, .not_self = true},
	[XEN_DOMCTL_getvcpucontext] = {.on_vcpu = get_context, .not_self = true},
	[XEN_DOMCTL_getvcpuinfo] = {.on_vcpu = get_vcpu_info},
	[XEN_DOMCTL_setvcpuaffinity] = {.on_vcpu = affinity},
	[XEN_DOMCTL_getvcpuaffinity] = {.on_vcpu = affinity},
};

/* Arguments of operations on a vCPU begin with its number. */
_Static_assert(!offsetof(struct xen_domctl_vcpucontext, vcpu) &&
		       !offsetof(struct xen_domctl_getvcpuinfo, vcpu) &&
		       !offsetof(struct xen_domctl_vcpuaffinity, vcpu),
	       "the vCPU is the first word");

static long run_on(struct domain *d, const struct operation *o, struct xen_domctl *op)
{
	u32 id = op->u.vcpucontext.vcpu;

	if (o->not_self && d == current_domain())
		return refuse(BAD_ARGUMENT, "a domain cannot do this to itself");
	if (o->on_domain)
		return o->on_domain(d, op);
	if (id >= MAX_VCPUS || !d->vcpus[id])
		return refuse(NO_DOMAIN, "domain %u has no vCPU %u", d->mem.domid, id);
	return o->on_vcpu(d->vcpus[id], op);
}

static long run(struct xen_domctl *op)
{
	const struct operation *o = &operations[op->cmd < ARRAY_SIZE(operations) ? op->cmd : 0];
	struct domain *d;
	long rc;

	if (op->cmd == XEN_DOMCTL_createdomain)
		return create_domain(op);
	if (op->cmd == XEN_DOMCTL_getdomaininfo)
		return get_domain_info(op);
	if (!o->on_domain && !o->on_vcpu)
		return refuse_operation(op->cmd);
	rc = get_target(op->domain, &d);
	if (rc)
		return rc;
	rc = run_on(d, o, op);
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
