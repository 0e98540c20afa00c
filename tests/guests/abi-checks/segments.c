/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segment bases, descriptor tables, and what may stand in them. */
#include <string.h>
#include <pv/cpu.h>
#include <pv/event.h>
#include <pv/vcpu.h>
#include "checks.h"

#define MSR_FS_BASE	   "0xc0000100"
#define MSR_GS_BASE	   "0xc0000101"
#define MSR_KERNEL_GS_BASE "0xc0000102"

static uint64_t probe[2] = {0x1111, 0x2222};

static uint64_t read_fs(void)
{
	uint64_t value;

	__asm__ volatile("movq %%fs:0, %0" : "=r"(value));
	return value;
}

#define RDMSR(msr, value)                                                                          \
	do {                                                                                       \
		uint32_t low_, high_;                                                              \
		TRY("movl $" msr ", %%ecx; rdmsr; movl %%eax, %0; movl %%edx, %1",                 \
		    : "=m"(low_), "=m"(high_)                                                      \
		    :);                                                                            \
		value = (uint64_t)high_ << 32 | low_;                                              \
	} while (0)

#define WRMSR(msr, value)                                                                          \
	do {                                                                                       \
		uint64_t v_ = (value);                                                             \
		TRY("movl $" msr                                                                   \
		    ", %%ecx; movl %k0, %%eax; movq %0, %%rdx; shrq $32, %%rdx; wrmsr",            \
		    ::"r"(v_));                                                                    \
	} while (0)

void check_segments(void)
{
	struct pv_vcpu *me = pv_this_vcpu();
	uint64_t value;

	expect("set FS base", HYPERVISOR_set_segment_base(SEGBASE_FS, (uintptr_t)&probe[0]), 0);
	expect("FS base in use", read_fs(), 0x1111);
	WRMSR(MSR_FS_BASE, (uintptr_t)&probe[1]);
	expect_no_trap("wrmsr FS_BASE");
	expect("FS base by wrmsr", read_fs(), 0x2222);
	RDMSR(MSR_FS_BASE, value);
	expect_no_trap("rdmsr FS_BASE");
	expect("FS base by rdmsr", value, (uintptr_t)&probe[1]);
	HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	expect("FS base kept", read_fs(), 0x2222);
	expect("set GS base for user mode",
	       HYPERVISOR_set_segment_base(SEGBASE_GS_USER, 0x12345000), 0);
	RDMSR(MSR_KERNEL_GS_BASE, value);
	expect("in kernel mode KERNEL_GS_BASE is the user's", value, 0x12345000);
	RDMSR(MSR_GS_BASE, value);
	expect("GS_BASE is the kernel's", value, (uintptr_t)me);
	WRMSR(MSR_KERNEL_GS_BASE, 0x54321000);
	RDMSR(MSR_KERNEL_GS_BASE, value);
	expect("KERNEL_GS_BASE by wrmsr", value, 0x54321000);
	expect("the kernel's GS base in use", (long)pv_this_vcpu(), (long)me);
	expect_refused("non-canonical FS base",
		       HYPERVISOR_set_segment_base(SEGBASE_FS, 0x8000000000000000));
	expect_refused("unknown base", HYPERVISOR_set_segment_base(9, 0));
	WRMSR(MSR_FS_BASE, 0x8000000000000000);
	expect_trap("wrmsr FS_BASE non-canonical", PV_TRAP_PROTECTION, 0);
	expect("set user GS selector 0", HYPERVISOR_set_segment_base(SEGBASE_GS_USER_SEL, 0), 0);
	TRY("swapgs", ::);
	expect("swapgs: trapped", outcome.trapped, 1);
	HYPERVISOR_set_segment_base(SEGBASE_FS, 0);
}

/* --- descriptors --------------------------------------------------------------------------- */

#define DATA3	 0x00cff2000000ffffUL /* present, DPL 3, data, writable */
#define CODE3_64 0x00affa000000ffffUL
#define DATA0	 0x00cf92000000ffffUL /* DPL 0 */
#define ABSENT3	 0x00cf72000000ffffUL
#define GATE	 0x0000ec00e0080000UL /* call gate to a selector of the hypervisor */
#define TSS_DESC 0x0000890000000067UL

static uint64_t *table; /* a page that becomes a descriptor table */
static uint64_t maddr;

static long load_gdt(unsigned int entries)
{
	unsigned long frame = pv_virt_to_mfn(table);

	return HYPERVISOR_set_gdt(&frame, entries);
}

static void check_gdt(void)
{
	uint32_t selector = 0;

	table = pv_page_alloc();
	maddr = (uint64_t)pv_virt_to_mfn(table) << PV_PAGE_SHIFT;
	table[1] = DATA3;
	table[2] = CODE3_64;
	table[3] = ABSENT3;
	expect_refused("descriptor table that is still mapped writable", load_gdt(512));
	expect("table becomes read-only", set_pte(table, pv_pte(maddr >> 12, PV_RO)), 0);
	expect("set_gdt", load_gdt(512), 0);
	TRY("movl $11, %%ecx; movl %%ecx, %%fs; movw %%fs, %0", : "=m"(selector) :);
	expect_no_trap("selector of our data segment");
	expect("selector loaded", selector, 11);
	TRY("movl $27, %%ecx; movl %%ecx, %%es", ::);
	expect_trap("selector of an absent segment", 11, 24);
	TRY("movl $35, %%ecx; movl %%ecx, %%es", ::);
	expect_trap("selector of an empty descriptor", PV_TRAP_PROTECTION, 32);
	expect_refused("a descriptor table cannot be mapped writable",
		       set_pte(table, pv_pte(maddr >> 12, PV_RW)));
	TRY("movq $0, (%0)", ::"r"(table + 5));
	expect_trap("write to a descriptor table", PV_TRAP_PAGE_FAULT, 3);
	expect("update_descriptor: data", HYPERVISOR_update_descriptor(maddr + 40, DATA3), 0);
	expect("descriptor written", table[5], DATA3);
	expect("update_descriptor: empty", HYPERVISOR_update_descriptor(maddr + 40, 0), 0);
	expect_refused("call gate into the hypervisor",
		       HYPERVISOR_update_descriptor(maddr + 40, GATE));
	expect_refused("task segment", HYPERVISOR_update_descriptor(maddr + 40, TSS_DESC));
	expect_refused("misaligned descriptor address",
		       HYPERVISOR_update_descriptor(maddr + 41, DATA3));
	expect("set_gdt: too many entries", HYPERVISOR_set_gdt(NULL, 14 * 512 + 1), -XEN_EINVAL);
	TRY("xorl %%ecx, %%ecx; movl %%ecx, %%fs", ::);
	expect_no_trap("null selector");
	expect("set_gdt: none", HYPERVISOR_set_gdt(NULL, 0), 0);
	expect("table is writable again", set_pte(table, pv_pte(maddr >> 12, PV_RW)), 0);
	table[1] = DATA0;
	expect("DPL 0 data: read-only", set_pte(table, pv_pte(maddr >> 12, PV_RO)), 0);
	load_gdt(512);
	TRY("movl $8, %%ecx; movl %%ecx, %%es", ::);
	expect("data of ring 0: trapped or adjusted", outcome.trapped == 0 || outcome.vector == 13,
	       1);
	__asm__ volatile("movw %w0, %%es" ::"r"(0u));
	HYPERVISOR_set_gdt(NULL, 0);
	set_pte(table, pv_pte(maddr >> 12, PV_RW));
	table[1] = GATE;
	set_pte(table, pv_pte(maddr >> 12, PV_RO));
	expect_refused("set_gdt with a call gate into the hypervisor", load_gdt(512));
	HYPERVISOR_set_gdt(NULL, 0);
	expect("the page is writable in the end", set_pte(table, pv_pte(maddr >> 12, PV_RW)), 0);
	expect_refused("set_gdt with a frame that is nobody's",
		       HYPERVISOR_set_gdt(&(unsigned long){0xfffffffffUL}, 8));
}

static long set_ldt(const void *base, unsigned int entries)
{
	struct mmuext_op op = {.cmd = MMUEXT_SET_LDT};

	op.arg1.linear_addr = (unsigned long)base;
	op.arg2.nr_ents = entries;
	return HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void check_ldt(void)
{
	uint32_t selector = 0;

	memset(table, 0, PV_PAGE_SIZE);
	table[2] = DATA3;
	expect("LDT page: read-only", set_pte(table, pv_pte(maddr >> 12, PV_RO)), 0);
	expect("SET_LDT", set_ldt(table, 512), 0);
	TRY("movl $23, %%ecx; movl %%ecx, %%es; movw %%es, %0", : "=m"(selector) :);
	expect_no_trap("selector of the LDT");
	expect("LDT selector loaded", selector, 23);
	TRY("movl $31, %%ecx; movl %%ecx, %%es", ::);
	expect_trap("empty LDT descriptor", PV_TRAP_PROTECTION, 28);
	expect("update_descriptor in the LDT", HYPERVISOR_update_descriptor(maddr + 24, DATA3), 0);
	TRY("movl $31, %%ecx; movl %%ecx, %%es", ::);
	expect_no_trap("new LDT descriptor");
	__asm__ volatile("movw %w0, %%es" ::"r"(0u));
	expect_refused("misaligned LDT", set_ldt((char *)table + 8, 16));
	expect_refused("too long an LDT", set_ldt(table, 8193));
	expect("SET_LDT: none", set_ldt(NULL, 0), 0);
	TRY("movl $23, %%ecx; movl %%ecx, %%es", ::);
	expect_trap("selector of no LDT", PV_TRAP_PROTECTION, 20);
	expect("LDT page is writable again", set_pte(table, pv_pte(maddr >> 12, PV_RW)), 0);
	pv_pages_free(table, 1);
}

void check_descriptors(void)
{
	check_gdt();
	check_ldt();
}
