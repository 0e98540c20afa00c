/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways into the hypervisor and back to a guest.
 *
 * Coming from a guest, every way leaves a struct cpu_regs at the top of the CPU's stack, right below
 * struct cpu, and ends in exit_to_guest. Interrupts are off all the while.
 */
#include <x86/asm-offsets.h>
#include <x86/descriptors.h>

#define ENTRY_SYSCALL	0x100
#define ENTRY_SYSENTER	0x101
#define ENTRY_SYSCALL32 0x102

/* RFLAGS bits that SYSRET is not trusted with: TF, RF, VM. */
#define RFLAGS_IRET_ONLY 0x30100

/* On entry error_code, rip … ss have been pushed already. */
	.macro push_registers
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	.endm

	.macro pop_registers
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
	.endm

/*
 * One page, seen in every CPU's window at the same distance from the CPU's stack: that is how an entry
 * without a stack finds one. Nothing here may refer to the image relative to the program counter.
 */
	.section .entry.text, "ax"
#define FRAME_AT(field) (entry_page + WINDOW_STACK_FRAME - WINDOW_ENTRY_PAGE + field)(%rip)

	.macro syscall_frame
	movq %rsp, FRAME_AT(REGS_RSP)
	movq $GUEST_SS, FRAME_AT(REGS_SS)
	leaq FRAME_AT(REGS_RSP), %rsp
	pushq %r11
	.endm

	.globl syscall_entry
syscall_entry:
	syscall_frame
	pushq $GUEST_CS64
	pushq %rcx
	pushq $0
	movl $ENTRY_SYSCALL, 4(%rsp)
	pushq %rax
	movabsq $syscall_common, %rax
	jmp *%rax

	.globl syscall32_entry
syscall32_entry:
	syscall_frame
	pushq $GUEST_CS32
	pushq %rcx
	pushq $0
	movl $ENTRY_SYSCALL32, 4(%rsp)
	pushq %rax
	movabsq $syscall32_common, %rax
	jmp *%rax

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
	movl $ENTRY_SYSENTER, 4(%rsp)
	pushq $0
	popfq
	pushq %rax
	movabsq $sysenter_common, %rax
	jmp *%rax

	.text
/* The stub has rax where rdi belongs. */
	.macro push_registers_syscall
	movq (%rsp), %rax
	movq %rdi, (%rsp)
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	.endm

	.balign 64
syscall_common:
	push_registers_syscall
	movq REGS_SIZE + CPU_CURRENT(%rsp), %rbx
	cmpb $0, VCPU_KERNEL_MODE(%rbx)
	je user_syscall
	/* A hypercall: the number in eax, arguments in rdi, rsi, rdx, r10, r8, r9. */
	movl %eax, %eax
	movl %eax, REGS_SIZE + CPU_HYPERCALL(%rsp)
	movl $0, REGS_SIZE + CPU_BATCH_INDEX(%rsp)
	cmpq $HYPERCALL_COUNT, %rax
	jae unknown_hypercall
	/* Not even speculatively beyond the table. */
	sbbq %r11, %r11
	andq %r11, %rax
	leaq hypercall_table(%rip), %r11
	movq %r10, %rcx
	call *(%r11, %rax, 8)
hypercall_done_:
	movq %rax, REGS_RAX(%rsp)

/* %rsp at the guest's frame. */
exit_to_guest:
	cmpl $0, REGS_SIZE + CPU_WORK(%rsp)
	jne exit_slow
	movq REGS_SIZE + CPU_CURRENT(%rsp), %rbx
	movq VCPU_INFO(%rbx), %rbx
	cmpw $1, (%rbx) /* an upcall is pending and not masked */
	je exit_slow
leave_to_guest:
	cmpl $ENTRY_SYSCALL, REGS_VECTOR(%rsp)
	jne leave_iret
	/* SYSRET faults in ring 0 on an address that is not canonical: such a guest goes by IRET. */
	movq REGS_RIP(%rsp), %rcx
	movq %rcx, %rax
	shlq $16, %rax
	sarq $16, %rax
	cmpq %rcx, %rax
	jne leave_iret
	cmpw $GUEST_CS64, REGS_CS(%rsp)
	jne leave_iret
	cmpw $GUEST_SS, REGS_SS(%rsp)
	jne leave_iret
	movq REGS_RFLAGS(%rsp), %r11
	testl $RFLAGS_IRET_ONLY, %r11d
	jnz leave_iret
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	popq %rax
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rdx /* rcx is lost */
	popq %rdx
	popq %rsi
	popq %rdi
	movq 32(%rsp), %rsp
	sysretq

leave_iret:
	pop_registers
	addq $8, %rsp
	/* A fault here is the guest's frame being bad: traps.c knows the address. */
	.globl guest_iret
guest_iret:
	iretq

exit_slow:
	call exit_work
	jmp leave_to_guest

unknown_hypercall:
	call hypercall_unknown
	jmp hypercall_done_

user_syscall:
	call pv_syscall_from_user
	jmp exit_to_guest

syscall32_common:
	push_registers_syscall
	call pv_syscall32_from_user
	jmp exit_to_guest

sysenter_common:
	push_registers_syscall
	call pv_sysenter
	jmp exit_to_guest

/* void context_enter(void): forget this stack, go on with the frame of this CPU's current vCPU. */
	.globl context_enter
context_enter:
	andq $-0x10000, %rsp
	addq $WINDOW_STACK_FRAME, %rsp
	jmp exit_to_guest

/* void stack_switch_call(u64 stack, void (*fn)(void)) */
	.globl stack_switch_call
stack_switch_call:
	movq %rdi, %rsp
	xorl %ebp, %ebp
	call *%rsi
	ud2

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
	push_registers
trap_call:
	movq %rsp, %rdi
	xorl %ebp, %ebp
	call trap_entry
	testb $3, REGS_CS(%rsp)
	jnz exit_to_guest
	pop_registers
	addq $8, %rsp
	iretq

/*
 * #DB has a stack of its own, as it may come at the first instruction after SYSCALL, on the guest's
 * stack pointer. One from a guest goes on on the main stack; debug_entry() says which frame to take.
 */
debug_common:
	cld
	push_registers
	movq %rsp, %rdi
	call debug_entry
	movq %rax, %rsp
	testb $3, REGS_CS(%rsp)
	jnz trap_call
	pop_registers
	addq $8, %rsp
	iretq

/* NMI, #DF, #MC have stacks of their own, too. After an NMI a guest leaves through the exit path. */
machine_common:
	cld
	push_registers
	movq %rsp, %rdi
	call machine_entry
	movq %rax, %rsp
	testb $3, REGS_CS(%rsp)
	jnz exit_to_guest
	pop_registers
	addq $8, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
