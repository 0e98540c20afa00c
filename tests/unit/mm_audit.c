/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The auditor finds damage of every kind. */
#include "fakes/mm_fakes.h"

static struct domain *d;
static struct fake_space s;

static int set_up(void **state)
{
	fake_machine(state);
	d = fake_domain(1, false, 900);
	fake_run_space(d, &s);
	fake_audit();
	return 0;
}

/* Change a value, expect a complaint about the frame (0: any), change it back. */
#define expect_complaint(place, value, frame)                                                      \
	do {                                                                                       \
		typeof(place) kept_ = (place);                                                     \
		struct parapet_audit r_;                                                           \
                                                                                                   \
		(place) = (value);                                                                 \
		mm_audit(&r_);                                                                     \
		(place) = kept_;                                                                   \
		assert_int_not_equal(r_.kind, 0);                                                  \
		assert_int_not_equal(r_.text[0], 0);                                               \
		if (frame)                                                                         \
			assert_int_equal(r_.mfn, frame);                                           \
	} while (0)

static void counts(void **state)
{
	struct page *pg = fake_entry(s.data[0]);

	(void)state;
	expect_complaint(pg->count, pg->count + 1, s.data[0]);
	expect_complaint(pg->count, pg->count - 1, s.data[0]);
	expect_complaint(pg->count, pg->count & ~PAGE_ALLOCATED, s.data[0]);
	expect_complaint(pg->type, pg->type + 1, s.data[0]);
	expect_complaint(pg->type, pg->type - 1, s.data[0]);
	expect_complaint(fake_entry(s.l2)->type, fake_entry(s.l2)->type + 1, s.l2);
	expect_complaint(fake_entry(s.l4)->type, fake_entry(s.l4)->type | TYPE_PINNED, s.l4);
}

static void states(void **state)
{
	u64 *word = &fake_entry(s.l1)->type;

	(void)state;
	expect_complaint(*word, *word | TYPE_BUSY, s.l1);
	expect_complaint(*word, *word | TYPE_PARTIAL, s.l1);
	expect_complaint(*word, *word & ~TYPE_VALID, 0);
	expect_complaint(*word, (*word & ~(7UL << 32)) | (u64)TYPE_L2 << 32, 0);
	expect_complaint(*word, (*word & ~(7UL << 32)) | (u64)TYPE_WRITABLE << 32, 0);
	expect_complaint(fake_entry(s.l1)->lock, 1, s.l1);
}

static void entries(void **state)
{
	u64 *l1 = fake_bytes(s.l1), *l4 = fake_bytes(s.l4);

	(void)state;
	expect_complaint(l1[0], 0, s.data[0]); /* a reference without an entry */
	expect_complaint(l1[9], fake_pte(s.data[0], PAGE_RW), s.data[0]);
	expect_complaint(l1[0], l1[0] & ~PTE_WRITABLE, s.data[0]);
	expect_complaint(l1[9], fake_pte(s.l4, PAGE_RW), s.l1); /* a table, writable */
	expect_complaint(l1[0], l1[0] & ~PTE_USER, s.l1);
	expect_complaint(l1[0], l1[0] | PTE_GLOBAL, s.l1);
	expect_complaint(l1[9], fake_pte(FAKE_DEVICE, PAGE_RW), s.l1);
	expect_complaint(l1[0], l1[0] | 1UL << 44,
			 s.l1); /* the same low 32 bits of the frame number */
	expect_complaint(fake_bytes(s.l2)[3], fake_pte(s.l2, PAGE_RW), s.l2);
	expect_complaint(fake_bytes(s.l2)[0], fake_bytes(s.l2)[0] | PTE_PAT, s.l2); /* PSE */
	expect_complaint(l4[256], fake_pte(s.l3, PAGE_RW), s.l4);
	expect_complaint(l4[259], 0, s.l4);
	expect_complaint(l4[271], l4[271] ^ PTE_NX, s.l4);
}

static void owners_and_lists(void **state)
{
	struct page *pg = fake_entry(s.data[3]);
	u64 tot = d->mem.tot_pages;

	(void)state;
	expect_complaint(pg->owner, OWNER_NONE, 0);
	expect_complaint(pg->owner, 2, 0);
	expect_complaint(pg->next, 0, 0);
	expect_complaint(pg->prev, 0, 0);
	expect_complaint(pg->flags, pg->flags | PAGE_SHARED, 0);
	expect_complaint(d->mem.tot_pages, tot + 1, 0);
	expect_complaint(d->vcpus[0]->mem.cr3_kernel, 0, 0);
	expect_complaint(d->vcpus[0]->mem.root_user, fake_entry(s.l4), 0);
}

static void the_heap_and_the_m2p(void **state)
{
	void *p = heap_pages(0);
	u64 frame = virt_to_mfn(p).n;

	(void)state;
	expect_complaint(fake_entry(frame)->count, 1, frame); /* the hypervisor's own */
	expect_complaint(m2p_table[frame], 5, frame);
	expect_complaint(fake_entry(frame)->type, BIT(32), frame);
	heap_pages_free(p, 0);
	expect_complaint(fake_entry(frame)->owner, 1, 0);
	expect_complaint(fake_entry(frame)->count, 2, 0);
	expect_complaint(fake_entry(FAKE_FIRST_FRAME)->count, 2, FAKE_FIRST_FRAME);
}

static void references_of_other_rooms(void **state)
{
	struct page *held = mm_get_page_writable(mfn(s.data[0]), &d->mem);
	struct parapet_audit r;

	(void)state;
	mm_audit(&r);
	assert_int_equal(r.kind != 0, 1);
	assert_int_equal(r.mfn, s.data[0]);
	fake_external_pages[0].page = held;
	fake_external_pages[0].writable = true;
	fake_external = 1;
	fake_audit();
	expect_complaint(fake_external_pages[0].writable, false, s.data[0]);
	fake_external = 0;
	type_put(held);
}

static void descriptor_windows(void **state)
{
	u64 gdt = fake_page(d);
	struct page *pg = fake_get_descriptor_page(d, gdt);

	(void)state;
	mm_window_set(&d->vcpus[0]->mem, 3, mfn(gdt));
	fake_audit();
	expect_complaint(pg->type, pg->type + 1, gdt);
	mm_window_set(&d->vcpus[0]->mem, 4, mfn(gdt));
	expect_complaint(pg->type, pg->type, gdt); /* one window too many */
	mm_window_set(&d->vcpus[0]->mem, 4, INVALID_MFN);
	mm_window_set(&d->vcpus[0]->mem, 3, mfn(s.data[0])); /* writable by the guest */
	expect_complaint(pg->type, pg->type, 0);
	mm_window_set(&d->vcpus[0]->mem, 3, INVALID_MFN);
	type_put(pg);
}

#define audit_test(f) cmocka_unit_test_setup_teardown(f, set_up, fake_machine_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		audit_test(counts),
		audit_test(states),
		audit_test(entries),
		audit_test(owners_and_lists),
		audit_test(the_heap_and_the_m2p),
		audit_test(references_of_other_rooms),
		audit_test(descriptor_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
