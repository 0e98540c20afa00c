/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No memory: each hypercall that allocates, with its first allocation failing, its second, and so
 * on until it succeeds; just that one, and all from there on. The error is the right one, the
 * auditor is content, and no page is lost. The hypercalls that need no memory work without.
 */
#include "fakes/mm_fakes.h"
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <core/calls.h>
#include <core/memory_op.h>

static int left;  /* allocations until one fails; negative: none does */
static bool only; /* that one, not the following ones */
static unsigned asked, failed, faults;

static bool fails(void)
{
	asked++;
	if (left < 0)
		return false;
	if (left > 0) {
		left--;
		return false;
	}
	left = only ? -1 : 0;
	failed++;
	faults++;
	return true;
}

/* The linker puts these in the place of the real ones, wherever another file calls them. */
struct page *__real_heap_take(unsigned order, u64 limit);
struct page *__wrap_heap_take(unsigned order, u64 limit);
void *__real_heap_pages(unsigned order);
void *__wrap_heap_pages(unsigned order);
void *__real_heap_alloc(size_t size);
void *__wrap_heap_alloc(size_t size);

struct page *__wrap_heap_take(unsigned order, u64 limit)
{
	return fails() ? NULL : __real_heap_take(order, limit);
}

void *__wrap_heap_pages(unsigned order)
{
	return fails() ? NULL : __real_heap_pages(order);
}

void *__wrap_heap_alloc(size_t size)
{
	return fails() ? NULL : __real_heap_alloc(size);
}

/* --- the surroundings --- */

static struct domain *d;
static struct fake_space space;
static xen_pfn_t list[16];

static int set_up(void **state)
{
	left = -1;
	fake_machine(state);
	d = fake_domain(1, true, 200);
	fake_run_space(d, &space);
	d->mem.vm_assist = ~0UL;
	d->max_grant_frames = 4;
	d->max_maptrack_frames = 2;
	return 0;
}

static int tear_down(void **state)
{
	assert_int_equal(grant_domain_release(d), 0);
	grant_domain_free(d);
	memset(&d->grants, 0, sizeof(d->grants));
	return fake_machine_clean(state);
}

/*
 * call() with every allocation failing in turn. Its result in a failure is `error`, or for a batch
 * (error 0) how much was done, less than `all`; undo() takes back what it has done, however much.
 */
struct trial {
	const char *name;
	long (*call)(void);
	void (*undo)(long done);
	long error, all;
};

/* False: nothing was left to fail. */
static bool try_one(const struct trial *t, int n)
{
	u64 pages = d->mem.tot_pages, free;

	left = -1;
	free = heap_free_pages();
	left = n;
	failed = 0;
	long rc = t->call();

	left = -1;
	fake_audit();
	if (!failed)
		assert_int_equal(rc, t->all);
	else if (t->error)
		assert_int_equal(rc, t->error);
	else
		assert_in_range(rc, 0, t->all - 1);
	t->undo(rc);
	fake_audit();
	assert_int_equal(d->mem.tot_pages, pages);
	assert_int_equal(heap_free_pages(), free);
	return failed;
}

static void try_all(const struct trial *t)
{
	unsigned before = faults;

	for (int mode = 0; mode < 2; mode++) {
		only = mode;
		for (int n = 0; try_one(t, n); n++)
			assert_in_range(n, 0, 100);
	}
	assert_true(faults > before);
}

/* --- reservations --- */

static unsigned order, extents;
static unsigned long command;

static long reserve(void)
{
	struct xen_memory_reservation r = {
		.nr_extents = extents, .extent_order = order, .domid = DOMID_SELF};

	for (unsigned i = 0; i < extents; i++)
		list[i] = 5000 + (i << order);
	r.extent_start.p = list;
	return fake_call(memory_op, (command, (u64)&r));
}

static void give_back(long done)
{
	struct xen_memory_reservation r = {
		.nr_extents = done, .extent_order = order, .domid = DOMID_SELF};

	r.extent_start.p = list;
	assert_int_equal(fake_call(memory_op, (XENMEM_decrease_reservation, (u64)&r)), done);
}

static void reservations(void **state)
{
	static const unsigned commands[] = {XENMEM_populate_physmap, XENMEM_increase_reservation};

	(void)state;
	for (order = 0; order < 4; order += 3)
		for (unsigned i = 0; i < 2; i++) {
			command = commands[i];
			extents = 5;
			try_all(&(struct trial){"reserve", reserve, give_back, 0, 5});
		}
}

/* In chunks: what is exchanged stays exchanged. */
static unsigned out_order;

static long exchange(void)
{
	xen_pfn_t out[8] = {0};
	struct xen_memory_exchange x = {.in = {.nr_extents = 8, .domid = DOMID_SELF},
					.out = {.nr_extents = 8 >> out_order,
						.extent_order = out_order,
						.domid = DOMID_SELF}};

	x.in.extent_start.p = list;
	x.out.extent_start.p = out;
	long rc = fake_call(memory_op, (XENMEM_exchange, (u64)&x));

	assert_int_equal(rc, x.nr_exchanged == 8 ? 0 : -XEN_ENOMEM);
	for (unsigned i = 0; i < x.nr_exchanged; i++)
		list[i] = out[i >> out_order] + (i & (BIT(out_order) - 1));
	return x.nr_exchanged;
}

static void stay(long done)
{
	(void)done;
}

static void exchanges(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++)
		list[i] = fake_page(d);
	for (out_order = 0; out_order < 4; out_order++)
		try_all(&(struct trial){"exchange", exchange, stay, 0, 8});
}

static long set_map(void)
{
	static struct e820_entry entries[100];
	struct xen_foreign_memory_map map = {.domid = DOMID_SELF, .map = {.nr_entries = 100}};

	map.map.buffer.p = entries;
	return fake_call(memory_op, (XENMEM_set_memory_map, (u64)&map));
}

static void free_map(long done)
{
	heap_free(d->memory_map);
	d->memory_map = NULL;
}

static void memory_maps(void **state)
{
	(void)state;
	try_all(&(struct trial){"set_memory_map", set_map, free_map, -XEN_ENOMEM, 0});
}

/* --- grants --- */

static long set_up_table(void)
{
	struct gnttab_setup_table op = {.dom = DOMID_SELF, .nr_frames = 3};

	op.frame_list.p = list;
	assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, (u64)&op, 1), 0);
	return op.status;
}

static void drop_table(long done)
{
	grant_domain_free(d);
	memset(&d->grants, 0, sizeof(d->grants));
}

static void grant_tables(void **state)
{
	(void)state;
	try_all(&(struct trial){"setup_table", set_up_table, drop_table, GNTST_general_error, 0});
}

static struct gnttab_map_grant_ref map;

static long map_grant(void)
{
	map = (struct gnttab_map_grant_ref){
		.host_addr = FAKE_VA + 0x20000, .flags = GNTMAP_host_map, .ref = 9, .dom = 1};
	assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, (u64)&map, 1), 0);
	return map.status;
}

static void unmap_grant(long status)
{
	struct gnttab_unmap_grant_ref op = {.host_addr = map.host_addr, .handle = map.handle};

	if (status == GNTST_okay)
		assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, (u64)&op, 1), 0);
	/* so that the next try begins without handles */
	for (unsigned i = 0; i < d->grants.maptrack_pages; i++)
		heap_free(d->grants.maptracks[i]);
	heap_free(d->grants.maptracks);
	d->grants.maptracks = NULL;
	d->grants.maptrack_pages = d->grants.maptrack_free = d->grants.release_next = 0;
}

static void permit(u64 frame)
{
	struct grant_entry_v1 *table;

	assert_int_equal(grant_table_grow(d, 1), 0);
	table = page_to_virt(d->grants.pages[0]);
	table[9] = (struct grant_entry_v1){GTF_permit_access, 1, (u32)frame};
}

static void grant_maps(void **state)
{
	(void)state;
	permit(space.data[0]);
	try_all(&(struct trial){"map_grant_ref", map_grant, unmap_grant, GNTST_no_space, 0});
}

/* --- domains --- */

static long make_domain(void)
{
	static struct domain_memory dm;
	int rc = mm_domain_init(&dm, 7, false, MAX_VCPUS);

	if (!rc)
		mm_domain_destroy(&dm);
	return rc;
}

static void domains_memory(void **state)
{
	(void)state;
	try_all(&(struct trial){"mm_domain_init", make_domain, stay, -XEN_ENOMEM, 0});
}

/* --- without memory --- */

static void update(u64 ptr, u64 val)
{
	struct mmu_update req = {ptr, val};

	assert_int_equal(fake_call(mmu_update, ((u64)&req, 1, 0, DOMID_SELF)), 0);
}

static void extended(unsigned cmd, u64 arg1, u64 arg2)
{
	struct mmuext_op op = {.cmd = cmd, .arg1 = {arg1}, .arg2 = {.src_mfn = arg2}};

	assert_int_equal(fake_call(mmuext_op, ((u64)&op, 1, 0, DOMID_SELF)), 0);
}

/* What a guest must be able to do to get out of the trouble, and more. */
static void what_needs_no_memory(void **state)
{
	u64 table = fake_page(d), page = fake_page(d), other = fake_page(d),
	    descriptors = fake_page(d);
	struct gnttab_copy copy = {.flags = GNTCOPY_source_gref, .len = 4096};

	(void)state;
	permit(other);
	map_grant();
	assert_int_equal(map.status, GNTST_okay);
	left = 0;
	asked = only = 0;
	update(table << PAGE_SHIFT, fake_pte(page, PAGE_RW));
	extended(MMUEXT_PIN_L1_TABLE, table, 0);
	update(table << PAGE_SHIFT | 8, fake_pte(page, PAGE_RO));
	update(space.l2 << PAGE_SHIFT | 8, fake_pte(table, PAGE_RW));
	assert_int_equal(do_update_va_mapping(FAKE_VA + 0x200000, 0, UVMF_INVLPG), 0);
	assert_int_equal(mm_ptwr_write(&d->vcpus[0]->mem, FAKE_L1_VA + 8, NULL, 0, 8), 0);
	extended(MMUEXT_PIN_L4_TABLE, space.l4, 0);
	extended(MMUEXT_NEW_USER_BASEPTR, space.l4, 0);
	extended(MMUEXT_NEW_USER_BASEPTR, 0, 0);
	extended(MMUEXT_NEW_BASEPTR, space.l4, 0);
	extended(MMUEXT_UNPIN_TABLE, space.l4, 0);
	extended(MMUEXT_CLEAR_PAGE, page, 0);
	extended(MMUEXT_COPY_PAGE, page, other);
	extended(MMUEXT_SET_LDT, FAKE_VA, 100);
	assert_int_equal(mm_update_descriptor(&d->vcpus[0]->mem, descriptors << PAGE_SHIFT, 0), 0);
	copy.source.u.ref = 9;
	copy.source.domid = 1;
	copy.dest.u.gmfn = page;
	copy.dest.domid = DOMID_SELF;
	assert_int_equal(do_grant_table_op(GNTTABOP_copy, (u64)&copy, 1), 0);
	assert_int_equal(copy.status, GNTST_okay);
	struct gnttab_unmap_grant_ref unmap = {.host_addr = map.host_addr, .handle = map.handle};

	assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, (u64)&unmap, 1), 0);
	assert_int_equal(unmap.status, GNTST_okay);
	list[0] = descriptors;
	order = 0;
	give_back(1);
	assert_int_equal(asked, 0);
	left = -1;
}

/* Not by injection: every frame is taken. The auditor then makes do with what it has. */
static void an_empty_heap(void **state)
{
	struct page_list hoard = {0};
	struct page *pg;

	(void)state;
	while ((pg = heap_take(0, ~0UL)))
		page_list_add(&hoard, pg);
	fake_audit();
	command = XENMEM_populate_physmap;
	order = 0;
	extents = 3;
	assert_int_equal(reserve(), 0);
	assert_int_equal(fake_last_refusal, NO_MEMORY);
	pg = page_list_first(&hoard);
	page_list_del(&hoard, pg);
	heap_free_frames(frame_mfn(pg), 1);
	assert_int_equal(reserve(), 1);
	give_back(1);
	assert_int_equal(heap_free_pages(), 1);
	fake_audit();
	while ((pg = page_list_first(&hoard))) {
		page_list_del(&hoard, pg);
		heap_free_frames(frame_mfn(pg), 1);
	}
}

#define fault_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		fault_test(reservations),	  fault_test(exchanges),
		fault_test(memory_maps),	  fault_test(grant_tables),
		fault_test(grant_maps),		  fault_test(domains_memory),
		fault_test(what_needs_no_memory), fault_test(an_empty_heap),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	print_message("faults: %u allocations made to fail\n", faults);
	return rc;
}
