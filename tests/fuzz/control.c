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
#include <core/sched.h>
#include "control.h"
#include "fakes/work.h"
#include "fakes/world.h"

#define OPERATIONS 150

struct xen_domctl op;
struct vcpu_guest_context context;
uint8_t buffer[4096];
static struct page *held;

/* --- the other CPU --- */

bool run_guests(void)
{
	return fake_work_on(1);
}

/* dom0 waits for the other CPU. */
void __wrap_cpu_relax(void);
void __wrap_cpu_relax(void)
{
	if (!run_guests())
		FINDING("a wait without end");
}

static bool refuse_all;

bool accessible(u64 addr, size_t size)
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
	struct model_domain *d = &m[input_byte() % (1 + DOMAINS)];

	return d->used ? d : &m[0];
}

domid_t any_domain(void)
{
	uint8_t b = input_byte();

	if (b < 0xe0)
		return (domid_t)any_model()->id;
	return b < 0xf0 ? SELF : (domid_t)input_word();
}

uint32_t any_number(void)
{
	uint8_t b = input_byte();

	return b < 0xf0 ? b % 8 : b < 0xf8 ? 60 + b % 8 : (uint32_t)input_word();
}

void *any_pointer(void *good)
{
	uint8_t b = input_byte();

	return b < 0xf0 ? good : b < 0xf8 ? (void *)0xffff830000000000 : (void *)input_word();
}

void same(const char *what, long rc, long expected)
{
	accepted += rc >= 0;
	if (rc != expected)
		FINDING("%s: %ld; the model: %ld", what, rc, expected);
}

/* --- calling: by whom, and how well --- */

static bool by_dom0;
long outer; /* -errno, if it does not come to the command */

void choose_caller(void)
{
	uint8_t b = input_byte();
	struct model_domain *d = b < 0xe0 ? &m[0] : any_model();

	by_dom0 = d == &m[0] || !d->vcpus;
	outer = by_dom0 ? 0 : -XEN_EPERM;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	refuse_all = (b & 0x1f) == 0x1f;
	if ((b & 0x1f) == 0x1e) {
		sys.interface_version = op.interface_version = (uint32_t)input_word();
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

void as_dom0(void)
{
	this_cpu()->current = world_dom0->vcpus[0];
	refuse_all = false;
	fake_heap_left = -1;
	world_preempt_in = -1;
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
	uint8_t reason = input_byte() % 6;

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
	uint32_t n = input_byte();
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
	fake_now += input_byte() * 100000ull;
}

static void (*const table[])(void) = {
	op_create,    op_max_vcpus, op_max_mem,	       op_pause,   op_info,    op_context,
	op_vcpu_info, op_affinity,  op_scheduler,      op_ports,   op_frames,  op_irq,
	op_handle,    op_sysctl,    op_hypercall_page, op_destroy, op_unknown, guest_shuts_down,
	guest_blocks, pages,	    time_passes,       op_context, op_create,  op_max_vcpus,
	op_pause,     op_ports,	    op_sysctl,	       op_pause,   op_frames,  op_context,
	time_passes,  op_many_ports};

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

static void check_as_dom0(void)
{
	as_dom0();
	compare();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input_begin(data, size);
	begin();
	input_steps(table, ARRAY_SIZE(table), OPERATIONS, check_as_dom0);
	end();
	return 0;
}
