/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions of kernel mode: vector, error code, faulting address and frame. */
#include <pv/event.h>
#include "checks.h"

#define NON_CANONICAL 0x8000000000000000UL

static void check_frame(void)
{
	uintptr_t sp;
	bool masked = pv_events_masked();

	TRY("movq %%rsp, %0; ud2", : "=m"(sp) :);
	expect_trap("ud2", PV_TRAP_INVALID, 0);
	expect("frame: rsp", outcome.regs.rsp, sp);
	expect("frame: cs", outcome.regs.cs, FLAT_KERNEL_CS & ~3);
	expect("frame: ss", outcome.regs.ss & ~3, FLAT_KERNEL_SS & ~3);
	expect("frame: IF says events are on", !!(outcome.regs.rflags & PV_FLAGS_IF), !masked);
	expect("frame: mask", outcome.regs.mask, masked);
	expect("frame: IOPL", outcome.regs.rflags >> 12 & 3, 0);
	pv_events_disable();
	TRY("ud2", ::);
	expect("masked frame: IF", outcome.regs.rflags & PV_FLAGS_IF, 0);
	expect("masked frame: mask", outcome.regs.mask, 1);
	expect("mask after iret with IF clear", pv_events_masked(), 1);
	pv_events_enable();
	TRY("ud2", ::);
	expect("mask after iret with IF set", pv_events_masked(), 0);
}

static void check_faults(void)
{
	TRY("xorl %%edx, %%edx; movl $1, %%eax; xorl %%ecx, %%ecx; divl %%ecx", ::);
	expect_trap("divide by zero", PV_TRAP_DIVIDE, 0);
	TRY("int3", ::);
	expect_trap("int3", PV_TRAP_BREAKPOINT, 0);
	TRY("movq %0, %%rcx; movq (%%rcx), %%rcx", ::"i"(NON_CANONICAL));
	expect_trap("non-canonical read", PV_TRAP_PROTECTION, 0);
	TRY_THEN("movq %%rbp, %%rdx; movq %0, %%rbp; movq (%%rbp), %%rcx", "movq %%rdx, %%rbp",
		 ::"r"(NON_CANONICAL));
	/* #SS says the manual; QEMU's interpreter raises #GP. */
	expect("non-canonical read by rbp: vector", outcome.vector == 12 || outcome.vector == 13,
	       1);
	TRY("movl $0x1234, %%ecx; movl %%ecx, %%ds", ::);
	expect_trap("bad selector for ds", PV_TRAP_PROTECTION, 0x1234);
	TRY("movl $8, %%ecx; movl %%ecx, %%es", ::);
	expect_trap("absent selector for es", PV_TRAP_PROTECTION, 8);
	TRY("movl $0xe010, %%ecx; movl %%ecx, %%ds", ::);
	expect("selector of the hypervisor for ds: vector", outcome.vector, PV_TRAP_PROTECTION);
}

static void expect_page_fault(const char *what, uint64_t error, const void *address)
{
	expect_trap(what, PV_TRAP_PAGE_FAULT, error);
	expect(what, outcome.address, (uintptr_t)address);
}

static void check_page_faults(void)
{
	static char readonly[PV_PAGE_SIZE] __attribute__((aligned(4096)));
	char *code = pv_page_alloc();
	uint64_t *m2p = machine_to_phys_mapping;

	TRY("movb 5, %%cl", ::);
	expect_page_fault("read of address 5", 0, (void *)5);
	TRY("movb %%cl, 6", ::);
	expect_page_fault("write to address 6", 2, (void *)6);
	pv_protect((uintptr_t)readonly, 1, PV_RO);
	TRY("movb %%cl, (%0)", ::"r"(readonly + 7));
	expect_page_fault("write to a read-only page", 3, readonly + 7);
	TRY("movb (%0), %%cl", ::"r"(readonly + 7));
	expect_no_trap("read of a read-only page");
	pv_protect((uintptr_t)readonly, 1, PV_RW);
	TRY("movb %%cl, (%0)", ::"r"(readonly + 7));
	expect_no_trap("write to a writable page");
	code[0] = (char)0xc3;
	pv_protect((uintptr_t)code, 1, PV_RX);
	TRY("call *%0", ::"r"(code));
	expect_no_trap("call into an executable page");
	pv_protect((uintptr_t)code, 1, PV_RW);
	if (pv_pte_nx) {
		TRY_THEN("movq %%rsp, %%rdx; call *%0", "movq %%rdx, %%rsp", ::"r"(code));
		expect_page_fault("call into a no-execute page", 0x11, code);
	}
	pv_pages_free(code, 1);
	TRY("movq (%0), %%rcx", ::"r"(m2p));
	expect_no_trap("read of the machine-to-physical table");
	TRY("movq %%rcx, (%0)", ::"r"(m2p));
	expect("write to the machine-to-physical table: vector", outcome.vector,
	       PV_TRAP_PAGE_FAULT);
	expect("write to the machine-to-physical table: address", outcome.address, (uintptr_t)m2p);
}

static void check_hypervisor_space(void)
{
	for (unsigned int slot = 257; slot < 272; slot++) {
		volatile char *at = (char *)(0xffff000000000000UL | (uint64_t)slot << 39);

		TRY("movb (%0), %%cl", ::"r"(at));
		expect("read in slots 257..271: trapped", outcome.trapped, 1);
		expect("read in slots 257..271: vector", outcome.vector, PV_TRAP_PAGE_FAULT);
		expect("read in slots 257..271: address", outcome.address, (uintptr_t)at);
		TRY("movb %%cl, 8(%0)", ::"r"(at));
		expect("write in slots 257..271: vector", outcome.vector, PV_TRAP_PAGE_FAULT);
		expect("write in slots 257..271: U bit", outcome.error & 4, 0);
		TRY("jmp *%0", ::"r"(at));
		expect("jump to slots 257..271: vector", outcome.vector, PV_TRAP_PAGE_FAULT);
	}
}

void check_exceptions(void)
{
	check_frame();
	check_faults();
	check_page_faults();
	check_hypervisor_space();
}
