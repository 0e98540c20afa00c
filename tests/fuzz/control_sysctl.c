/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl: the machine, and lists of domains. */
#include <string.h>
#include <xen/errno.h>
#include <core/calls.h>
#include "control.h"
#include "fakes/control.h"

struct xen_sysctl sys;

static void sysctl_list(void)
{
	struct xen_sysctl_getdomaininfolist *l = &sys.u.getdomaininfolist;
	struct xen_domctl_getdomaininfo *infos = (void *)buffer;
	struct model_domain *d;
	uint32_t n = 0;
	long expected = outer;

	*l = (struct xen_sysctl_getdomaininfolist){.first_domain = any_domain(),
						   .max_domains = any_number()};
	l->buffer.p = any_pointer(buffer);
	uint32_t first = l->first_domain, max = l->max_domains;
	bool reads = (void *)l->buffer.p == buffer;

	for (d = model_next(first); d && n < max && !expected; d = model_next(d->id + 1)) {
		if (!accessible((u64)l->buffer.p + n * sizeof(*infos), sizeof(*infos)))
			expected = -XEN_EFAULT;
		n++;
	}
	sys.cmd = XEN_SYSCTL_getdomaininfolist;
	long rc = do_sysctl((u64)&sys);

	same("getdomaininfolist", rc, expected);
	if (rc)
		return;
	if (l->num_domains != n)
		FINDING("%u domains; the model: %u", l->num_domains, n);
	n = 0;
	for (d = model_next(first); reads && d && n < max; d = model_next(d->id + 1))
		check_info(d, &infos[n++]);
}

static void sysctl_console(void)
{
	struct xen_sysctl_readconsole *c = &sys.u.readconsole;
	uint8_t b = input_byte();
	uint32_t from, count, n;

	memset(fake_ring, 'x', sizeof(fake_ring));
	*c = (struct xen_sysctl_readconsole){.clear = b & 1, .incremental = b >> 1 & 1};
	c->index = b & 4 ? (uint32_t)input_word() : input_byte() * 3u;
	c->count = b & 8 ? (uint32_t)input_word() : input_byte() * 4u;
	c->buffer.p = any_pointer(buffer);
	from = c->incremental ? c->index : 0;
	count = c->count;
	n = from < sizeof(fake_ring) ? MIN(count, (uint32_t)sizeof(fake_ring) - from) : 0;
	bool reads = !n || accessible((u64)c->buffer.p, n);

	memset(buffer, 0, sizeof(buffer));
	sys.cmd = XEN_SYSCTL_readconsole;
	long rc = do_sysctl((u64)&sys);

	same("readconsole", rc, outer ?: reads ? 0 : -XEN_EFAULT);
	if (!rc && (c->count != n || (n && c->index != from + n)))
		FINDING("%u characters; the model: %u", c->count, n);
	if (!rc && n && ((void *)c->buffer.p == buffer) && (buffer[n - 1] != 'x' || buffer[n]))
		FINDING("not %u characters", n);
}

static void sysctl_scheduler(void)
{
	struct xen_sysctl_scheduler_op *s = &sys.u.scheduler_op;
	uint8_t b = input_byte();
	long expected = outer, rc;

	*s = (struct xen_sysctl_scheduler_op){.sched_id = b < 0xf0 ? 5 : b, .cmd = b & 1};
	s->cpupool_id = b & 2 ? input_byte() & 1 : 0;
	if (b & 4)
		s->cmd = any_number();
	s->u.sched_credit.tslice_ms = b & 8 ? (uint32_t)input_word() : 1 + input_byte();
	s->u.sched_credit.ratelimit_us = b & 16 ? input_byte() & 1 : 0;
	uint32_t ms = s->u.sched_credit.tslice_ms;

	if (!expected && (s->cpupool_id || s->sched_id != 5 || s->cmd > 1 ||
			  (!s->cmd && (!ms || ms > 1000 || s->u.sched_credit.ratelimit_us))))
		expected = -XEN_EINVAL;
	sys.cmd = XEN_SYSCTL_scheduler_op;
	rc = do_sysctl((u64)&sys);
	same("sysctl scheduler_op", rc, expected);
	if (!rc && s->cmd == 1 && s->u.sched_credit.tslice_ms != model_slice_ms)
		FINDING("slice %u ms", s->u.sched_credit.tslice_ms);
	if (!rc && !s->cmd)
		model_slice_ms = ms;
}

static void sysctl_tables(bool topology)
{
	uint32_t room = any_number(), n = room < 2 ? room : 2;
	void *to = any_pointer(buffer);
	long expected = outer, rc;
	size_t size = topology ? 12 : 8;

	if (input_byte() > 0xf0)
		to = NULL;
	if (topology) {
		sys.u.cputopoinfo = (struct xen_sysctl_cputopoinfo){.num_cpus = room};
		sys.u.cputopoinfo.cputopo.p = to;
		n = to ? n : 2;
	} else {
		sys.u.getcpuinfo = (struct xen_sysctl_getcpuinfo){.max_cpus = room};
		sys.u.getcpuinfo.info.p = to;
	}
	for (uint32_t i = 0; i < n && !expected && (to || !topology); i++)
		if (!accessible((u64)to + i * size, size))
			expected = -XEN_EFAULT;
	sys.cmd = topology ? XEN_SYSCTL_cputopoinfo : XEN_SYSCTL_getcpuinfo;
	rc = do_sysctl((u64)&sys);
	same("a table of CPUs", rc, expected);
	if (!rc && (topology ? sys.u.cputopoinfo.num_cpus : sys.u.getcpuinfo.nr_cpus) != n)
		FINDING("not %u CPUs", n);
}

static void sysctl_plain(u32 cmd)
{
	bool known = cmd == 3 || cmd == 4 || cmd == 9;

	sys.cmd = cmd;
	sys.u.availheap.node = (int32_t)any_number() - 1;
	bool all = sys.u.availheap.node <= 0;
	long rc = do_sysctl((u64)&sys);

	same("sysctl", rc, outer ?: known ? 0 : -XEN_ENOSYS);
	if (!rc && cmd == 3 &&
	    (sys.u.physinfo.nr_cpus != 2 || sys.u.physinfo.total_pages != 900 ||
	     sys.u.physinfo.free_pages != 300))
		FINDING("physinfo");
	if (!rc && cmd == 4 && sys.u.sched_id.sched_id != 5)
		FINDING("scheduler %u", sys.u.sched_id.sched_id);
	if (!rc && cmd == 9 && sys.u.availheap.avail_bytes != (all ? 300 * 4096 : 0))
		FINDING("%lu bytes", sys.u.availheap.avail_bytes);
}

void op_sysctl(void)
{
	static const u8 own[] = {1, 6, 8, 16, 19};
	uint8_t b = input_byte();

	memset(&sys, 0, sizeof(sys));
	choose_caller();
	if (b < 40)
		sysctl_list();
	else if (b < 80)
		sysctl_console();
	else if (b < 120)
		sysctl_scheduler();
	else if (b < 160)
		sysctl_tables(b & 1);
	else if (!memchr(own, b - 160, sizeof(own)))
		sysctl_plain(b - 160u);
	as_dom0();
}
