/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: pins, maps, unmaps, copies, limits, and the end of either side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fakes/core_fakes.h"

static struct domain *a, *b; /* a grants, b uses */

static int set_up(void **state)
{
	(void)state;
	fake_reset();
	a = fake_domain(1, 1);
	b = fake_domain(2, 1);
	assert_int_equal(grant_table_grow(a, 1), 0);
	assert_int_equal(grant_table_grow(b, 1), 0);
	fake_own_frame(5, a);
	fake_own_frame(6, b);
	fake_run_as(b->vcpus[0]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_preempt_in = -1;
	assert_int_equal(grant_domain_release(b), 0);
	assert_int_equal(grant_domain_release(a), 0);
	assert_int_equal(fake_pages_referenced(), 0);
	assert_int_equal(a->refs, 1);
	assert_int_equal(b->refs, 1);
	grant_domain_free(a);
	grant_domain_free(b);
	fake_domain_free(a);
	fake_domain_free(b);
	assert_int_equal(fake_heap_live, 0);
	fake_reset();
	return 0;
}

static struct grant_entry_v1 *entry(struct domain *d, unsigned ref)
{
	return (struct grant_entry_v1 *)page_to_virt(d->grants.pages[ref / 512]) + ref % 512;
}

static void permit(unsigned ref, domid_t domid, unsigned frame, u16 flags)
{
	*entry(a, ref) = (struct grant_entry_v1){GTF_permit_access | flags, domid, frame};
}

static struct gnttab_map_grant_ref map(unsigned ref, u32 flags)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = 0x1000, .flags = flags, .ref = ref, .dom = 1};

	assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, (u64)&op, 1), 0);
	return op;
}

static s16 unmap(u32 handle, u64 host_addr, u64 dev_bus_addr)
{
	struct gnttab_unmap_grant_ref op = {
		.host_addr = host_addr, .dev_bus_addr = dev_bus_addr, .handle = handle};

	assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, (u64)&op, 1), 0);
	return op.status;
}

static void maps_and_unmaps(void **state)
{
	struct gnttab_map_grant_ref op;

	(void)state;
	permit(8, 2, 5, 0);
	op = map(8, GNTMAP_host_map);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(op.dev_bus_addr, 5 << 12);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(fake_frames[5].writable_refs, 1);
	assert_int_equal(fake_frames[5].mapped, 1);
	assert_int_equal(a->refs, 2);
	assert_int_equal(unmap(op.handle, 0x1000, 0), GNTST_okay);
	assert_int_equal(fake_flushes, 1);
	assert_int_equal(fake_referenced_at_flush, 1); /* until no TLB knows it */
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access);
	assert_int_equal(fake_frames[5].refs, 0);
	assert_int_equal(fake_frames[5].mapped, 0);
	assert_int_equal(a->refs, 1);
	assert_int_equal(unmap(op.handle, 0x1000, 0), GNTST_bad_handle);
}

static void readers_and_writers_are_counted(void **state)
{
	struct gnttab_map_grant_ref r1, r2, w, w2;

	(void)state;
	permit(8, 2, 5, 0);
	r1 = map(8, GNTMAP_host_map | GNTMAP_readonly);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access | GTF_reading);
	w = map(8, GNTMAP_host_map);
	r2 = map(8, GNTMAP_host_map | GNTMAP_readonly);
	w2 = map(8, GNTMAP_host_map);
	assert_int_equal(unmap(w2.handle, 0x1000, 0), GNTST_okay);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(unmap(w.handle, 0x1000, 0), GNTST_okay);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(unmap(r1.handle, 0x1000, 0), GNTST_okay);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(unmap(r2.handle, 0x1000, 0), GNTST_okay);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access);
}

static void the_frame_is_fixed_while_in_use(void **state)
{
	struct gnttab_map_grant_ref first, second;

	(void)state;
	permit(8, 2, 5, 0);
	first = map(8, GNTMAP_host_map | GNTMAP_readonly);
	fake_own_frame(7, a);
	entry(a, 8)->frame = 7; /* the granter cheats */
	second = map(8, GNTMAP_host_map | GNTMAP_readonly);
	assert_int_equal(second.dev_bus_addr, 5 << 12);
	unmap(first.handle, 0x1000, 0);
	unmap(second.handle, 0x1000, 0);
}

static void entries_are_checked(void **state)
{
	(void)state;
	assert_int_equal(map(8, GNTMAP_host_map).status, GNTST_general_error); /* invalid */
	permit(8, 3, 5, 0);
	assert_int_equal(map(8, GNTMAP_host_map).status, GNTST_general_error); /* for another */
	permit(8, 2, 5, GTF_readonly);
	assert_int_equal(map(8, GNTMAP_host_map).status, GNTST_general_error);
	assert_int_equal(map(8, GNTMAP_host_map | GNTMAP_readonly).status, GNTST_okay);
	permit(9, 2, 5, GTF_sub_page);
	assert_int_equal(map(9, GNTMAP_host_map).status, GNTST_general_error);
	*entry(a, 10) = (struct grant_entry_v1){GTF_transitive, 2, 5};
	assert_int_equal(map(10, GNTMAP_host_map).status, GNTST_general_error);
	permit(11, 2, 6, 0); /* not the granter's frame */
	assert_int_equal(map(11, GNTMAP_host_map).status, GNTST_bad_page);
	assert_int_equal(entry(a, 11)->flags, GTF_permit_access);
	permit(12, 2, 1000, 0);
	assert_int_equal(map(12, GNTMAP_host_map).status, GNTST_bad_page);
	assert_int_equal(map(512, GNTMAP_host_map).status, GNTST_bad_gntref);
	assert_int_equal(map(~0u, GNTMAP_host_map).status, GNTST_bad_gntref);
	assert_int_equal(map(8, 0).status, GNTST_bad_gntref);
	/* a writable map was refused above for the same permission */
	assert_int_equal(map(8, GNTMAP_host_map | GNTMAP_readonly | GNTMAP_application_map).status,
			 GNTST_okay);
}

static void page_tables_are_not_writable_by_grant(void **state)
{
	(void)state;
	permit(8, 2, 5, 0);
	fake_frames[5].no_write = true;
	assert_int_equal(map(8, GNTMAP_host_map).status, GNTST_bad_page);
	assert_int_equal(map(8, GNTMAP_host_map | GNTMAP_readonly).status, GNTST_okay);
}

static void a_failed_map_leaves_nothing(void **state)
{
	struct gnttab_map_grant_ref op = {.host_addr = 0x1000, .flags = GNTMAP_host_map, .dom = 3};

	(void)state;
	permit(8, 2, 5, 0);
	fake_map_status = GNTST_bad_virt_addr;
	assert_int_equal(map(8, GNTMAP_host_map).status, GNTST_bad_virt_addr);
	assert_int_equal(fake_frames[5].refs, 0);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access);
	assert_int_equal(a->refs, 1);
	do_grant_table_op(GNTTABOP_map_grant_ref, (u64)&op, 1);
	assert_int_equal(op.status, GNTST_bad_domain);
	fake_map_status = GNTST_okay;
	a->is_dying = true;
	assert_int_equal(map(8, GNTMAP_host_map).status, GNTST_bad_domain);
}

static void device_and_host_mappings_of_one_handle(void **state)
{
	struct gnttab_map_grant_ref op;

	(void)state;
	permit(8, 2, 5, 0);
	op = map(8, GNTMAP_host_map | GNTMAP_device_map);
	assert_int_equal(unmap(op.handle, 0, op.dev_bus_addr), GNTST_okay);
	assert_int_equal(fake_frames[5].refs, 1);
	assert_int_equal(unmap(op.handle, 0xbad000, 0), GNTST_bad_virt_addr);
	assert_int_equal(fake_frames[5].refs, 1);
	assert_int_equal(unmap(op.handle, 0x1000, 0), GNTST_okay);
	assert_int_equal(fake_frames[5].refs, 0);
}

static void one_handle_twice_in_a_batch(void **state)
{
	struct gnttab_unmap_grant_ref ops[2];
	struct gnttab_map_grant_ref op;

	(void)state;
	permit(8, 2, 5, 0);
	op = map(8, GNTMAP_host_map);
	ops[0] = ops[1] = (struct gnttab_unmap_grant_ref){.host_addr = 0x1000, .handle = op.handle};
	assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, (u64)ops, 2), 0);
	assert_int_equal(ops[0].status, GNTST_okay);
	assert_int_equal(ops[1].status, GNTST_bad_handle);
}

static void batches_are_preempted_and_resumed(void **state)
{
	struct gnttab_map_grant_ref maps[40];
	struct gnttab_unmap_grant_ref unmaps[40];
	int i;

	(void)state;
	permit(8, 2, 5, 0);
	for (i = 0; i < 40; i++)
		maps[i] = (struct gnttab_map_grant_ref){
			.host_addr = 0x1000, .flags = GNTMAP_host_map, .ref = 8, .dom = 1};
	fake_preempt_in = 9;
	assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, (u64)maps, 40),
			 HYPERCALL_PREEMPTED);
	assert_int_equal(fake_preempt_args[1], (u64)&maps[10]);
	assert_int_equal(fake_preempt_args[2], 30);
	assert_int_equal(fake_frames[5].refs, 10);
	assert_int_equal(
		do_grant_table_op(fake_preempt_args[0], fake_preempt_args[1], fake_preempt_args[2]),
		0);
	assert_int_equal(fake_frames[5].refs, 40);
	for (i = 0; i < 40; i++)
		unmaps[i] = (struct gnttab_unmap_grant_ref){.host_addr = 0x1000,
							    .handle = maps[i].handle};
	fake_preempt_in = 0;
	assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, (u64)unmaps, 40),
			 HYPERCALL_PREEMPTED);
	assert_int_equal(fake_preempt_args[2], 40 - GRANT_UNMAP_BATCH);
	assert_int_equal(
		do_grant_table_op(fake_preempt_args[0], fake_preempt_args[1], fake_preempt_args[2]),
		0);
	assert_int_equal(fake_flushes, 2);
	assert_int_equal(fake_frames[5].refs, 0);
}

static void handles_run_out(void **state)
{
	u32 limit = 4 * MAPTRACKS_PER_PAGE, i;

	(void)state;
	permit(8, 2, 5, 0);
	for (i = 0; i < limit; i++)
		assert_int_equal(map(8, GNTMAP_host_map).status, GNTST_okay);
	assert_int_equal(map(8, GNTMAP_host_map).status, GNTST_no_space);
	assert_int_equal(unmap(3, 0x1000, 0), GNTST_okay);
	assert_int_equal(map(8, GNTMAP_host_map).handle, 3);
}

static struct gnttab_copy copy_op(void)
{
	return (struct gnttab_copy){
		.source = {.u.ref = 8, .domid = 1, .offset = 16},
		.dest = {.u.gmfn = 6, .domid = DOMID_SELF, .offset = 32},
		.len = 100,
		.flags = GNTCOPY_source_gref,
	};
}

static s16 do_copy(struct gnttab_copy op)
{
	assert_int_equal(do_grant_table_op(GNTTABOP_copy, (u64)&op, 1), 0);
	return op.status;
}

static void copies(void **state)
{
	struct gnttab_copy op = copy_op();

	(void)state;
	permit(8, 2, 5, GTF_readonly);
	memset(fake_frames[5].bytes, 0x5a, PAGE_SIZE);
	assert_int_equal(do_copy(op), GNTST_okay);
	assert_int_equal(fake_frames[6].bytes[31], 0);
	assert_int_equal(fake_frames[6].bytes[32], 0x5a);
	assert_int_equal(fake_frames[6].bytes[131], 0x5a);
	assert_int_equal(fake_frames[6].bytes[132], 0);
	assert_int_equal(fake_pages_referenced(), 0);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access | GTF_readonly);
	op.source.offset = 0;
	op.dest.offset = 0;
	op.len = PAGE_SIZE;
	assert_int_equal(do_copy(op), GNTST_okay);
}

static void copies_are_preempted_and_resumed(void **state)
{
	struct gnttab_copy ops[40];

	(void)state;
	permit(8, 2, 5, 0);
	for (int i = 0; i < 40; i++) {
		ops[i] = copy_op();
		ops[i].status = 99;
	}
	fake_preempt_in = 9;
	assert_int_equal(do_grant_table_op(GNTTABOP_copy, (u64)ops, 40), HYPERCALL_PREEMPTED);
	assert_int_equal(fake_preempt_args[1], (u64)&ops[10]);
	assert_int_equal(ops[10].status, 99);
	assert_int_equal(
		do_grant_table_op(fake_preempt_args[0], fake_preempt_args[1], fake_preempt_args[2]),
		0);
	for (int i = 0; i < 40; i++)
		assert_int_equal(ops[i].status, GNTST_okay);
}

enum { BATCH = 24 };

/* By grant and of one's own under the same numbers, not permitted, not there. */
static void choose_end(struct gnttab_copy_ptr *end, u16 *flags, u16 by_grant)
{
	static const struct {
		struct gnttab_copy_ptr ptr;
		bool grant;
	} ends[] = {
		{{{.ref = 8}, 1, 0}, true},
		{{{.ref = 9}, 1, 0}, true},
		{{{.ref = 8}, 3, 0}, true},
		{{{.ref = 10}, 1, 0}, true},
		{{{.gmfn = 8}, DOMID_SELF, 0}, false},
		{{{.gmfn = 9}, DOMID_SELF, 0}, false},
		{{{.gmfn = 8}, 2, 0}, false},
		{{{.gmfn = 8}, 1, 0}, false},
		{{{.gmfn = 5}, DOMID_SELF, 0}, false},
	};
	unsigned i = rand() % ARRAY_SIZE(ends);

	*end = ends[i].ptr;
	*flags = (u16)((*flags & ~by_grant) | (ends[i].grant ? by_grant : 0));
}

static void fill_frames(void)
{
	static const unsigned frames[] = {5, 6, 7, 8, 9};

	for (unsigned i = 0; i < ARRAY_SIZE(frames); i++)
		for (unsigned at = 0; at < PAGE_SIZE; at++)
			fake_frames[frames[i]].bytes[at] = (u8)(frames[i] * 16 + at % 13);
}

/* What a batch keeps from one copy to the next changes nothing: it ends as its copies alone do. */
static void a_batch_is_its_copies_one_by_one(void **state)
{
	static u8 alone[5][PAGE_SIZE];

	(void)state;
	srand(1);
	fake_own_frame(7, a);
	fake_own_frame(8, b);
	fake_own_frame(9, b);
	permit(8, 2, 5, 0);
	permit(9, 2, 7, 0);
	for (unsigned round = 0; round < 500; round++) {
		struct gnttab_copy ops[BATCH] = {0}, single[BATCH];

		for (unsigned i = 0; i < BATCH; i++) {
			bool again = i && rand() % 2;

			if (again)
				ops[i] = ops[i - 1];
			if (!again || rand() % 3 == 0)
				choose_end(&ops[i].source, &ops[i].flags, GNTCOPY_source_gref);
			if (!again || rand() % 3 == 0)
				choose_end(&ops[i].dest, &ops[i].flags, GNTCOPY_dest_gref);
			ops[i].source.offset = rand() % 64;
			ops[i].dest.offset = rand() % 64;
			ops[i].len = rand() % (PAGE_SIZE - 63);
		}
		memcpy(single, ops, sizeof(ops));
		fill_frames();
		for (unsigned i = 0; i < BATCH; i++)
			single[i].status = do_copy(single[i]);
		for (unsigned i = 0; i < 5; i++)
			memcpy(alone[i], fake_frames[5 + i].bytes, PAGE_SIZE);
		fill_frames();
		assert_int_equal(do_grant_table_op(GNTTABOP_copy, (u64)ops, BATCH), 0);
		for (unsigned i = 0; i < BATCH; i++)
			assert_int_equal(ops[i].status, single[i].status);
		for (unsigned i = 0; i < 5; i++)
			assert_memory_equal(fake_frames[5 + i].bytes, alone[i], PAGE_SIZE);
		assert_int_equal(fake_pages_referenced(), 0);
		assert_int_equal(entry(a, 8)->flags, GTF_permit_access);
		assert_int_equal(entry(a, 9)->flags, GTF_permit_access);
		assert_int_equal(a->refs, 1);
	}
}

/* However a batch ends, it holds nothing then. */
static void what_a_batch_keeps_ends_with_it(void **state)
{
	struct gnttab_copy ops[2] = {copy_op(), copy_op()};

	(void)state;
	permit(8, 2, 5, 0);
	fake_preempt_in = 0;
	assert_int_equal(do_grant_table_op(GNTTABOP_copy, (u64)ops, 2), HYPERCALL_PREEMPTED);
	assert_int_equal(fake_pages_referenced(), 0);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access);
	fake_preempt_in = -1;
	fake_fault_from = (u64)&ops[1];
	fake_fault_to = fake_fault_from + 1;
	assert_int_equal(do_grant_table_op(GNTTABOP_copy, (u64)ops, 2), -XEN_EFAULT);
	fake_fault_from = fake_fault_to = 0;
	assert_int_equal(fake_pages_referenced(), 0);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access);
	assert_int_equal(a->refs, 1);
}

static void copy_arguments_are_checked(void **state)
{
	struct gnttab_copy op = copy_op();

	(void)state;
	permit(8, 2, 5, 0);
	op.source.offset = 4000;
	assert_int_equal(do_copy(op), GNTST_bad_copy_arg);
	op = copy_op();
	op.len = 65535;
	assert_int_equal(do_copy(op), GNTST_bad_copy_arg);
	op = copy_op();
	op.dest.domid = 1;
	assert_int_equal(do_copy(op), GNTST_permission_denied);
	op = copy_op();
	op.dest.u.gmfn = 5;
	assert_int_equal(do_copy(op), GNTST_bad_page);
	op = copy_op();
	fake_frames[6].no_write = true;
	assert_int_equal(do_copy(op), GNTST_bad_page);
	op.source.domid = 3;
	assert_int_equal(do_copy(op), GNTST_bad_domain);
	assert_int_equal(fake_pages_referenced(), 0);
	assert_int_equal(a->refs, 1);
}

static void copies_to_a_grant(void **state)
{
	struct gnttab_copy op = {
		.source = {.u.gmfn = 6, .domid = DOMID_SELF},
		.dest = {.u.ref = 8, .domid = 1},
		.len = 8,
		.flags = GNTCOPY_dest_gref,
	};

	(void)state;
	permit(8, 2, 5, GTF_readonly);
	assert_int_equal(do_copy(op), GNTST_general_error);
	permit(8, 2, 5, 0);
	memcpy(fake_frames[6].bytes, "12345678", 8);
	assert_int_equal(do_copy(op), GNTST_okay);
	assert_memory_equal(fake_frames[5].bytes, "12345678", 8);
}

static void tables_grow_to_their_limit(void **state)
{
	xen_pfn_t frames[8];
	struct gnttab_setup_table op = {.dom = DOMID_SELF, .nr_frames = 4};
	struct gnttab_query_size size = {.dom = DOMID_SELF};

	(void)state;
	set_xen_guest_handle(op.frame_list, frames);
	assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, (u64)&op, 1), 0);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(frames[3], page_to_mfn(b->grants.pages[3]).n);
	do_grant_table_op(GNTTABOP_query_size, (u64)&size, 1);
	assert_int_equal(size.nr_frames, 4);
	assert_int_equal(size.max_nr_frames, 4);
	op.nr_frames = 5;
	do_grant_table_op(GNTTABOP_setup_table, (u64)&op, 1);
	assert_int_equal(op.status, GNTST_general_error);
	op.dom = 1;
	do_grant_table_op(GNTTABOP_setup_table, (u64)&op, 1);
	assert_int_equal(op.status, GNTST_permission_denied);
	assert_int_equal(grant_table_grow(b, 5), -XEN_EINVAL);
	a->is_dying = true;
	assert_int_equal(grant_table_grow(a, 2), -XEN_EINVAL);
	a->is_dying = false;
	assert_int_equal(grant_give_frames(b, 4, 1, (u64)frames), -XEN_EINVAL);
	assert_int_equal(grant_give_frames(b, 3, 2, (u64)frames), -XEN_EINVAL);
	assert_int_equal(grant_give_frames(b, ~0UL, 1, (u64)frames), -XEN_EINVAL);
	fake_heap_left = 0;
	assert_int_equal(grant_give_frames(a, 2, 1, (u64)frames), -XEN_ENOMEM);
	fake_heap_left = -1;
	fake_fault_from = (u64)frames;
	fake_fault_to = (u64)(frames + 1);
	assert_int_equal(grant_give_frames(a, 2, 1, (u64)frames), -XEN_EFAULT);
	fake_fault_from = fake_fault_to = 0;
	assert_int_equal(grant_give_frames(a, 2, 1, (u64)frames), 0);
	assert_int_equal(frames[0], page_to_mfn(a->grants.pages[2]).n);
}

static void no_memory_is_an_error(void **state)
{
	struct domain *c = fake_domain(3, 1);
	int left;

	(void)state;
	for (left = 0; left < 2; left++) {
		fake_heap_left = left;
		assert_int_equal(grant_table_grow(c, 1), -XEN_ENOMEM);
		grant_domain_free(c);
		memset(&c->grants, 0, sizeof(c->grants));
	}
	fake_heap_left = 0;
	permit(8, 2, 5, 0);
	assert_int_equal(map(8, GNTMAP_host_map).status, GNTST_no_space);
	fake_heap_left = -1;
	fake_domain_free(c);
}

static void only_version_1(void **state)
{
	struct gnttab_set_version set = {.version = 1};
	struct gnttab_get_version get = {.dom = DOMID_SELF};

	(void)state;
	assert_int_equal(do_grant_table_op(GNTTABOP_set_version, (u64)&set, 1), 0);
	set.version = 2;
	assert_int_equal(do_grant_table_op(GNTTABOP_set_version, (u64)&set, 1), -XEN_ENOSYS);
	set.version = 3;
	assert_int_equal(do_grant_table_op(GNTTABOP_set_version, (u64)&set, 1), -XEN_EINVAL);
	assert_int_equal(do_grant_table_op(GNTTABOP_get_version, (u64)&get, 1), 0);
	assert_int_equal(get.version, 1);
	assert_int_equal(do_grant_table_op(GNTTABOP_transfer, 0, 0), -XEN_ENOSYS);
	assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, 0, 0x80000000), -XEN_EINVAL);
	fake_fault_from = 0x1000;
	fake_fault_to = 0x2000;
	assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, 0x1000, 1), -XEN_EFAULT);
	assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, 0x1000, 1), -XEN_EFAULT);
	assert_int_equal(do_grant_table_op(GNTTABOP_copy, 0x1000, 1), -XEN_EFAULT);
	assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, 0x1000, 1), -XEN_EFAULT);
}

static int audited_refs, audited_writable;

static void audit_add(struct page *pg, bool writable, void *arg)
{
	(void)arg;
	assert_ptr_equal(pg, &fake_frames[5]);
	audited_refs++;
	audited_writable += writable;
}

static void the_auditor_sees_each_handle(void **state)
{
	(void)state;
	permit(8, 2, 5, 0);
	map(8, GNTMAP_host_map);
	map(8, GNTMAP_host_map | GNTMAP_readonly);
	audited_refs = audited_writable = 0;
	grant_audit(a, audit_add, NULL);
	grant_audit(b, audit_add, NULL);
	assert_int_equal(audited_refs, 2);
	assert_int_equal(audited_writable, 1);
}

static void release_is_preemptible(void **state)
{
	int i;

	(void)state;
	permit(8, 2, 5, 0);
	for (i = 0; i < 100; i++)
		map(8, GNTMAP_host_map);
	fake_preempt_in = 0;
	assert_int_equal(grant_domain_release(b), -XEN_ERESTART);
	assert_int_equal(fake_frames[5].refs, 36);
	assert_int_equal(grant_domain_release(b), 0);
	assert_int_equal(fake_frames[5].refs, 0);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(maps_and_unmaps),
		TEST(readers_and_writers_are_counted),
		TEST(the_frame_is_fixed_while_in_use),
		TEST(entries_are_checked),
		TEST(page_tables_are_not_writable_by_grant),
		TEST(a_failed_map_leaves_nothing),
		TEST(device_and_host_mappings_of_one_handle),
		TEST(one_handle_twice_in_a_batch),
		TEST(batches_are_preempted_and_resumed),
		TEST(handles_run_out),
		TEST(copies),
		TEST(copies_are_preempted_and_resumed),
		TEST(a_batch_is_its_copies_one_by_one),
		TEST(what_a_batch_keeps_ends_with_it),
		TEST(copy_arguments_are_checked),
		TEST(copies_to_a_grant),
		TEST(tables_grow_to_their_limit),
		TEST(no_memory_is_an_error),
		TEST(only_version_1),
		TEST(the_auditor_sees_each_handle),
		TEST(release_is_preemptible),
	};

	return cmocka_run_group_tests_name("grants", tests, NULL, NULL);
}
