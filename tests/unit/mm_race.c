/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two CPUs, in every order that matters: the first is stopped before one of its accesses to memory,
 * there the second does all that it has to do, then the first goes on. This is repeated for the
 * next access, and the next, until the first gets to its end undisturbed. If the second has to wait
 * for the first, both run on together. Then the auditor counts.
 */
#define sched_yield hypervisor_yield /* the C library has one, too */
#include "fakes/access.h"
#include "fakes/mm_fakes.h"
#undef sched_yield
#include <core/memory_op.h>
#include <pthread.h>
#include <semaphore.h>

#define FRAMES 64 /* the heap of this small machine */

/* --- one CPU waits while the other works --- */

typedef void work(void);

static struct domain *d, *other;
static work *second;
static sem_t second_may_run, first_may_run, second_finished;
static __thread bool first_waits;
static unsigned step, stops[2]; /* accesses of the first; where it is stopped, in order */
static work *at_stop[2];
static unsigned stopped;

static void let_first_run(void)
{
	if (first_waits)
		sem_post(&first_may_run);
	first_waits = false;
}

static void wait_for(sem_t *event)
{
	while (sem_wait(event))
		;
}

static void *second_cpu(void *unused)
{
	fake_on_wait = let_first_run; /* it has what the second waits for */
	for (;;) {
		wait_for(&second_may_run);
		first_waits = true;
		fake_run_as_vcpu(d, 1);
		second();
		fake_preempt_in = 0;
		let_first_run();
		sem_post(&second_finished);
	}
	return unused;
}

/* Until it is done, or has to wait for the first. */
static void run_second(work *w)
{
	if (stopped++)
		wait_for(&second_finished);
	second = w;
	sem_post(&second_may_run);
	wait_for(&first_may_run);
}

static void count_step(void)
{
	step++;
	while (stopped < 2 && at_stop[stopped] && step >= stops[stopped])
		run_second(at_stop[stopped]);
}

/** first(), with what at_stop[] says at its steps stops[]. How many stops it came to. */
static unsigned interleave(work *first)
{
	unsigned reached;

	fake_threads = 2;
	step = stopped = 0;
	fake_before_access = count_step;
	first();
	fake_before_access = NULL;
	reached = stopped;
	while (stopped < 2 && at_stop[stopped])
		run_second(at_stop[stopped]);
	wait_for(&second_finished);
	fake_threads = 0;
	fake_preempt_in = 0;
	return reached;
}

/* --- what they work on --- */

static struct fake_space s;
static u64 wide; /* an L2 table with some L1 tables */
static struct page_list hoard;

/* All memory but a few frames is taken, once. */
static void make_machine(void)
{
	pthread_t thread;
	struct page *pg;

	fake_machine(NULL);
	while ((pg = heap_take(0, ~0UL)))
		page_list_add(&hoard, pg);
	for (u64 f = FAKE_END_FRAME - FRAMES; f < FAKE_END_FRAME; f++)
		page_list_del(&hoard, fake_entry(f));
	heap_free_frames(mfn(FAKE_END_FRAME - FRAMES), FRAMES);
	sem_init(&second_may_run, 0, 0);
	sem_init(&first_may_run, 0, 0);
	sem_init(&second_finished, 0, 0);
	assert_int_equal(pthread_create(&thread, NULL, second_cpu, NULL), 0);
}

/* All but `left` free frames are the other domain's. */
static void prepare(unsigned left)
{
	fake_machine(NULL);
	other = fake_domain(2, false, FRAMES);
	d = fake_domain(1, false, FRAMES);
	fake_run_space(d, &s);
	fake_add_vcpu(d, 1);
	fake_run_as_vcpu(d, 1);
	assert_int_equal(mm_set_root(&d->vcpus[1]->mem, mfn(s.l4), false), 0);
	fake_run_as(d);
	wide = fake_page(d);
	for (unsigned i = 0; i < 4; i++)
		fake_bytes(wide)[i * 100] = fake_pte(fake_page(d), PAGE_RW);
	while (heap_free_pages() > left)
		fake_page(other);
}

static long ext(unsigned cmd, u64 frame)
{
	struct mmuext_op op = {.cmd = cmd, .arg1.mfn = frame};

	return fake_call(mmuext_op, ((u64)&op, 1, 0, DOMID_SELF));
}

static void finish(void)
{
	for (unsigned i = 0; i < 2; i++) {
		fake_run_as_vcpu(d, i);
		ext(MMUEXT_TLB_FLUSH_LOCAL, 0); /* what was put off is done now */
	}
	fake_audit();
}

/* --- a pin of what is pinned, while another vCPU unpins it --- */

static long result;

static void pin_wide(void)
{
	fake_preempt_in = 1;
	result = ext(MMUEXT_PIN_L2_TABLE, wide);
}

static void unpin_wide(void)
{
	ext(MMUEXT_UNPIN_TABLE, wide);
}

static void a_pin_while_another_unpins(void **state)
{
	(void)state;
	at_stop[0] = unpin_wide;
	at_stop[1] = NULL;
	for (unsigned reached = 1, n = 1; reached; n++) {
		prepare(1);
		assert_int_equal(ext(MMUEXT_PIN_L2_TABLE, wide), 0);
		stops[0] = n;
		reached = interleave(pin_wide);
		finish();
		assert_true(result == 0 || result == -XEN_EINVAL);
		assert_int_equal(type_count(wide), result ? 0 : 1);
		fake_machine_clean(NULL);
	}
}

/* --- a reference on a frame that becomes another domain's table meanwhile --- */

static u64 empty_l1;

static void get_wide(void)
{
	fake_preempt_in = 1;
	result = type_get_owned(fake_entry(wide), &d->mem, TYPE_L2);
}

/* Where the frame is free, it is the only one that is. */
static void wide_changes_hands(void)
{
	struct page *pg;

	type_unpin(fake_entry(wide));
	page_drop_allocation(fake_entry(wide));
	pg = mm_alloc_domain_pages(&other->mem, 0, ~0UL, INVALID_M2P_ENTRY);
	if (!pg || type_get(fake_entry(empty_l1), TYPE_L1))
		return;
	fake_bytes(wide)[7] = fake_bytes(wide)[9] = fake_pte(empty_l1, PAGE_RW);
	if (!type_get(pg, TYPE_L2))
		type_set_pinned(pg, true);
	type_put(fake_entry(empty_l1));
}

/* So that the getter's reference, if it has one, is the last. */
static void its_new_owner_unpins(void)
{
	if (mm_page_owner(fake_entry(wide)) == &other->mem)
		type_unpin(fake_entry(wide));
}

static void the_owner_changes_beneath_a_get(void **state)
{
	(void)state;
	at_stop[0] = wide_changes_hands;
	at_stop[1] = its_new_owner_unpins;
	for (unsigned reached = 1, n = 1; reached; n++) {
		for (unsigned after = 0; after < 30 && (reached == 2 || !after); after++) {
			prepare(1);
			empty_l1 = fake_page(other);
			assert_int_equal(ext(MMUEXT_PIN_L2_TABLE, wide), 0);
			stops[0] = n;
			stops[1] = n + after;
			reached = interleave(get_wide);
			while (!result && type_put(fake_entry(wide)))
				;
			finish();
			fake_machine_clean(NULL);
		}
	}
}

/* --- a page of the hypervisor that its domain names before it has been told --- */

static struct page *shared;

static void share(void)
{
	shared = mm_share_new_page(&d->mem, true);
}

static void map_the_free_frame(void)
{
	for (u64 f = FAKE_END_FRAME - FRAMES; f < FAKE_END_FRAME; f++)
		if (mm_page_owner(fake_entry(f)) != &other->mem) {
			do_update_va_mapping(FAKE_VA + 0x9000, fake_pte(f, PAGE_RW), 0);
			do_update_va_mapping(FAKE_VA + 0xa000, fake_pte(f, PAGE_RO), 0);
		}
}

static void a_shared_page_is_named_early(void **state)
{
	(void)state;
	at_stop[0] = map_the_free_frame;
	at_stop[1] = NULL;
	for (unsigned reached = 1, n = 1; reached; n++) {
		prepare(1);
		stops[0] = n;
		reached = interleave(share);
		assert_non_null(shared);
		finish();
		mm_unshare_page(shared);
		fake_machine_clean(NULL);
	}
}

/* --- memory that goes to another domain before who asked for it has been told --- */

#define ITS_PFN	   0x123 /* in the one's eyes, and in the other's */
#define OTHERS_PFN 0x777

static xen_pfn_t extent;
static bool told;	   /* the list takes an answer */
static struct page *taken; /* by the other domain */

static void populate(void)
{
	struct xen_memory_reservation res = {.nr_extents = 1, .domid = DOMID_SELF};

	extent = ITS_PFN;
	res.extent_start.p = &extent;
	result = memory_reservation(XENMEM_populate_physmap, (u64)&res);
}

/* The list can be read and not be written. */
static bool only_read(u64 addr)
{
	return !told && addr == (u64)&extent;
}

/* One frame is free, and the new one is the only one that the M2P table says this of. */
static void the_free_frame_changes_hands(void)
{
	for (u64 f = FAKE_END_FRAME - FRAMES; f < FAKE_END_FRAME; f++) {
		struct page *pg = mm_get_page(mfn(f), &d->mem);

		if (!pg)
			continue;
		if (m2p_table[f] == ITS_PFN || m2p_table[f] == INVALID_M2P_ENTRY)
			page_drop_allocation(pg);
		mm_put_page(pg);
	}
	taken = mm_alloc_domain_pages(&other->mem, 0, ~0UL, OTHERS_PFN);
}

static void look_at_others_memory(void)
{
	if (!taken)
		return;
	assert_ptr_equal(mm_page_owner(taken), &other->mem);
	assert_int_equal(taken->count, PAGE_ALLOCATED | 1);
	assert_int_equal(m2p_table[frame_mfn(taken).n], OTHERS_PFN);
}

static void memory_goes_as_it_comes(void **state)
{
	(void)state;
	at_stop[0] = the_free_frame_changes_hands;
	at_stop[1] = NULL;
	fake_write_faults = only_read;
	for (unsigned reached = 1, n = 2; reached || n & 1; n++) {
		prepare(1);
		for (u64 f = FAKE_END_FRAME - FRAMES; f < FAKE_END_FRAME; f++)
			if (mm_page_owner(fake_entry(f)) == &d->mem)
				m2p_table[f] = 0; /* not new */
		told = n & 1;
		stops[0] = n / 2;
		reached = interleave(populate) || (told && reached);
		finish();
		look_at_others_memory();
		fake_machine_clean(NULL);
	}
	fake_write_faults = NULL;
}

/* --- any two on one table; not every order, there are too many --- */

static void unpin_preempted(void)
{
	fake_preempt_in = 1;
	unpin_wide();
}

/* Put the wide table into the address space, or take it out; both tables lose or gain a lot. */
static void update(u64 table, unsigned slot, u64 entry)
{
	struct mmu_update req = {table << PAGE_SHIFT | slot * 8, entry};

	fake_preempt_in = 1;
	fake_call(mmu_update, ((u64)&req, 1, 0, DOMID_SELF));
}

static void hang_in(void)
{
	update(s.l3, 1, fake_pte(wide, PAGE_RW));
}

static void take_out(void)
{
	update(s.l3, 1, 0);
}

static void empty_entry(void)
{
	update(wide, 100, 0);
}

static void write_it(void)
{
	struct page *pg = mm_get_page_writable(mfn(wide), &d->mem);

	if (pg)
		type_put(pg);
}

static void give_it_back(void)
{
	struct page *pg = mm_get_page(mfn(wide), &d->mem);

	if (!pg)
		return;
	page_drop_allocation(pg);
	mm_put_page(pg);
}

static void as_l1(void)
{
	fake_preempt_in = 1;
	ext(MMUEXT_PIN_L1_TABLE, wide);
	ext(MMUEXT_UNPIN_TABLE, wide);
}

static void any_two(void **state)
{
	static work *const works[] = {pin_wide,	   unpin_preempted, hang_in,	  take_out,
				      empty_entry, write_it,	    give_it_back, as_l1};

	(void)state;
	at_stop[1] = NULL;
	for (unsigned i = 0; i < ARRAY_SIZE(works) * ARRAY_SIZE(works) * 2; i++) {
		at_stop[0] = works[i / 2 % ARRAY_SIZE(works)];
		for (unsigned reached = 1, n = 1; reached; n += 1 + n / 8) {
			prepare(1);
			if (i & 1)
				pin_wide();
			stops[0] = n;
			reached = interleave(works[i / 2 / ARRAY_SIZE(works)]);
			finish();
			fake_machine_clean(NULL);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pin_while_another_unpins),
		cmocka_unit_test(the_owner_changes_beneath_a_get),
		cmocka_unit_test(a_shared_page_is_named_early),
		cmocka_unit_test(memory_goes_as_it_comes),
		cmocka_unit_test(any_two),
	};

	make_machine();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
