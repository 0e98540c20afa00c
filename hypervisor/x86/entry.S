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

/* On entry error_code, rip … ss have been pushed already. */
	.macro push_registers
	.irp reg, rdi, rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
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
 * without a stack finds one. It is seen at ENTRY_CODE_VA too, with the page of stubs behind it. What
 * runs at one of these two places refers to nothing of the image relative to the program counter.
 */
	.section .entry.text, "ax"
entry_start:
#define FRAME_AT(field) (entry_page + WINDOW_STACK_FRAME - WINDOW_ENTRY_PAGE + field)(%rip)
#define IN_ENTRY_CODE(label) (ENTRY_CODE_VA + label - entry_start)

	.globl xpti, syscall_entry, syscall32_entry, sysenter_entry, guest_iret, context_enter, entry_stubs
xpti:	.byte 0

/*
 * What entry code does last: the rest, target, is in the image. With xpti the full root comes first.
 * The hypervisor, interrupted, may have been on either: r12 keeps which (with xpti every way out loads
 * the guest's own r12 again). Without xpti: go to plain.
 */
	.macro go_on target, plain
	push_registers
	cmpb $0, xpti(%rip)
	je \plain
	movq %rsp, %rcx
	andq $-0x10000, %rcx
	movq %cr3, %r12
	cmpq WINDOW_GUEST_ROOT(%rcx), %r12
	jne 1f
	movq WINDOW_FULL_ROOT(%rcx), %rcx
	movq %rcx, %cr3
1:	movabsq $\target, %rcx
	jmp *%rcx
	.endm

	.macro syscall_stub name, cs, vector, target
\name:
	movq %rsp, FRAME_AT(REGS_RSP)
	movq $GUEST_SS, FRAME_AT(REGS_SS)
	leaq FRAME_AT(REGS_RSP), %rsp
	pushq %r11
	pushq $\cs
	pushq %rcx
	pushq $0
	movl $\vector, 4(%rsp)
	go_on \target, 1f
	.endm

	syscall_stub syscall_entry, GUEST_CS64, ENTRY_SYSCALL, syscall_common
	syscall_stub syscall32_entry, GUEST_CS32, ENTRY_SYSCALL32, syscall32_from_user

/* SYSENTER keeps neither the guest's stack pointer nor where it was; the flags come masked but for NT, TF. */
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
	movl $ENTRY_SYSENTER, 4(%rsp)
	go_on sysenter, 1f

	.balign 64
syscall_common:
	movq REGS_SIZE + CPU_CURRENT(%rsp), %r11
	cmpb $0, VCPU_KERNEL_MODE(%r11)
	je syscall_from_user
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
	cmpq $0, REGS_SIZE + CPU_WORK(%rsp) /* and xpti, behind it */
	jne exit_slow
	movq REGS_SIZE + CPU_CURRENT(%rsp), %rcx
	movq VCPU_INFO(%rcx), %rcx
	cmpw $1, (%rcx) /* an upcall is pending and not masked */
	je exit_upcall
leave_to_guest:
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
guest_iret:
	iretq

exit_upcall:
	call pv_deliver_events
	jmp exit_from_c

exit_slow:
	call exit_work /* may bring another guest */
	cmpl $0, REGS_SIZE + CPU_XPTI(%rsp)
	je exit_to_guest
	call xpti_root
	movabsq $IN_ENTRY_CODE(1f), %rcx
	jmp *%rcx
1:	movq %rax, %cr3
	pop_registers r15, r14, r13, r12, rbp, rbx
	subq $REGS_KEPT, %rsp
	jmp leave_to_guest
/* %rsp at the guest's frame, from which all registers are to be loaded. */
exit_to_guest:
	pop_registers r15, r14, r13, r12, rbp, rbx
	subq $REGS_KEPT, %rsp
	jmp exit_from_c

	.irp way, syscall_from_user, syscall32_from_user, sysenter
\way:
	call pv_\way
	jmp exit_from_c
	.endr

/* void context_enter(void): forget this stack, go on with the frame of this CPU's current vCPU. */
context_enter:
	andq $-0x10000, %rsp
	addq $WINDOW_STACK_FRAME, %rsp
	jmp exit_to_guest

trap_common:
	cld
	go_on trap_call, trap_call
trap_call:
	movq %rsp, %rdi
	xorl %ebp, %ebp
	call trap_entry
	testb $3, REGS_CS(%rsp)
	jnz exit_to_guest
resume_hypervisor:
	cmpb $0, xpti(%rip)
	je 2f
	movabsq $IN_ENTRY_CODE(1f), %rax
	jmp *%rax
1:	movq %r12, %cr3
2:	pop_registers r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi
	addq $8, %rsp
	iretq

/*
 * An exception with a stack of its own. A guest's frame goes to the main stack, and there the guest's
 * exception goes on: the function returns which frame to take.
 */
	.macro own_stack way, of_guest
\way\()_common:
	cld
	go_on \way\()_call, \way\()_call
\way\()_call:
	movq %rsp, %rdi
	call \way\()_entry
	movq %rax, %rsp
	testb $3, REGS_CS(%rsp)
	jnz \of_guest
	jmp resume_hypervisor
	.endm

/* #DB may come at the first instruction after SYSCALL, on the guest's stack pointer. */
	own_stack debug, trap_call
/*
 * NMI, #DF, #MC. After an NMI a guest leaves through the exit path. NMIs are blocked until an IRET, which
 * the guest that is next may do without: hence one to here.
 */
	own_stack machine, nmi_of_guest
nmi_of_guest:
	movq %rsp, %rax
	leaq exit_to_guest(%rip), %rdx
	pushq $HYPERVISOR_DS
	pushq %rax
	pushfq
	pushq $HYPERVISOR_CS
	pushq %rdx
	iretq

/* 16 bytes for each vector; those without an error code of the CPU's push a zero. */
	.balign 4096
entry_stubs:
	vector = 0
	.rept 256
	.balign 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
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

	.section .note.GNU-stack, "", @progbits
