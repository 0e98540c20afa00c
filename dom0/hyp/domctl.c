/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <pv/hypercall.h>
#include <xen/errno.h>
#include <xen/sched.h>
#include "hyp/domctl.h"

#define EVENT_CHANNELS 1023 /* the highest port, as xl gives by default */

static int issue(struct xen_domctl *op, uint32_t command, domid_t domid)
{
	op->cmd = command;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = domid;
	return (int)HYPERVISOR_domctl(op);
}

/* For commands without arguments. */
static int simple(uint32_t command, domid_t domid)
{
	struct xen_domctl op = {0};

	return issue(&op, command, domid);
}

int domctl_create(const uint8_t *uuid, unsigned int max_vcpus, domid_t *domid)
{
	struct xen_domctl op = {0};
	struct xen_domctl_createdomain *create = &op.u.createdomain;

	memcpy(create->handle, uuid, sizeof(create->handle));
	create->max_vcpus = max_vcpus;
	create->max_evtchn_port = EVENT_CHANNELS;
	create->max_grant_frames = -1;
	create->max_maptrack_frames = -1;
	create->grant_opts = XEN_DOMCTL_GRANT_version(1);
	int error = issue(&op, XEN_DOMCTL_createdomain, 0);

	*domid = op.domain;
	return error;
}

int domctl_destroy(domid_t domid)
{
	int error;

	for (;;) {
		error = simple(XEN_DOMCTL_destroydomain, domid);
		if (error != -XEN_EAGAIN && error != -XEN_ERESTART)
			return error;
		HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	}
}

int domctl_pause(domid_t domid)
{
	return simple(XEN_DOMCTL_pausedomain, domid);
}

int domctl_unpause(domid_t domid)
{
	return simple(XEN_DOMCTL_unpausedomain, domid);
}

int domctl_max_vcpus(domid_t domid, unsigned int count)
{
	struct xen_domctl op = {0};

	op.u.max_vcpus.max = count;
	return issue(&op, XEN_DOMCTL_max_vcpus, domid);
}

int domctl_max_mem(domid_t domid, uint64_t kib)
{
	struct xen_domctl op = {0};

	op.u.max_mem.max_memkb = kib;
	return issue(&op, XEN_DOMCTL_max_mem, domid);
}

int domctl_info(domid_t domid, struct xen_domctl_getdomaininfo *info)
{
	struct xen_domctl op = {0};
	int error = issue(&op, XEN_DOMCTL_getdomaininfo, domid);

	if (error)
		return error;
	*info = op.u.getdomaininfo;
	/* The hypervisor answers with the next domain where there is none of this number. */
	return info->domain == domid ? 0 : -XEN_ESRCH;
}

int domctl_vcpu_info(domid_t domid, unsigned int vcpu, struct xen_domctl_getvcpuinfo *info)
{
	struct xen_domctl op = {0};

	op.u.getvcpuinfo.vcpu = vcpu;
	int error = issue(&op, XEN_DOMCTL_getvcpuinfo, domid);

	*info = op.u.getvcpuinfo;
	return error;
}

int domctl_set_vcpu_context(domid_t domid, unsigned int vcpu, struct vcpu_guest_context *context)
{
	struct xen_domctl op = {0};

	op.u.vcpucontext.vcpu = vcpu;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
	return issue(&op, XEN_DOMCTL_setvcpucontext, domid);
}

static int affinity_op(uint32_t command, domid_t domid, unsigned int vcpu, uint8_t *bitmap)
{
	struct xen_domctl op = {0};

	op.u.vcpuaffinity.vcpu = vcpu;
	op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, bitmap);
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 8 * sizeof(cpumask_t);
	return issue(&op, command, domid);
}

int domctl_get_affinity(domid_t domid, unsigned int vcpu, cpumask_t *mask)
{
	*mask = 0;
	return affinity_op(XEN_DOMCTL_getvcpuaffinity, domid, vcpu, (uint8_t *)mask);
}

int domctl_set_affinity(domid_t domid, unsigned int vcpu, cpumask_t mask)
{
	return affinity_op(XEN_DOMCTL_setvcpuaffinity, domid, vcpu, (uint8_t *)&mask);
}

/* The parameters of credit and credit2 have the same layout. */
static int share_op(struct xen_domctl *op, domid_t domid, uint32_t scheduler, uint32_t command)
{
	op->u.scheduler_op.sched_id = scheduler;
	op->u.scheduler_op.cmd = command;
	return issue(op, XEN_DOMCTL_scheduler_op, domid);
}

int domctl_get_share(domid_t domid, uint32_t scheduler, uint16_t *weight, uint16_t *cap)
{
	struct xen_domctl op = {0};
	int error = share_op(&op, domid, scheduler, XEN_DOMCTL_SCHEDOP_getinfo);

	*weight = op.u.scheduler_op.u.credit.weight;
	*cap = op.u.scheduler_op.u.credit.cap;
	return error;
}

int domctl_set_share(domid_t domid, uint32_t scheduler, uint16_t weight, uint16_t cap)
{
	struct xen_domctl op = {0};

	op.u.scheduler_op.u.credit.weight = weight;
	op.u.scheduler_op.u.credit.cap = cap;
	return share_op(&op, domid, scheduler, XEN_DOMCTL_SCHEDOP_putinfo);
}

int domctl_hypercall_page(domid_t domid, uint64_t mfn)
{
	struct xen_domctl op = {0};

	op.u.hypercall_init.gmfn = mfn;
	return issue(&op, XEN_DOMCTL_hypercall_init, domid);
}
