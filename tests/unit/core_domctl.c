/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl and sysctl: what a keeper asks for, what it may not, and garbage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include <xen/sched.h>
#include <core/calls.h>
#include <xen/sysctl.h>
#include <core/sched.h>
#include <lib/printk.h>
#include <mm/memory.h>
#include "fakes/control.h"
#include "fakes/world.h"

/* --- calling --- */

static struct xen_domctl op;
static struct xen_sysctl sys;
static struct vcpu *was_current;

static long domctl(u32 cmd, domid_t domain)
{
	op.cmd = cmd;
	op.domain = domain;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return do_domctl((u64)&op);
}

static long sysctl(u32 cmd)
{
	sys.cmd = cmd;
	sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return do_sysctl((u64)&sys);
}

static int set_up(void **state)
{
	int rc = world_set_up(state);

	was_current = current_vcpu();
	this_cpu()->current = world_dom0->vcpus[0];
	memset(&op, 0, sizeof(op));
	memset(&sys, 0, sizeof(sys));
	memset(fake_ring, 'x', sizeof(fake_ring));
	return rc;
}

static int tear_down(void **state)
{
	this_cpu()->current = was_current;
	return world_tear_down(state);
}

static domid_t created(u32 vcpus)
{
	op.u.createdomain = (struct xen_domctl_createdomain){
		.max_vcpus = vcpus,
		.max_evtchn_port = 1023,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.grant_opts = 1,
		.handle = {1, 2, 3},
	};
	assert_int_equal(domctl(XEN_DOMCTL_createdomain, 0), 0);
	op.u.max_vcpus.max = vcpus;
	assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, op.domain), 0);
	return op.domain;
}

static struct domain *peek(domid_t id)
{
	struct domain *d = domain_get(id);

	assert_non_null(d);
	domain_put(d);
	return d;
}

static void destroyed(domid_t id)
{
	assert_int_equal(domctl(XEN_DOMCTL_destroydomain, id), 0);
	assert_null(domain_get(id));
}

/* --- domctl --- */

static void only_the_privileged_may(void **state)
{
	domid_t id = created(1);

	(void)state;
	this_cpu()->current = peek(id)->vcpus[0];
	assert_int_equal(domctl(XEN_DOMCTL_pausedomain, 0), -XEN_EPERM);
	assert_int_equal(sysctl(XEN_SYSCTL_physinfo), -XEN_EPERM);
	this_cpu()->current = world_dom0->vcpus[0];
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION - 1;
	op.cmd = XEN_DOMCTL_pausedomain;
	assert_int_equal(do_domctl((u64)&op), -XEN_EACCES);
	fake_fault_from = (u64)&op;
	fake_fault_to = fake_fault_from + sizeof(op);
	assert_int_equal(domctl(XEN_DOMCTL_pausedomain, id), -XEN_EFAULT);
	fake_fault_from = fake_fault_to = 0;
	destroyed(id);
}

static void domain_is_made_as_asked(void **state)
{
	domid_t id = created(2);
	struct domain *d = peek(id);
	struct xen_domctl_getdomaininfo *info = &op.u.getdomaininfo;

	(void)state;
	assert_int_equal(d->max_evtchn_port, 1023);
	assert_int_equal(d->max_grant_frames, 64);
	op.u.max_mem.max_memkb = 8192;
	assert_int_equal(domctl(XEN_DOMCTL_max_mem, id), 0);
	assert_int_equal(domctl(XEN_DOMCTL_getdomaininfo, id), 0);
	assert_int_equal(info->domain, id);
	assert_int_equal(info->flags, XEN_DOMINF_paused);
	assert_int_equal(info->max_pages, 2048);
	assert_int_equal(info->max_vcpu_id, 1);
	assert_int_equal(info->nr_online_vcpus, 0);
	assert_int_equal(info->handle[1], 2);
	assert_int_equal(domctl(XEN_DOMCTL_getdomaininfo, id + 1), -XEN_ESRCH);
	assert_int_equal(domctl(XEN_DOMCTL_getdomaininfo, 1), 0); /* the next that there is */
	assert_int_equal(op.domain, id);
	destroyed(id);
}

static void creation_is_checked(void **state)
{
	static const struct xen_domctl_createdomain good = {
		.max_vcpus = 1, .max_grant_frames = -1, .max_maptrack_frames = -1, .grant_opts = 1};
	struct xen_domctl_createdomain *c = &op.u.createdomain;

	(void)state;
#define REFUSED(field, value)                                                                      \
	do {                                                                                       \
		*c = good;                                                                         \
		c->field = (value);                                                                \
		assert_int_equal(domctl(XEN_DOMCTL_createdomain, 0), -XEN_EINVAL);                 \
	} while (0)
	REFUSED(flags, XEN_DOMCTL_CDF_hvm);
	REFUSED(flags, 0x80000000);
	REFUSED(max_vcpus, 0);
	REFUSED(max_vcpus, MAX_VCPUS + 1);
	REFUSED(grant_opts, 2);
	REFUSED(cpupool_id, 1);
	REFUSED(vmtrace_size, 4096);
	REFUSED(arch.emulation_flags, XEN_X86_EMU_LAPIC);
	*c = good;
	assert_int_equal(domctl(XEN_DOMCTL_createdomain, 77), 0);
	assert_int_equal(domctl(XEN_DOMCTL_createdomain, 77), -XEN_EEXIST);
	destroyed(77);
}

/* Every allocation fails in turn. Returns how many did, until the domctl succeeded. */
static unsigned without_memory(u32 cmd, domid_t id)
{
	const struct xen_domctl good = op;
	int live = fake_heap_live, pages = world_pages;
	unsigned n = 0;

	for (;; n++) {
		op = good;
		fake_heap_left = (int)n;
		long rc = domctl(cmd, id);

		fake_heap_left = -1;
		if (!rc)
			return n;
		assert_int_equal(rc, -XEN_ENOMEM);
		if (cmd == XEN_DOMCTL_createdomain) /* vCPUs that were made stay for the next try */
			assert_int_equal(fake_heap_live, live);
		assert_int_equal(world_pages, pages);
	}
}

static void no_memory_is_an_error(void **state)
{
	unsigned failed;

	(void)state;
	op.u.createdomain = (struct xen_domctl_createdomain){
		.max_vcpus = 3, .max_grant_frames = -1, .max_maptrack_frames = -1, .grant_opts = 1};
	failed = without_memory(XEN_DOMCTL_createdomain, 78);
	assert_in_range(failed, 4, 50);
	op.u.max_vcpus.max = 3;
	failed += without_memory(XEN_DOMCTL_max_vcpus, 78);
	assert_in_range(failed, 8, 60); /* each vCPU with its registers */
	destroyed(78);
	print_message("faults: %u allocations made to fail\n", failed);
}

static void pauses_are_the_keepers(void **state)
{
	domid_t id = created(1);

	(void)state;
	assert_int_equal(domctl(XEN_DOMCTL_unpausedomain, id), 0);
	assert_int_equal(domctl(XEN_DOMCTL_unpausedomain, id), -XEN_EINVAL);
	assert_int_equal(domctl(XEN_DOMCTL_pausedomain, id), 0);
	assert_int_equal(domctl(XEN_DOMCTL_pausedomain, id), 0);
	assert_int_equal(peek(id)->pause_count, 2);
	assert_int_equal(domctl(XEN_DOMCTL_pausedomain, 0), -XEN_EINVAL); /* itself */
	assert_int_equal(domctl(XEN_DOMCTL_destroydomain, 0), -XEN_EINVAL);
	destroyed(id);
}

static void destruction_is_resumed(void **state)
{
	domid_t id = created(2);

	(void)state;
	world_preempt_in = 3;
	world_preempted = 0;
	assert_int_equal(domctl(XEN_DOMCTL_destroydomain, id), HYPERCALL_PREEMPTED);
	assert_int_equal(world_preempted, 1);
	destroyed(id);
}

static void context_is_set_and_read(void **state)
{
	static struct vcpu_guest_context c;
	domid_t id = created(1);
	struct vcpu *v = peek(id)->vcpus[0];

	(void)state;
	op.u.vcpucontext.vcpu = 0;
	op.u.vcpucontext.ctxt.p = &c;
	assert_int_equal(domctl(XEN_DOMCTL_getvcpucontext, id), -XEN_ENODATA);
	/* flags 0: see world.c */
	assert_int_equal(domctl(XEN_DOMCTL_setvcpucontext, id), -XEN_EINVAL);
	c.flags = VGCF_in_kernel;
	assert_int_equal(domctl(XEN_DOMCTL_setvcpucontext, id), 0);
	assert_int_equal(v->pause_flags, VPF_DOWN);
	c.flags |= VGCF_online;
	assert_int_equal(domctl(XEN_DOMCTL_setvcpucontext, id), 0);
	assert_int_equal(v->pause_flags, 0);
	assert_int_equal(domctl(XEN_DOMCTL_getvcpucontext, id), 0);
	assert_int_equal(c.debugreg[0], 0x5a5a5a5a5a5a5a5a);
	op.u.vcpucontext.vcpu = 1;
	assert_int_equal(domctl(XEN_DOMCTL_setvcpucontext, id), -XEN_ESRCH);
	op.u.vcpucontext.vcpu = ~0u;
	assert_int_equal(domctl(XEN_DOMCTL_getvcpucontext, id), -XEN_ESRCH);
	destroyed(id);
}

static void affinity_is_what_is_in_force(void **state)
{
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;
	domid_t id = created(1);
	u8 hard[16];

	(void)state;
	memset(hard, 0xff, sizeof(hard));
	*a = (struct xen_domctl_vcpuaffinity){.flags = XEN_VCPUAFFINITY_HARD};
	a->cpumap_hard.bitmap.p = hard;
	a->cpumap_hard.nr_bits = 128;
	assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, id), 0);
	assert_int_equal(hard[0], 3); /* two CPUs are online */
	assert_int_equal(hard[15], 0);
	assert_int_equal(domctl(XEN_DOMCTL_getvcpuaffinity, id), 0);
	assert_int_equal(hard[7], 0xff);
	assert_int_equal(hard[8], 0);
	hard[0] = 0xf0;
	memset(hard + 1, 0, 15);
	assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, id), -XEN_EINVAL);
	a->flags = XEN_VCPUAFFINITY_SOFT;
	assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, id), -XEN_EINVAL);
	destroyed(id);
}

static void scheduling_parameters(void **state)
{
	struct xen_domctl_scheduler_op *s = &op.u.scheduler_op;
	domid_t id = created(1);

	(void)state;
	*s = (struct xen_domctl_scheduler_op){.sched_id = XEN_SCHEDULER_CREDIT,
					      .cmd = XEN_DOMCTL_SCHEDOP_putinfo,
					      .u.credit = {.weight = 512, .cap = 150}};
	assert_int_equal(domctl(XEN_DOMCTL_scheduler_op, id), 0);
	s->u.credit.weight = 0;
	s->u.credit.cap = 0xffff;
	assert_int_equal(domctl(XEN_DOMCTL_scheduler_op, id), 0); /* as they are */
	s->cmd = XEN_DOMCTL_SCHEDOP_getinfo;
	assert_int_equal(domctl(XEN_DOMCTL_scheduler_op, id), 0);
	assert_int_equal(s->u.credit.weight, 512);
	assert_int_equal(s->u.credit.cap, 150);
	s->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	s->u.credit.cap = 201;
	assert_int_equal(domctl(XEN_DOMCTL_scheduler_op, id), -XEN_EINVAL);
	s->sched_id = XEN_SCHEDULER_RTDS;
	assert_int_equal(domctl(XEN_DOMCTL_scheduler_op, id), -XEN_EINVAL);
	destroyed(id);
}

static long ports(domid_t id, u32 first, u32 count, bool allow)
{
	op.u.ioport_permission = (struct xen_domctl_ioport_permission){first, count, allow};
	return domctl(XEN_DOMCTL_ioport_permission, id);
}

static void permissions_are_ranges(void **state)
{
	domid_t id = created(1);
	struct domain *d = peek(id);

	(void)state;
	assert_int_equal(ports(id, 0x60, 1, true), -XEN_EPERM); /* dom0 has none itself */
	world_dom0->ioport_ranges[0] = (struct mfn_range){0, 0xffff};
	world_dom0->ioport_range_count = 1;
	assert_int_equal(ports(id, 0x60, 4, true), 0);
	assert_int_equal(ports(id, 0x64, 4, true), 0);
	assert_int_equal(d->ioport_range_count, 1);
	assert_int_equal(d->ioport_ranges[0].last, 0x67);
	assert_int_equal(ports(id, 0x62, 2, false), 0);
	assert_int_equal(d->ioport_range_count, 2);
	assert_int_equal(ports(id, 0x10000, 1, true), -XEN_EINVAL);
	assert_int_equal(ports(id, 0xffff, 2, true), -XEN_EINVAL);
	assert_int_equal(ports(id, ~0u, ~0u, true), -XEN_EINVAL);
	assert_int_equal(ports(id, 5, 0, true), -XEN_EINVAL);
	for (u32 i = 0; i < 14; i++)
		assert_int_equal(ports(id, 0x100 + 2 * i, 1, true), 0);
	assert_int_equal(ports(id, 0x200, 1, true), -XEN_ENOSPC);
	assert_int_equal(ports(id, 0x64, 4, false), 0);
	assert_int_equal(ports(id, 0x200, 8, true), 0);
	assert_int_equal(ports(id, 0x203, 1, false), -XEN_ENOSPC); /* a hole is a range more */
	assert_int_equal(ports(id, 0, 0x10000, false), 0);
	assert_int_equal(d->ioport_range_count, 0);
	op.u.iomem_permission = (struct xen_domctl_iomem_permission){~0UL - 1, 4, true};
	assert_int_equal(domctl(XEN_DOMCTL_iomem_permission, id), -XEN_EINVAL);
	op.u.irq_permission = (struct xen_domctl_irq_permission){.pirq = 256};
	assert_int_equal(domctl(XEN_DOMCTL_irq_permission, id), -XEN_EINVAL);
	op.u.irq_permission = (struct xen_domctl_irq_permission){.pirq = 33, .allow_access = 1};
	assert_int_equal(domctl(XEN_DOMCTL_irq_permission, id), 0);
	assert_int_equal(d->irq_allowed[1], 2);
	destroyed(id);
}

static void frames_are_the_domains(void **state)
{
	domid_t id = created(1);

	(void)state;
	world_page = world_new_page(&peek(id)->mem, false);
	op.u.hypercall_init.gmfn = 1;
	assert_int_equal(domctl(XEN_DOMCTL_hypercall_init, id), -XEN_EACCES);
	op.u.hypercall_init.gmfn = WORLD_FRAME;
	assert_int_equal(domctl(XEN_DOMCTL_hypercall_init, id), 0);
	assert_int_equal(*(u8 *)world_page->bytes, 0x51);
	assert_int_equal(world_page->refs, 1);
	destroyed(id);
}

static u8 buffer[65536];

static bool in(const void *start, size_t length, u64 addr, size_t size)
{
	return addr >= (u64)start && size <= length && addr - (u64)start <= length - size;
}

static bool in_buffer_or_argument(u64 addr, size_t size)
{
	return in(buffer, sizeof(buffer), addr, size) || in(&op, sizeof(op), addr, size);
}

/* Any bytes: an error or not, but no crash, no leak, and no harm to dom0. */
static void garbage_does_no_harm(void **state)
{
	(void)state;
	fake_accessible = in_buffer_or_argument;
	srand(7);
	for (unsigned round = 0; round < 30000; round++) {
		domid_t id = round % 3 ? 0 : (domid_t)rand();
		u32 cmd = (u32)rand() % 90;

		for (unsigned i = 0; i < sizeof(op.u.pad); i++)
			op.u.pad[i] = (u8)(rand() % 4 ? rand() : 0);
		/* pointers: to memory that is there, or faulting */
		for (unsigned i = 0; i + 8 <= sizeof(op.u.pad); i += 8)
			*(u64 *)&op.u.pad[i] = rand() % 2 ? (u64)buffer : *(u64 *)&op.u.pad[i];
		domctl(cmd, id);
		assert_false(world_dom0->is_dying);
	}
	fake_accessible = NULL;
	for (domid_t id = 1; id; id++) {
		struct domain *d = domain_find(id, DOMID_FIRST_RESERVED);

		if (!d)
			break;
		id = d->mem.domid;
		domain_put(d);
		destroyed(id);
	}
}

/* --- sysctl --- */

static void machine_is_described(void **state)
{
	(void)state;
	assert_int_equal(sysctl(XEN_SYSCTL_physinfo), 0);
	assert_int_equal(sys.u.physinfo.nr_cpus, 2);
	assert_int_equal(sys.u.physinfo.total_pages, 900);
	assert_int_equal(sys.u.physinfo.free_pages, 300);
	assert_int_equal(sys.u.physinfo.capabilities,
			 XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1);
	assert_int_equal(sysctl(XEN_SYSCTL_sched_id), 0);
	assert_int_equal(sys.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT);
	assert_int_equal(sysctl(XEN_SYSCTL_perfc_op), -XEN_ENOSYS);
	memset(&sys, 0, sizeof(sys));
	assert_int_equal(sysctl(XEN_SYSCTL_cputopoinfo), 0);
	assert_int_equal(sys.u.cputopoinfo.num_cpus, 2);
	memset(&sys, 0, sizeof(sys));
	fake_now += 1000;
	world_run_cpus();
	this_cpu()->current = world_dom0->vcpus[0];
	xen_sysctl_cpuinfo_t times[4];
	sys.u.getcpuinfo.max_cpus = 4;
	sys.u.getcpuinfo.info.p = times;
	assert_int_equal(sysctl(XEN_SYSCTL_getcpuinfo), 0);
	assert_int_equal(sys.u.getcpuinfo.nr_cpus, 2);
	assert_int_equal(times[1].idletime, 1000);
}

static void domains_are_listed(void **state)
{
	xen_domctl_getdomaininfo_t list[4];
	domid_t a = created(1), b = created(1);

	(void)state;
	sys.u.getdomaininfolist.first_domain = 0;
	sys.u.getdomaininfolist.max_domains = 4;
	sys.u.getdomaininfolist.buffer.p = list;
	assert_int_equal(sysctl(XEN_SYSCTL_getdomaininfolist), 0);
	assert_int_equal(sys.u.getdomaininfolist.num_domains, 3);
	assert_int_equal(list[0].domain, 0);
	assert_int_equal(list[1].domain, a);
	assert_int_equal(list[2].domain, b);
	sys.u.getdomaininfolist.first_domain = a;
	sys.u.getdomaininfolist.max_domains = 1;
	assert_int_equal(sysctl(XEN_SYSCTL_getdomaininfolist), 0);
	assert_int_equal(sys.u.getdomaininfolist.num_domains, 1);
	destroyed(a);
	destroyed(b);
}

static void console_is_read_on(void **state)
{
	static char text[1000];

	(void)state;
	sys.u.readconsole.buffer.p = text;
	sys.u.readconsole.count = 500;
	assert_int_equal(sysctl(XEN_SYSCTL_readconsole), 0);
	assert_int_equal(sys.u.readconsole.count, 500);
	sys.u.readconsole.incremental = 1;
	sys.u.readconsole.clear = 1;
	assert_int_equal(sysctl(XEN_SYSCTL_readconsole), 0);
	assert_int_equal(sys.u.readconsole.count, 100);
	assert_int_equal(sys.u.readconsole.index, 600);
	assert_int_equal(fake_ring[0], '.');
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_the_privileged_may), TEST(domain_is_made_as_asked),
		TEST(creation_is_checked),     TEST(no_memory_is_an_error),
		TEST(pauses_are_the_keepers),  TEST(destruction_is_resumed),
		TEST(context_is_set_and_read), TEST(affinity_is_what_is_in_force),
		TEST(scheduling_parameters),   TEST(permissions_are_ranges),
		TEST(frames_are_the_domains),  TEST(garbage_does_no_harm),
		TEST(machine_is_described),    TEST(domains_are_listed),
		TEST(console_is_read_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
