/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entries a guest may have at which level, in whole tables and one at a time. */
#include "fakes/mm_fakes.h"

static struct domain *d;
static struct fake_space s;

static int set_up(void **state)
{
	fake_machine(state);
	d = fake_domain(1, false, 600);
	fake_run_space(d, &s);
	return 0;
}

static long write_entry(u64 table, unsigned slot, u64 entry)
{
	struct mmu_update req = {table << PAGE_SHIFT | slot * 8, entry};

	return fake_call(mmu_update, ((u64)&req, 1, 0, DOMID_SELF));
}

static u64 table_of(unsigned level)
{
	const u64 tables[] = {0, s.l1, s.l2, s.l3, s.l4};

	return tables[level];
}

/* What an entry of this level may refer to: data, or a fresh empty table of the next level. */
static u64 fresh_target(unsigned level)
{
	(void)level;
	return fake_page(d);
}

static void a_space_is_valid(void **state)
{
	(void)state;
	assert_int_equal(type_count(s.l4), 1);
	assert_int_equal(type_count(s.l3), 1);
	assert_int_equal(type_count(s.l2), 1);
	assert_int_equal(type_count(s.l1), 1);
	assert_int_equal(refs(s.l1), 3); /* allocation, type, its own read-only mapping */
	for (unsigned i = 0; i < FAKE_DATA; i++) {
		assert_int_equal(type_count(s.data[i]), 1);
		assert_int_equal(refs(s.data[i]), 2);
	}
	assert_int_equal(fake_cr3, s.l4 << PAGE_SHIFT);
	for (unsigned i = HYPERVISOR_FIRST_SLOT; i <= HYPERVISOR_LAST_SLOT; i++)
		assert_int_not_equal(fake_bytes(s.l4)[i], 0);
	fake_audit();
}

static void each_bit_of_each_level(void **state)
{
	/* USER is set for the guest; cache bits and PSE, GLOBAL and the addresses without memory
	 * are refused */
	const u64 allowed[5] = {
		[1] = 0x7ff0000000000e67UL | PTE_NX,
		[2] = 0x7ff0000000000e67UL | PTE_NX,
		[3] = 0x7ff0000000000e67UL | PTE_NX,
		[4] = 0x7ff0000000000e67UL | PTE_NX,
	};

	(void)state;
	for (unsigned level = 1; level <= 4; level++)
		for (unsigned bit = 1; bit < 64; bit++) {
			u64 target = fresh_target(level), entry = fake_pte(target, PTE_PRESENT);
			bool address = bit >= 12 && bit < 52;
			bool expect = allowed[level] >> bit & 1;
			long rc;

			if (address)
				continue;
			rc = write_entry(table_of(level), 20, entry | BIT(bit));
			if (expect) {
				assert_int_equal(rc, 0);
				assert_int_equal(fake_bytes(table_of(level))[20],
						 entry | BIT(bit) | PTE_USER);
				assert_int_equal(write_entry(table_of(level), 20, 0), 0);
			} else {
				assert_int_equal(rc, -XEN_EINVAL);
				assert_int_equal(fake_last_refusal, BAD_ENTRY);
				assert_int_equal(fake_bytes(table_of(level))[20], 0);
			}
			assert_int_equal(refs(target), 1);
			page_drop_allocation(fake_entry(target));
		}
}

static void the_same_bits_when_a_whole_table_is_validated(void **state)
{
	(void)state;
	for (unsigned level = 1; level <= 4; level++)
		for (unsigned bit = 3; bit < 10; bit++) {
			u64 table = fake_page(d), target = fresh_target(level);
			int rc;

			fake_bytes(table)[300] = fake_pte(target, PTE_PRESENT | BIT(bit));
			rc = type_get(fake_entry(table), level);
			assert_int_equal(rc, bit == 5 || bit == 6 || bit == 9 ? 0 : -XEN_EINVAL);
			if (!rc) {
				assert_true(fake_bytes(table)[300] & PTE_USER);
				type_put(fake_entry(table));
			}
			page_drop_allocation(fake_entry(table));
			page_drop_allocation(fake_entry(target));
		}
}

static void frames_beyond_ram(void **state)
{
	static const u64 frames[] = {0,		FAKE_END_FRAME,	     FAKE_DEVICE, 1UL << 28,
				     1UL << 32, (1UL << 32) | 0x200, (1UL << 39), (1UL << 40) - 1};

	(void)state;
	for (unsigned level = 1; level <= 4; level++)
		for (unsigned i = 0; i < ARRAY_SIZE(frames); i++) {
			long rc = write_entry(table_of(level), 20, fake_pte(frames[i], PAGE_RW));

			assert_true(rc == -XEN_EINVAL || (level == 1 && rc == -XEN_EPERM));
			assert_int_equal(fake_bytes(table_of(level))[20], 0);
		}
}

static void the_wide_frame_number_is_not_cut(void **state)
{
	u64 low = s.data[0];

	(void)state;
	/* the frame with the same low 32 bits is the guest's own */
	assert_int_equal(write_entry(s.l1, 20, fake_pte(low | 1UL << 32, PAGE_RW)), -XEN_EINVAL);
	assert_int_equal(write_entry(s.l1, 20, fake_pte(low, PAGE_RW)), 0);
	assert_int_equal(type_count(low), 2);
}

static void absent_entries_must_not_name_ram(void **state)
{
	(void)state;
	for (unsigned level = 1; level <= 4; level++) {
		u64 t = table_of(level);

		assert_int_equal(write_entry(t, 20, fake_pte(s.data[0], 0)), -XEN_EINVAL);
		assert_int_equal(write_entry(t, 20, fake_pte(FAKE_END_FRAME - 1, PTE_WRITABLE)),
				 -XEN_EINVAL);
		assert_int_equal(write_entry(t, 20, fake_pte(s.data[0] | 1UL << 36, 0)),
				 -XEN_EINVAL);
		assert_int_equal(write_entry(t, 20, 0xffe), 0); /* no address: any bits */
		assert_int_equal(write_entry(t, 20, fake_pte(FAKE_END_FRAME, PTE_GLOBAL)), 0);
		assert_int_equal(write_entry(t, 20, ~fake_pte(s.data[0], 0) & ~0xfffUL),
				 0); /* inverted */
		assert_int_equal(write_entry(t, 20, 0), 0);
	}
}

static void the_hypervisors_slots_are_refused(void **state)
{
	u64 l3 = fake_page(d);

	(void)state;
	for (unsigned i = 0; i < 512; i++) {
		bool own = i >= HYPERVISOR_FIRST_SLOT && i <= HYPERVISOR_LAST_SLOT;
		u64 before = fake_bytes(s.l4)[i];

		if (i == FAKE_SLOT4)
			continue;
		assert_int_equal(write_entry(s.l4, i, fake_pte(l3, PAGE_RW)),
				 own ? -XEN_EINVAL : 0);
		if (own)
			assert_int_equal(fake_bytes(s.l4)[i], before);
		assert_int_equal(write_entry(s.l4, i, 0), own ? -XEN_EINVAL : 0);
	}
	assert_int_equal(type_count(l3), 0);
}

static void what_the_guest_had_in_those_slots_is_replaced(void **state)
{
	u64 l4 = fake_page(d);

	(void)state;
	for (unsigned i = 256; i <= 271; i++)
		fake_bytes(l4)[i] = fake_pte(s.data[i & 7], PAGE_RW);
	assert_int_equal(type_get(fake_entry(l4), TYPE_L4), 0);
	assert_true(type_set_pinned(fake_entry(l4), true));
	assert_int_equal(type_count(s.data[0]), 1); /* nothing was taken for them */
	fake_audit();
	type_unpin(fake_entry(l4));
	assert_int_equal(type_count(s.data[0]), 1); /* nor given back */
}

/* Slot 259 is the domain's own tables, the others are the master root's. */
static void each_of_those_slots_holds_what_it_must(void **state)
{
	(void)state;
	for (unsigned slot = 256; slot <= 271; slot++) {
		u64 entry = fake_bytes(s.l4)[slot];

		if (slot == 259)
			assert_int_equal(entry >> PAGE_SHIFT, virt_to_mfn(d->mem.perdomain_l3).n);
		else
			assert_int_equal(entry, (u64)slot << 32 | PTE_PRESENT);
	}
}

static void no_table_is_mapped_writable(void **state)
{
	(void)state;
	for (unsigned level = 1; level <= 4; level++) {
		u64 t = table_of(level);
		u32 before = refs(t);

		assert_int_equal(write_entry(s.l1, 20, fake_pte(t, PAGE_RW)), -XEN_EBUSY);
		assert_int_equal(fake_last_refusal, BAD_TYPE);
		assert_int_equal(write_entry(s.l1, 20, fake_pte(t, PAGE_RO)), 0);
		assert_int_equal(refs(t), before + 1);
		/* the same frame, now writable: still checked */
		assert_int_equal(write_entry(s.l1, 20, fake_pte(t, PAGE_RW)), -XEN_EBUSY);
		assert_int_equal(write_entry(s.l1, 20, 0), 0);
		assert_int_equal(refs(t), before);
	}
}

static void no_writable_page_becomes_a_table(void **state)
{
	(void)state;
	assert_int_equal(write_entry(s.l2, 20, fake_pte(s.data[0], PAGE_RW)), -XEN_EINVAL);
	assert_int_equal(fake_last_refusal, BAD_TYPE);
	assert_int_equal(write_entry(s.l1, 0, fake_pte(s.data[0], PAGE_RO)), 0);
	assert_int_equal(type_count(s.data[0]), 0);
	fake_bytes(s.data[0])[0] = 0;
	assert_int_equal(write_entry(s.l2, 20, fake_pte(s.data[0], PAGE_RW)), 0);
	assert_int_equal(write_entry(s.l1, 0, fake_pte(s.data[0], PAGE_RW)), -XEN_EBUSY);
}

static void levels_are_not_skipped_and_nothing_is_linear(void **state)
{
	(void)state;
	for (unsigned level = 2; level <= 4; level++)
		for (unsigned target = 1; target <= 4; target++) {
			long rc = write_entry(table_of(level), 20,
					      fake_pte(table_of(target), PAGE_RW));

			assert_int_equal(rc, target == level - 1 ? 0 : -XEN_EINVAL);
			assert_int_equal(write_entry(table_of(level), 20, 0), 0);
		}
}

static void strangers_frames_are_refused_at_every_level(void **state)
{
	struct domain *other = fake_domain(2, false, 10);
	u64 theirs = fake_page(other);

	(void)state;
	fake_run_as(d);
	for (unsigned level = 1; level <= 4; level++) {
		assert_int_equal(write_entry(table_of(level), 20, fake_pte(theirs, PAGE_RW)),
				 level == 1 ? -XEN_EBUSY : -XEN_EINVAL);
		assert_int_equal(fake_last_refusal, NOT_OWNED);
		/* the hypervisor's own: M2P, and the per-domain tables */
		assert_int_not_equal(
			write_entry(table_of(level), 20, fake_pte(FAKE_FIRST_FRAME, PAGE_RO)), 0);
		assert_int_not_equal(
			write_entry(table_of(level), 20,
				    fake_pte(virt_to_mfn(d->mem.perdomain_l3).n, PAGE_RO)),
			0);
	}
	assert_int_equal(type_count(theirs), 0);
	assert_int_equal(refs(theirs), 1);
}

static void accessed_and_dirty(void **state)
{
	u64 l1 = s.l1 << PAGE_SHIFT, entry = fake_pte(s.data[0], PAGE_RW);
	struct mmu_update req = {l1 | MMU_PT_UPDATE_PRESERVE_AD, entry};

	(void)state;
	fake_bytes(s.l1)[0] |= PTE_ACCESSED | PTE_DIRTY;
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), 0);
	assert_int_equal(fake_bytes(s.l1)[0], entry | PTE_ACCESSED | PTE_DIRTY);
	assert_int_equal(write_entry(s.l1, 0, entry), 0);
	assert_int_equal(fake_bytes(s.l1)[0], entry);
	fake_bytes(s.l1)[0] |= PTE_ACCESSED | PTE_DIRTY;
	req.val = 0;
	assert_int_equal(do_mmu_update((u64)&req, 1, 0, DOMID_SELF), 0);
	assert_int_equal(fake_bytes(s.l1)[0], 0);
	assert_int_equal(type_count(s.data[0]), 0);
}

static void device_memory_needs_permission(void **state)
{
	u64 entry = fake_pte(FAKE_DEVICE, PAGE_RW | PTE_PCD | PTE_PWT | PTE_PAT);

	(void)state;
	assert_int_equal(write_entry(s.l1, 20, entry), -XEN_EPERM);
	d->mem.iomem[0] = (struct mfn_range){FAKE_DEVICE, FAKE_DEVICE + 3};
	d->mem.iomem_ranges = 1;
	assert_int_equal(write_entry(s.l1, 20, entry), 0);
	assert_int_equal(write_entry(s.l1, 21, entry + 3 * PAGE_SIZE), 0);
	assert_int_equal(write_entry(s.l1, 22, entry + 4 * PAGE_SIZE), -XEN_EPERM);
	assert_int_equal(write_entry(s.l1, 22, entry - PAGE_SIZE), -XEN_EPERM);
	/* flags of a held entry may change, forbidden ones may not */
	assert_int_equal(write_entry(s.l1, 20, fake_pte(FAKE_DEVICE, PAGE_RW | PTE_PCD)), 0);
	assert_int_equal(write_entry(s.l1, 20, entry | PTE_GLOBAL), -XEN_EINVAL);
	/* for RAM the permission changes nothing */
	assert_int_equal(write_entry(s.l1, 23, fake_pte(s.data[0], PAGE_RW | PTE_PCD)),
			 -XEN_EINVAL);
	assert_int_equal(write_entry(s.l1, 0, fake_pte(s.data[0], PAGE_RW | PTE_PCD)), -XEN_EINVAL);
	assert_int_equal(write_entry(s.l1, 20, 0), 0);
	assert_int_equal(write_entry(s.l1, 21, 0), 0);
}

static void a_bad_entry_in_the_depth_undoes_all(void **state)
{
	struct fake_space t;

	(void)state;
	fake_space(d, &t);
	fake_bytes(t.l1)[511] = fake_pte(s.l4, PAGE_RW); /* the running root, writable */
	assert_int_equal(type_get(fake_entry(t.l4), TYPE_L4), -XEN_EBUSY);
	assert_int_equal(type_count(t.l4), 0);
	assert_int_equal(type_count(t.l1), 0);
	assert_int_equal(type_count(t.data[0]), 0);
	assert_int_equal(refs(t.data[0]), 1);
}

static void a_table_shared_by_two_parents(void **state)
{
	struct fake_space t;

	(void)state;
	fake_space(d, &t);
	fake_bytes(t.l2)[1] = fake_pte(t.l1, PAGE_RW);
	fake_bytes(t.l4)[3] = fake_pte(s.l3, PAGE_RO);
	assert_int_equal(type_get(fake_entry(t.l4), TYPE_L4), 0);
	assert_true(type_set_pinned(fake_entry(t.l4), true));
	assert_int_equal(type_count(t.l1), 2);
	assert_int_equal(type_count(s.l3), 2);
	assert_int_equal(type_count(t.data[0]), 1); /* by the one L1 */
	fake_audit();
	type_unpin(fake_entry(t.l4));
	assert_int_equal(type_count(s.l3), 1);
}

static void a_partly_validated_table_is_not_updated(void **state)
{
	u64 l2 = fake_page(d), l1a = fake_page(d), l1b = fake_page(d);

	(void)state;
	fake_bytes(l2)[0] = fake_pte(l1a, PAGE_RW);
	fake_bytes(l2)[1] = fake_pte(l1b, PAGE_RW);
	fake_preempt_in = 1;
	assert_int_equal(type_get(fake_entry(l2), TYPE_L2), -XEN_ERESTART);
	fake_preempt_in = 0;
	assert_int_equal(type_count(l1a), 1);
	assert_int_equal(write_entry(l2, 1, 0), -XEN_EINVAL);
	assert_int_equal(type_settle(fake_entry(l2)), 0);
	assert_int_equal(write_entry(l2, 1, 0), 0); /* it is data now */
	assert_int_equal(type_count(l1a), 0);
	assert_int_equal(fake_bytes(l2)[1], 0);
}

static void descriptor_pages(void **state)
{
	static const struct {
		u64 d;
		bool ok;
	} cases[] = {
		{0, true},
		{0x00af9b000000ffffUL, true}, /* 64-bit code, DPL 0: becomes 3 */
		{0x00cffb000000ffffUL, true},
		{0x00cff3000000ffffUL, true},
		{0x0000890000000067UL, false}, /* TSS */
		{0x0000820000000000UL, false}, /* LDT */
		{0x00008c0000080000UL, false}, /* call gate */
		{0x00008e0000080000UL, false}, /* interrupt gate */
		{0x0000090000000067UL, true},  /* absent TSS */
		{0x0000800000000000UL, true},  /* type 0 */
	};
	u64 page = fake_page(d);

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct page *pg;
		u64 desc = cases[i].d;

		memset(fake_bytes(page), 0, PAGE_SIZE);
		fake_bytes(page)[511] = cases[i].d;
		pg = fake_get_descriptor_page(d, page);
		assert_int_equal(pg != NULL, cases[i].ok);
		assert_int_equal(mm_descriptor_fix(&desc), cases[i].ok);
		if (cases[i].ok)
			assert_int_equal(fake_bytes(page)[511], desc);
		if (pg) {
			assert_int_equal(write_entry(s.l1, 20, fake_pte(page, PAGE_RW)),
					 -XEN_EBUSY);
			assert_int_equal(mm_update_descriptor(&d->vcpus[0]->mem, page << PAGE_SHIFT,
							      0x0000890000000067UL),
					 -XEN_EINVAL);
			assert_int_equal(mm_update_descriptor(&d->vcpus[0]->mem, page << PAGE_SHIFT,
							      0x00cf93000000ffffUL),
					 0);
			assert_int_equal(fake_bytes(page)[0], 0x00cff3000000ffffUL);
			assert_int_equal(mm_update_descriptor(&d->vcpus[0]->mem,
							      (page << PAGE_SHIFT) + 4, 0),
					 -XEN_EINVAL);
			type_put(pg);
		}
	}
	assert_int_equal(mm_update_descriptor(&d->vcpus[0]->mem, s.data[0] << PAGE_SHIFT, 0x1234),
			 0);
	assert_int_equal(fake_bytes(s.data[0])[0], 0x1234);
	assert_int_equal(mm_update_descriptor(&d->vcpus[0]->mem, s.l1 << PAGE_SHIFT, 0),
			 -XEN_EINVAL);
	assert_int_equal(mm_update_descriptor(&d->vcpus[0]->mem, ~7UL, 0), -XEN_EINVAL);
}

/* Nobody would ever answer: the CPU that waits is the one that works on the table. */
static void a_table_that_names_itself_is_refused_at_once(void **state)
{
	(void)state;
	for (unsigned level = 1; level <= 4; level++) {
		u64 table = fake_page(d);
		int rc;

		fake_bytes(table)[7] = fake_pte(table, PAGE_RW);
		rc = type_get(fake_entry(table), level);
		assert_true(rc == -XEN_EINVAL || rc == -XEN_EBUSY);
		assert_int_equal(type_count(table), 0);
		page_drop_allocation(fake_entry(table));
	}
}

static void tables_that_name_each_other_are_refused_at_once(void **state)
{
	u64 upper = fake_page(d), lower = fake_page(d);

	(void)state;
	fake_bytes(upper)[0] = fake_pte(lower, PAGE_RW);
	fake_bytes(lower)[0] = fake_pte(upper, PAGE_RW);
	for (unsigned level = 2; level <= 4; level++)
		assert_int_equal(type_get(fake_entry(upper), level),
				 level == 2 ? -XEN_EBUSY : -XEN_EINVAL);
	page_drop_allocation(fake_entry(upper));
	page_drop_allocation(fake_entry(lower));
}

#define table_test(f) cmocka_unit_test_setup_teardown(f, set_up, fake_machine_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		table_test(a_space_is_valid),
		table_test(each_bit_of_each_level),
		table_test(the_same_bits_when_a_whole_table_is_validated),
		table_test(frames_beyond_ram),
		table_test(the_wide_frame_number_is_not_cut),
		table_test(absent_entries_must_not_name_ram),
		table_test(the_hypervisors_slots_are_refused),
		table_test(what_the_guest_had_in_those_slots_is_replaced),
		table_test(each_of_those_slots_holds_what_it_must),
		table_test(no_table_is_mapped_writable),
		table_test(no_writable_page_becomes_a_table),
		table_test(levels_are_not_skipped_and_nothing_is_linear),
		table_test(strangers_frames_are_refused_at_every_level),
		table_test(accessed_and_dirty),
		table_test(device_memory_needs_permission),
		table_test(a_bad_entry_in_the_depth_undoes_all),
		table_test(a_table_shared_by_two_parents),
		table_test(a_partly_validated_table_is_not_updated),
		table_test(descriptor_pages),
		table_test(a_table_that_names_itself_is_refused_at_once),
		table_test(tables_that_name_each_other_are_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
