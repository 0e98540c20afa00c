/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domctl and sysctl: the lives of some domains in the hands of dom0, and what others try, made of
 * the input, on two CPUs, one of which runs the guests. The model here knows every domain's state,
 * limits, pauses and permissions. After each call the result, and all domains, must be as it says;
 * at the end everything is destroyed, and no page and no allocation may be left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <xen/errno.h>
#include <xen/sysctl.h>
#include <core/calls.h>
#include <core/sched.h>
#include "fakes/world.h"
#include "input.h"

#define OPERATIONS 150
#define DOMAINS	   6
#define SELF	   0x7ff0u
#define MOST_VCPUS 64
#define MOST_RUNS  40

/* --- the model --- */

struct runs { /* ascending, not adjacent */
	unsigned n;
	struct {
		uint64_t first, last;
	} at[MOST_RUNS];
};

struct model_vcpu {
	bool online, has_context, blocked;
	uint64_t affinity;
};

struct model_domain {
	bool used, dying, released, shut, xs, page, held;
	uint32_t id, max_vcpus, vcpus, pauses, label, weight, cap, reason;
	uint32_t ports_of_events, grant_frames, handle_frames;
	uint64_t max_pages;
	uint8_t handle[16];
	bool irqs[256];
	struct runs ports, frames;
	struct model_vcpu v[MOST_VCPUS];
};

static struct model_domain m[1 + DOMAINS]; /* 0: dom0 */
static uint32_t model_slice_ms;

static struct input in;
static struct xen_domctl op;
static struct xen_sysctl sys;
static struct vcpu_guest_context context;
static uint8_t buffer[4096];
static struct page *held;
static uint8_t ring[600];

static void runs_insert(struct runs *r, uint64_t first, uint64_t last)
{
	unsigned at = 0;

	while (at < r->n && r->at[at].first < first)
		at++;
	memmove(&r->at[at + 1], &r->at[at], (r->n - at) * sizeof(r->at[0]));
	r->at[at].first = first;
	r->at[at].last = last;
	r->n++;
}

static struct runs runs_with(const struct runs *r, uint64_t first, uint64_t last)
{
	struct runs out = {0};

	for (unsigned i = 0; i < r->n; i++) {
		if (r->at[i].last + 1 < first || r->at[i].first > last + 1) {
			runs_insert(&out, r->at[i].first, r->at[i].last);
			continue;
		}
		first = r->at[i].first < first ? r->at[i].first : first;
		last = r->at[i].last > last ? r->at[i].last : last;
	}
	runs_insert(&out, first, last);
	return out;
}

static struct runs runs_without(const struct runs *r, uint64_t first, uint64_t last)
{
	struct runs out = {0};

	for (unsigned i = 0; i < r->n; i++) {
		if (r->at[i].last < first || r->at[i].first > last) {
			runs_insert(&out, r->at[i].first, r->at[i].last);
			continue;
		}
		if (r->at[i].first < first)
			runs_insert(&out, r->at[i].first, first - 1);
		if (r->at[i].last > last)
			runs_insert(&out, last + 1, r->at[i].last);
	}
	return out;
}

static bool runs_hold(const struct runs *r, uint64_t first, uint64_t last)
{
	for (unsigned i = 0; i < r->n; i++)
		if (first >= r->at[i].first && last <= r->at[i].last)
			return true;
	return false;
}

static struct model_domain *model_find(uint32_t id)
{
	for (unsigned i = 0; i <= DOMAINS; i++)
		if (m[i].used && m[i].id == (id == SELF ? 0 : id))
			return &m[i];
	return NULL;
}

/* The one with the lowest id from there on. */
static struct model_domain *model_next(uint32_t id)
{
	struct model_domain *best = NULL;

	for (unsigned i = 0; i <= DOMAINS; i++)
		if (m[i].used && m[i].id >= id && (!best || m[i].id < best->id))
			best = &m[i];
	return best;
}

static bool may_run(const struct model_domain *d, const struct model_vcpu *v)
{
	return v->online && !v->blocked && !d->pauses && !d->dying && !d->shut;
}

/* --- what only these calls need of the world --- */

u64 max_mfn = 1000, machine_ram_pages = 900;

u64 heap_free_pages(void)
{
	return 300;
}

size_t console_ring_read(char *buf, size_t size, u32 *index)
{
	size_t n = *index < sizeof(ring) ? MIN(size, sizeof(ring) - *index) : 0;

	if (n)
		memcpy(buf, ring + *index, n);
	*index += (u32)n;
	return n;
}

void console_ring_clear(void)
{
	memset(ring, 0, sizeof(ring));
}

void pv_fill_hypercall_page(void *page)
{
	memset(page, 0xcc, PAGE_SIZE);
}

void cpuid(u32 leaf, u32 subleaf, u32 out[4])
{
	out[0] = leaf;
	out[1] = subleaf;
	out[2] = 0xff;
	out[3] = 0xf0;
}

static bool run_guests(void)
{
	u32 work = cpus[1]->work & (WORK_TIMERS | WORK_SCHEDULE);

	cpus[1]->work = 0;
	fake_cpu = 1;
	if (work & WORK_TIMERS)
		timers_run();
	if (work & WORK_SCHEDULE)
		schedule();
	fake_cpu = 0;
	return work;
}

/* dom0 waits for the other CPU. */
void __wrap_cpu_relax(void);
void __wrap_cpu_relax(void)
{
	if (!run_guests())
		FINDING("a wait without end");
}

static bool refuse_all;

static bool accessible(u64 addr, size_t size)
{
	const struct {
		const void *start;
		size_t size;
	} all[] = {{&op, sizeof(op)},
		   {&sys, sizeof(sys)},
		   {&context, sizeof(context)},
		   {buffer, sizeof(buffer)}};

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		if (addr - (u64)all[i].start <= all[i].size &&
		    size <= all[i].size - (addr - (u64)all[i].start))
			return !refuse_all;
	return false;
}

/* --- parts of the input --- */

static struct model_domain *any_model(void)
{
	struct model_domain *d = &m[input_byte(&in) % (1 + DOMAINS)];

	return d->used ? d : &m[0];
}

static domid_t any_domain(void)
{
	uint8_t b = input_byte(&in);

	if (b < 0xe0)
		return (domid_t)any_model()->id;
	return b < 0xf0 ? SELF : (domid_t)input_word(&in);
}

static uint32_t any_number(void)
{
	uint8_t b = input_byte(&in);

	return b < 0xf0 ? b % 8 : b < 0xf8 ? 60 + b % 8 : (uint32_t)input_word(&in);
}

static void *any_pointer(void *good)
{
	uint8_t b = input_byte(&in);

	return b < 0xf0 ? good : b < 0xf8 ? (void *)0xffff830000000000 : (void *)input_word(&in);
}

static void same(const char *what, long rc, long expected)
{
	accepted += rc >= 0;
	if (rc != expected)
		FINDING("%s: %ld; the model: %ld", what, rc, expected);
}

/* --- calling: by whom, and how well --- */

static bool by_dom0;
static long outer; /* -errno, if it does not come to the command */

static void choose_caller(void)
{
	uint8_t b = input_byte(&in);
	struct model_domain *d = b < 0xe0 ? &m[0] : any_model();

	by_dom0 = d == &m[0] || !d->vcpus;
	outer = by_dom0 ? 0 : -XEN_EPERM;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	refuse_all = (b & 0x1f) == 0x1f;
	if ((b & 0x1f) == 0x1e) {
		sys.interface_version = op.interface_version = (uint32_t)input_word(&in);
		if (op.interface_version != 0x15)
			outer = outer ?: -XEN_EACCES;
	}
	if (refuse_all)
		outer = outer ?: -XEN_EFAULT;
	if (!by_dom0) {
		struct domain *real = domain_get((domid_t)d->id);

		this_cpu()->current = real->vcpus[0];
		domain_put(real);
	}
}

static void as_dom0(void)
{
	this_cpu()->current = world_dom0->vcpus[0];
	refuse_all = false;
	fake_heap_left = -1;
	world_preempt_in = -1;
}

static long domctl(u32 cmd)
{
	op.cmd = cmd;
	long rc = do_domctl((u64)&op);

	as_dom0();
	return rc;
}

/* The model's domain, if the call gets so far; else *rc says how it must end. */
static struct model_domain *target(u32 cmd, bool not_oneself, long *rc)
{
	struct model_domain *d = model_find(op.domain);

	(void)cmd;
	*rc = outer ?: !d ? -XEN_ESRCH : not_oneself && d == &m[0] ? -XEN_EINVAL : 0;
	return *rc ? NULL : d;
}

static struct model_vcpu *target_vcpu(bool not_oneself, u32 vcpu, long *rc)
{
	struct model_domain *d = target(0, not_oneself, rc);

	if (d && vcpu >= d->vcpus)
		*rc = -XEN_ESRCH;
	return *rc ? NULL : &d->v[vcpu];
}

/* --- domctl --- */

static void op_create(void)
{
	struct xen_domctl_createdomain *c = &op.u.createdomain;
	uint8_t b = input_byte(&in), fault = input_byte(&in);
	unsigned slot = 1;
	bool good = true;

	while (slot <= DOMAINS && m[slot].used)
		slot++;
	if (slot > DOMAINS)
		return;
	memset(&op, 0, sizeof(op));
	choose_caller();
	op.domain = b & 1   ? 0
		    : b & 2 ? (domid_t)(1 + input_byte(&in) % 8)
			    : (domid_t)input_word(&in);
	*c = (struct xen_domctl_createdomain){
		.ssidref = input_byte(&in),
		.max_vcpus = b & 4 ? any_number() : 2,
		.max_evtchn_port = b & 8 ? 1023 : (uint32_t)input_word(&in),
		.max_grant_frames = b & 16 ? -1 : (int32_t)input_word(&in),
		.max_maptrack_frames = b & 32 ? -1 : (int32_t)input_word(&in),
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
		c->flags |= (uint32_t)input_word(&in);
		good = good && !(c->flags & ~0x18u);
		break;
	case 0xf1:
		c->grant_opts = input_byte(&in);
		good = good && (c->grant_opts & 15) == 1;
		break;
	case 0xf2:
		c->cpupool_id = input_byte(&in);
		good = good && !c->cpupool_id;
		break;
	case 0xf3:
		c->arch.emulation_flags = (uint32_t)input_word(&in);
		good = good && !(c->arch.emulation_flags & ~0x100u);
		break;
	case 0xf4:
		c->iommu_opts = input_byte(&in);
		c->vmtrace_size = input_byte(&in);
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

static void op_max_vcpus(void)
{
	uint8_t b = input_byte(&in);
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	d = target(0, true, &expected);
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

static void op_max_mem(void)
{
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	op.u.max_mem.max_memkb = input_word(&in);
	d = target(0, false, &expected);
	uint64_t pages = op.u.max_mem.max_memkb / 4;

	same("max_mem", domctl(XEN_DOMCTL_max_mem), expected);
	if (d)
		d->max_pages = pages;
}

static void op_pause(void)
{
	bool pause = input_byte(&in) & 1;
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	d = target(0, pause, &expected);
	if (d && !pause && !d->pauses)
		expected = -XEN_EINVAL;
	long rc = domctl(pause ? XEN_DOMCTL_pausedomain : XEN_DOMCTL_unpausedomain);

	same(pause ? "pausedomain" : "unpausedomain", rc, expected);
	if (!rc)
		d->pauses += pause ? 1 : -1u;
}

static void check_info(const struct model_domain *d, const struct xen_domctl_getdomaininfo *i)
{
	uint32_t online = 0, blocked = 0, flags;

	for (uint32_t v = 0; v < d->vcpus; v++) {
		online += d->v[v].online;
		blocked += d->v[v].online && d->v[v].blocked;
	}
	flags = (d->dying ? 1 : 0) | (d->pauses ? 8 : 0) | (d->xs ? 0x80 : 0) |
		(online && blocked == online ? 0x10 : 0) | (d->shut ? 4 | d->reason << 16 : 0);
	if (i->domain != d->id || (i->flags & ~0x20u) != flags || i->nr_online_vcpus != online ||
	    i->max_vcpu_id != d->vcpus - 1 || i->max_pages != d->max_pages ||
	    i->tot_pages != (d->page || d->held) || i->ssidref != d->label ||
	    memcmp(i->handle, d->handle, 16))
		FINDING("information of d%u: flags %x, %u vCPUs up, max %lu; the model: d%u, %x, %u, %lu",
			i->domain, i->flags, i->nr_online_vcpus, i->max_pages, d->id, flags, online,
			d->max_pages);
}

static void op_info(void)
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

static void op_context(void)
{
	bool set = input_byte(&in) & 1;
	struct model_domain *d;
	struct model_vcpu *v;
	long expected;

	choose_caller();
	memset(&context, 0, sizeof(context));
	context.flags = input_byte(&in) & 0x3f;
	op.domain = any_domain();
	op.u.vcpucontext.vcpu = any_number();
	op.u.vcpucontext.ctxt.p = any_pointer(&context);
	d = model_find(op.domain);
	v = target_vcpu(true, op.u.vcpucontext.vcpu, &expected);
	bool reads = accessible((u64)op.u.vcpucontext.ctxt.p, sizeof(context));

	if (v && set)
		expected = d->dying	    ? -XEN_EINVAL
			   : !reads	    ? -XEN_EFAULT
			   : !context.flags ? -XEN_EINVAL
					    : 0;
	else if (v)
		expected = !v->has_context ? -XEN_ENODATA : !reads ? -XEN_EFAULT : 0;
	long rc = domctl(set ? XEN_DOMCTL_setvcpucontext : XEN_DOMCTL_getvcpucontext);

	same(set ? "setvcpucontext" : "getvcpucontext", rc, expected);
	if (rc || !set)
		return;
	v->has_context = true;
	v->online = context.flags & 0x20;
}

static void op_vcpu_info(void)
{
	const struct xen_domctl_getvcpuinfo *i = &op.u.getvcpuinfo;
	struct model_vcpu *v;
	long expected, rc;

	choose_caller();
	op.domain = any_domain();
	op.u.getvcpuinfo.vcpu = any_number();
	v = target_vcpu(false, i->vcpu, &expected);
	rc = domctl(XEN_DOMCTL_getvcpuinfo);
	same("getvcpuinfo", rc, expected);
	if (!rc && (i->online != v->online || i->blocked != v->blocked || i->cpu > 1 ||
		    (i->running && !may_run(model_find(op.domain), v))))
		FINDING("information of a vCPU: up %u, blocked %u, running %u", i->online,
			i->blocked, i->running);
}

static void op_affinity(void)
{
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;
	bool set = input_byte(&in) & 1;
	struct model_vcpu *v;
	uint64_t mask, shown = 0;
	long expected, rc;

	choose_caller();
	op.domain = any_domain();
	*a = (struct xen_domctl_vcpuaffinity){.vcpu = any_number(), .flags = 1};
	a->cpumap_hard.nr_bits = input_byte(&in);
	if (a->cpumap_hard.nr_bits >= 0xf0)
		a->cpumap_hard.nr_bits = (uint32_t)input_word(&in);
	a->cpumap_hard.bitmap.p = any_pointer(buffer);
	if (input_byte(&in) >= 0xf0)
		a->flags = input_byte(&in);
	memset(buffer, 0xee, 200);
	mask = input_byte(&in) & 1 ? input_word(&in) : input_byte(&in);
	memcpy(buffer, &mask, 8);

	uint64_t bits = a->cpumap_hard.nr_bits, bytes = (bits + 7) / 8;
	uint64_t known = bits < 64 ? (1ull << bits) - 1 : ~0ull;
	bool reads = accessible((u64)a->cpumap_hard.bitmap.p, bytes < 128 ? bytes : 128);

	v = target_vcpu(false, a->vcpu, &expected);
	if (v)
		expected = a->flags != 1		? -XEN_EINVAL
			   : !reads			? -XEN_EFAULT
			   : set && !(mask & known & 3) ? -XEN_EINVAL
							: 0;
	rc = domctl(set ? XEN_DOMCTL_setvcpuaffinity : XEN_DOMCTL_getvcpuaffinity);
	/* a pointer may be good for the mask, and not for the answer */
	if (v && set && rc == -XEN_EFAULT && expected == -XEN_EINVAL && !reads)
		return;
	same(set ? "setvcpuaffinity" : "getvcpuaffinity", rc, expected);
	if (rc)
		return;
	if (set)
		v->affinity = mask & known;
	mask = v->affinity & known & (set ? 3 : ~0ull);
	memcpy(&shown, buffer, bytes < 8 ? bytes : 8);
	if ((void *)a->cpumap_hard.bitmap.p == buffer && shown != mask)
		FINDING("affinity %#lx; the model: %#lx", shown, mask);
	if (buffer[bytes < 128 ? bytes : 128] !=
		    (bytes < 8 ? ((u8 *)&(uint64_t){mask})[7] : 0xee) &&
	    bytes >= 8)
		FINDING("more than the bitmap is written");
}

static void op_scheduler(void)
{
	struct xen_domctl_scheduler_op *s = &op.u.scheduler_op;
	uint8_t b = input_byte(&in);
	struct model_domain *d;
	long expected, rc;

	choose_caller();
	op.domain = any_domain();
	*s = (struct xen_domctl_scheduler_op){.sched_id = b < 0xf0 ? 5 + (b & 1) : b,
					      .cmd = b >> 1 & 1};
	if (input_byte(&in) >= 0xf0)
		s->cmd = any_number();
	s->u.credit.weight = (uint16_t)(b & 4 ? input_word(&in) : input_byte(&in) * 4);
	s->u.credit.cap = (uint16_t)(b & 8    ? 0xffff
				     : b & 16 ? input_word(&in)
					      : input_byte(&in) * 2);
	uint32_t weight = s->u.credit.weight, cap = s->u.credit.cap;

	d = target(0, false, &expected);
	weight = d && !weight ? d->weight : weight;
	cap = d && cap == 0xffff ? d->cap : cap;
	if (d && ((s->sched_id != 5 && s->sched_id != 6) || s->cmd > 1 || (!s->cmd && cap > 200)))
		expected = -XEN_EINVAL;
	rc = domctl(XEN_DOMCTL_scheduler_op);
	same("scheduler_op", rc, expected);
	if (!rc && s->cmd == 1 && (s->u.credit.weight != d->weight || s->u.credit.cap != d->cap))
		FINDING("weight %u, cap %u", s->u.credit.weight, s->u.credit.cap);
	if (!rc && !s->cmd) {
		d->weight = weight;
		d->cap = cap;
	}
}

static long permission(struct runs *own, const struct runs *dom0s, uint64_t first, uint64_t last,
		       bool allow, unsigned most)
{
	struct runs new;

	if (allow && !runs_hold(dom0s, first, last))
		return -XEN_EPERM;
	new = allow ? runs_with(own, first, last) : runs_without(own, first, last);
	if (new.n > most)
		return -XEN_ENOSPC;
	*own = new;
	return 0;
}

static void op_ports(void)
{
	uint8_t b = input_byte(&in);
	struct xen_domctl_ioport_permission *p = &op.u.ioport_permission;
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	*p = (struct xen_domctl_ioport_permission){input_byte(&in), 1 + (b & 3), b & 0x80};
	if (b & 0x10) {
		p->first_port = (uint32_t)input_word(&in);
		p->nr_ports = b & 0x20 ? input_byte(&in) * 1024u : (uint32_t)input_word(&in);
	}
	uint64_t last = (uint64_t)p->first_port + p->nr_ports - 1;

	d = target(0, false, &expected);
	if (d)
		expected = !p->nr_ports || last > 0xffff
				   ? -XEN_EINVAL
				   : permission(&d->ports, &m[0].ports, p->first_port, last,
						p->allow_access, 16);
	same("ioport_permission", domctl(XEN_DOMCTL_ioport_permission), expected);
}

/* Until there are too many. */
static void op_many_ports(void)
{
	struct xen_domctl_ioport_permission *p = &op.u.ioport_permission;
	uint8_t first = input_byte(&in), n = input_byte(&in) % 20;
	domid_t name = any_domain();
	struct model_domain *d;
	long expected;

	outer = 0;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	for (unsigned i = 0; i < n; i++) {
		op.domain = name;
		*p = (struct xen_domctl_ioport_permission){first + 4 * i, 3, 1};
		d = target(0, false, &expected);
		if (d)
			expected = permission(&d->ports, &m[0].ports, p->first_port,
					      p->first_port + 2, true, 16);
		same("ioport_permission", domctl(XEN_DOMCTL_ioport_permission), expected);
	}
}

static void op_frames(void)
{
	uint8_t b = input_byte(&in);
	struct xen_domctl_iomem_permission *p = &op.u.iomem_permission;
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	*p = (struct xen_domctl_iomem_permission){0x100u + input_byte(&in), 1 + (b & 3), b & 0x80};
	if (b & 0x10) {
		p->first_mfn = b & 0x40 ? input_byte(&in) : input_word(&in);
		p->nr_mfns = b & 0x20 ? input_byte(&in) * 64u : input_word(&in);
	}
	uint64_t last = p->first_mfn + p->nr_mfns - 1;

	d = target(0, false, &expected);
	if (d)
		expected = !p->nr_mfns || last < p->first_mfn || last >> 40
				   ? -XEN_EINVAL
				   : permission(&d->frames, &m[0].frames, p->first_mfn, last,
						p->allow_access, 32);
	same("iomem_permission", domctl(XEN_DOMCTL_iomem_permission), expected);
}

static void op_irq(void)
{
	struct xen_domctl_irq_permission *p = &op.u.irq_permission;
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	*p = (struct xen_domctl_irq_permission){.pirq = input_byte(&in),
						.allow_access = input_byte(&in) & 3};
	if (p->pirq >= 0xf8)
		p->pirq = (uint32_t)input_word(&in);
	d = target(0, false, &expected);
	if (d && p->pirq > 255)
		expected = -XEN_EINVAL;
	same("irq_permission", domctl(XEN_DOMCTL_irq_permission), expected);
	if (d && !expected)
		d->irqs[p->pirq] = p->allow_access;
}

static void op_handle(void)
{
	struct model_domain *d;
	uint8_t b = input_byte(&in);
	long expected;

	choose_caller();
	op.domain = any_domain();
	memset(op.u.setdomainhandle.handle, b, 16);
	d = target(0, false, &expected);
	same("setdomainhandle", domctl(XEN_DOMCTL_setdomainhandle), expected);
	if (d)
		memset(d->handle, b, 16);
}

static void op_hypercall_page(void)
{
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	op.u.hypercall_init.gmfn = input_byte(&in) & 3 ? WORLD_FRAME : input_word(&in);
	d = target(0, false, &expected);
	if (d && (op.u.hypercall_init.gmfn != WORLD_FRAME || !d->page))
		expected = -XEN_EACCES;
	same("hypercall_init", domctl(XEN_DOMCTL_hypercall_init), expected);
	if (d && !expected && *(u8 *)world_page->bytes != 0xcc)
		FINDING("an empty hypercall page");
}

static void forget(struct model_domain *d)
{
	if (d->released && !d->held)
		d->used = false;
}

static void destroy(struct model_domain *d, long expected)
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

static void op_destroy(void)
{
	uint8_t b = input_byte(&in);
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	d = target(0, true, &expected);
	if (b & 1)
		world_preempt_in = b >> 1 & 15;
	destroy(d, expected);
}

/* No operation of ours; its arguments are anything. */
static void op_unknown(void)
{
	static const u8 known[] = {1,  2,  3,  4,  5,  9,  11, 12, 13,
				   14, 15, 16, 17, 19, 20, 21, 22, 25};
	u32 cmd = input_byte(&in);
	long expected;

	choose_caller();
	if (cmd >= 0xf0)
		cmd = (u32)input_word(&in);
	if (cmd < 256 && memchr(known, (int)cmd, sizeof(known)))
		return;
	op.domain = any_domain();
	for (unsigned i = 0; i < sizeof(op.u.pad); i += 8)
		memset(op.u.pad + i, input_byte(&in), 8);
	if (target(0, false, &expected))
		expected = -XEN_ENOSYS;
	same("an unknown domctl", domctl(cmd), expected);
}

/* --- sysctl --- */

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
	uint8_t b = input_byte(&in);
	uint32_t from, count, n;

	memset(ring, 'x', sizeof(ring));
	*c = (struct xen_sysctl_readconsole){.clear = b & 1, .incremental = b >> 1 & 1};
	c->index = b & 4 ? (uint32_t)input_word(&in) : input_byte(&in) * 3u;
	c->count = b & 8 ? (uint32_t)input_word(&in) : input_byte(&in) * 4u;
	c->buffer.p = any_pointer(buffer);
	from = c->incremental ? c->index : 0;
	count = c->count;
	n = from < sizeof(ring) ? MIN(count, (uint32_t)sizeof(ring) - from) : 0;
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
	uint8_t b = input_byte(&in);
	long expected = outer, rc;

	*s = (struct xen_sysctl_scheduler_op){.sched_id = b < 0xf0 ? 5 : b, .cmd = b & 1};
	s->cpupool_id = b & 2 ? input_byte(&in) & 1 : 0;
	if (b & 4)
		s->cmd = any_number();
	s->u.sched_credit.tslice_ms = b & 8 ? (uint32_t)input_word(&in) : 1 + input_byte(&in);
	s->u.sched_credit.ratelimit_us = b & 16 ? input_byte(&in) & 1 : 0;
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

	if (input_byte(&in) > 0xf0)
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

static void op_sysctl(void)
{
	static const u8 own[] = {1, 6, 8, 16, 19};
	uint8_t b = input_byte(&in);

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

/* --- what guests do, and time --- */

static struct domain *real_of(const struct model_domain *d)
{
	struct domain *real = domain_get((domid_t)d->id);

	if (!real)
		FINDING("d%u is lost", d->id);
	domain_put(real);
	return real;
}

static void guest_shuts_down(void)
{
	struct model_domain *d = any_model();
	uint8_t reason = input_byte(&in) % 6;

	if (d == &m[0])
		return;
	domain_shutdown(real_of(d), reason);
	if (!d->shut && !d->dying) {
		d->shut = true;
		d->reason = reason;
	}
}

static void guest_blocks(void)
{
	struct model_domain *d = any_model();
	uint32_t n = input_byte(&in);
	struct vcpu *v;

	if (d == &m[0] || !d->vcpus || d->dying)
		return;
	n %= d->vcpus;
	v = real_of(d)->vcpus[n];
	if (d->v[n].blocked) {
		vcpu_unblock(v);
	} else {
		v->pause_flags |= VPF_BLOCKED;
		vcpu_sleep_nosync(v);
	}
	d->v[n].blocked = !d->v[n].blocked;
}

/* A page for a domain, or a reference of somebody else's to it, or its end. */
static void pages(void)
{
	struct model_domain *d = any_model();

	if (held) {
		for (unsigned i = 1; i <= DOMAINS; i++)
			if (m[i].used && m[i].held) {
				m[i].held = false;
				forget(&m[i]);
			}
		mm_put_page(held);
		held = NULL;
	} else if (world_page) {
		held = world_page;
		held->refs++;
		model_find(held->owner->domid)->held = true;
	} else if (d != &m[0] && !d->dying) {
		world_page = world_new_page(&real_of(d)->mem, false);
		d->page = true;
	}
}

static void time_passes(void)
{
	fake_now += input_byte(&in) * 100000ull;
	if (fake_deadline[1] <= fake_now) {
		fake_deadline[1] = ~0ul;
		cpus[1]->work |= WORK_TIMERS;
	}
}

static void (*const table[])(void) = {
	op_create,    op_max_vcpus, op_max_mem,	       op_pause,   op_info,    op_context,
	op_vcpu_info, op_affinity,  op_scheduler,      op_ports,   op_frames,  op_irq,
	op_handle,    op_sysctl,    op_hypercall_page, op_destroy, op_unknown, guest_shuts_down,
	guest_blocks, pages,	    time_passes,       op_context, op_create,  op_max_vcpus,
	op_pause,     op_ports,	    op_sysctl,	       op_pause,   op_frames,  op_context,
	time_passes,  op_many_ports};

/* --- comparison --- */

static void compare_runs(const struct model_domain *d, const struct runs *r,
			 const struct mfn_range *real, unsigned n)
{
	if (n != r->n)
		FINDING("d%u has %u ranges; the model: %u", d->id, n, r->n);
	for (unsigned i = 0; i < n; i++) {
		bool found = false;

		for (unsigned j = 0; j < n; j++)
			found |= real[i].first == r->at[j].first && real[i].last == r->at[j].last;
		if (!found)
			FINDING("d%u may use %#lx..%#lx", d->id, real[i].first, real[i].last);
	}
}

static void compare_vcpu(const struct model_domain *d, const struct domain *real, uint32_t i)
{
	const struct model_vcpu *v = &d->v[i];
	const struct vcpu *r = real->vcpus[i];

	if (!r != (i >= d->vcpus))
		FINDING("vCPU %u of d%u: %p", i, d->id, (void *)r);
	if (!r)
		return;
	if (!(r->pause_flags & VPF_DOWN) != v->online ||
	    !(r->pause_flags & VPF_BLOCKED) == v->blocked || r->initialised != v->has_context ||
	    r->affinity.bits != v->affinity)
		FINDING("d%uv%u: flags %x, context %d, affinity %lx; the model: up %d, blocked %d, context %d, affinity %lx",
			d->id, i, r->pause_flags, r->initialised, r->affinity.bits, v->online,
			v->blocked, v->has_context, v->affinity);
	/* dom0, which calls, cannot leave its CPU before the call's end */
	if (d->id && r->is_running && (!may_run(d, v) || !(v->affinity >> r->cpu & 1)))
		FINDING("d%uv%u runs on CPU %u", d->id, i, r->cpu);
	if (r->sched.queued != may_run(d, v) && !d->dying)
		FINDING("d%uv%u is %squeued", d->id, i, r->sched.queued ? "" : "not ");
}

static void compare_domain(const struct model_domain *d, const struct domain *real)
{
	if (real->pause_count != d->pauses || real->control_pauses != d->pauses ||
	    real->is_dying != d->dying || real->mem.dying != d->dying ||
	    real->is_shut_down != d->shut || real->privileged != !d->id)
		FINDING("d%u: %u pauses, dying %d, shut down %d, privileged %d; the model: %u, %d, %d",
			d->id, real->pause_count, real->is_dying, real->is_shut_down,
			real->privileged, d->pauses, d->dying, d->shut);
	if (real->max_vcpus != d->max_vcpus || real->mem.max_pages != d->max_pages ||
	    real->mem.tot_pages != (d->page || d->held))
		FINDING("d%u: at most %u vCPUs, %lu of %lu pages", d->id, real->max_vcpus,
			real->mem.tot_pages, real->mem.max_pages);
	if (d->id && (real->max_evtchn_port != d->ports_of_events ||
		      real->max_grant_frames > d->grant_frames || !real->max_grant_frames ||
		      real->max_maptrack_frames > d->handle_frames))
		FINDING("d%u: limits %u, %u, %u", d->id, real->max_evtchn_port,
			real->max_grant_frames, real->max_maptrack_frames);
	if (real->sched.weight != d->weight || real->sched.cap != d->cap)
		FINDING("d%u: weight %u, cap %u", d->id, real->sched.weight, real->sched.cap);
	/* its pages' reference, and until all is released that of its creation */
	if (real->refs != (d->released ? 2 : 3))
		FINDING("d%u has %u references", d->id, real->refs - 1);
	compare_runs(d, &d->ports, real->ioport_ranges, real->ioport_range_count);
	compare_runs(d, &d->frames, real->mem.iomem, real->mem.iomem_ranges);
	for (uint32_t i = 0; i < 256; i++)
		if ((real->irq_allowed[i / 32] >> i % 32 & 1) != d->irqs[i])
			FINDING("d%u: interrupt %u", d->id, i);
	for (uint32_t i = 0; i <= d->vcpus && i < MOST_VCPUS; i++)
		compare_vcpu(d, real, i);
}

static void compare(void)
{
	struct model_domain *d = model_next(0);
	struct domain *real;

	while (run_guests())
		;
	for_each_domain (real) {
		if (!d || real->mem.domid != d->id)
			FINDING("d%u is there, the model: d%d", real->mem.domid,
				d ? (int)d->id : -1);
		compare_domain(d, real);
		d = model_next(d->id + 1);
	}
	if (d)
		FINDING("d%u is not there", d->id);
	if (sched_lock.held)
		FINDING("a lock is held");
}

/* --- beginning and end --- */

static void begin(void)
{
	const struct cpumask first = {1};
	struct vcpu *v;

	memset(m, 0, sizeof(m));
	sched_id = XEN_SCHEDULER_CREDIT;
	sched_slice_ns = SCHED_SLICE_DEFAULT;
	model_slice_ms = 10;
	world_set_up(NULL);
	v = world_dom0->vcpus[0];
	if (sched_set_affinity(v, first))
		FINDING("no CPU 0");
	v->pause_flags = 0;
	v->initialised = true;
	vcpu_wake(v);
	world_run_cpus();
	world_dom0->ioport_ranges[0] = (struct mfn_range){0, 0x7ff};
	world_dom0->ioport_ranges[1] = (struct mfn_range){0x1000, 0xffff};
	world_dom0->ioport_range_count = 2;
	world_dom0->mem.iomem[0] = (struct mfn_range){0x80, 0xffffffff};
	world_dom0->mem.iomem_ranges = 1;
	m[0] = (struct model_domain){.used = true, .max_vcpus = 64, .vcpus = 1, .weight = 256};
	m[0].v[0] = (struct model_vcpu){.online = true, .has_context = true, .affinity = 1};
	m[0].ports = (struct runs){2, {{0, 0x7ff}, {0x1000, 0xffff}}};
	m[0].frames = (struct runs){1, {{0x80, 0xffffffff}}};
	fake_accessible = accessible;
	as_dom0();
}

static void end(void)
{
	struct vcpu *v = world_dom0->vcpus[0];

	for (unsigned i = 1; i <= DOMAINS; i++) {
		if (!m[i].used)
			continue;
		op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
		op.domain = (domid_t)m[i].id;
		destroy(&m[i], 0);
	}
	compare();
	if (held)
		pages();
	compare();
	world_dom0->is_dying = true;
	vcpu_sleep_nosync(v);
	world_run_cpus();
	world_tear_down(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	in = (struct input){data, data + size};
	begin();
	for (unsigned i = 0; i < OPERATIONS && in.at < in.end; i++) {
		table[input_byte(&in) % ARRAY_SIZE(table)]();
		as_dom0();
		operations++;
		compare();
	}
	end();
	return 0;
}
