/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmuext_op: pins, roots, flushes, the LDT, pages cleared and copied. */
#include "fakes/mm_fakes.h"

static struct domain *d;
static struct vcpu_memory *vm;
static struct fake_space s;

static int set_up(void **state)
{
	fake_machine(state);
	d = fake_domain(1, false, 900);
	vm = &d->vcpus[0]->mem;
	fake_run_space(d, &s);
	return 0;
}

static long ext_to(domid_t whose, unsigned cmd, u64 arg1, u64 arg2)
{
	struct mmuext_op op = {.cmd = cmd, .arg1.mfn = arg1, .arg2.src_mfn = arg2};

	return fake_call(mmuext_op, ((u64)&op, 1, 0, whose));
}

static long ext(unsigned cmd, u64 arg1, u64 arg2)
{
	return ext_to(DOMID_SELF, cmd, arg1, arg2);
}

static void pin_and_unpin_each_level(void **state)
{
	(void)state;
	for (unsigned level = 1; level <= 4; level++) {
		u64 table = fake_page(d);
		unsigned cmd = MMUEXT_PIN_L1_TABLE + level - 1;

		assert_int_equal(ext(MMUEXT_UNPIN_TABLE, table, 0), -XEN_EINVAL);
		assert_int_equal(ext(cmd, table, 0), 0);
		assert_int_equal(type_count(table), 1);
		assert_int_equal(ext(cmd, table, 0), -XEN_EINVAL);
		assert_int_equal(ext(level == 4 ? MMUEXT_PIN_L1_TABLE : cmd + 1, table, 0),
				 -XEN_EINVAL);
		fake_audit();
		assert_int_equal(ext(MMUEXT_UNPIN_TABLE, table, 0), 0);
		assert_int_equal(type_count(table), 0);
	}
	assert_int_equal(ext(MMUEXT_PIN_L1_TABLE, FAKE_FIRST_FRAME, 0), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_PIN_L1_TABLE, ~0UL, 0), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_UNPIN_TABLE, FAKE_END_FRAME, 0), -XEN_EINVAL);
}

static void a_failed_pin_leaves_nothing(void **state)
{
	u64 l2 = fake_page(d), l1 = fake_page(d);

	(void)state;
	fake_bytes(l2)[0] = fake_pte(l1, PAGE_RW);
	fake_bytes(l2)[1] = fake_pte(s.data[0], PAGE_RW); /* mapped writable */
	for (int period = 0; period < 3; period++) {
		fake_preempt_in = period;
		assert_int_equal(ext(MMUEXT_PIN_L2_TABLE, l2, 0), -XEN_EINVAL);
		assert_int_equal(refs(l2), 1);
		assert_int_equal(refs(l1), 1);
		assert_int_equal(type_count(l1), 0);
	}
}

static void pins_are_preempted(void **state)
{
	struct fake_space t;

	(void)state;
	fake_space(d, &t);
	for (unsigned i = 1; i < 60; i++) {
		u64 l1 = fake_page(d);

		fake_bytes(t.l2)[i * 8] = fake_pte(l1, PAGE_RW);
	}
	for (int period = 1; period < 8; period++) {
		fake_preempt_in = period;
		fake_preemptions = 0;
		assert_int_equal(ext(MMUEXT_PIN_L4_TABLE, t.l4, 0), 0);
		assert_true(fake_preemptions >= 59 / period - 2);
		fake_audit();
		assert_int_equal(ext(MMUEXT_UNPIN_TABLE, t.l4, 0), 0);
		assert_int_equal(type_count(t.l1), 0);
		fake_audit();
	}
}

static void roots(void **state)
{
	struct fake_space t;

	(void)state;
	fake_space(d, &t);
	assert_int_equal(ext(MMUEXT_NEW_BASEPTR, t.l4, 0), 0);
	assert_int_equal(fake_cr3, t.l4 << PAGE_SHIFT);
	assert_int_equal(type_count(s.l4), 0); /* it was not pinned: taken apart */
	assert_int_equal(type_count(t.l4), 1);
	assert_int_equal(ext(MMUEXT_NEW_BASEPTR, t.l4, 0), 0); /* again */
	assert_int_equal(type_count(t.l4), 1);
	assert_int_equal(ext(MMUEXT_NEW_BASEPTR, t.l3, 0), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_NEW_BASEPTR, 0, 0), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_NEW_BASEPTR, t.data[0], 0), -XEN_EINVAL);
	assert_int_equal(fake_cr3, t.l4 << PAGE_SHIFT);
	assert_int_equal(ext(MMUEXT_NEW_USER_BASEPTR, s.l4, 0), 0);
	assert_int_equal(vm->cr3_user, s.l4 << PAGE_SHIFT);
	assert_int_equal(fake_cr3, t.l4 << PAGE_SHIFT);
	fake_audit();
	assert_int_equal(ext(MMUEXT_NEW_USER_BASEPTR, t.l4, 0), 0);
	assert_int_equal(type_count(t.l4), 2);
	assert_int_equal(ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
	assert_int_equal(vm->cr3_user, 0);
	assert_int_equal(type_count(t.l4), 1);
}

static void an_old_root_is_taken_apart_preempted(void **state)
{
	struct fake_space t;

	(void)state;
	fake_space(d, &t);
	fake_preempt_in = 1;
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(ext(MMUEXT_NEW_BASEPTR, i & 1 ? s.l4 : t.l4, 0), 0);
		fake_audit();
	}
	assert_int_equal(type_count(s.l1), 1);
}

static void a_running_root_cannot_be_given_back(void **state)
{
	(void)state;
	assert_true(page_drop_allocation(fake_entry(s.l4)));
	assert_int_equal(d->mem.tot_pages, 4 + FAKE_DATA);
	assert_int_equal(type_count(s.l4), 1);
	assert_int_equal(ext(MMUEXT_PIN_L4_TABLE, s.l4, 0), 0);
	assert_int_equal(ext(MMUEXT_UNPIN_TABLE, s.l4, 0), 0);
	fake_audit();
}

static void flushes(void **state)
{
	u64 vcpus = 1;

	(void)state;
	d->mem.dirty_cpus.bits = 6;
	d->vcpus[0]->cpu = 2;
	assert_int_equal(ext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
	assert_int_equal(fake_last_flush.bits, 6);
	assert_int_equal(ext(MMUEXT_TLB_FLUSH_MULTI, 0, (u64)&vcpus), 0);
	assert_int_equal(fake_last_flush.bits, 4);
	assert_int_equal(ext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
	assert_int_equal(fake_last_flush.bits, 1);
	assert_int_equal(ext(MMUEXT_INVLPG_ALL, FAKE_VA, 0), 0);
	assert_int_equal(fake_last_flush.bits, 6);
	assert_int_equal(ext(MMUEXT_INVLPG_MULTI, FAKE_VA, (u64)&vcpus), 0);
	assert_int_equal(fake_last_flush.bits, 4);
	fake_last_flush.bits = 0x55;
	assert_int_equal(ext(MMUEXT_INVLPG_ALL, HYPERVISOR_VIRT_START, 0), 0);
	assert_int_equal(ext(MMUEXT_INVLPG_LOCAL, 1UL << 60, 0), 0);
	assert_int_equal(fake_last_flush.bits, 0x55);
	fake_fault_from = (u64)&vcpus;
	fake_fault_to = fake_fault_from + 8;
	assert_int_equal(ext(MMUEXT_TLB_FLUSH_MULTI, 0, (u64)&vcpus), -XEN_EFAULT);
	d->mem.dirty_cpus.bits = 1;
}

static void caches_and_unknown(void **state)
{
	(void)state;
	assert_int_equal(ext(MMUEXT_FLUSH_CACHE, 0, 0), -XEN_EPERM);
	d->mem.iomem_ranges = 1;
	assert_int_equal(ext(MMUEXT_FLUSH_CACHE, 0, 0), 0);
	d->mem.iomem_ranges = 0;
	assert_int_equal(ext(MMUEXT_MARK_SUPER, s.data[0], 0), -XEN_EOPNOTSUPP);
	assert_int_equal(ext(MMUEXT_UNMARK_SUPER, s.data[0], 0), -XEN_EOPNOTSUPP);
	assert_int_equal(ext(14, 0, 0), -XEN_ENOSYS);
	assert_int_equal(ext(99, 0, 0), -XEN_ENOSYS);
}

static void clear_and_copy(void **state)
{
	(void)state;
	memset(fake_bytes(s.data[0]), 0x5a, PAGE_SIZE);
	assert_int_equal(ext(MMUEXT_COPY_PAGE, s.data[1], s.data[0]), 0);
	assert_memory_equal(fake_bytes(s.data[0]), fake_bytes(s.data[1]), PAGE_SIZE);
	assert_int_equal(ext(MMUEXT_CLEAR_PAGE, s.data[0], 0), 0);
	assert_int_equal(fake_bytes(s.data[0])[511], 0);
	assert_int_equal(ext(MMUEXT_CLEAR_PAGE, s.l1, 0), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_COPY_PAGE, s.l1, s.data[0]), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_COPY_PAGE, s.data[2], s.l1), 0);
	assert_memory_equal(fake_bytes(s.data[2]), fake_bytes(s.l1), PAGE_SIZE);
	assert_int_equal(ext(MMUEXT_COPY_PAGE, s.data[2], FAKE_FIRST_FRAME), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_CLEAR_PAGE, FAKE_END_FRAME, 0), -XEN_EINVAL);
	assert_int_equal(refs(s.data[0]), 2);
}

static void the_ldt_comes_into_its_window(void **state)
{
	u64 ldt = fake_page(d);

	(void)state;
	fake_bytes(ldt)[1] = 0x00cffb000000ffffUL;
	assert_int_equal(do_update_va_mapping(FAKE_VA + 0x9000, fake_pte(ldt, PAGE_RO), 0), 0);
	assert_int_equal(do_update_va_mapping(FAKE_VA + 0xb000, fake_pte(ldt, PAGE_RO), 0), 0);
	assert_int_equal(ext(MMUEXT_SET_LDT, FAKE_VA + 0x9000, 8193), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_SET_LDT, FAKE_VA + 0x9008, 16), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_SET_LDT, HYPERVISOR_VIRT_START, 16), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_SET_LDT, FAKE_VA + 0x9000, 600), 0);
	assert_true(mm_ldt_fault(vm, 0));
	assert_true(mm_ldt_fault(vm, 0));
	assert_int_equal(type_count(ldt), 1);
	fake_audit();
	assert_false(mm_ldt_fault(vm, 1)); /* not mapped */
	assert_false(mm_ldt_fault(vm, 2)); /* beyond its entries */
	assert_false(mm_ldt_fault(vm, 16));
	/* while the CPU may read it, the guest cannot write it */
	assert_int_equal(do_update_va_mapping(FAKE_VA + 0x9000, fake_pte(ldt, PAGE_RW), 0),
			 -XEN_EBUSY);
	assert_int_equal(ext(MMUEXT_SET_LDT, 0, 0), 0);
	assert_int_equal(type_count(ldt), 0);
	assert_false(mm_ldt_fault(vm, 0));
	assert_int_equal(do_update_va_mapping(FAKE_VA + 0x9000, fake_pte(ldt, PAGE_RW), 0), 0);
	assert_int_equal(ext(MMUEXT_SET_LDT, FAKE_VA + 0x9000, 16), 0);
	assert_false(mm_ldt_fault(vm, 0)); /* mapped writable */
}

static void other_domains(void **state)
{
	struct domain *boss = fake_domain(3, true, 100);
	u64 table = fake_page(d);

	(void)state;
	assert_int_equal(ext_to(1, MMUEXT_PIN_L2_TABLE, table, 0), 0);
	assert_int_equal(ext_to(1, MMUEXT_NEW_BASEPTR, s.l4, 0), -XEN_EPERM);
	assert_int_equal(ext_to(1, MMUEXT_UNPIN_TABLE, table, 0), 0);
	assert_int_equal(ext_to(55, MMUEXT_UNPIN_TABLE, table, 0), -XEN_ESRCH);
	assert_int_equal(ext_to(DOMID_SELF, MMUEXT_PIN_L2_TABLE, table, 0), -XEN_EINVAL);
	d->mem.dying = true;
	assert_int_equal(ext_to(1, MMUEXT_PIN_L2_TABLE, table, 0), -XEN_EINVAL);
	assert_int_equal(type_count(table), 0);
	d->mem.dying = false;
	fake_run_as(d);
	assert_int_equal(ext_to(3, MMUEXT_PIN_L2_TABLE, table, 0), -XEN_EPERM);
	(void)boss;
}

/* Its pages may have been looked through before: a pin that came too late must not stay. */
static void pins_in_a_dying_domain(void **state)
{
	u64 table = fake_page(d);

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		fake_bytes(table)[i] = fake_pte(fake_page(d), PAGE_RW);
	fake_domain(3, true, 100);
	d->mem.dying = true;
	for (int period = 1; period < 50; period += 7) {
		fake_preempt_in = period;
		assert_int_equal(ext_to(1, MMUEXT_PIN_L2_TABLE, table, 0), -XEN_EINVAL);
		assert_int_equal(ext_to(3, MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0); /* the rest */
		assert_int_equal(type_count(table), 0);
		assert_int_equal(refs(table), 1);
	}
}

static void a_batch_stops_at_the_first_refusal(void **state)
{
	struct mmuext_op ops[4] = {{.cmd = MMUEXT_TLB_FLUSH_LOCAL},
				   {.cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = s.data[0]},
				   {.cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = s.l2},
				   {.cmd = MMUEXT_TLB_FLUSH_LOCAL}};
	u32 done = 0;

	(void)state;
	fake_preempt_in = 1;
	assert_int_equal(fake_call(mmuext_op, ((u64)ops, 4, (u64)&done, DOMID_SELF)), -XEN_EINVAL);
	assert_int_equal(done, 2);
	assert_int_equal(this_cpu()->batch_index, 2);
	fake_fault_from = (u64)&ops[1];
	fake_fault_to = fake_fault_from + 8;
	assert_int_equal(fake_call(mmuext_op, ((u64)ops, 4, (u64)&done, DOMID_SELF)), -XEN_EFAULT);
	assert_int_equal(done, 1);
}

#define ext_test(f) cmocka_unit_test_setup_teardown(f, set_up, fake_machine_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ext_test(pin_and_unpin_each_level),
		ext_test(a_failed_pin_leaves_nothing),
		ext_test(pins_are_preempted),
		ext_test(roots),
		ext_test(an_old_root_is_taken_apart_preempted),
		ext_test(a_running_root_cannot_be_given_back),
		ext_test(flushes),
		ext_test(caches_and_unknown),
		ext_test(clear_and_copy),
		ext_test(the_ldt_comes_into_its_window),
		ext_test(other_domains),
		ext_test(pins_in_a_dying_domain),
		ext_test(a_batch_stops_at_the_first_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
