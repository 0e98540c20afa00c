/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include <core/hooks.h>
#include <core/sched.h>
#include <mm/hooks.h>
#include "fakes/work.h"
#include "fakes/world.h"

int world_pages, world_preempt_in = -1, world_preempted, world_refusals;
struct page *world_page;
jmp_buf world_stopped;
const char *world_machine_did;
struct domain *world_dom0;

/* --- pages --- */

struct page *world_new_page(struct domain_memory *dm, bool shared)
{
	struct page *pg;

	if (fake_heap_left == 0)
		return NULL;
	if (fake_heap_left > 0)
		fake_heap_left--;
	pg = calloc(1, sizeof(*pg));
	pg->owner = dm;
	pg->refs = 1;
	pg->shared = shared;
	pg->bytes = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
	memset(pg->bytes, 0, PAGE_SIZE);
	dm->tot_pages += !shared;
	dm->shared_pages.first += shared; /* a count here */
	world_pages++;
	return pg;
}

void mm_put_page(struct page *pg)
{
	struct domain_memory *dm = pg->owner;
	bool last;

	assert_true(pg->refs > 0);
	if (--pg->refs)
		return;
	dm->tot_pages -= !pg->shared;
	dm->shared_pages.first -= pg->shared;
	last = dm->dying && !dm->tot_pages && !dm->shared_pages.first;
	free(pg->bytes);
	free(pg);
	world_pages--;
	if (last)
		hook_last_page_gone(dm);
}

struct page *mm_share_new_page(struct domain_memory *dm, bool readonly)
{
	(void)readonly;
	return world_new_page(dm, true);
}

void mm_unshare_page(struct page *pg)
{
	mm_put_page(pg);
}

static bool registered[DOMID_FIRST_RESERVED];

int mm_domain_init(struct domain_memory *dm, domid_t domid, bool privileged, unsigned vcpus)
{
	(void)vcpus;
	if (registered[domid])
		return -XEN_EEXIST;
	dm->domid = domid;
	dm->privileged = privileged;
	dm->perdomain_l3 = heap_alloc(16);
	registered[domid] = dm->perdomain_l3 != NULL;
	return dm->perdomain_l3 ? 0 : -XEN_ENOMEM;
}

void mm_domain_destroy(struct domain_memory *dm)
{
	assert_int_equal(dm->tot_pages, 0);
	assert_int_equal(dm->shared_pages.first, 0);
	registered[dm->domid] = false;
	heap_free(dm->perdomain_l3);
}

int mm_domain_relinquish(struct domain_memory *dm)
{
	assert_true(dm->dying);
	if (hypercall_preempt_check())
		return -XEN_ERESTART;
	if (world_page && world_page->owner == dm) {
		mm_put_page(world_page);
		world_page = NULL;
	}
	return 0;
}

int mm_vcpu_drop_roots(struct vcpu_memory *vm)
{
	(void)vm;
	return hypercall_preempt_check() ? -XEN_ERESTART : 0;
}

void *page_to_virt(const struct page *pg)
{
	return pg->bytes;
}

mfn_t page_to_mfn(const struct page *pg)
{
	return mfn((u64)pg >> 4);
}

struct page *mm_get_page_writable(mfn_t m, struct domain_memory *dm)
{
	if (m.n != WORLD_FRAME || !world_page || world_page->owner != dm)
		return NULL;
	world_page->refs++;
	return world_page;
}

struct page *mm_get_page(mfn_t m, struct domain_memory *dm)
{
	return mm_get_page_writable(m, dm);
}

int type_put(struct page *pg)
{
	mm_put_page(pg);
	return 0;
}

/* --- the rest of the world --- */

bool hypercall_preempt_check(void)
{
	return world_preempt_in >= 0 && world_preempt_in-- == 0;
}

long hypercall_preempt(u64 done, u64 a1, u64 a2, u64 a3, u64 a4)
{
	(void)(done + a1 + a2 + a3 + a4);
	world_preempted++;
	return HYPERCALL_PREEMPTED;
}

long refuse_as(long err, enum refusal why, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	(void)why;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap); /* the sanitizers look at the arguments */
	va_end(ap);
	world_refusals++;
	return err;
}

u32 fpu_area_size = 512;

void arch_vcpu_init(struct arch_vcpu *a, unsigned vcpu_id, void *room)
{
	(void)vcpu_id;
	a->fpu = room;
}

void pv_vcpu_init(struct vcpu *v)
{
	v->arch.kernel_mode = 1;
}

void pv_vcpu_release(struct vcpu *v)
{
	assert_false(v->is_running);
}

int pv_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	(void)v;
	return c->flags ? 0 : -XEN_EINVAL;
}

void pv_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
	(void)v;
	memset(c, 0x5a, sizeof(*c));
}

void pv_context_switch(struct vcpu *prev, struct vcpu *next)
{
	(void)prev;
	(void)next;
}

void quiesce_point(void)
{
}

void pv_dump(struct vcpu *v)
{
	printk(LOG_ERR, "registers of v%u\n", v->vcpu_id);
}

void irq_domain_release(struct domain *d)
{
	assert_true(d->is_dying);
}

int irq_bind_guest(struct domain *d, unsigned pirq, bool share)
{
	(void)d;
	(void)pirq;
	(void)share;
	return -XEN_EINVAL;
}

void irq_unbind_guest(struct domain *d, unsigned pirq)
{
	(void)d;
	(void)pirq;
}

static void __attribute__((noreturn)) stop(const char *how)
{
	world_machine_did = how;
	longjmp(world_stopped, 1);
}

void machine_poweroff(void)
{
	stop("poweroff");
}

void machine_restart(void)
{
	stop(opt_noreboot ? "halt" : "restart");
}

/* --- set-up, end --- */

void world_run_cpus(void)
{
	for (bool more = true; more;) {
		more = false;
		for (u32 i = 0; i < cpu_count; i++)
			more |= fake_work_on(i);
	}
}

int world_set_up(void **state)
{
	int err;

	(void)state;
	fake_host_reset(2);
	world_preempt_in = -1;
	for (fake_cpu = 0; fake_cpu < 2; fake_cpu++) {
		timers_init_cpu();
		sched_init_cpu();
	}
	fake_cpu = 0;
	world_dom0 = domain_create(0, &domain_defaults, &err);
	assert_int_equal(err, 0);
	assert_non_null(vcpu_create(world_dom0, 0));
	world_run_cpus();
	return 0;
}

int world_tear_down(void **state)
{
	(void)state;
	world_preempt_in = -1;
	dom0 = NULL; /* so that it can be killed like any other */
	world_dom0->is_dying = true;
	world_run_cpus();
	assert_non_null(domain_get(0));
	assert_int_equal(domain_kill(world_dom0), 0);
	domain_put(world_dom0);
	assert_null(domain_find(0, DOMID_FIRST_RESERVED));
	assert_int_equal(world_pages, 0);
	assert_int_equal(fake_heap_live, 0);
	return 0;
}

/* domain_kill() waits for the vCPU's CPU: here it has to be told to let go before. */
int world_kill(struct domain *d)
{
	int rc;

	d->is_dying = true;
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		if (d->vcpus[i])
			vcpu_sleep_nosync(d->vcpus[i]);
	world_run_cpus();
	rc = domain_kill(d);
	world_run_cpus();
	return rc;
}

void world_end(struct domain *d)
{
	domain_get(d->mem.domid);
	assert_int_equal(world_kill(d), 0);
	domain_put(d);
}
