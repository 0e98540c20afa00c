/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl: the lives of domains. */
#include <string.h>
#include <xen/errno.h>
#include <core/calls.h>
#include "control.h"
#include "fakes/world.h"

long domctl(u32 cmd)
{
	op.cmd = cmd;
	long rc = do_domctl((u64)&op);

	as_dom0();
	return rc;
}

struct model_domain *target(bool not_oneself, long *rc)
{
	struct model_domain *d = model_find(op.domain);

	*rc = outer ?: !d ? -XEN_ESRCH : not_oneself && d == &m[0] ? -XEN_EINVAL : 0;
	return *rc ? NULL : d;
}

struct model_vcpu *target_vcpu(bool not_oneself, u32 vcpu, long *rc)
{
	struct model_domain *d = target(not_oneself, rc);

	if (d && vcpu >= d->vcpus)
		*rc = -XEN_ESRCH;
	return *rc ? NULL : &d->v[vcpu];
}

void op_create(void)
{
	struct xen_domctl_createdomain *c = &op.u.createdomain;
	uint8_t b = input_byte(), fault = input_byte();
	unsigned slot = 1;
	bool good = true;

	while (slot <= DOMAINS && m[slot].used)
		slot++;
	if (slot > DOMAINS)
		return;
	memset(&op, 0, sizeof(op));
	choose_caller();
	op.domain = b & 1 ? 0 : b & 2 ? (domid_t)(1 + input_byte() % 8) : (domid_t)input_word();
	*c = (struct xen_domctl_createdomain){
		.ssidref = input_byte(),
		.max_vcpus = b & 4 ? any_number() : 2,
		.max_evtchn_port = b & 8 ? 1023 : (uint32_t)input_word(),
		.max_grant_frames = b & 16 ? -1 : (int32_t)input_word(),
		.max_maptrack_frames = b & 32 ? -1 : (int32_t)input_word(),
		.grant_opts = 1,
		.flags = b & 64	   ? 0x10
			 : b & 128 ? 8
				   : 0,
	};
	for (unsigned i = 0; i < 16; i++)
		c->handle[i] = (uint8_t)(b + i);
	if (c->max_vcpus < 1 || c->max_vcpus > 64)
		good = false;
	switch (fault) {
	case 0xf0:
		c->flags |= (uint32_t)input_word();
		good = good && !(c->flags & ~0x18u);
		break;
	case 0xf1:
		c->grant_opts = input_byte();
		good = good && (c->grant_opts & 15) == 1;
		break;
	case 0xf2:
		c->cpupool_id = input_byte();
		good = good && !c->cpupool_id;
		break;
	case 0xf3:
		c->arch.emulation_flags = (uint32_t)input_word();
		good = good && !(c->arch.emulation_flags & ~0x100u);
		break;
	case 0xf4:
		c->iommu_opts = input_byte();
		c->vmtrace_size = input_byte();
		good = good && !c->iommu_opts && !c->vmtrace_size;
		break;
	default:
		if (fault >= 0xe0)
			fake_heap_left = fault & 15;
	}
	bool scarce = fake_heap_left >= 0, choose = !op.domain || op.domain >= SELF;
	const struct xen_domctl_createdomain asked = *c;
	int live = fake_heap_live, pages = world_pages;
	uint32_t wanted = op.domain;
	long expected = outer
				?: !good		   ? -XEN_EINVAL
			   : !choose && model_find(wanted) ? -XEN_EEXIST
							   : 0,
	     rc = domctl(XEN_DOMCTL_createdomain);

	if (scarce && rc == -XEN_ENOMEM && expected != -XEN_EPERM) {
		if (fake_heap_live != live || world_pages != pages)
			FINDING("a domain that was not made costs memory");
		return;
	}
	same("createdomain", rc, expected);
	if (rc)
		return;
	if (model_find(op.domain) || !op.domain || op.domain >= SELF ||
	    (!choose && op.domain != wanted))
		FINDING("domain %u is made as %u", wanted, op.domain);
	m[slot] = (struct model_domain){
		.used = true,
		.id = op.domain,
		.max_vcpus = asked.max_vcpus,
		.pauses = 1,
		.xs = asked.flags & 0x10,
		.label = asked.ssidref,
		.weight = 256,
		.ports_of_events = MIN(asked.max_evtchn_port, 4095u),
		.grant_frames = asked.max_grant_frames < 0    ? 64
				: asked.max_grant_frames == 0 ? 1
							      : (uint32_t)asked.max_grant_frames,
		.handle_frames =
			asked.max_maptrack_frames < 0 ? 1024 : (uint32_t)asked.max_maptrack_frames,
	};
	memcpy(m[slot].handle, asked.handle, 16);
}

void op_max_vcpus(void)
{
	uint8_t b = input_byte();
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	d = target(true, &expected);
	op.u.max_vcpus.max = b < 0xe0 && d ? d->max_vcpus : any_number();
	if (b >= 0xc0 && b < 0xe0)
		fake_heap_left = b & 15;
	if (d && (op.u.max_vcpus.max != d->max_vcpus || d->dying))
		expected = -XEN_EINVAL;
	bool scarce = fake_heap_left >= 0;
	long rc = domctl(XEN_DOMCTL_max_vcpus);

	if (scarce && rc == -XEN_ENOMEM && !expected) { /* those that were made stay */
		struct domain *real = domain_get((domid_t)d->id);
		uint32_t n = 0;

		while (real->vcpus[n])
			n++;
		domain_put(real);
		if (n < d->vcpus || n >= d->max_vcpus)
			FINDING("%u vCPUs and no memory", n);
		for (; d->vcpus < n; d->vcpus++)
			d->v[d->vcpus].affinity = ~0ull;
		return;
	}
	same("max_vcpus", rc, expected);
	for (; !rc && d->vcpus < d->max_vcpus; d->vcpus++)
		d->v[d->vcpus].affinity = ~0ull;
}

void op_max_mem(void)
{
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	op.u.max_mem.max_memkb = input_word();
	d = target(false, &expected);
	uint64_t pages = op.u.max_mem.max_memkb / 4;

	same("max_mem", domctl(XEN_DOMCTL_max_mem), expected);
	if (d)
		d->max_pages = pages;
}

void op_pause(void)
{
	bool pause = input_byte() & 1;
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	d = target(pause, &expected);
	if (d && !pause && !d->pauses)
		expected = -XEN_EINVAL;
	long rc = domctl(pause ? XEN_DOMCTL_pausedomain : XEN_DOMCTL_unpausedomain);

	same(pause ? "pausedomain" : "unpausedomain", rc, expected);
	if (!rc)
		d->pauses += pause ? 1 : -1u;
}

void op_info(void)
{
	struct model_domain *d;

	choose_caller();
	op.domain = any_domain();
	d = op.domain == SELF ? &m[0] : model_next(op.domain);
	long expected = outer ?: d ? 0 : -XEN_ESRCH, rc = domctl(XEN_DOMCTL_getdomaininfo);

	same("getdomaininfo", rc, expected);
	if (rc)
		return;
	if (op.domain != d->id)
		FINDING("information of d%u instead of d%u", op.domain, d->id);
	check_info(d, &op.u.getdomaininfo);
}

void op_handle(void)
{
	struct model_domain *d;
	uint8_t b = input_byte();
	long expected;

	choose_caller();
	op.domain = any_domain();
	memset(op.u.setdomainhandle.handle, b, 16);
	d = target(false, &expected);
	same("setdomainhandle", domctl(XEN_DOMCTL_setdomainhandle), expected);
	if (d)
		memset(d->handle, b, 16);
}

void op_hypercall_page(void)
{
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	op.u.hypercall_init.gmfn = input_byte() & 3 ? WORLD_FRAME : input_word();
	d = target(false, &expected);
	if (d && (op.u.hypercall_init.gmfn != WORLD_FRAME || !d->page))
		expected = -XEN_EACCES;
	same("hypercall_init", domctl(XEN_DOMCTL_hypercall_init), expected);
	if (d && !expected && *(u8 *)world_page->bytes != 0x51)
		FINDING("an empty hypercall page");
}

void forget(struct model_domain *d)
{
	if (d->released && !d->held)
		d->used = false;
}

void destroy(struct model_domain *d, long expected)
{
	bool may_rest = world_preempt_in >= 0;
	long rc = domctl(XEN_DOMCTL_destroydomain);

	if (d)
		d->dying = true;
	if (d && may_rest && rc == HYPERCALL_PREEMPTED) {
		d->page = world_page && world_page->owner->domid == d->id;
		return;
	}
	same("destroydomain", rc, expected);
	if (!d)
		return;
	d->released = true;
	d->page = false;
	forget(d);
}

void op_destroy(void)
{
	uint8_t b = input_byte();
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	d = target(true, &expected);
	if (b & 1)
		world_preempt_in = b >> 1 & 15;
	destroy(d, expected);
}

/* No operation of ours; its arguments are anything. */
void op_unknown(void)
{
	static const u8 known[] = {1,  2,  3,  4,  5,  9,  11, 12, 13,
				   14, 15, 16, 17, 19, 20, 21, 22, 25};
	u32 cmd = input_byte();
	long expected;

	choose_caller();
	if (cmd >= 0xf0)
		cmd = (u32)input_word();
	if (cmd < 256 && memchr(known, (int)cmd, sizeof(known)))
		return;
	op.domain = any_domain();
	for (unsigned i = 0; i < sizeof(op.u.pad); i += 8)
		memset(op.u.pad + i, input_byte(), 8);
	if (target(false, &expected))
		expected = -XEN_ENOSYS;
	same("an unknown domctl", domctl(cmd), expected);
}
