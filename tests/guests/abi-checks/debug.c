/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single step, breakpoint registers, and FPU state. */
#include <string.h>
#include <pv/event.h>
#include "checks.h"

#define DR6_B0 1
#define DR6_BS (1 << 14)

static volatile long watched;

static void check_single_step(void)
{
	HYPERVISOR_set_debugreg(6, 0);
	TRY("pushfq; orq $0x100, (%%rsp); popfq; nop; nop", ::);
	expect_trap("single step", PV_TRAP_DEBUG, 0);
	expect("single step: DR6.BS", !!(HYPERVISOR_get_debugreg(6) & DR6_BS), 1);
	TRY("pushfq; orq $0x100, (%%rsp); popfq; ud2", ::);
	expect_trap("ud2 under single step", PV_TRAP_INVALID, 0);
	expect("ud2 under single step: TF in the frame", !!(outcome.regs.rflags & 0x100), 1);
	TRY_THEN(
		"movq %%r11, %%rdx; movl $17, %%eax; pushfq; orq $0x100, (%%rsp); popfq; syscall; nop",
		"movq %%rdx, %%r11", ::"D"(0));
	expect_trap("hypercall under single step", PV_TRAP_DEBUG, 0);
}

static void check_breakpoints(void)
{
	HYPERVISOR_set_debugreg(6, 0);
	expect("set DR0", HYPERVISOR_set_debugreg(0, (unsigned long)&watched), 0);
	expect("DR0", HYPERVISOR_get_debugreg(0), (long)&watched);
	expect("set DR7: write of 8 bytes", HYPERVISOR_set_debugreg(7, 0x90401), 0);
	TRY("movq $1, %0; nop; nop", : "=m"(watched) :);
	expect_trap("write to a watched address", PV_TRAP_DEBUG, 0);
	expect("watch: DR6.B0", HYPERVISOR_get_debugreg(6) & 15, DR6_B0);
	expect("watch: the write was done", watched, 1);
	expect("set DR7: nothing", HYPERVISOR_set_debugreg(7, 0), 0);
	HYPERVISOR_set_debugreg(6, 0);
	TRY("movq $2, %0; nop; nop", : "=m"(watched) :);
	expect_no_trap("write with the watch off");
	TRY("movq %%dr7, %%rcx", ::);
	expect_no_trap("mov from dr7");
	TRY("movq %0, %%dr1", ::"r"(&watched));
	expect_no_trap("mov to dr1");
	expect("DR1 by mov", HYPERVISOR_get_debugreg(1), (long)&watched);
	expect("set DR1", HYPERVISOR_set_debugreg(1, 0), 0);
	expect_refused("DR2 in the hypervisor's space",
		       HYPERVISOR_set_debugreg(2, 0xffff830000000000));
	expect_refused("DR3 non-canonical", HYPERVISOR_set_debugreg(3, 0x8000000000000000));
	expect_refused("register 8", HYPERVISOR_set_debugreg(8, 0));
	expect_refused("DR7 with general detect", HYPERVISOR_set_debugreg(7, 0x2400));
	HYPERVISOR_set_debugreg(0, 0);
}

/* A breakpoint that MOV SS holds back until after the next instruction, which enters the
 * hypervisor. */
static void check_held_back(void)
{
	watched = FLAT_KERNEL_SS;
	expect("set DR0", HYPERVISOR_set_debugreg(0, (unsigned long)&watched), 0);
	expect("set DR7: access to 2 bytes", HYPERVISOR_set_debugreg(7, 0x70401), 0);
	TRY("movl $17, %%eax; movw %0, %%ss; syscall", ::"m"(watched), "D"(0));
	expect("breakpoint held back over SYSCALL", !outcome.trapped || outcome.vector == 1, 1);
	TRY("movw %0, %%ss; int3", ::"m"(watched));
	expect("breakpoint held back over int3", outcome.trapped, 1);
	HYPERVISOR_set_debugreg(7, 0);
	HYPERVISOR_set_debugreg(6, 0);
}

void check_debug(void)
{
	check_single_step();
	check_held_back();
	check_breakpoints();
}

static void check_no_fpu(void)
{
	HYPERVISOR_fpu_taskswitch(1);
	TRY("fninit", ::);
	expect_trap("x87 after fpu_taskswitch(1)", PV_TRAP_NO_FPU, 0);
	TRY("movaps %%xmm0, %%xmm0", ::);
	expect("the bounce of #NM cleared TS", outcome.trapped, 0);
	HYPERVISOR_fpu_taskswitch(1);
	HYPERVISOR_fpu_taskswitch(0);
	TRY("movaps %%xmm0, %%xmm0", ::);
	expect_no_trap("SSE after fpu_taskswitch(0)");
	HYPERVISOR_fpu_taskswitch(1);
	TRY("clts; movaps %%xmm0, %%xmm0", ::);
	expect_no_trap("SSE after clts");
	TRY("movq %%cr0, %%rcx; orq $8, %%rcx; movq %%rcx, %%cr0; movaps %%xmm0, %%xmm0", ::);
	expect_trap("SSE after setting CR0.TS", PV_TRAP_NO_FPU, 0);
	HYPERVISOR_fpu_taskswitch(0);
}

void check_fpu(void)
{
	static uint64_t before[2] = {0x0123456789abcdef, 0xfedcba9876543210}, after[2];
	uint32_t control = 0, mxcsr = 0x1f80, mxcsr_after = 0;
	uint16_t mask = 0x27f;

	pv_events_disable(); /* the SDK's entry code saves the FPU, and would trap itself */
	check_no_fpu();
	pv_events_enable();
	__asm__ volatile("fldcw %0; ldmxcsr %1; movups %2, %%xmm7" ::"m"(mask), "m"(mxcsr),
			 "m"(before)
			 : "xmm7");
	for (int i = 0; i < 100; i++)
		HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	TRY("ud2", ::);
	__asm__ volatile("fnstcw %0; stmxcsr %1; movups %%xmm7, %2"
			 : "=m"(control), "=m"(mxcsr_after), "=m"(after));
	expect("FPU control word kept over hypercalls", control, mask);
	expect("MXCSR kept over hypercalls", mxcsr_after, mxcsr);
	expect("SSE register kept over hypercalls", memcmp(before, after, sizeof(before)), 0);
	TRY("fninit; fldz; fld1; pushq $0x33b; fldcw (%%rsp); addq $8, %%rsp; fdivp %%st(1); fwait; nop",
	    ::);
	__asm__ volatile("fninit");
	/* 1/0 in either order: one of them divides by zero */
	TRY("fninit; fld1; fldz; pushq $0x33b; fldcw (%%rsp); addq $8, %%rsp; fdivrp %%st, %%st(1); fwait; nop",
	    ::);
	__asm__ volatile("fnclex; fninit");
}
