/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abi/reference/domctl.md, sysctl.md, physdev-platform.md: what dom0 is answered, and others. */
#include <xen/domctl.h>
#include <xen/parapet.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include "answers.h"

static struct xen_domctl d;
static struct xen_sysctl s;
static struct xen_platform_op p;

static long domctl(uint32_t command, domid_t domain)
{
	d.cmd = command;
	d.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	d.domain = domain;
	return HYPERVISOR_domctl(&d);
}

static long sysctl(uint32_t command)
{
	s.cmd = command;
	s.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return HYPERVISOR_sysctl(&s);
}

static long platform(uint32_t command)
{
	p.cmd = command;
	p.interface_version = XENPF_INTERFACE_VERSION;
	return HYPERVISOR_platform_op(&p);
}

static void oneself(void)
{
	ANSWER(domctl(XEN_DOMCTL_getdomaininfo, 0), 0);
	HOLDS(d.u.getdomaininfo.domain == 0 && d.u.getdomaininfo.flags & XEN_DOMINF_running);
	ANSWER(domctl(XEN_DOMCTL_getdomaininfo, NO_DOMAIN), -XEN_ESRCH);
	ANSWER(domctl(XEN_DOMCTL_pausedomain, 0), -XEN_EINVAL);
	ANSWER(domctl(XEN_DOMCTL_destroydomain, 0), -XEN_EINVAL);
	d.u.getvcpuinfo.vcpu = NO_VCPU;
	ANSWER(domctl(XEN_DOMCTL_getvcpuinfo, 0), here(-XEN_ESRCH, -XEN_EINVAL));
	d.u.getvcpuinfo.vcpu = 0;
	ANSWER(domctl(XEN_DOMCTL_getvcpuinfo, 0), 0);
	HOLDS(d.u.getvcpuinfo.online && d.u.getvcpuinfo.running);
	ANSWER(domctl(999, 0), -XEN_ENOSYS);
	ANSWER(domctl(XEN_DOMCTL_pausedomain, NO_DOMAIN), -XEN_ESRCH);
}

static void create(void)
{
	memset(&d.u, 0, sizeof(d.u));
	d.u.createdomain.max_vcpus = 1;
	d.u.createdomain.max_evtchn_port = 100;
	d.u.createdomain.max_grant_frames = d.u.createdomain.max_maptrack_frames = -1;
	d.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(1);
}

/* A domain that never runs. */
static void another(void)
{
	domid_t other;

	create();
	d.u.createdomain.flags = XEN_DOMCTL_CDF_MAX << 1;
	ANSWER(domctl(XEN_DOMCTL_createdomain, 0), -XEN_EINVAL);
	create();
	ANSWER(domctl(XEN_DOMCTL_createdomain, 0), 0);
	other = d.domain;
	HOLDS(other > 0 && other < DOMID_FIRST_RESERVED);
	create();
	ANSWER(domctl(XEN_DOMCTL_createdomain, other), -XEN_EEXIST);
	d.u.max_vcpus.max = 100000;
	ANSWER(domctl(XEN_DOMCTL_max_vcpus, other), -XEN_EINVAL);
	d.u.max_vcpus.max = 1;
	ANSWER(domctl(XEN_DOMCTL_max_vcpus, other), 0);
	d.u.max_mem.max_memkb = 4096;
	ANSWER(domctl(XEN_DOMCTL_max_mem, other), 0);
	ANSWER(domctl(XEN_DOMCTL_getdomaininfo, other), 0);
	HOLDS(d.u.getdomaininfo.max_pages == 1024 && d.u.getdomaininfo.tot_pages == 0);
	HOLDS(d.u.getdomaininfo.flags & XEN_DOMINF_paused);
	d.u.vcpucontext.vcpu = 0;
	ANSWER(domctl(XEN_DOMCTL_getvcpucontext, other), -XEN_ENODATA);
	ANSWER(domctl(XEN_DOMCTL_unpausedomain, other), 0);
	ANSWER(domctl(XEN_DOMCTL_destroydomain, other), 0);
	ANSWER(domctl(XEN_DOMCTL_pausedomain, other), -XEN_ESRCH);
}

static void machine(void)
{
	ANSWER(sysctl(XEN_SYSCTL_physinfo), 0);
	HOLDS(s.u.physinfo.nr_cpus && s.u.physinfo.free_pages <= s.u.physinfo.total_pages);
	ANSWER(sysctl(XEN_SYSCTL_sched_id), 0);
	memset(&s.u, 0, sizeof(s.u));
	s.u.availheap.node = -1;
	ANSWER(sysctl(XEN_SYSCTL_availheap), 0);
	HOLDS(s.u.availheap.avail_bytes && !(s.u.availheap.avail_bytes & 4095));
	memset(&s.u, 0, sizeof(s.u));
	ANSWER(sysctl(XEN_SYSCTL_cputopoinfo), 0);
	HOLDS(s.u.cputopoinfo.num_cpus);
	ANSWER(sysctl(999), -XEN_ENOSYS);
}

static void hardware(void)
{
	p.u.pcpu_info.xen_cpuid = 0;
	ANSWER(platform(XENPF_get_cpuinfo), 0);
	HOLDS(p.u.pcpu_info.flags & XEN_PCPU_FLAGS_ONLINE);
	p.u.firmware_info.type = 99;
	ANSWER(platform(XENPF_firmware_info), -XEN_EINVAL);
	ANSWER(platform(999), -XEN_ENOSYS);
	p.interface_version++;
	ANSWER(HYPERVISOR_platform_op(&p), -XEN_EACCES);
	d.interface_version++;
	ANSWER(HYPERVISOR_domctl(&d), -XEN_EACCES);
	s.interface_version++;
	ANSWER(HYPERVISOR_sysctl(&s), -XEN_EACCES);
}

static long parapet_op(unsigned int command, void *arg)
{
	return pv_hypercall(__HYPERVISOR_parapet_op, command, (unsigned long)arg, 0, 0, 0);
}

static void auditor(void)
{
	static struct parapet_audit audit;
	static struct parapet_refusals refusals = {.domid = DOMID_SELF};

	ANSWER(parapet_op(PARAPET_audit, &audit), 0);
	HOLDS(audit.frames && !audit.kind);
	ANSWER(parapet_op(PARAPET_refusals, &refusals), 0);
	HOLDS(refusals.counts[PARAPET_REFUSED_UNKNOWN]);
	refusals.domid = NO_DOMAIN;
	ANSWER(parapet_op(PARAPET_refusals, &refusals), -XEN_ESRCH);
	ANSWER(parapet_op(99, &audit), -XEN_ENOSYS);
}

void answers_of_control(void)
{
	if (pv_is_dom0()) {
		oneself();
		another();
		machine();
		hardware();
		if (on_parapet)
			auditor();
	} else {
		ANSWER(domctl(XEN_DOMCTL_getdomaininfo, 0), -XEN_EPERM);
		ANSWER(sysctl(XEN_SYSCTL_physinfo), -XEN_EPERM);
		ANSWER(platform(XENPF_get_cpuinfo), -XEN_EPERM);
		if (on_parapet)
			ANSWER(parapet_op(PARAPET_audit, NULL), -XEN_EPERM);
	}
	if (!on_parapet)
		ANSWER(parapet_op(PARAPET_audit, NULL), -XEN_ENOSYS);
	ANSWER(pv_hypercall(__HYPERVISOR_tmem_op, 0, 0, 0, 0, 0), -XEN_ENOSYS);
	ANSWER(pv_hypercall(63, 0, 0, 0, 0, 0), -XEN_ENOSYS);
	ANSWER(pv_hypercall(11, 0, 0, 0, 0, 0), -XEN_ENOSYS);
}
