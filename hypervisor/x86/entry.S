/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways into the hypervisor and back to a guest.
 *
 * Coming from a guest, every way leaves a struct cpu_regs at the top of the CPU's stack, right below
 * struct cpu, and ends in exit_to_guest. Interrupts are off all the while.
 */
#include <x86/asm-offsets.h>
#include <x86/descriptors.h>

/* RFLAGS bits that SYSRET is not trusted with: TF, RF, VM. */
#define RFLAGS_IRET_ONLY 0x30100
/* What a struct cpu_regs begins with: r15, r14, r13, r12, rbp, rbx. */
#define REGS_KEPT 48

/* On entry error_code, rip … ss and rdi have been pushed already. */
	.macro push_registers
	.irp reg, rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
	pushq %\reg
	.endr
	.endm

	.macro pop_registers registers:vararg
	.irp reg, \registers
	popq %\reg
	.endr
	.endm

/*
 * One page, seen in every CPU's window at the same distance from the CPU's stack: that is how an entry
 * without a stack finds one. Nothing here may refer to the image relative to the program counter.
 */
	.section .entry.text, "ax"
#define FRAME_AT(field) (entry_page + WINDOW_STACK_FRAME - WINDOW_ENTRY_PAGE + field)(%rip)

/* What entry code does last: the rest is in the image. */
	.macro go_on vector, target
	movl $\vector, 4(%rsp)
	pushq %rax
	movabsq $\target, %rax
	jmp *%rax
	.endm

	.macro syscall_stub name, cs, vector, target
	.globl \name
\name:
	movq %rsp, FRAME_AT(REGS_RSP)
	movq $GUEST_SS, FRAME_AT(REGS_SS)
	leaq FRAME_AT(REGS_RSP), %rsp
	pushq %r11
	pushq $\cs
	pushq %rcx
	pushq $0
	go_on \vector, \target
	.endm

	syscall_stub syscall_entry, GUEST_CS64, ENTRY_SYSCALL, syscall_common
	syscall_stub syscall32_entry, GUEST_CS32, ENTRY_SYSCALL32, syscall32_common

/* SYSENTER keeps neither the guest's stack pointer nor where it was; the flags come masked but for NT, TF. */
	.globl sysenter_entry
sysenter_entry:
	pushq $GUEST_SS
	pushq $0
	pushfq
	orq $0x200, (%rsp)
	pushq $GUEST_CS32
	pushq $0
	pushq $0
	popfq
	pushq $0
	go_on ENTRY_SYSENTER, sysenter_common

	.text
/* The stub has rax where rdi belongs. */
	.macro push_registers_syscall
	movq (%rsp), %rax
	movq %rdi, (%rsp)
	push_registers
	.endm

	.balign 64
syscall_common:
	push_registers_syscall
	movq REGS_SIZE + CPU_CURRENT(%rsp), %r11
	cmpb $0, VCPU_KERNEL_MODE(%r11)
	je user_syscall
	/* A hypercall: the number in eax, arguments in rdi, rsi, rdx, r10, r8, r9. */
	movl %eax, %eax
	movl %eax, REGS_SIZE + CPU_HYPERCALL(%rsp)
	movl $0, REGS_SIZE + CPU_BATCH_INDEX(%rsp)
	/* The table's last entry is for all that are unknown. Not even speculatively beyond it. */
	movl $HYPERCALL_COUNT, %r11d
	cmpq %r11, %rax
	cmovaq %r11, %rax
	leaq hypercall_table(%rip), %r11
	movq %r10, %rcx
	call *(%r11, %rax, 8)
	movq %rax, REGS_RAX(%rsp)

/* %rsp at the guest's frame; rbx, rbp, r12 … r15, which C functions keep, are the guest's already. */
exit_from_c:
	cmpl $0, REGS_SIZE + CPU_WORK(%rsp)
	jne exit_slow
	movq REGS_SIZE + CPU_CURRENT(%rsp), %rcx
	movq VCPU_INFO(%rcx), %rcx
	cmpw $1, (%rcx) /* an upcall is pending and not masked */
	je exit_upcall
	/* Whoever sets this vector leaves GUEST_CS64 and GUEST_SS in the frame: what SYSRET loads. */
	cmpl $ENTRY_SYSCALL, REGS_VECTOR(%rsp)
	jne leave_iret
	/* SYSRET faults in ring 0 on an address that is not canonical: such a guest goes by IRET. */
	movq REGS_RIP(%rsp), %rcx
	movq %rcx, %rax
	shlq $16, %rax
	sarq $16, %rax
	cmpq %rcx, %rax
	jne leave_iret
	movq REGS_RFLAGS(%rsp), %r11
	testl $RFLAGS_IRET_ONLY, %r11d
	jnz leave_iret
	addq $REGS_KEPT, %rsp
	/* r11 and rcx are lost: their places go to registers that are loaded next. */
	pop_registers rax, r10, r9, r8, rax, rdx, rdx, rsi, rdi
	movq 32(%rsp), %rsp
	sysretq

leave_iret:
	addq $REGS_KEPT, %rsp
	pop_registers r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi
	addq $8, %rsp
	/* A fault here is the guest's frame being bad: traps.c knows the address. */
	.globl guest_iret
guest_iret:
	iretq

exit_upcall:
	call pv_deliver_events
	jmp exit_from_c

exit_slow:
	call exit_work /* may bring another guest */
/* %rsp at the guest's frame, from which all registers are to be loaded. */
exit_to_guest:
	pop_registers r15, r14, r13, r12, rbp, rbx
	subq $REGS_KEPT, %rsp
	jmp exit_from_c

user_syscall:
	call pv_syscall_from_user
	jmp exit_from_c

syscall32_common:
	push_registers_syscall
	call pv_syscall32_from_user
	jmp exit_from_c

sysenter_common:
	push_registers_syscall
	call pv_sysenter
	jmp exit_from_c

/* void context_enter(void): forget this stack, go on with the frame of this CPU's current vCPU. */
	.globl context_enter
context_enter:
	andq $-0x10000, %rsp
	addq $WINDOW_STACK_FRAME, %rsp
	jmp exit_to_guest

/* 16 bytes for each vector; those without an error code of the CPU's push a zero. */
	.balign 4096
	.globl entry_stubs
entry_stubs:
	vector = 0
	.rept 256
	.balign 16
	.if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
	.else
	pushq $0
	.endif
	movl $vector, 4(%rsp)
	.if vector == 1
	jmp debug_common
	.elseif vector == 2 || vector == 8 || vector == 18
	jmp machine_common
	.else
	jmp trap_common
	.endif
	vector = vector + 1
	.endr

trap_common:
	cld
	pushq %rdi
	push_registers
trap_call:
	movq %rsp, %rdi
	xorl %ebp, %ebp
	call trap_entry
	testb $3, REGS_CS(%rsp)
	jnz exit_to_guest
resume_hypervisor:
	pop_registers r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi
	addq $8, %rsp
	iretq

/*
 * An exception with a stack of its own. A guest's frame goes to the main stack, and there the guest's
 * exception goes on: the function returns which frame to take.
 */
	.macro own_stack function, of_guest
	cld
	pushq %rdi
	push_registers
	movq %rsp, %rdi
	call \function
	movq %rax, %rsp
	testb $3, REGS_CS(%rsp)
	jnz \of_guest
	jmp resume_hypervisor
	.endm

/* #DB may come at the first instruction after SYSCALL, on the guest's stack pointer. */
debug_common:
	own_stack debug_entry, trap_call
/*
 * NMI, #DF, #MC. After an NMI a guest leaves through the exit path. NMIs are blocked until an IRET, which
 * the guest that is next may do without: hence one to here.
 */
machine_common:
	own_stack machine_entry, nmi_of_guest
nmi_of_guest:
	movq %rsp, %rax
	leaq exit_to_guest(%rip), %rdx
	movl %ss, %ecx
	pushq %rcx
	pushq %rax
	pushfq
	pushq $HYPERVISOR_CS
	pushq %rdx
	iretq

	.section .note.GNU-stack, "", @progbits
