/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The type machine: every transition of the table in mm/types.h, allowed and refused. */
#include "fakes/mm_fakes.h"

static struct domain *d;

static int set_up(void **state)
{
	fake_machine(state);
	d = fake_domain(1, false, 600);
	return 0;
}

/* A page as a frame of each type needs it: tables empty. */
static u64 typed_page(enum frame_type type)
{
	u64 frame = fake_page(d);

	assert_int_equal(type_get(fake_entry(frame), type), 0);
	return frame;
}

static const enum frame_type kinds[] = {TYPE_L1, TYPE_L2,	  TYPE_L3,
					TYPE_L4, TYPE_DESCRIPTOR, TYPE_WRITABLE};

static void every_type_excludes_every_other(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		u64 frame = typed_page(kinds[i]);

		assert_int_equal(type_count(frame), 1);
		assert_int_equal(refs(frame), 2); /* the allocation's and the type's */
		for (unsigned j = 0; j < ARRAY_SIZE(kinds); j++) {
			int rc = type_get(fake_entry(frame), kinds[j]);

			assert_int_equal(rc, i == j ? 0 : OTHER_TYPE);
			assert_int_equal(type_count(frame), i == j ? 2 : 1);
			if (i == j)
				assert_int_equal(type_put(fake_entry(frame)), 0);
		}
		assert_int_equal(type_put(fake_entry(frame)), 0);
		assert_int_equal(type_count(frame), 0);
		assert_int_equal(refs(frame), 1);
	}
}

/* While a table is validated it is of that type already: no waiting for itself. */
static void a_table_that_names_itself_is_refused(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		u64 frame = fake_page(d);

		fake_bytes(frame)[0] = frame << PAGE_SHIFT | PAGE_RW;
		assert_true(type_get(fake_entry(frame), kinds[i]) < 0);
		assert_int_equal(type_count(frame), 0);
		assert_int_equal(refs(frame), 1);
	}
}

static struct page *changing;

/* Who had the new type already could make use of it with what TLBs know of the old one. */
static void nobody_has_the_type_yet(void)
{
	assert_true(changing->type & TYPE_BUSY);
}

static void an_idle_page_may_become_anything_after_a_flush(void **state)
{
	u64 frame = fake_page(d);

	(void)state;
	changing = fake_entry(frame);
	fake_on_flush = nobody_has_the_type_yet;
	d->mem.dirty_cpus.bits = 5;
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		for (unsigned j = 0; j < ARRAY_SIZE(kinds); j++) {
			memset(fake_bytes(frame), 0, PAGE_SIZE);
			assert_int_equal(type_get(fake_entry(frame), kinds[i]), 0);
			assert_int_equal(type_put(fake_entry(frame)), 0);
			memset(fake_bytes(frame), 0, PAGE_SIZE);
			fake_flushes = 0;
			assert_int_equal(type_get(fake_entry(frame), kinds[j]), 0);
			assert_int_equal(fake_flushes, i == j ? 0 : 2);
			if (i != j)
				assert_int_equal(fake_last_flush.bits, 5);
			assert_int_equal(type_put(fake_entry(frame)), 0);
		}
	fake_on_flush = NULL;
}

static void a_foreign_mapping_is_flushed_everywhere(void **state)
{
	u64 frame = typed_page(TYPE_WRITABLE);

	(void)state;
	fake_entry(frame)->flags |= PAGE_FOREIGN;
	type_put(fake_entry(frame));
	fake_flushes = 0;
	assert_int_equal(type_get(fake_entry(frame), TYPE_L1), 0);
	assert_int_equal(fake_flushes, FAKE_CPUS);
	type_put(fake_entry(frame));
}

static void counts_have_limits(void **state)
{
	u64 frame = fake_page(d);
	struct page *pg = fake_entry(frame);
	unsigned n = 0;

	(void)state;
	while (!type_get(pg, TYPE_WRITABLE))
		n++;
	assert_int_equal(n, TYPE_COUNT_MAX);
	assert_int_equal(fake_last_refusal, OVER_LIMIT);
	while (n--)
		type_put(pg);
	for (n = 0; page_ref(pg); n++)
		;
	assert_int_equal(n, PAGE_COUNT_MAX - 1);
	assert_int_equal(type_get(pg, TYPE_WRITABLE), -XEN_EINVAL);
	assert_int_equal(fake_last_refusal, OVER_LIMIT);
	assert_int_equal(type_count(frame), 0);
	while (n--)
		mm_put_page(pg);
	assert_null(mm_get_page(mfn(FAKE_END_FRAME), &d->mem));
	assert_null(mm_get_page(mfn(0), &d->mem));
	assert_null(mm_get_page(mfn(~0UL), &d->mem));
}

static void pins(void **state)
{
	u64 frame = typed_page(TYPE_L2);
	struct page *pg = fake_entry(frame);

	(void)state;
	assert_true(type_set_pinned(pg, true));
	assert_int_equal(type_get(pg, TYPE_L2), 0);
	assert_false(type_set_pinned(pg, true));
	assert_int_equal(type_put(pg), 0);
	assert_string_equal(type_describe(pg->type), "a pinned L2 table");
	assert_int_equal(type_unpin(pg), 0);
	assert_int_equal(type_count(frame), 0);
	assert_int_equal(type_unpin(pg), -XEN_EINVAL);
}

static void strangers_frames_are_not_touched(void **state)
{
	struct domain *other = fake_domain(2, false, 10);
	u64 frame = fake_page(other), before = fake_entry(frame)->type;
	struct page *pg;

	(void)state;
	assert_int_equal(type_get_owned(fake_entry(frame), &d->mem, TYPE_WRITABLE), OTHER_OWNER);
	assert_int_equal(fake_entry(frame)->type, before);
	assert_null(mm_get_page(mfn(frame), &d->mem));
	assert_null(mm_get_page_writable(mfn(frame), &d->mem));
	assert_null(fake_get_descriptor_page(d, frame));
	assert_int_equal(type_get_owned(fake_entry(FAKE_FIRST_FRAME), &d->mem, TYPE_WRITABLE),
			 OTHER_OWNER);
	pg = mm_get_page_writable(mfn(frame), &other->mem);
	assert_ptr_equal(pg, fake_entry(frame));
	type_put(pg);
}

/* An L2 whose entries name distinct L1s, each with nothing in it. */
static u64 wide_l2(u64 *l1s, unsigned n)
{
	u64 l2 = fake_page(d);

	for (unsigned i = 0; i < n; i++) {
		l1s[i] = fake_page(d);
		fake_bytes(l2)[i * 3] = fake_pte(l1s[i], PAGE_RW);
	}
	return l2;
}

#define WIDE 40

static void a_preempted_get_goes_on(void **state)
{
	u64 l1s[WIDE], l2 = wide_l2(l1s, WIDE);
	struct page *pg = fake_entry(l2);
	unsigned rounds = 0;
	int rc;

	(void)state;
	fake_preempt_in = 7;
	while ((rc = type_get(pg, TYPE_L2)) == -XEN_ERESTART) {
		rounds++;
		assert_true(pg->type & TYPE_PARTIAL);
		assert_int_equal(type_count(l2), 0);
		assert_int_equal(refs(l2), 2);
		fake_audit();
	}
	assert_int_equal(rc, 0);
	assert_int_equal(rounds, WIDE / 7);
	for (unsigned i = 0; i < WIDE; i++)
		assert_int_equal(type_count(l1s[i]), 1);
	rounds = 0;
	while ((rc = type_put(pg)) == -XEN_ERESTART) {
		rounds++;
		assert_true(pg->type & TYPE_PARTIAL);
		assert_int_equal(type_count(l2), 1); /* still the caller's */
		fake_external_pages[0].page = pg;
		fake_external_pages[0].writable = true;
		fake_external = 1;
		fake_audit();
		fake_external = 0;
	}
	assert_int_equal(rc, 0);
	assert_true(rounds >= 4);
	for (unsigned i = 0; i < WIDE; i++)
		assert_int_equal(type_count(l1s[i]), 0);
}

static void an_interrupted_get_bars_other_types(void **state)
{
	u64 l1s[WIDE], l2 = wide_l2(l1s, WIDE);
	struct page *pg = fake_entry(l2);

	(void)state;
	fake_preempt_in = 20;
	assert_int_equal(type_get(pg, TYPE_L2), -XEN_ERESTART);
	fake_preempt_in = 0;
	assert_int_equal(type_count(l1s[5]), 1);
	assert_int_equal(type_get(pg, TYPE_WRITABLE), OTHER_TYPE);
	assert_int_equal(type_get(pg, TYPE_L3), OTHER_TYPE);
	assert_int_equal(type_settle(pg), 0);
	assert_int_equal(type_get(pg, TYPE_WRITABLE), 0);
	assert_int_equal(type_count(l1s[5]), 0);
	assert_int_equal(type_put(pg), 0);
}

static void settling_takes_an_interrupted_get_apart(void **state)
{
	u64 l1s[WIDE], l2 = wide_l2(l1s, WIDE);
	struct page *pg = fake_entry(l2);

	(void)state;
	assert_int_equal(type_settle(pg), 0); /* nothing to do */
	fake_preempt_in = 30;
	assert_int_equal(type_get(pg, TYPE_L2), -XEN_ERESTART);
	fake_preempt_in = 4;
	assert_int_equal(type_settle(pg), -XEN_ERESTART);
	fake_preempt_in = 0;
	assert_int_equal(type_settle(pg), 0);
	assert_int_equal(type_count(l1s[0]), 0);
	assert_int_equal(refs(l2), 1);
}

static void an_interrupted_put_can_be_overtaken_by_a_get(void **state)
{
	u64 l1s[WIDE], l2 = wide_l2(l1s, WIDE);
	struct page *pg = fake_entry(l2);

	(void)state;
	assert_int_equal(type_get(pg, TYPE_L2), 0);
	fake_preempt_in = 11;
	assert_int_equal(type_put(pg), -XEN_ERESTART);
	assert_int_equal(type_get(pg, TYPE_L1), OTHER_TYPE); /* count 1: it is someone's */
	fake_preempt_in = 0;
	assert_int_equal(type_get(pg, TYPE_L2), 0);
	assert_int_equal(type_count(l2), 2);
	assert_int_equal(type_put(pg), 0); /* the interrupted one: no more work */
	assert_int_equal(type_count(l1s[WIDE - 1]), 1);
	assert_int_equal(type_put(pg), 0);
	assert_int_equal(type_count(l1s[WIDE - 1]), 0);
}

static void a_bad_entry_turns_the_get_round(void **state)
{
	u64 l1s[WIDE], l2 = wide_l2(l1s, WIDE);
	struct page *pg = fake_entry(l2);
	unsigned rounds = 0;
	int rc;

	(void)state;
	fake_bytes(l2)[500] = fake_pte(l1s[0], PAGE_RW | PTE_GLOBAL);
	assert_int_equal(type_get(pg, TYPE_L2), -XEN_EINVAL);
	assert_int_equal(fake_last_refusal, BAD_ENTRY);
	assert_int_equal(type_count(l1s[0]), 0);
	assert_int_equal(refs(l2), 1);
	/* the same with preemption on the way down: the error is not forgotten, and it ends */
	fake_preempt_in = 13;
	while ((rc = type_get(pg, TYPE_L2)) == -XEN_ERESTART) {
		fake_audit();
		assert_true(rounds++ < 20);
	}
	assert_int_equal(rc, -XEN_EINVAL);
	assert_int_equal(type_count(l1s[0]), 0);
	assert_int_equal(refs(l2), 1);
}

/* The page that lies behind it is another's business. */
static void a_descriptor_page_ends_with_its_frame(void **state)
{
	u64 first = fake_page(d), second = fake_page(d), low = MIN(first, second);

	(void)state;
	assert_int_equal(first ^ second, 1);
	fake_bytes(low + 1)[0] = 0x0000890000000067UL; /* a TSS */
	assert_int_equal(type_get(fake_entry(low), TYPE_DESCRIPTOR), 0);
	fake_bytes(low + 1)[0] = 0;
	assert_int_equal(type_put(fake_entry(low)), 0);
	fake_bytes(low)[511] = 0x0000890000000067UL;
	assert_int_not_equal(type_get(fake_entry(low), TYPE_DESCRIPTOR), 0);
}

static void a_table_that_leads_to_itself(void **state)
{
	u64 l1, l2;

	(void)state;
	for (unsigned level = 2; level <= 4; level++) {
		u64 table = fake_page(d);

		fake_bytes(table)[3] = fake_pte(table, PAGE_RW);
		assert_int_equal(type_get(fake_entry(table), level), -XEN_EINVAL);
		assert_int_equal(refs(table), 1);
	}
	/* an L1 that maps itself, and the L2 above it, writable */
	l1 = fake_page(d);
	l2 = fake_page(d);
	fake_bytes(l2)[0] = fake_pte(l1, PAGE_RW);
	fake_bytes(l1)[5] = fake_pte(l1, PAGE_RW);
	assert_int_equal(type_get(fake_entry(l1), TYPE_L1), -XEN_EBUSY);
	assert_int_equal(type_get(fake_entry(l2), TYPE_L2), -XEN_EBUSY);
	fake_bytes(l1)[5] = fake_pte(l2, PAGE_RW);
	assert_int_equal(type_get(fake_entry(l2), TYPE_L2), -XEN_EBUSY);
	assert_string_not_equal(fake_last_text, "");
	assert_int_equal(refs(l1), 1);
}

static void a_bad_entry_found_after_an_interrupted_put(void **state)
{
	u64 l1s[WIDE], l2 = wide_l2(l1s, WIDE), last = l1s[WIDE - 1];
	struct page *pg = fake_entry(l2);

	(void)state;
	assert_int_equal(type_get(pg, TYPE_L2), 0);
	fake_preempt_in = 11;
	assert_int_equal(type_put(pg), -XEN_ERESTART);
	fake_preempt_in = 0;
	/* an L1 that has been let go becomes something else: the table cannot be valid again */
	assert_int_equal(type_get(fake_entry(last), TYPE_WRITABLE), 0);
	assert_int_equal(type_get(pg, TYPE_L2), -XEN_EINVAL);
	assert_int_equal(type_count(l2), 1); /* the interrupted put's own */
	assert_int_equal(type_count(l1s[0]), 0);
	assert_int_equal(type_put(pg), 0);
	assert_int_equal(refs(l2), 1);
	type_put(fake_entry(last));
}

static void a_preempted_unpin_is_still_pinned(void **state)
{
	u64 l1s[WIDE], l2 = wide_l2(l1s, WIDE);
	struct page *pg = fake_entry(l2);
	int rc;

	(void)state;
	assert_int_equal(type_get(pg, TYPE_L2), 0);
	assert_true(type_set_pinned(pg, true));
	fake_preempt_in = 9;
	while ((rc = type_unpin(pg)) == -XEN_ERESTART) {
		assert_true(pg->type & TYPE_PINNED);
		fake_audit();
	}
	assert_int_equal(rc, 0);
	assert_int_equal(refs(l2), 1);
}

static void killing_cleans_up_whatever_was_interrupted(void **state)
{
	u64 l1s[WIDE], l2 = wide_l2(l1s, WIDE);

	(void)state;
	fake_preempt_in = 20;
	assert_int_equal(type_get(fake_entry(l2), TYPE_L2), -XEN_ERESTART);
	fake_preempt_in = 3;
	fake_kill(d);
}

/* A guest cannot keep its memory by mapping a page so often that its count is full. */
static void killing_needs_no_room_in_the_count(void **state)
{
	u64 l1 = fake_page(d), second = fake_page(d), full = fake_page(d);

	(void)state;
	for (unsigned i = 0; i < PAGE_COUNT_MAX - 1; i++)
		fake_bytes(i < TABLE_ENTRIES ? l1 : second)[i % TABLE_ENTRIES] =
			fake_pte(full, PAGE_RO);
	assert_int_equal(type_get(fake_entry(l1), TYPE_L1), 0);
	assert_int_equal(type_get(fake_entry(second), TYPE_L1), 0);
	assert_true(type_set_pinned(fake_entry(l1), true));
	assert_true(type_set_pinned(fake_entry(second), true));
	assert_null(mm_get_page(mfn(full), &d->mem));
	fake_kill(d);
}

static void stealing_needs_the_only_reference(void **state)
{
	u64 frame = fake_page(d);
	struct page *pg = mm_get_page(mfn(frame), &d->mem);

	(void)state;
	assert_true(page_ref(pg));
	assert_false(page_steal(pg));
	mm_put_page(pg);
	assert_int_equal(type_get(pg, TYPE_WRITABLE), 0);
	assert_false(page_steal(pg));
	type_put(pg);
	assert_true(page_steal(pg));
	assert_null(mm_get_page(mfn(frame), &d->mem));
	assert_int_equal(d->mem.tot_pages, 0);
	/* it remembers that it was writable: no table without a flush */
	assert_true(pages_assign(pg, 1, &d->mem, INVALID_M2P_ENTRY));
	fake_flushes = 0;
	assert_int_equal(type_get(pg, TYPE_L1), 0);
	assert_int_not_equal(fake_flushes, 0);
	type_put(pg);
	assert_true(page_drop_allocation(pg));
}

static void a_page_given_back_lives_until_its_last_reference(void **state)
{
	u64 frame = typed_page(TYPE_WRITABLE);
	struct page *pg = fake_entry(frame);

	(void)state;
	m2p_table[frame] = 77;
	assert_true(page_drop_allocation(pg));
	assert_false(page_drop_allocation(pg));
	assert_int_equal(d->mem.tot_pages, 1);
	assert_ptr_equal(mm_page_owner(pg), &d->mem);
	type_put(pg);
	assert_int_equal(d->mem.tot_pages, 0);
	assert_null(mm_page_owner(pg));
	assert_true(m2p_table[frame] == INVALID_M2P_ENTRY);
}

#define type_test(f) cmocka_unit_test_setup_teardown(f, set_up, fake_machine_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		type_test(every_type_excludes_every_other),
		type_test(a_table_that_names_itself_is_refused),
		type_test(an_idle_page_may_become_anything_after_a_flush),
		type_test(a_foreign_mapping_is_flushed_everywhere),
		type_test(counts_have_limits),
		type_test(pins),
		type_test(strangers_frames_are_not_touched),
		type_test(a_preempted_get_goes_on),
		type_test(an_interrupted_get_bars_other_types),
		type_test(settling_takes_an_interrupted_get_apart),
		type_test(an_interrupted_put_can_be_overtaken_by_a_get),
		type_test(a_bad_entry_turns_the_get_round),
		type_test(a_table_that_leads_to_itself),
		type_test(a_descriptor_page_ends_with_its_frame),
		type_test(a_bad_entry_found_after_an_interrupted_put),
		type_test(a_preempted_unpin_is_still_pinned),
		type_test(killing_cleans_up_whatever_was_interrupted),
		type_test(killing_needs_no_room_in_the_count),
		type_test(stealing_needs_the_only_reference),
		type_test(a_page_given_back_lives_until_its_last_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
