/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pv/hypercall.h>
#include "hyp/sysctl.h"

static int issue(struct xen_sysctl *op, uint32_t command)
{
	op->cmd = command;
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return (int)HYPERVISOR_sysctl(op);
}

int sysctl_domains(domid_t first, unsigned int room, struct xen_domctl_getdomaininfo *list)
{
	struct xen_sysctl op = {0};

	op.u.getdomaininfolist.first_domain = first;
	op.u.getdomaininfolist.max_domains = room;
	set_xen_guest_handle(op.u.getdomaininfolist.buffer, list);
	int error = issue(&op, XEN_SYSCTL_getdomaininfolist);

	return error ? error : (int)op.u.getdomaininfolist.num_domains;
}

int sysctl_physinfo(struct xen_sysctl_physinfo *info)
{
	struct xen_sysctl op = {0};
	int error = issue(&op, XEN_SYSCTL_physinfo);

	*info = op.u.physinfo;
	return error;
}

int sysctl_scheduler(uint32_t *scheduler)
{
	struct xen_sysctl op = {0};
	int error = issue(&op, XEN_SYSCTL_sched_id);

	*scheduler = op.u.sched_id.sched_id;
	return error;
}

const char *scheduler_name(uint32_t scheduler)
{
	switch (scheduler) {
	case XEN_SCHEDULER_CREDIT:
		return "credit";
	case XEN_SCHEDULER_CREDIT2:
		return "credit2";
	case XEN_SCHEDULER_ARINC653:
		return "arinc653";
	case XEN_SCHEDULER_RTDS:
		return "rtds";
	case XEN_SCHEDULER_NULL:
		return "null";
	default:
		return "unknown";
	}
}

int sysctl_messages(char *buffer, size_t size, uint32_t *index, int clear)
{
	struct xen_sysctl op = {0};

	op.u.readconsole.clear = clear != 0;
	op.u.readconsole.incremental = 1;
	op.u.readconsole.index = *index;
	op.u.readconsole.count = (uint32_t)size;
	set_xen_guest_handle(op.u.readconsole.buffer, buffer);
	int error = issue(&op, XEN_SYSCTL_readconsole);

	*index = op.u.readconsole.index;
	return error ? error : (int)op.u.readconsole.count;
}

int sysctl_idle_times(xen_sysctl_cpuinfo_t *times, unsigned int room)
{
	struct xen_sysctl op = {0};

	op.u.getcpuinfo.max_cpus = room;
	set_xen_guest_handle(op.u.getcpuinfo.info, times);
	int error = issue(&op, XEN_SYSCTL_getcpuinfo);

	return error ? error : (int)op.u.getcpuinfo.nr_cpus;
}
