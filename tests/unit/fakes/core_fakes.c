/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <core/hooks.h>
#include <x86/tlb.h>
#include <x86/uaccess.h>
#include <xen/grant_table.h>
#include "fakes/core_fakes.h"

int fake_refusals, fake_kicks, fake_unblocks, fake_flushes;
int fake_referenced_at_flush, fake_preempt_in = -1, fake_map_status;
enum refusal fake_last_refusal;
u64 fake_preempt_args[6];
struct domain *fake_domains[FAKE_DOMAINS], *dom0;
struct page fake_frames[FAKE_FRAMES];

/* --- refusals, preemption --- */

long refuse_as(long err, enum refusal why, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap); /* the sanitizers look at the arguments */
	va_end(ap);
	assert_int_equal(strchr(line, '\n') ? 1 : 0, 0);
	fake_refusals++;
	fake_last_refusal = why;
	return err;
}

bool hypercall_preempt_check(void)
{
	return fake_preempt_in >= 0 && fake_preempt_in-- == 0;
}

long hypercall_preempt(u64 done, u64 a1, u64 a2, u64 a3, u64 a4)
{
	const u64 args[6] = {a1, a2, a3, a4};

	(void)done;
	memcpy(fake_preempt_args, args, sizeof(args));
	return HYPERCALL_PREEMPTED;
}

/* --- domains --- */

struct domain *fake_domain(domid_t domid, unsigned vcpus)
{
	struct domain *d = calloc(1, sizeof(*d));
	unsigned i;

	d->mem.domid = domid;
	d->privileged = domid == 0;
	d->refs = 1;
	d->max_vcpus = vcpus;
	d->max_evtchn_port = ~0u;
	d->max_grant_frames = 4;
	d->max_maptrack_frames = 4;
	d->shared_info = calloc(1, sizeof(*d->shared_info));
	for (i = 0; i < vcpus; i++) {
		struct vcpu *v = calloc(1, sizeof(*v));

		v->domain = d;
		v->vcpu_id = i;
		v->mem.domain = &d->mem;
		v->info = &d->shared_info->vcpu_info[i];
		d->vcpus[i] = v;
	}
	fake_domains[domid] = d;
	if (domid == 0)
		dom0 = d;
	return d;
}

void fake_domain_free(struct domain *d)
{
	unsigned i;

	for (i = 0; i < d->max_vcpus; i++)
		free(d->vcpus[i]);
	fake_domains[d->mem.domid] = NULL;
	free(d->shared_info);
	free(d);
}

void fake_run_as(struct vcpu *v)
{
	this_cpu()->current = v;
	this_cpu()->current_memory = &v->mem;
}

struct domain *domain_get(domid_t domid)
{
	struct domain *d;

	if (domid == DOMID_SELF)
		domid = current_domain()->mem.domid;
	d = domid < FAKE_DOMAINS ? fake_domains[domid] : NULL;
	if (d)
		d->refs++;
	return d;
}

void domain_put(struct domain *d)
{
	assert_true(d->refs > 1);
	d->refs--;
}

struct domain *domain_next(struct domain *d)
{
	unsigned i = d ? d->mem.domid + 1 : 0;

	if (d)
		domain_put(d);
	while (i < FAKE_DOMAINS && !fake_domains[i])
		i++;
	return i < FAKE_DOMAINS ? domain_get((domid_t)i) : NULL;
}

void vcpu_unblock(struct vcpu *v)
{
	(void)v;
	fake_unblocks++;
}

void vcpu_kick(struct vcpu *v, u32 work)
{
	(void)v;
	assert_int_equal(work, WORK_EVENTS);
	fake_kicks++;
}

/* weak: a fuzzer has dev/irq.c's */
__attribute__((weak)) int irq_bind_guest(struct domain *d, unsigned pirq, bool share)
{
	(void)d;
	(void)share;
	return pirq == 13 ? -XEN_EBUSY : 0;
}

__attribute__((weak)) void irq_unbind_guest(struct domain *d, unsigned pirq)
{
	(void)d;
	(void)pirq;
}

/* --- frames --- */

void fake_own_frame(unsigned n, struct domain *d)
{
	fake_frames[n].owner = &d->mem;
	if (!fake_frames[n].bytes)
		fake_frames[n].bytes = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
	memset(fake_frames[n].bytes, 0, PAGE_SIZE);
}

mfn_t page_to_mfn(const struct page *pg)
{
	return mfn(pg - fake_frames);
}

void *page_to_virt(const struct page *pg)
{
	return pg->bytes;
}

struct page *mm_get_page(mfn_t m, struct domain_memory *dm)
{
	if (m.n >= FAKE_FRAMES || fake_frames[m.n].owner != dm)
		return NULL;
	fake_frames[m.n].refs++;
	return &fake_frames[m.n];
}

struct page *mm_get_page_writable(mfn_t m, struct domain_memory *dm)
{
	if (m.n >= FAKE_FRAMES || fake_frames[m.n].owner != dm || fake_frames[m.n].no_write)
		return NULL;
	fake_frames[m.n].refs++;
	fake_frames[m.n].writable_refs++;
	return &fake_frames[m.n];
}

void mm_put_page(struct page *pg)
{
	assert_true(pg->refs-- > 0);
}

int type_put(struct page *pg)
{
	assert_true(pg->refs-- > 0);
	assert_true(pg->writable_refs-- > 0);
	return 0;
}

struct page *mm_share_new_page(struct domain_memory *dm, bool readonly)
{
	unsigned i;

	assert_false(readonly);
	if (fake_heap_left == 0)
		return NULL;
	if (fake_heap_left > 0)
		fake_heap_left--;
	for (i = FAKE_FRAMES - 1; fake_frames[i].owner; i--)
		;
	fake_own_frame(i, container_of(dm, struct domain, mem));
	fake_frames[i].shared = true;
	return &fake_frames[i];
}

void mm_unshare_page(struct page *pg)
{
	assert_true(pg->shared);
	pg->shared = false;
	pg->owner = NULL;
}

int mm_grant_map(struct vcpu_memory *vm, u64 host_addr, bool contains_pte, mfn_t frame,
		 bool writable, u64 flags)
{
	(void)vm;
	(void)host_addr;
	(void)contains_pte;
	(void)flags;
	if (fake_map_status != GNTST_okay)
		return fake_map_status;
	assert_true(fake_frames[frame.n].refs > 0);
	assert_true(!writable || fake_frames[frame.n].writable_refs > 0);
	fake_frames[frame.n].mapped++;
	return GNTST_okay;
}

int mm_grant_unmap(struct vcpu_memory *vm, u64 host_addr, bool contains_pte, mfn_t frame,
		   bool writable, u64 new_addr)
{
	(void)vm;
	(void)contains_pte;
	(void)writable;
	(void)new_addr;
	if (host_addr == 0xbad000 || !fake_frames[frame.n].mapped)
		return GNTST_bad_virt_addr;
	fake_frames[frame.n].mapped--;
	return GNTST_okay;
}

void tlb_flush_mask(struct cpumask mask, u64 page)
{
	(void)mask;
	assert_true(page == TLB_ALL);
	fake_flushes++;
	fake_referenced_at_flush = fake_pages_referenced();
}

int fake_pages_referenced(void)
{
	int sum = 0, i;

	for (i = 0; i < FAKE_FRAMES; i++)
		sum += fake_frames[i].refs;
	return sum;
}

void fake_reset(void)
{
	unsigned i;

	for (i = 0; i < FAKE_FRAMES; i++) {
		free(fake_frames[i].bytes);
		fake_frames[i] = (struct page){0};
	}
	fake_host_reset(1);
	fake_preempt_in = -1;
	fake_refusals = fake_kicks = fake_unblocks = fake_flushes = fake_map_status = 0;
}
