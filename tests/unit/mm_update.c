/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmu_update and update_va_mapping: batches, preemption, targets, the M2P table. */
#include "fakes/mm_fakes.h"

static struct domain *d;
static struct fake_space s;

static int set_up(void **state)
{
	fake_machine(state);
	d = fake_domain(1, false, 900);
	fake_run_space(d, &s);
	return 0;
}

static struct mmu_update request(u64 table, unsigned slot, u64 entry)
{
	return (struct mmu_update){table << PAGE_SHIFT | slot * 8, entry};
}

static void a_batch_reports_how_far_it_came(void **state)
{
	struct mmu_update reqs[50];
	u32 done = 99;

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		reqs[i] = request(s.l1, 16 + i, fake_pte(s.data[i % FAKE_DATA], PAGE_RO));
	reqs[40].val = fake_pte(s.l4, PAGE_RW);
	assert_int_equal(do_mmu_update((u64)reqs, 50, (u64)&done, DOMID_SELF), -XEN_EBUSY);
	assert_int_equal(done, 40);
	assert_int_equal(this_cpu()->batch_index, 40);
	assert_int_equal(refs(s.data[0]), 2 + 5);
	reqs[40].val = 0;
	assert_int_equal(do_mmu_update((u64)reqs, 50, (u64)&done, DOMID_SELF), 0);
	assert_int_equal(done, 50);
	assert_int_equal(refs(s.data[1]), 2 + 7);
	assert_int_equal(do_mmu_update((u64)reqs, 0, (u64)&done, DOMID_SELF), 0);
	assert_int_equal(done, 0);
}

/* The table stays open from one request to the next: only while it is the same. */
static void a_batch_goes_from_table_to_table(void **state)
{
	u64 other = fake_page(d), plain = fake_page(d);
	struct mmu_update reqs[12];
	u32 done = 0;

	(void)state;
	assert_int_equal(type_get(fake_entry(other), TYPE_L1), 0);
	for (unsigned i = 0; i < 12; i += 3) {
		reqs[i] = request(s.l1, 40 + i, fake_pte(s.data[i % FAKE_DATA], PAGE_RO));
		reqs[i + 1] = request(other, 60 + i, fake_pte(s.data[1], PAGE_RW));
		reqs[i + 2] = request(plain, 80 + i, 0x1000 + i);
	}
	assert_int_equal(do_mmu_update((u64)reqs, 12, (u64)&done, DOMID_SELF), 0);
	assert_int_equal(done, 12);
	for (unsigned i = 0; i < 12; i += 3) {
		assert_int_equal(fake_bytes(s.l1)[40 + i], reqs[i].val);
		assert_int_equal(fake_bytes(other)[40 + i], 0);
		assert_int_equal(fake_bytes(other)[60 + i], reqs[i + 1].val);
		assert_int_equal(fake_bytes(s.l1)[60 + i], 0);
		assert_int_equal(fake_bytes(plain)[80 + i], reqs[i + 2].val);
	}
	assert_int_equal(type_put(fake_entry(other)), 0);
}

static void requests_or_count_that_fault(void **state)
{
	struct mmu_update reqs[3] = {request(s.l1, 20, 0), request(s.l1, 21, 0),
				     request(s.l1, 22, 0)};
	u32 done = 9;

	(void)state;
	fake_fault_from = (u64)&reqs[2];
	fake_fault_to = fake_fault_from + 16;
	assert_int_equal(do_mmu_update((u64)reqs, 3, (u64)&done, DOMID_SELF), -XEN_EFAULT);
	assert_int_equal(done, 0);
	fake_fault_from = (u64)&done;
	fake_fault_to = fake_fault_from + 4;
	assert_int_equal(do_mmu_update((u64)reqs, 3, (u64)&done, DOMID_SELF), -XEN_EFAULT);
}

static void unknown_commands(void **state)
{
	(void)state;
	for (unsigned cmd = 4; cmd < 8; cmd++) {
		struct mmu_update req = request(s.l1, 20, 0);

		req.ptr |= cmd;
		assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), -XEN_ENOSYS);
	}
}

static void a_long_batch_is_preempted_between_chunks(void **state)
{
	static struct mmu_update reqs[300];
	u32 done = 0;

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		reqs[i] = request(s.l1, 16 + i % 200, fake_pte(s.data[i % FAKE_DATA], PAGE_RO));
	fake_preempt_in = 1;
	assert_int_equal(fake_call(mmu_update, ((u64)reqs, 300, (u64)&done, DOMID_SELF)), 0);
	assert_int_equal(done, 300);
	assert_int_equal(fake_preemptions, 300 / 32);
	fake_preempt_in = 0;
	fake_audit();
	/* a refusal after preemption counts from the batch's beginning */
	reqs[299].val = fake_pte(s.l4, PAGE_RW);
	fake_preempt_in = 2;
	assert_int_equal(fake_call(mmu_update, ((u64)reqs, 300, (u64)&done, DOMID_SELF)),
			 -XEN_EBUSY);
	assert_int_equal(done, 299);
}

/* An L3 table with n L2 tables of one L1 with one data page each. */
static u64 deep_l3(unsigned n)
{
	u64 l3 = fake_page(d);

	for (unsigned i = 0; i < n; i++) {
		u64 l2 = fake_page(d), l1 = fake_page(d);

		fake_bytes(l3)[i] = fake_pte(l2, PAGE_RW);
		fake_bytes(l2)[7] = fake_pte(l1, PAGE_RW);
		fake_bytes(l1)[8] = fake_pte(s.data[i % FAKE_DATA], PAGE_RW);
	}
	return l3;
}

static void deep_tables_come_and_go_preempted(void **state)
{
	u64 l3 = deep_l3(30);
	u64 before = type_count(s.data[0]);
	struct mmu_update reqs[3] = {request(s.l4, 5, fake_pte(l3, PAGE_RW)), request(s.l4, 5, 0),
				     request(s.l1, 30, 0)};
	u32 done;

	(void)state;
	for (int period = 1; period < 12; period++) {
		fake_preemptions = 0;
		fake_preempt_in = period;
		assert_int_equal(fake_call(mmu_update, ((u64)reqs, 1, (u64)&done, DOMID_SELF)), 0);
		assert_int_equal(done, 1);
		assert_true(fake_preemptions >= 30 / period - 1);
		fake_audit();
		assert_int_equal(type_count(s.data[0]), before + 4);
		assert_int_equal(fake_call(mmu_update, ((u64)&reqs[1], 2, (u64)&done, DOMID_SELF)),
				 0);
		assert_int_equal(done, 2);
		fake_audit();
		assert_int_equal(type_count(s.data[0]), before);
		assert_null(d->vcpus[0]->mem.deferred);
	}
}

static void what_is_deferred_is_dropped_at_the_next_call_or_death(void **state)
{
	u64 l3 = deep_l3(10);
	struct mmu_update put = request(s.l4, 5, fake_pte(l3, PAGE_RW)), take = request(s.l4, 5, 0);

	(void)state;
	assert_int_equal(do_mmu_update((u64)&put, 1, 0, DOMID_SELF), 0);
	fake_preempt_in = 3;
	/* the last of its batch: it is done, and what it replaced is taken apart later */
	assert_int_equal(do_mmu_update((u64)&take, 1, 0, DOMID_SELF), 0);
	assert_non_null(d->vcpus[0]->mem.deferred);
	fake_preempt_in = 0;
	fake_audit();
	assert_int_equal(do_mmu_update((u64)&take, 1, 0, DOMID_SELF), 0);
	assert_null(d->vcpus[0]->mem.deferred);
	assert_int_equal(do_mmu_update((u64)&put, 1, 0, DOMID_SELF), 0);
	fake_preempt_in = 4;
	assert_int_equal(do_mmu_update((u64)&take, 1, 0, DOMID_SELF), 0);
	assert_non_null(d->vcpus[0]->mem.deferred);
	fake_kill(d);
}

static void a_frame_that_is_no_table_is_written_as_data(void **state)
{
	u64 plain = fake_page(d);
	struct mmu_update req = request(s.data[1], 3, 0x1234567890abcdefUL);

	(void)state;
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), 0);
	assert_int_equal(fake_bytes(s.data[1])[3], 0x1234567890abcdefUL);
	req = request(plain, 511, 7);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), 0);
	assert_int_equal(fake_bytes(plain)[511], 7);
	assert_int_equal(type_count(plain), 0);
	assert_int_equal(type_get(fake_entry(plain), TYPE_DESCRIPTOR), 0);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), -XEN_EINVAL);
	type_put(fake_entry(plain));
	req = request(FAKE_END_FRAME, 0, 7);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), -XEN_EINVAL);
	assert_int_equal(fake_last_refusal, NOT_OWNED);
}

static void m2p(void **state)
{
	struct mmu_update req = {s.data[2] << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 4711};

	(void)state;
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), 0);
	assert_int_equal(m2p_table[s.data[2]], 4711);
	req.ptr = (u64)FAKE_FIRST_FRAME << PAGE_SHIFT | MMU_MACHPHYS_UPDATE;
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), -XEN_EINVAL);
	req.ptr = ~7UL | MMU_MACHPHYS_UPDATE;
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), -XEN_EINVAL);
	assert_int_equal(refs(s.data[2]), 2);
}

static void foreign_frames_are_for_the_privileged(void **state)
{
	struct domain *boss = fake_domain(3, true, 900);
	struct fake_space b;
	struct mmu_update req = {0, fake_pte(s.data[0], PAGE_RW)};

	(void)state;
	fake_run_space(boss, &b);
	req.ptr = b.l1 << PAGE_SHIFT | 40 * 8;
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), -XEN_EBUSY);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, 1), 0);
	assert_int_equal(type_count(s.data[0]), 2);
	assert_true(fake_entry(s.data[0])->flags & PAGE_FOREIGN);
	fake_audit();
	/* flags may change as long as the reference stays the same */
	req.val |= PTE_DIRTY;
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), 0);
	req.val = fake_pte(s.data[0], PAGE_RO);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), -XEN_EBUSY);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, 99), -XEN_ESRCH);
	/* what the hypervisor shares: read-only */
	req.val = fake_pte(FAKE_FIRST_FRAME, PAGE_RW);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_XEN), -XEN_EBUSY);
	req.val = fake_pte(FAKE_FIRST_FRAME, PAGE_RO);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_XEN), 0);
	fake_audit();
	/* tables of another domain: the upper half of the argument */
	req = request(s.l1, 60, fake_pte(s.data[3], PAGE_RO));
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, 1 | (1 + 1) << 16), 0);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), -XEN_EINVAL);
	fake_run_as(d);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, 3), -XEN_EPERM);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_XEN), -XEN_EPERM);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF | (3 + 1) << 16), -XEN_EPERM);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, 1), 0);
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_IO), 0);
}

static void a_dying_domain_gives_way_after_each_page(void **state)
{
	u64 pages = d->mem.tot_pages, steps = 0;

	(void)state;
	assert_in_range(pages, 5, 100);
	d->mem.dying = true;
	assert_int_equal(mm_vcpu_drop_roots(&d->vcpus[0]->mem), 0);
	fake_preempt_in = 1;
	while (mm_domain_relinquish(&d->mem))
		steps++;
	fake_preempt_in = 0;
	assert_in_range(steps, pages - 1, 100 * pages);
	assert_int_equal(d->mem.tot_pages, 0);
}

static void a_dead_domains_page_stays_while_another_maps_it(void **state)
{
	struct domain *boss = fake_domain(3, true, 900);
	struct fake_space b;
	struct mmu_update req = {0, fake_pte(s.data[0], PAGE_RW)};

	(void)state;
	fake_run_space(boss, &b);
	req.ptr = b.l1 << PAGE_SHIFT | 40 * 8;
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, 1), 0);
	d->mem.dying = true;
	assert_int_equal(mm_vcpu_drop_roots(&d->vcpus[0]->mem), 0);
	assert_int_equal(mm_domain_relinquish(&d->mem), 0);
	assert_int_equal(d->mem.tot_pages, 1);
	assert_int_equal(fake_last_page_gone, 0);
	fake_audit();
	req.val = 0;
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), 0);
	assert_int_equal(d->mem.tot_pages, 0);
	assert_int_equal(fake_last_page_gone, 1);
}

static void one_address(void **state)
{
	u64 fresh = fake_page(d);

	(void)state;
	assert_int_equal(do_update_va_mapping(FAKE_VA, fake_pte(fresh, PAGE_RW), UVMF_INVLPG), 0);
	assert_int_equal(fake_bytes(s.l1)[0], fake_pte(fresh, PAGE_RW));
	assert_int_equal(type_count(s.data[0]), 0);
	assert_int_equal(do_update_va_mapping(FAKE_VA, fake_pte(s.l1, PAGE_RW), 0), -XEN_EBUSY);
	assert_int_equal(do_update_va_mapping(FAKE_VA + 0x200000, 0, 0), -XEN_EINVAL);
	assert_int_equal(do_update_va_mapping(0, 0, 0), -XEN_EINVAL);
	assert_int_equal(do_update_va_mapping(HYPERVISOR_VIRT_START, 0, 0), -XEN_EINVAL);
	assert_int_equal(do_update_va_mapping(HYPERVISOR_VIRT_END - 1, 0, 0), -XEN_EINVAL);
	fake_last_flush.bits = 0x55;
	assert_int_equal(do_update_va_mapping(1UL << 47, 0, UVMF_INVLPG), -XEN_EINVAL);
	assert_int_equal(do_update_va_mapping(1UL << 47, 0, UVMF_INVLPG | UVMF_ALL), -XEN_EINVAL);
	assert_int_equal(fake_last_flush.bits, 0x55);
	assert_int_equal(do_update_va_mapping(FAKE_VA, 0, 3), -XEN_ENOSYS);
	assert_int_equal(do_update_va_mapping_otherdomain(FAKE_VA, 0, 0, 0), -XEN_EPERM);
	assert_int_equal(do_update_va_mapping_otherdomain(FAKE_VA, 0, 0, 1), 0);
}

static void flushes(void **state)
{
	u64 vcpus = 1;

	(void)state;
	d->mem.dirty_cpus.bits = 0xd;
	d->vcpus[0]->cpu = 3;
	assert_int_equal(do_update_va_mapping(FAKE_VA, 0, UVMF_TLB_FLUSH | UVMF_ALL), 0);
	assert_int_equal(fake_last_flush.bits, 0xd);
	assert_int_equal(do_update_va_mapping(FAKE_VA, 0, UVMF_TLB_FLUSH | UVMF_LOCAL), 0);
	assert_int_equal(fake_last_flush.bits, 1);
	assert_int_equal(do_update_va_mapping(FAKE_VA, 0, UVMF_INVLPG | (u64)&vcpus), 0);
	assert_int_equal(fake_last_flush.bits, 8);
	vcpus = 2; /* there is no such vCPU */
	assert_int_equal(do_update_va_mapping(FAKE_VA, 0, UVMF_TLB_FLUSH | (u64)&vcpus), 0);
	assert_int_equal(fake_last_flush.bits, 0);
	fake_fault_from = (u64)&vcpus;
	fake_fault_to = fake_fault_from + 8;
	assert_int_equal(do_update_va_mapping(FAKE_VA, 0, UVMF_TLB_FLUSH | (u64)&vcpus),
			 -XEN_EFAULT);
	d->mem.dirty_cpus.bits = 1;
}

#define update_test(f) cmocka_unit_test_setup_teardown(f, set_up, fake_machine_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		update_test(a_batch_reports_how_far_it_came),
		update_test(a_batch_goes_from_table_to_table),
		update_test(requests_or_count_that_fault),
		update_test(unknown_commands),
		update_test(a_long_batch_is_preempted_between_chunks),
		update_test(deep_tables_come_and_go_preempted),
		update_test(what_is_deferred_is_dropped_at_the_next_call_or_death),
		update_test(a_frame_that_is_no_table_is_written_as_data),
		update_test(m2p),
		update_test(foreign_frames_are_for_the_privileged),
		update_test(a_dying_domain_gives_way_after_each_page),
		update_test(a_dead_domains_page_stays_while_another_maps_it),
		update_test(one_address),
		update_test(flushes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
