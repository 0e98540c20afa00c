/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, system calls of user mode, and the register frame of every entry.
 *
 * The hypervisor bounces an exception by pushing a frame on the stack and jumping to the handler
 * of the trap table: on the present stack if the vCPU was in (virtual) kernel mode, else on the one
 * of stack_switch. The SDK's stubs complete that frame to a struct pv_regs, call the C handler with
 * events masked, and return through the iret hypercall to whatever the frame then says.
 */
#ifndef PV_TRAP_H
#define PV_TRAP_H

#include <pv/types.h>

/* Lies 16-byte aligned on the stack. A handler may change any field; the change takes effect. */
struct pv_regs {
	uint8_t fpu[512]; /* FXSAVE format */
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector; /* 0..255, PV_VECTOR_EVENT, _FAILSAFE or _SYSCALL */
	uint64_t error;	 /* hardware's error code, or 0 */
	uint64_t rip;
	uint32_t cs;   /* RPL 0: kernel mode, RPL 3: user mode */
	uint32_t mask; /* at entry: whether events were masked; for the return RFLAGS.IF counts */
	uint64_t rflags, rsp, ss;
};

#define PV_VECTOR_EVENT	   256
#define PV_VECTOR_FAILSAFE 257
#define PV_VECTOR_SYSCALL  258

/* Names of the vectors that this SDK or its guests look at. */
#define PV_TRAP_DIVIDE	   0
#define PV_TRAP_DEBUG	   1
#define PV_TRAP_NMI	   2
#define PV_TRAP_BREAKPOINT 3
#define PV_TRAP_INVALID	   6
#define PV_TRAP_NO_FPU	   7
#define PV_TRAP_PROTECTION 13
#define PV_TRAP_PAGE_FAULT 14

#define PV_FLAGS_IF 0x200

/* Bits of a page fault's error code. */
#define PV_FAULT_PRESENT 0x01 /* the entry is there, but does not permit the access */
#define PV_FAULT_WRITE	 0x02
#define PV_FAULT_USER	 0x04 /* in virtual user mode */
#define PV_FAULT_FETCH	 0x10

/* True if the frame is of user mode. */
static inline bool pv_from_user(const struct pv_regs *regs)
{
	return (regs->cs & 3) == 3;
}

/* Address that the last page fault of this vCPU complained of: read it before anything else faults.
 */
uintptr_t pv_fault_address(void);

/* A handler returns true if it dealt with the trap; otherwise the guest is ended with a report.
 * vector: 0..31 or one of PV_VECTOR_*. NULL restores the report. */
typedef bool (*pv_trap_handler)(struct pv_regs *regs);
void pv_trap_handle(unsigned int vector, pv_trap_handler handler);

/* Let user mode (or, with dpl 1, kernel mode alone) raise vector 32..255 by INT n. */
int pv_trap_software(unsigned int vector, unsigned int dpl, pv_trap_handler handler);

/* The stack for entries from user mode: its upper end, 16-byte aligned. Of this vCPU. */
int pv_trap_stack(void *top);

/* Print registers and the stack's first words on the console. */
void pv_regs_print(const struct pv_regs *regs);

/* Go to where regs says, dropping the present stack. Registers come from regs entirely. */
void pv_regs_resume(const struct pv_regs *regs) __attribute__((noreturn));

#endif
