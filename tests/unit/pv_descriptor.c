/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that the hypervisor reads for a guest, and the tables that they are in: nothing is
 * read beyond a table's limit (XSA-67, XSA-298), and no frame becomes one that must not.
 */
#include "fakes/mm_fakes.h"
/* mm_fakes.c has its own of these */
#define hook_get_ldt real_hook_get_ldt
#define hook_set_ldt real_hook_set_ldt
#include "hypervisor/pv/descriptor.c"

#define CODE   0x00affb000000ffffUL /* 64-bit code of ring 3 */
#define DATA   0x00cff3000000ffffUL
#define GDT(n) ((u16)((n) << 3 | 3))
#define LDT(n) ((u16)((n) << 3 | 7))

static unsigned gdt_loads, ldt_loads;
static struct domain *d;
static struct vcpu *v;

void load_gdt(u64 base)
{
	assert_int_equal(base, v->arch.gdt_base);
	gdt_loads++;
}

void load_ldt(u64 base, unsigned entries)
{
	assert_int_equal(base, v->arch.ldt_base);
	assert_int_equal(entries, v->arch.ldt_entries);
	ldt_loads++;
}

static void set_up(void)
{
	d = fake_domain(1, false, 40);
	v = d->vcpus[0];
	gdt_loads = ldt_loads = 0;
}

/* A page full of descriptors, each of another limit. */
static u64 table_page(u64 descriptor)
{
	u64 frame = fake_page(d);

	for (unsigned i = 0; i < 512; i++)
		fake_bytes(frame)[i] = descriptor - i;
	return frame;
}

static void a_gdt_ends_at_its_limit(void **state)
{
	u64 frames[2];

	(void)state;
	set_up();
	frames[0] = table_page(CODE);
	frames[1] = table_page(DATA);
	assert_int_equal(pv_read_descriptor(v, GDT(1)), 0); /* none yet */
	assert_int_equal(do_set_gdt((u64)frames, 515), 0);
	assert_int_equal(gdt_loads, 1);
	assert_int_equal(pv_read_descriptor(v, GDT(1)), CODE - 1);
	assert_int_equal(pv_read_descriptor(v, GDT(511)), CODE - 511);
	assert_int_equal(pv_read_descriptor(v, GDT(514)), DATA - 2);
	assert_int_equal(pv_read_descriptor(v, GDT(515)), 0);
	assert_int_equal(pv_read_descriptor(v, GDT(1024)), 0);
	assert_int_equal(pv_read_descriptor(v, GDT(8191)), 0);
	assert_int_equal(do_set_gdt((u64)frames, 3), 0);
	assert_int_equal(pv_read_descriptor(v, GDT(2)), CODE - 2);
	assert_int_equal(pv_read_descriptor(v, GDT(3)), 0);
	assert_int_equal(do_set_gdt((u64)frames, 0), 0);
	assert_int_equal(pv_read_descriptor(v, GDT(0)), 0);
}

/* Read as the guest would: its limit first, then where it put the table, whatever is there. */
static void an_ldt_ends_at_its_limit(void **state)
{
	static const u64 table[4] = {CODE, CODE - 1, CODE - 2, CODE - 3};

	(void)state;
	set_up();
	assert_int_equal(pv_read_descriptor(v, LDT(0)), 0);
	real_hook_set_ldt(&v->mem, (u64)table, 3);
	assert_int_equal(ldt_loads, 1);
	assert_int_equal(pv_read_descriptor(v, LDT(0)), CODE);
	assert_int_equal(pv_read_descriptor(v, LDT(2)), CODE - 2);
	assert_int_equal(pv_read_descriptor(v, LDT(3)), 0);
	assert_int_equal(pv_read_descriptor(v, LDT(8191)), 0);
	fake_fault_from = (u64)&table[1];
	fake_fault_to = (u64)&table[2];
	assert_int_equal(pv_read_descriptor(v, LDT(0)), CODE);
	assert_int_equal(pv_read_descriptor(v, LDT(1)), 0);
	fake_fault_from = fake_fault_to = 0;
}

/* All frames or none: a refusal leaves the old table, and no reference. */
static void a_gdt_is_taken_whole(void **state)
{
	u64 good, tss, frames[3];

	(void)state;
	set_up();
	good = table_page(CODE);
	tss = table_page(CODE);
	fake_bytes(tss)[7] = 0x0000890000000067; /* a TSS */
	frames[0] = good;
	assert_int_equal(do_set_gdt((u64)frames, 512), 0);
	u32 count = fake_entry(good)->count;

	frames[1] = tss;
	assert_int_equal(do_set_gdt((u64)frames, 1024), -XEN_EINVAL);
	frames[1] = FAKE_FIRST_FRAME; /* the hypervisor's */
	assert_int_equal(do_set_gdt((u64)frames, 1024), -XEN_EINVAL);
	frames[1] = 1ul << 32 | good;
	assert_int_equal(do_set_gdt((u64)frames, 1024), -XEN_EINVAL);
	assert_int_equal(fake_entry(good)->count, count);
	assert_int_equal(pv_read_descriptor(v, GDT(511)), CODE - 511);
	assert_int_equal(pv_read_descriptor(v, GDT(512)), 0);
	assert_int_equal(do_set_gdt((u64)frames, FIRST_RESERVED_GDT_ENTRY + 1), -XEN_EINVAL);
	fake_fault_from = (u64)frames;
	fake_fault_to = (u64)&frames[1];
	assert_int_equal(do_set_gdt((u64)frames, 1), -XEN_EFAULT);
	fake_fault_from = fake_fault_to = 0;
	assert_int_equal(gdt_loads, 1);
	pv_release_gdt(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_test(a_gdt_ends_at_its_limit),
		machine_test(an_ldt_ends_at_its_limit),
		machine_test(a_gdt_is_taken_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
