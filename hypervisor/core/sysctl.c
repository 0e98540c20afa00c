/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl: the machine as its keeper sees it. */
#include <xen/errno.h>
#include <core/calls.h>
#include <core/domctl.h>
#include <core/life.h>
#include <core/sched.h>
#include <lib/log.h>
#include <lib/string.h>
#include <mm/heap.h>
#include <x86/machine.h>
#include <x86/time.h>
#include <x86/uaccess.h>

/* --- console --- */

static long read_console(struct xen_sysctl_readconsole *op)
{
	u64 at = (u64)op->buffer.p;
	u32 index = op->incremental ? op->index : 0, count = 0;
	char text[256];

	while (count < op->count) {
		size_t n = console_ring_read(text, MIN(sizeof(text), op->count - count), &index);

		if (!n)
			break;
		if (!copy_to_guest(at + count, text, n))
			return refuse(-XEN_EFAULT, REFUSE_FAULT, "buffer at %#lx is not writable", at);
		count += (u32)n;
	}
	if (op->clear)
		console_ring_clear();
	op->count = count;
	op->index = index;
	return 0;
}

static long debug_keys(const struct xen_sysctl_debug_keys *op)
{
	for (u32 i = 0; i < MIN(op->nr_keys, 64u); i++) {
		char key;

		if (!get_guest(key, (u64)op->keys.p + i))
			return -XEN_EFAULT;
		debug_key(key);
	}
	return 0;
}

/* --- domains --- */

static long domain_list(struct xen_sysctl_getdomaininfolist *op)
{
	struct domain *d = domain_get_next(op->first_domain);
	u64 at = (u64)op->buffer.p;
	long rc = 0;

	op->num_domains = 0;
	while (d && op->num_domains < op->max_domains) {
		struct xen_domctl_getdomaininfo info;
		domid_t next = d->mem.domid + 1;

		domain_fill_info(d, &info);
		domain_put(d);
		d = NULL;
		if (!put_guest(at, info)) {
			rc = refuse(-XEN_EFAULT, REFUSE_FAULT, "buffer at %#lx is not writable", at);
			break;
		}
		at += sizeof(info);
		op->num_domains++;
		d = domain_get_next(next);
	}
	if (d)
		domain_put(d);
	return rc;
}

/* --- hardware --- */

static long physinfo(struct xen_sysctl_physinfo *op)
{
	*op = (struct xen_sysctl_physinfo){
		.threads_per_core = 1,
		.cores_per_socket = cpu_count,
		.nr_cpus = cpu_count,
		.max_cpu_id = cpu_count - 1,
		.nr_nodes = 1,
		.cpu_khz = tsc_khz,
		.capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1,
		.total_pages = machine_ram_pages(),
		.free_pages = heap_free_pages(),
		.outstanding_pages = heap_claimed(),
		.max_mfn = max_mfn - 1,
	};
	for (unsigned i = 0; i < ARRAY_SIZE(op->hw_cap); i++)
		op->hw_cap[i] = cpu_feature_word(NULL, i);
	return 0;
}

static long cpu_topology(struct xen_sysctl_cputopoinfo *op)
{
	u64 at = (u64)op->cputopo.p;

	if (at) {
		for (u32 i = 0; i < MIN(op->num_cpus, cpu_count); i++) {
			const struct xen_sysctl_cputopo topo = {.core = i};

			if (!copy_to_guest(at + i * sizeof(topo), &topo, sizeof(topo)))
				return -XEN_EFAULT;
		}
	}
	op->num_cpus = at ? MIN(op->num_cpus, cpu_count) : cpu_count;
	return 0;
}

static long numa_info(struct xen_sysctl_numainfo *op)
{
	const struct xen_sysctl_meminfo mem = {
		.memsize = machine_ram_pages() << PAGE_SHIFT,
		.memfree = heap_free_pages() << PAGE_SHIFT,
	};
	const u32 distance = 10; /* to itself */

	if (op->num_nodes && op->meminfo.p &&
	    !copy_to_guest((u64)op->meminfo.p, &mem, sizeof(mem)))
		return -XEN_EFAULT;
	if (op->num_nodes && op->distance.p &&
	    !copy_to_guest((u64)op->distance.p, &distance, sizeof(distance)))
		return -XEN_EFAULT;
	op->num_nodes = 1;
	return 0;
}

static long available_heap(struct xen_sysctl_availheap *op)
{
	op->avail_bytes = op->node <= 0 ? heap_free_pages() << PAGE_SHIFT : 0;
	return 0;
}

static long cpu_times(struct xen_sysctl_getcpuinfo *op)
{
	op->nr_cpus = MIN(op->max_cpus, cpu_count);
	for (u32 i = 0; i < op->nr_cpus; i++) {
		const struct xen_sysctl_cpuinfo info = {.idletime = sched_idle_ns(i)};

		if (!copy_to_guest((u64)op->info.p + i * sizeof(info), &info, sizeof(info)))
			return -XEN_EFAULT;
	}
	return 0;
}

static long cpu_policy(struct xen_sysctl_cpu_policy *op)
{
	bool raw = op->index == XEN_SYSCTL_cpu_policy_raw || op->index == XEN_SYSCTL_cpu_policy_host;

	if (!raw && op->index != XEN_SYSCTL_cpu_policy_pv_max &&
	    op->index != XEN_SYSCTL_cpu_policy_pv_default)
		return -XEN_EOPNOTSUPP;
	return cpu_policy_get(raw ? NULL : current_vcpu(), &op->nr_leaves, (u64)op->leaves.p,
			      &op->nr_msrs);
}

/* --- pools, scheduler --- */

static void count_domain(struct domain *d, void *arg)
{
	(void)d;
	++*(u32 *)arg;
}

/* All CPUs are in pool 0, and all domains. */
static long cpu_pool(struct xen_sysctl_cpupool_op *op)
{
	switch (op->op) {
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		if (op->cpupool_id != 0 && op->cpupool_id != XEN_SYSCTL_CPUPOOL_PAR_ANY)
			return -XEN_ENOENT;
		op->cpupool_id = 0;
		op->sched_id = sched_policy->id;
		op->n_dom = 0;
		domain_for_each(count_domain, &op->n_dom);
		return bitmap_to_guest(&op->cpumap, cpus_online().bits);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		return bitmap_to_guest(&op->cpumap, 0);
	case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
		return op->cpupool_id == 0 ? 0 : -XEN_ENOENT;
	default:
		return refuse(-XEN_EOPNOTSUPP, REFUSE_UNKNOWN,
			      "cpupool operation %u: there is one pool, for good", op->op);
	}
}

static long scheduler(struct xen_sysctl_scheduler_op *op)
{
	struct xen_sysctl_credit_schedule *c = &op->u.sched_credit;

	if (op->cpupool_id != 0 || op->sched_id != sched_policy->id)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "pool %u, scheduler %u: there is only 0, %u",
			      op->cpupool_id, op->sched_id, sched_policy->id);
	if (op->cmd == XEN_SYSCTL_SCHEDOP_putinfo) {
		if (c->tslice_ms < XEN_SYSCTL_CSCHED_TSLICE_MIN ||
		    c->tslice_ms > XEN_SYSCTL_CSCHED_TSLICE_MAX || c->ratelimit_us ||
		    c->vcpu_migr_delay_us)
			return refuse(-XEN_EINVAL, REFUSE_ARGUMENT,
				      "time slice of %u ms, rate limit %u us, migration delay %u us",
				      c->tslice_ms, c->ratelimit_us, c->vcpu_migr_delay_us);
		WRITE_ONCE(sched_slice_ns, c->tslice_ms * 1000000UL);
		return 0;
	}
	if (op->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "scheduler command %u", op->cmd);
	*c = (struct xen_sysctl_credit_schedule){.tslice_ms = (u32)(sched_slice_ns / 1000000)};
	return 0;
}

/* --- dispatch --- */

static long run(struct xen_sysctl *op)
{
	switch (op->cmd) {
	case XEN_SYSCTL_readconsole:
		return read_console(&op->u.readconsole);
	case XEN_SYSCTL_physinfo:
		return physinfo(&op->u.physinfo);
	case XEN_SYSCTL_sched_id:
		op->u.sched_id.sched_id = sched_policy->id;
		return 0;
	case XEN_SYSCTL_getdomaininfolist:
		return domain_list(&op->u.getdomaininfolist);
	case XEN_SYSCTL_debug_keys:
		return debug_keys(&op->u.debug_keys);
	case XEN_SYSCTL_getcpuinfo:
		return cpu_times(&op->u.getcpuinfo);
	case XEN_SYSCTL_availheap:
		return available_heap(&op->u.availheap);
	case XEN_SYSCTL_cputopoinfo:
		return cpu_topology(&op->u.cputopoinfo);
	case XEN_SYSCTL_numainfo:
		return numa_info(&op->u.numainfo);
	case XEN_SYSCTL_cpupool_op:
		return cpu_pool(&op->u.cpupool_op);
	case XEN_SYSCTL_scheduler_op:
		return scheduler(&op->u.scheduler_op);
	case XEN_SYSCTL_get_cpu_levelling_caps:
		op->u.cpu_levelling_caps.caps = 0;
		return 0;
	case XEN_SYSCTL_get_cpu_featureset:
		return cpu_featureset_get(&op->u.cpu_featureset);
	case XEN_SYSCTL_get_cpu_policy:
		return cpu_policy(&op->u.cpu_policy);
	default:
		return refuse(-XEN_ENOSYS, REFUSE_UNKNOWN, "there is no operation %u", op->cmd);
	}
}

long do_sysctl(u64 arg)
{
	struct xen_sysctl op;
	long rc;

	if (!current_domain()->privileged)
		return refuse(-XEN_EPERM, REFUSE_PERMISSION, "only dom0 may");
	if (!get_guest(op, arg))
		return refuse(-XEN_EFAULT, REFUSE_FAULT, "argument at %#lx is not accessible", arg);
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return refuse(-XEN_EACCES, REFUSE_ARGUMENT, "interface version %#x, this is %#x",
			      op.interface_version, XEN_SYSCTL_INTERFACE_VERSION);
	rc = run(&op);
	if ((rc >= 0 || rc == -XEN_ENOBUFS) && !put_guest(arg, op))
		return refuse(-XEN_EFAULT, REFUSE_FAULT, "argument at %#lx is not writable", arg);
	return rc;
}
