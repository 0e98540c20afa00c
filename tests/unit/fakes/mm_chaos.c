/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fakes/mm_chaos.h"
#include <stdlib.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <core/calls.h>

u64 chaos_seed(u64 usual)
{
	const char *text = getenv("MM_SEED");
	u64 seed = usual ^ (text ? strtoul(text, NULL, 0) : 0) * 0xd1342543de82ef95UL;

	return seed ? seed : usual; /* 0 would stay 0 */
}

u64 chaos_random(struct chaos *c)
{
	c->seed ^= c->seed << 13;
	c->seed ^= c->seed >> 7;
	c->seed ^= c->seed << 17;
	return c->seed;
}

static struct page_list hoard;

void chaos_begin(struct chaos *c, unsigned n)
{
	u64 lowest = FAKE_END_FRAME, highest = 0;
	struct page *pg, *next;

	for (u64 f = FAKE_FIRST_FRAME; f < FAKE_END_FRAME; f++)
		if (mm_page_owner(fake_entry(f))) {
			lowest = f < lowest ? f : lowest;
			highest = f > highest ? f : highest;
		}
	lowest -= 16;
	while ((pg = heap_take(0, ~0UL)))
		page_list_add(&hoard, pg);
	for (pg = page_list_first(&hoard); pg; pg = next) {
		next = page_list_next(pg);
		if (frame_mfn(pg).n >= lowest && frame_mfn(pg).n <= highest) {
			page_list_del(&hoard, pg);
			heap_free_frames(frame_mfn(pg), 1);
		}
	}
	for (unsigned i = 0; i < n; i++) {
		c[i].first = lowest;
		c[i].frames = highest - lowest + 1;
	}
}

void chaos_end(void)
{
	struct page *pg;

	while ((pg = page_list_first(&hoard))) {
		page_list_del(&hoard, pg);
		heap_free_frames(frame_mfn(pg), 1);
	}
}

static u64 some_frame(struct chaos *c)
{
	return c->first + chaos_below(c, c->frames);
}

/* Mostly what a guest might mean, sometimes anything. */
static u64 some_entry(struct chaos *c)
{
	static const u64 flags[] = {PAGE_RW, PAGE_RW, PAGE_RO, PAGE_RO | PTE_NX, PTE_PRESENT};
	u64 entry = fake_pte(some_frame(c), flags[chaos_below(c, ARRAY_SIZE(flags))]);

	switch (chaos_below(c, 16)) {
	case 0:
		return entry ^ BIT(chaos_below(c, 64));
	case 1:
		return chaos_random(c);
	case 2:
	case 3:
		return 0;
	default:
		return entry;
	}
}

/* Few slots, so that tables meet; one of the hypervisor's among them. */
static unsigned some_slot(struct chaos *c)
{
	static const unsigned slots[] = {0, 1, 2, 3, 128, 257, 300, 511};

	return slots[chaos_below(c, ARRAY_SIZE(slots))];
}

static long finish(struct chaos *c, long rc)
{
	/* A vCPU whose context is replaced never resumes its hypercall. */
	while (rc == HYPERCALL_PREEMPTED && chaos_below(c, 20))
		rc = fake_resume();
	hypercall_done();
	return rc;
}

static void update_tables(struct chaos *c)
{
	struct mmu_update reqs[8];
	u32 n = 1 + chaos_below(c, 8), done;
	u64 table = some_frame(c);

	for (u32 i = 0; i < n; i++) {
		static const unsigned cmds[] = {0, 0, 0, 0, 1, 2, 2, 7};

		if (!chaos_below(c, 3))
			table = some_frame(c);
		reqs[i].ptr = table << PAGE_SHIFT | some_slot(c) * 8 | cmds[chaos_below(c, 8)];
		reqs[i].val = some_entry(c);
	}
	finish(c, do_mmu_update((u64)reqs, n, (u64)&done,
				chaos_below(c, 10) ? DOMID_SELF : c->other->mem.domid));
}

static void extended(struct chaos *c)
{
	static const unsigned cmds[] = {
		MMUEXT_PIN_L1_TABLE,   MMUEXT_PIN_L2_TABLE,	MMUEXT_PIN_L3_TABLE,
		MMUEXT_PIN_L4_TABLE,   MMUEXT_PIN_L4_TABLE,	MMUEXT_UNPIN_TABLE,
		MMUEXT_UNPIN_TABLE,    MMUEXT_UNPIN_TABLE,	MMUEXT_UNPIN_TABLE,
		MMUEXT_NEW_BASEPTR,    MMUEXT_NEW_USER_BASEPTR, MMUEXT_TLB_FLUSH_ALL,
		MMUEXT_SET_LDT,	       MMUEXT_CLEAR_PAGE,	MMUEXT_COPY_PAGE,
		MMUEXT_TLB_FLUSH_LOCAL};
	struct mmuext_op ops[4];
	u32 n = 1 + chaos_below(c, 4), done;

	for (u32 i = 0; i < n; i++) {
		ops[i].cmd = cmds[chaos_below(c, ARRAY_SIZE(cmds))];
		ops[i].arg1.mfn = some_frame(c);
		ops[i].arg2.src_mfn = some_frame(c);
		if (ops[i].cmd == MMUEXT_SET_LDT) {
			ops[i].arg1.linear_addr = FAKE_VA + chaos_below(c, 4) * PAGE_SIZE;
			ops[i].arg2.nr_ents = chaos_below(c, 1000);
		}
		if (ops[i].cmd == MMUEXT_NEW_USER_BASEPTR && !chaos_below(c, 4))
			ops[i].arg1.mfn = 0;
	}
	finish(c, do_mmuext_op((u64)ops, n, (u64)&done, DOMID_SELF));
}

/* The frame's content becomes a plausible table, if the guest could write it. */
static void write_page(struct chaos *c)
{
	struct page *pg = mm_get_page_writable(mfn(some_frame(c)), &c->d->mem);

	if (!pg)
		return;
	for (unsigned i = 0; i < 4; i++)
		((u64 *)page_to_virt(pg))[some_slot(c)] = some_entry(c);
	type_put(pg);
}

static void reservation(struct chaos *c)
{
	xen_pfn_t list[4];
	struct xen_memory_reservation res = {.nr_extents = 1 + chaos_below(c, 4),
					     .domid = DOMID_SELF};
	static const unsigned cmds[] = {XENMEM_decrease_reservation, XENMEM_populate_physmap,
					XENMEM_increase_reservation};

	for (unsigned i = 0; i < 4; i++)
		list[i] = some_frame(c);
	res.extent_start.p = list;
	finish(c, do_memory_op(cmds[chaos_below(c, 3)], (u64)&res));
}

static void exchange(struct chaos *c)
{
	xen_pfn_t in[4], out[4] = {1, 2, 3, 4};
	struct xen_memory_exchange x = {
		.in = {.nr_extents = 4, .domid = DOMID_SELF},
		.out = {.nr_extents = 1, .extent_order = 2, .domid = DOMID_SELF}};

	for (unsigned i = 0; i < 4; i++)
		in[i] = some_frame(c);
	x.in.extent_start.p = in;
	x.out.extent_start.p = out;
	finish(c, do_memory_op(XENMEM_exchange, (u64)&x));
}

static void by_address(struct chaos *c)
{
	struct vcpu_memory *vm = &c->d->vcpus[c->vcpu]->mem;
	u64 va = FAKE_VA + chaos_below(c, 512) * PAGE_SIZE, old = some_entry(c);

	switch (chaos_below(c, 4)) {
	case 0:
		do_update_va_mapping(va, some_entry(c), chaos_below(c, 3));
		break;
	case 1:
		if (mm_ptwr_candidate(vm, FAKE_L1_VA))
			mm_ptwr_write(vm, FAKE_L1_VA + some_slot(c) * 8, NULL, some_entry(c), 8);
		break;
	case 2:
		if (mm_ptwr_candidate(vm, FAKE_L1_VA))
			mm_ptwr_write(vm, FAKE_L1_VA + some_slot(c) * 8, &old, some_entry(c), 8);
		break;
	default:
		mm_ldt_fault(vm, chaos_below(c, 3));
	}
}

/* As grant code does: a pin around the mapping. */
static void granted(struct chaos *c)
{
	struct vcpu_memory *vm = &c->d->vcpus[c->vcpu]->mem;
	bool writable = chaos_below(c, 2), contains_pte = chaos_below(c, 2);
	mfn_t m = mfn(some_frame(c));
	u64 where = contains_pte ? some_frame(c) << PAGE_SHIFT | some_slot(c) * 8
				 : FAKE_VA + chaos_below(c, 512) * PAGE_SIZE;
	struct page *pg =
		writable ? mm_get_page_writable(m, &c->other->mem) : mm_get_page(m, &c->other->mem);

	if (!pg)
		return;
	if (chaos_below(c, 2))
		mm_grant_map(vm, where, contains_pte, m, writable, 0);
	else
		mm_grant_unmap(vm, where, contains_pte, m, writable,
			       chaos_below(c, 2) ? FAKE_VA : 0);
	if (writable)
		type_put(pg);
	else
		mm_put_page(pg);
}

void chaos_step(struct chaos *c)
{
	switch (chaos_below(c, 16)) {
	case 0 ... 5:
		update_tables(c);
		break;
	case 6 ... 8:
		extended(c);
		break;
	case 9 ... 10:
		write_page(c);
		break;
	case 11:
		reservation(c);
		break;
	case 12:
		exchange(c);
		break;
	case 13 ... 14:
		by_address(c);
		break;
	default:
		granted(c);
	}
}
