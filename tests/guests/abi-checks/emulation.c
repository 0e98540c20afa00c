/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Privileged instructions that the ABI promises to carry out for a guest kernel. */
#include <pv/cpu.h>
#include <pv/event.h>
#include <pv/time.h>
#include <pv/vcpu.h>
#include <string.h>
#include <xen/physdev.h>
#include <xen/vcpu.h>
#include "checks.h"

#define CR0_PE	1UL
#define CR0_TS	8UL
#define CR0_PG	(1UL << 31)
#define CR4_PAE 0x20UL

static void check_cpuid(void)
{
	struct pv_cpuid id;
	char name[13] = "";
	uint32_t top;

	TRY("xorl %%eax, %%eax; ud2a; .ascii \"xen\"; cpuid", : "=b"(top) :);
	expect_no_trap("CPUID with the forced-emulation prefix");
	pv_cpuid(0x40000000, 0, &id);
	memcpy(name, &id.ebx, 4);
	memcpy(name + 4, &id.ecx, 4);
	memcpy(name + 8, &id.edx, 4);
	expect("hypervisor's signature", strcmp(name, "XenVMMXenVMM"), 0);
	top = id.eax;
	expect("hypervisor's leaves", top >= 0x40000002 && top < 0x40000100, 1);
	pv_cpuid(0x40000001, 0, &id);
	expect("version in CPUID", id.eax, HYPERVISOR_xen_version(0, NULL));
	pv_cpuid(0x40000002, 0, &id);
	expect("hypercall pages", id.eax, 1);
	expect("feature: preserve A and D", id.ecx & 1, 1);
	pv_cpuid(0, 0, &id);
	expect("highest leaf", id.eax >= 1, 1);
	pv_cpuid(1, 0, &id);
	expect("hypervisor bit", id.ecx >> 31, 1);
	expect("FPU, TSC, SSE2", (id.edx & 0x04000011), 0x04000011);
	expect("no VMX for a guest", id.ecx >> 5 & 1, 0);
	pv_cpuid(0x80000001, 0, &id);
	expect("long mode", id.edx >> 29 & 1, 1);
	expect("SYSCALL", id.edx >> 11 & 1, 1);
}

static void check_control_registers(void)
{
	uint64_t cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0;
	uint64_t root = (uint64_t)pv_virt_to_mfn((void *)pv_start_info->pt_base) << PV_PAGE_SHIFT;

	pv_events_disable(); /* no upcall while TS is set */
	TRY("movq %%cr0, %%rcx; movq %%rcx, %0", : "=m"(cr0) :);
	expect_no_trap("mov from cr0");
	expect("CR0: PE and PG", cr0 & (CR0_PE | CR0_PG), CR0_PE | CR0_PG);
	expect("CR0: TS clear", cr0 & CR0_TS, 0);
	TRY("movq %%cr0, %%rcx; orq $8, %%rcx; movq %%rcx, %%cr0; movq %%cr0, %%rcx; clts; movq %%rcx, %0",
	    : "=m"(cr0)
	    :);
	expect_no_trap("mov to cr0");
	expect("CR0: TS set", cr0 & CR0_TS, CR0_TS);
	TRY("movq %%cr0, %%rcx; movq %%rcx, %0", : "=m"(cr0) :);
	expect("CR0: TS clear after clts", cr0 & CR0_TS, 0);
	pv_events_enable();
	TRY("movq %%cr0, %%rcx; btcq $31, %%rcx; movq %%rcx, %%cr0", ::);
	expect_trap("mov to cr0 without paging", PV_TRAP_PROTECTION, 0);
	TRY("movq $0x1234, %%rcx; movq %%rcx, %%cr2; movq %%cr2, %%rcx; movq %%rcx, %0",
	    : "=m"(cr2)
	    :);
	expect_no_trap("mov to and from cr2");
	expect("CR2 keeps its value", cr2, 0x1234);
	expect("CR2 shows in vcpu_info", pv_fault_address(), 0x1234);
	TRY("movq %%cr3, %%rcx; movq %%rcx, %0", : "=m"(cr3) :);
	expect_no_trap("mov from cr3");
	expect("CR3 is the root's machine address", cr3, root);
	TRY("movq %%cr3, %%rcx; movq %%rcx, %%cr3", ::);
	expect_no_trap("mov to cr3");
	TRY("movq %0, %%cr3", ::"r"(root + PV_PAGE_SIZE * 0x100000000UL));
	expect("mov of rubbish to cr3: trapped", outcome.trapped, 1);
	TRY("movq %%cr4, %%rcx; movq %%rcx, %0", : "=m"(cr4) :);
	expect_no_trap("mov from cr4");
	expect("CR4: PAE", cr4 & CR4_PAE, CR4_PAE);
	TRY("movq %%cr4, %%rcx; movq %%rcx, %%cr4", ::);
	expect_no_trap("mov to cr4 of what was there");
}

static void check_msrs(void)
{
	uint32_t low = 0, high = 0;

	TRY("movl $0xc0000080, %%ecx; rdmsr; movl %%eax, %0; movl %%edx, %1",
	    : "=m"(low), "=m"(high)
	    :);
	expect_no_trap("rdmsr EFER");
	expect("EFER: SCE", low & 1, 1);
	TRY("movl $0x12345, %%ecx; rdmsr", ::);
	expect_trap("rdmsr of an unknown register", PV_TRAP_PROTECTION, 0);
	TRY("movl $0x12345, %%ecx; xorl %%eax, %%eax; xorl %%edx, %%edx; wrmsr", ::);
	expect_trap("wrmsr of an unknown register", PV_TRAP_PROTECTION, 0);
	TRY("movl $0x277, %%ecx; rdmsr; movl %%eax, %0; movl %%edx, %1", : "=m"(low), "=m"(high) :);
	expect_no_trap("rdmsr PAT");
	expect("PAT of the ABI, low", low, 0x00070406);
	expect("PAT of the ABI, high", high, 0x00000501);
}

static void check_rest(void)
{
	uint64_t start;
	bool waited = false;
	/* periodic: a tick that comes before the instruction is not the last */
	struct vcpu_set_periodic_timer timer = {.period_ns = 2 * PV_NS_PER_MS};
	uint32_t low = 0;

	TRY("rdtsc", ::);
	expect_no_trap("rdtsc");
	TRY("wbinvd", ::);
	expect_no_trap("wbinvd");
	/* any event ends it, the console's too: once it must not be so */
	for (int i = 0; i < 10; i++) {
		start = pv_time_ns();
		HYPERVISOR_vcpu_op(VCPUOP_set_periodic_timer, 0, &timer);
		TRY("hlt", ::);
		HYPERVISOR_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
		waited = waited || pv_time_ns() - start >= PV_NS_PER_MS;
	}
	if (outcome.trapped) /* Xen 4.17 */
		expect_trap("hlt", PV_TRAP_PROTECTION, 0);
	else
		expect("hlt waits for an event", waited, 1);
	TRY("lgdt (%0)", ::"r"(&start));
	expect_trap("lgdt", PV_TRAP_PROTECTION, 0);
	TRY("lidt (%0)", ::"r"(&start));
	expect_trap("lidt", PV_TRAP_PROTECTION, 0);
	TRY("ltr %w0", ::"r"(0));
	expect_trap("ltr", PV_TRAP_PROTECTION, 0);
	TRY("invd", ::);
	expect("invd: trapped or done", !outcome.trapped || outcome.vector == PV_TRAP_PROTECTION,
	       1);
	TRY("movw $0x3f8, %%dx; inb %%dx, %%al", ::);
	expect("in from the hypervisor's own UART: trapped", outcome.trapped, 1);
	expect("in from the hypervisor's own UART: vector", outcome.vector, PV_TRAP_PROTECTION);
	if (pv_is_dom0()) {
		struct physdev_set_iopl iopl = {.iopl = 1};

		expect("set_iopl", HYPERVISOR_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
		TRY("inb $0x61, %%al; movl %%eax, %0", : "=m"(low) :);
		expect_no_trap("dom0 with IOPL: in");
		TRY("outb %%al, $0x80", ::);
		expect_no_trap("dom0 with IOPL: out");
		iopl.iopl = 4;
		expect_refused("set_iopl 4", HYPERVISOR_physdev_op(PHYSDEVOP_set_iopl, &iopl));
	} else {
		TRY("inb $0x61, %%al", ::);
		expect_trap("in", PV_TRAP_PROTECTION, 0);
		TRY("outb %%al, $0x61", ::);
		expect_trap("out", PV_TRAP_PROTECTION, 0);
	}
}

static void check_xsave(void)
{
	struct pv_cpuid id;
	uint64_t cr4 = 0;

	pv_cpuid(1, 0, &id);
	if (!(id.ecx >> 26 & 1))
		return;
	TRY("movq %%cr4, %%rcx; btsq $18, %%rcx; movq %%rcx, %%cr4; movq %%cr4, %%rcx; movq %%rcx, %0",
	    : "=m"(cr4)
	    :);
	expect_no_trap("set CR4.OSXSAVE");
	expect("CR4: OSXSAVE", cr4 >> 18 & 1, 1);
	pv_cpuid(1, 0, &id);
	expect("CPUID follows: OSXSAVE", id.ecx >> 27 & 1, 1);
	TRY("xorl %%ecx, %%ecx; xgetbv", ::);
	expect_no_trap("xgetbv");
	TRY("xorl %%ecx, %%ecx; xorl %%edx, %%edx; movl $3, %%eax; xsetbv", ::);
	expect_no_trap("xsetbv x87+SSE");
	TRY("xorl %%ecx, %%ecx; xorl %%edx, %%edx; movl $2, %%eax; xsetbv", ::);
	expect_trap("xsetbv without x87", PV_TRAP_PROTECTION, 0);
	TRY("movl $1, %%ecx; xorl %%edx, %%edx; movl $3, %%eax; xsetbv", ::);
	expect_trap("xsetbv of register 1", PV_TRAP_PROTECTION, 0);
}

void check_emulation(void)
{
	check_cpuid();
	check_control_registers();
	check_msrs();
	check_rest();
	check_xsave();
}
