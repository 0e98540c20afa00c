/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl: the machine as its keeper sees it. */
#include <core/calls.h>
#include <xen/sysctl.h>
#include <core/sched.h>
#include <mm/frame.h>
#include <x86/time.h>

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
			return refuse_fault(at);
		count += (u32)n;
	}
	if (op->clear)
		console_ring_clear();
	op->count = count;
	op->index = index;
	return 0;
}

/* --- domains --- */

static long domain_list(struct xen_sysctl_getdomaininfolist *op)
{
	struct xen_domctl_getdomaininfo info;
	struct domain *d = domain_find(op->first_domain, DOMID_FIRST_RESERVED);

	op->num_domains = 0;
	for (; d && op->num_domains < op->max_domains; d = domain_next(d)) {
		u64 at = (u64)op->buffer.p + op->num_domains++ * sizeof(info);

		domain_fill_info(d, &info);
		if (!put_guest(at, info)) {
			domain_put(d);
			return refuse_fault(at);
		}
	}
	if (d)
		domain_put(d);
	return 0;
}

/* --- hardware --- */

static long physinfo(struct xen_sysctl_physinfo *op)
{
	u32 leaf[4];

	*op = (struct xen_sysctl_physinfo){
		.threads_per_core = 1,
		.cores_per_socket = cpu_count,
		.nr_cpus = cpu_count,
		.max_cpu_id = cpu_count - 1,
		.nr_nodes = 1,
		.cpu_khz = tsc_khz,
		.capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1,
		.total_pages = machine_ram_pages,
		.free_pages = heap_free_pages(),
		.max_mfn = max_mfn - 1,
	};
	for (unsigned i = 0; i < 4; i++) { /* the feature words that tools print: EDX, ECX */
		cpuid(i < 2 ? 1 : 0x80000001, 0, leaf);
		op->hw_cap[i] = leaf[3 - i % 2];
	}
	return 0;
}

static long cpu_topology(struct xen_sysctl_cputopoinfo *op)
{
	u64 at = (u64)op->cputopo.p;
	u32 count = at ? MIN(op->num_cpus, cpu_count) : cpu_count;

	for (u32 i = 0; at && i < count; i++) {
		const struct xen_sysctl_cputopo topo = {.core = i};

		if (!put_guest(at + i * sizeof(topo), topo))
			return -XEN_EFAULT;
	}
	op->num_cpus = count;
	return 0;
}

static long cpu_times(struct xen_sysctl_getcpuinfo *op)
{
	op->nr_cpus = MIN(op->max_cpus, cpu_count);
	for (u32 i = 0; i < op->nr_cpus; i++) {
		const struct xen_sysctl_cpuinfo info = {.idletime = sched_idle_ns(i)};

		if (!put_guest((u64)op->info.p + i * sizeof(info), info))
			return -XEN_EFAULT;
	}
	return 0;
}

/* --- scheduler --- */

static long scheduler(struct xen_sysctl_scheduler_op *op)
{
	struct xen_sysctl_credit_schedule *c = &op->u.sched_credit;

	if (op->cpupool_id != 0 || op->sched_id != sched_id)
		return refuse(BAD_ARGUMENT, "there is no scheduler %u in pool %u", op->sched_id,
			      op->cpupool_id);
	if (op->cmd == XEN_SYSCTL_SCHEDOP_getinfo) {
		*c = (struct xen_sysctl_credit_schedule){.tslice_ms = sched_slice_ns / 1000000};
		return 0;
	}
	if (op->cmd != XEN_SYSCTL_SCHEDOP_putinfo)
		return refuse(BAD_ARGUMENT, "scheduler command %u", op->cmd);
	if (c->tslice_ms < XEN_SYSCTL_CSCHED_TSLICE_MIN ||
	    c->tslice_ms > XEN_SYSCTL_CSCHED_TSLICE_MAX || c->ratelimit_us || c->vcpu_migr_delay_us)
		return refuse(BAD_ARGUMENT,
			      "time slice %u ms, rate limit %u, migration delay %u us",
			      c->tslice_ms, c->ratelimit_us, c->vcpu_migr_delay_us);
	WRITE_ONCE(sched_slice_ns, c->tslice_ms * 1000000UL);
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
		op->u.sched_id.sched_id = sched_id;
		return 0;
	case XEN_SYSCTL_getdomaininfolist:
		return domain_list(&op->u.getdomaininfolist);
	case XEN_SYSCTL_getcpuinfo:
		return cpu_times(&op->u.getcpuinfo);
	case XEN_SYSCTL_availheap:
		op->u.availheap.avail_bytes =
			op->u.availheap.node <= 0 ? heap_free_pages() << PAGE_SHIFT : 0;
		return 0;
	case XEN_SYSCTL_cputopoinfo:
		return cpu_topology(&op->u.cputopoinfo);
	case XEN_SYSCTL_scheduler_op:
		return scheduler(&op->u.scheduler_op);
	default:
		return refuse_operation(op->cmd);
	}
}

long do_sysctl(u64 arg)
{
	struct xen_sysctl op;
	long rc = control_read(&op, sizeof(op), arg, XEN_SYSCTL_INTERFACE_VERSION) ?: run(&op);

	return rc >= 0 && !put_guest(arg, op) ? refuse_fault(arg) : rc;
}
