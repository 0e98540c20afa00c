/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The register frame that entry code leaves at the top of the CPU's stack. */
#ifndef X86_REGS_H
#define X86_REGS_H

#include <lib/types.h>

struct cpu_regs {
	u64 r15, r14, r13, r12, rbp, rbx;
	u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	u32 error_code;
	u32 entry_vector; /* exception or interrupt vector; ENTRY_SYSCALL, ENTRY_SYSENTER */
	u64 rip;
	u64 cs;
	u64 rflags;
	u64 rsp;
	u64 ss;
};

#define ENTRY_SYSCALL	0x100
#define ENTRY_SYSENTER	0x101
#define ENTRY_SYSCALL32 0x102

#define X86_EFLAGS_TF	0x00000100
#define X86_EFLAGS_IF	0x00000200
#define X86_EFLAGS_DF	0x00000400
#define X86_EFLAGS_IOPL 0x00003000
#define X86_EFLAGS_NT	0x00004000
#define X86_EFLAGS_RF	0x00010000
#define X86_EFLAGS_VM	0x00020000
#define X86_EFLAGS_AC	0x00040000

#endif
