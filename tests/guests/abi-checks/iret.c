/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The iret hypercall in kernel mode, and what happens to a frame that cannot be returned to. */
#include <pv/event.h>
#include "checks.h"

struct frame {
	uint64_t rax, r11, rcx, flags, rip, cs, rflags, rsp, ss;
};

/* iret with frame; comes back at label 77 of the TRY, in RAX R11 RCX what the frame said. */
#define IRET(frame, rax_out, rcx_out, r11_out)                                                     \
	do {                                                                                       \
		uintptr_t where;                                                                   \
		outcome.trapped = false;                                                           \
		__asm__ volatile("leaq 77f(%%rip), %%rax; movq %%rax, try_resume(%%rip);"          \
				 "cmpq $0, 32(%4); jne 1f; movq %%rax, 32(%4); 1:"                 \
				 "movq %%rsp, 56(%4); movq %%rsp, %%rbx; movq %4, %%rsp;"          \
				 "movl $23, %%eax; syscall; 77: movq %%rbx, %%rsp; movq %%r11, %3" \
				 : "=&a"(rax_out), "=&c"(rcx_out), "=&d"(where), "=&r"(r11_out)    \
				 : "S"(frame)                                                      \
				 : "rbx", "rdi", "r8", "r9", "r10", "r11", "memory");              \
		(void)where;                                                                       \
		try_resume = 0;                                                                    \
	} while (0)

static struct frame sane(void)
{
	return (struct frame){
		.rax = 0x1001,
		.r11 = 0x1002,
		.rcx = 0x1003,
		.cs = FLAT_KERNEL_CS & ~3,
		.rflags = PV_FLAGS_IF | 2,
		.ss = FLAT_KERNEL_SS,
	};
}

static void check_good(void)
{
	uint64_t rax, rcx, r11;
	struct frame f = sane();

	IRET(&f, rax, rcx, r11);
	expect("iret: trapped", outcome.trapped, 0);
	expect("iret: rax", rax, 0x1001);
	expect("iret: rcx", rcx, 0x1003);
	expect("iret: r11", r11, 0x1002);
	expect("iret with IF: mask", pv_events_masked(), 0);
	f = sane();
	f.rflags = 2;
	IRET(&f, rax, rcx, r11);
	expect("iret without IF: mask", pv_events_masked(), 1);
	pv_events_enable();
	f = sane();
	f.rflags |= 0x4d5; /* status and direction flags */
	IRET(&f, rax, rcx, r11);
	__asm__ volatile("cld");
	expect("iret with status flags: trapped", outcome.trapped, 0);
	f = sane();
	f.rflags |= 3 << 12;
	IRET(&f, rax, rcx, r11);
	__asm__ volatile("pushfq; popq %0" : "=r"(rax));
	expect("iret cannot raise the real IOPL", rax >> 12 & 3, 0);
	expect("real IF is always on", rax >> 9 & 1, 1);
	f = sane();
	f.cs = FLAT_KERNEL_CS & ~3;
	f.flags = VGCF_in_syscall;
	IRET(&f, rax, rcx, r11);
	expect("iret in SYSRET fashion: rax", rax, 0x1001);
	expect("iret in SYSRET fashion: trapped", outcome.trapped, 0);
}

static void check_bad(void)
{
	uint64_t rax, rcx, r11;
	struct frame f = sane();

	catch_vector(PV_VECTOR_FAILSAFE);
	f.rip = 0x8000000000000000;
	IRET(&f, rax, rcx, r11);
	expect("iret to a non-canonical rip: trapped", outcome.trapped, 1);
	f = sane();
	f.rip = 0x8000000000000000;
	f.flags = VGCF_in_syscall;
	IRET(&f, rax, rcx, r11);
	expect("SYSRET to a non-canonical rip: trapped", outcome.trapped, 1);
	f = sane();
	f.cs = 0x1234;
	IRET(&f, rax, rcx, r11);
	expect_trap("iret to a bad cs", PV_TRAP_PROTECTION, 0x1234);
	expect("frame shows the bad cs", outcome.regs.cs & ~3, 0x1234);
	f = sane();
	f.ss = 0x1237;
	IRET(&f, rax, rcx, r11);
	expect_trap("iret to a bad ss", PV_TRAP_PROTECTION, 0x1234);
	pv_trap_handle(PV_VECTOR_FAILSAFE, NULL);
	pv_events_enable();
}

void check_iret(void)
{
	check_good();
	check_bad();
}
