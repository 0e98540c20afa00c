/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writable page tables, spurious faults, entries of granted frames, shared pages. */
#include "fakes/mm_fakes.h"
#include <xen/grant_table.h>

static struct domain *d, *granter;
static struct vcpu_memory *vm;
static struct fake_space s;
static u64 granted;

static int set_up(void **state)
{
	fake_machine(state);
	granter = fake_domain(2, false, 100);
	granted = fake_page(granter);
	d = fake_domain(1, false, 900);
	vm = &d->vcpus[0]->mem;
	fake_run_space(d, &s);
	d->mem.vm_assist = BIT(VMASST_TYPE_writable_pagetables);
	return 0;
}

#define ENTRY_VA(slot) (FAKE_L1_VA + (slot)*8)

static void who_is_a_candidate(void **state)
{
	(void)state;
	assert_true(mm_ptwr_candidate(vm, ENTRY_VA(3)));
	assert_false(mm_ptwr_candidate(vm, FAKE_VA));		    /* data, writable */
	assert_false(mm_ptwr_candidate(vm, FAKE_VA + 0x50000));	    /* not mapped */
	assert_false(mm_ptwr_candidate(vm, HYPERVISOR_VIRT_START)); /* not the guest's */
	assert_int_equal(do_update_va_mapping(FAKE_VA, fake_pte(s.l2, PAGE_RO), 0), 0);
	assert_false(mm_ptwr_candidate(vm, FAKE_VA)); /* L2 tables only by hypercall */
	d->mem.vm_assist = 0;
	assert_false(mm_ptwr_candidate(vm, ENTRY_VA(3)));
}

static void whole_entries(void **state)
{
	u64 entry = fake_pte(s.data[0], PAGE_RW);

	(void)state;
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(30), NULL,
				       fake_pte(s.data[0], PTE_PRESENT | PTE_WRITABLE), 8),
			 0);
	assert_int_equal(fake_bytes(s.l1)[30], entry); /* USER was set */
	assert_int_equal(type_count(s.data[0]), 2);
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(30), NULL, fake_pte(s.l1, PAGE_RW), 8),
			 -XEN_EBUSY);
	assert_int_equal(fake_bytes(s.l1)[30], entry);
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(30), NULL, 0, 8), 0);
	assert_int_equal(type_count(s.data[0]), 1);
}

static void parts_of_entries(void **state)
{
	u64 entry = fake_bytes(s.l1)[0];

	(void)state;
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(0), NULL, PAGE_RO | PTE_ACCESSED, 1), 0);
	assert_int_equal(fake_bytes(s.l1)[0], (entry & ~0xffUL) | PAGE_RO | PTE_ACCESSED);
	assert_int_equal(type_count(s.data[0]), 0);
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(0) + 7, NULL, 0x80, 1), 0);
	assert_true(fake_bytes(s.l1)[0] & PTE_NX);
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(0) + 4, NULL, 0xffff, 4),
			 -XEN_EINVAL); /* no such address */
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(0) + 6, NULL, 0, 4), -XEN_EINVAL);
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(0), NULL, 0, 0), -XEN_EINVAL);
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(0), NULL, 0, 16), -XEN_EINVAL);
	assert_int_equal(mm_ptwr_write(vm, FAKE_VA, NULL, 0, 8), -XEN_EINVAL);
}

static void compare_and_exchange(void **state)
{
	u64 entry = fake_bytes(s.l1)[0], old = 5;

	(void)state;
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(0), &old, 0, 8), 0);
	assert_int_equal(old, entry); /* not done: this is what was found */
	assert_int_equal(fake_bytes(s.l1)[0], entry);
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(0), &old, 0, 8), 0);
	assert_int_equal(old, entry);
	assert_int_equal(fake_bytes(s.l1)[0], 0);
	assert_int_equal(type_count(s.data[0]), 0);
	old = 0;
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(0), &old, fake_pte(s.l3, PAGE_RW), 8),
			 -XEN_EBUSY);
	old = 1;
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(1), &old, 0, 1), 0);
	assert_int_equal(old, fake_bytes(s.l1)[1] & 0xff);
	assert_int_equal(type_count(s.data[1]), 1);
	assert_int_equal(mm_ptwr_write(vm, ENTRY_VA(1), &old, PAGE_RO, 1), 0);
	assert_int_equal(type_count(s.data[1]), 0);
}

static void walks(void **state)
{
	(void)state;
	assert_int_equal(mm_walk(vm, FAKE_VA + 0x1234), (s.data[1] << PAGE_SHIFT) + 0x234);
	assert_true(mm_walk(vm, FAKE_VA + 0x40000) == ~0UL);
	assert_true(mm_walk(vm, 1UL << 47) == ~0UL);
	assert_int_equal(mm_walk(vm, FAKE_VA), s.data[0] << PAGE_SHIFT);
}

static void spurious_faults(void **state)
{
	(void)state;
	assert_true(mm_fault_spurious(vm, FAKE_VA, 3));
	assert_true(mm_fault_spurious(vm, FAKE_VA, 1));
	assert_true(mm_fault_spurious(vm, FAKE_VA, 0x10));
	assert_true(mm_fault_spurious(vm, FAKE_VA, 7));
	/* What the tables do not tell would come again and again: reserved bits, protection keys …
	 */
	for (unsigned bit = 0; bit < 32; bit++)
		assert_int_equal(mm_fault_spurious(vm, FAKE_VA, 1u << bit | 1),
				 bit <= 2 || bit == 4);
	assert_false(mm_fault_spurious(vm, FAKE_L1_VA, 3)); /* read-only */
	assert_true(mm_fault_spurious(vm, FAKE_L1_VA, 1));
	assert_false(mm_fault_spurious(vm, FAKE_VA + 0x50000, 0));
	assert_false(mm_fault_spurious(vm, HYPERVISOR_VIRT_START, 0));
	assert_int_equal(do_update_va_mapping(FAKE_VA, fake_bytes(s.l1)[0] | PTE_NX, 0), 0);
	assert_false(mm_fault_spurious(vm, FAKE_VA, 0x11));
}

/* The grant code's pin, as it holds one during each call. */
static void hold_granted(bool writable)
{
	struct page *pg = writable ? mm_get_page_writable(mfn(granted), &granter->mem)
				   : mm_get_page(mfn(granted), &granter->mem);

	assert_non_null(pg);
	fake_external_pages[0].page = pg;
	fake_external_pages[0].writable = writable;
	fake_external = 1;
}

static void drop_granted(void)
{
	if (fake_external_pages[0].writable)
		type_put(fake_external_pages[0].page);
	else
		mm_put_page(fake_external_pages[0].page);
	fake_external = 0;
}

static void a_granted_frame_by_address_and_by_entry(void **state)
{
	u64 where = (s.l1 << PAGE_SHIFT) + 41 * 8;

	(void)state;
	for (int writable = 0; writable < 2; writable++) {
		hold_granted(writable);
		assert_int_equal(mm_grant_map(vm, FAKE_VA + 40 * PAGE_SIZE, false, mfn(granted),
					      writable, 0),
				 GNTST_okay);
		assert_int_equal(mm_grant_map(vm, where, true, mfn(granted), writable, BIT(9)),
				 GNTST_okay);
		assert_int_equal(fake_bytes(s.l1)[41] & (PTE_WRITABLE | BIT(9)),
				 (writable ? PTE_WRITABLE : 0) | BIT(9));
		fake_audit();
		/* it must be that frame, mapped that way */
		assert_int_equal(mm_grant_unmap(vm, where, true, mfn(s.data[0]), writable, 0),
				 GNTST_general_error);
		assert_int_equal(mm_grant_unmap(vm, where, true, mfn(granted), !writable, 0),
				 GNTST_general_error);
		assert_int_equal(mm_grant_unmap(vm, where, true, mfn(granted), writable, 0),
				 GNTST_okay);
		assert_int_equal(mm_grant_unmap(vm, where, true, mfn(granted), writable, 0),
				 GNTST_general_error);
		assert_int_equal(mm_grant_unmap(vm, FAKE_VA + 40 * PAGE_SIZE, false, mfn(granted),
						writable, 0),
				 GNTST_okay);
		fake_audit();
		drop_granted();
	}
	assert_int_equal(refs(granted), 1);
}

static void bad_places_for_a_granted_frame(void **state)
{
	(void)state;
	hold_granted(true);
	assert_int_equal(mm_grant_map(vm, 0, false, mfn(granted), true, 0), GNTST_bad_virt_addr);
	assert_int_equal(mm_grant_map(vm, HYPERVISOR_VIRT_START, false, mfn(granted), true, 0),
			 GNTST_bad_virt_addr);
	assert_int_equal(mm_grant_map(vm, (s.l1 << PAGE_SHIFT) + 4, true, mfn(granted), true, 0),
			 GNTST_general_error);
	assert_int_equal(mm_grant_map(vm, s.l2 << PAGE_SHIFT, true, mfn(granted), true, 0),
			 GNTST_general_error);
	assert_int_equal(mm_grant_map(vm, s.data[0] << PAGE_SHIFT, true, mfn(granted), true, 0),
			 GNTST_general_error);
	assert_int_equal(mm_grant_map(vm, granted << PAGE_SHIFT, true, mfn(granted), true, 0),
			 GNTST_general_error);
	assert_int_equal(mm_grant_map(vm, ~7UL, true, mfn(granted), true, 0), GNTST_general_error);
	assert_int_equal(mm_grant_map(vm, FAKE_VA, false, mfn(granted), true, PTE_GLOBAL),
			 GNTST_general_error);
	assert_int_equal(type_count(granted), 1);
	drop_granted();
}

static void a_guest_that_overwrites_a_granted_entry_itself(void **state)
{
	(void)state;
	hold_granted(true);
	assert_int_equal(mm_grant_map(vm, FAKE_VA + 40 * PAGE_SIZE, false, mfn(granted), true, 0),
			 GNTST_okay);
	assert_int_equal(do_update_va_mapping(FAKE_VA + 40 * PAGE_SIZE, 0, 0), 0);
	assert_int_equal(type_count(granted), 1);
	assert_int_equal(
		do_update_va_mapping(FAKE_VA + 40 * PAGE_SIZE, fake_pte(granted, PAGE_RW), 0),
		-XEN_EBUSY);
	assert_int_equal(mm_grant_unmap(vm, FAKE_VA + 40 * PAGE_SIZE, false, mfn(granted), true, 0),
			 GNTST_general_error);
	drop_granted();
}

static void unmap_and_replace(void **state)
{
	u64 at = FAKE_VA + 40 * PAGE_SIZE, data = fake_bytes(s.l1)[2];

	(void)state;
	hold_granted(true);
	assert_int_equal(mm_grant_map(vm, at, false, mfn(granted), true, 0), GNTST_okay);
	assert_int_equal(mm_grant_unmap(vm, at, false, mfn(granted), true, FAKE_VA + 0x700000),
			 GNTST_bad_virt_addr);
	assert_int_equal(mm_grant_unmap(vm, at, false, mfn(granted), true, FAKE_VA + 2 * PAGE_SIZE),
			 GNTST_okay);
	assert_int_equal(fake_bytes(s.l1)[40], data);
	assert_int_equal(fake_bytes(s.l1)[2], 0);
	assert_int_equal(type_count(s.data[2]), 1);
	/* refused after the replacement was taken: nothing leaks */
	assert_int_equal(
		mm_grant_unmap(vm, FAKE_VA, false, mfn(granted), true, FAKE_VA + 3 * PAGE_SIZE),
		GNTST_general_error);
	assert_int_equal(type_count(s.data[3]), 0);
	drop_granted();
	fake_audit();
}

static void shared_pages(void **state)
{
	struct page *rw = mm_share_new_page(&d->mem, false), *ro = mm_share_new_page(&d->mem, true);
	u64 rw_frame = frame_mfn(rw).n, ro_frame = frame_mfn(ro).n;

	(void)state;
	assert_int_equal(do_update_va_mapping(FAKE_VA, fake_pte(rw_frame, PAGE_RW), 0), 0);
	assert_int_equal(do_update_va_mapping(FAKE_VA + PAGE_SIZE, fake_pte(ro_frame, PAGE_RW), 0),
			 -XEN_EBUSY);
	assert_int_equal(do_update_va_mapping(FAKE_VA + PAGE_SIZE, fake_pte(ro_frame, PAGE_RO), 0),
			 0);
	assert_int_equal(type_get(rw, TYPE_L1), OTHER_TYPE);
	assert_false(page_drop_allocation(rw));
	fake_audit();
	mm_unshare_page(ro);
	mm_unshare_page(rw); /* the guest's mappings keep both */
	assert_ptr_equal(mm_page_owner(rw), &d->mem);
	fake_audit();
	assert_int_equal(do_update_va_mapping(FAKE_VA, 0, 0), 0);
	assert_int_equal(do_update_va_mapping(FAKE_VA + PAGE_SIZE, 0, 0), 0);
	assert_null(mm_page_owner(rw));
	assert_null(mm_page_owner(ro));
}

#define pages_test(f) cmocka_unit_test_setup_teardown(f, set_up, fake_machine_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		pages_test(who_is_a_candidate),
		pages_test(whole_entries),
		pages_test(parts_of_entries),
		pages_test(compare_and_exchange),
		pages_test(walks),
		pages_test(spurious_faults),
		pages_test(a_granted_frame_by_address_and_by_entry),
		pages_test(bad_places_for_a_granted_frame),
		pages_test(a_guest_that_overwrites_a_granted_entry_itself),
		pages_test(unmap_and_replace),
		pages_test(shared_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
