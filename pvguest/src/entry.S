/* SPDX-License-Identifier: MIT */
/*
 * Entry and return. The hypervisor has pushed, from the top of the stack on:
 *     RCX R11 [error code] RIP CS+mask RFLAGS RSP SS
 * and a struct pv_regs (pv/trap.h) is made of it: vector and error code below RIP, then registers.
 * The failsafe frame alone has the selectors DS ES FS GS after R11, and no error code.
 */
#include <xen/xen.h>

	.text

	/* RCX and R11 leave the stack; then vector and, if the CPU gave none, an error code of 0. */
	.macro entry vector:req, error=0
	pop %rcx
	pop %r11
	.if \error == 0
	push $0
	.endif
	push $\vector
	jmp common
	.endm

common:
	push %rdi
	push %rsi
	push %rdx
	push %rcx
	push %rax
	push %r8
	push %r9
	push %r10
	push %r11
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $512, %rsp
	fxsave (%rsp)
	cld
	mov %rsp, %rdi
	call pv_trap_dispatch
	mov %rsp, %rdi

	/* RDI = struct pv_regs, which is used up: the words below its RIP serve the iret frame. */
	.globl pv_regs_return
pv_regs_return:
	mov %rdi, %rsp
	fxrstor (%rsp)
	add $512, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rax
	pop %rcx
	pop %rdx
	pop %rsi
	pop %rdi
	/* The iret hypercall wants RAX R11 RCX FLAGS below RIP: two words more than we have there. */
	movl $0, 28(%rsp)	/* the mask beside CS: only RFLAGS.IF counts */
	movq $0, 8(%rsp)	/* flags: no SYSRET shortcut, which would lose RCX and R11 */
	mov %rcx, (%rsp)
	push %r11
	push %rax
	mov $__HYPERVISOR_iret, %eax
	syscall
	ud2

	.globl pv_entry_event, pv_entry_syscall, pv_entry_failsafe
pv_entry_event:
	entry 256
pv_entry_syscall:
	entry 258
pv_entry_failsafe:
	pop %rcx
	pop %r11
	add $32, %rsp
	push $0
	push $257
	jmp common

	/* One stub for each vector, 16 bytes apart. 8, 10..14, 17, 21, 29 and 30 have error codes. */
	.balign 16
	.globl pv_entry_vectors
pv_entry_vectors:
	.set vector, 0
	.rept 256
	.balign 16
	.if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
	entry vector, 1
	.else
	entry vector
	.endif
	.set vector, vector + 1
	.endr

	/* void pv_context_switch(uintptr_t *save_sp, uintptr_t load_sp): callee-saved state only */
	.globl pv_context_switch
pv_context_switch:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	sub $8, %rsp
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	mov %rsp, (%rdi)
	mov %rsi, %rsp
	ldmxcsr (%rsp)
	fldcw 4(%rsp)
	add $8, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret

	/* First activation of a thread: its function is in RBX, the argument in R12. */
	.globl pv_thread_begin
pv_thread_begin:
	mov %r12, %rdi
	call *%rbx
	call pv_thread_exit
	ud2

	/* int setjmp(jmp_buf), void longjmp(jmp_buf, int): RBX RBP R12-R15 RSP RIP in eight words */
	.globl setjmp
setjmp:
	mov %rbx, (%rdi)
	mov %rbp, 8(%rdi)
	mov %r12, 16(%rdi)
	mov %r13, 24(%rdi)
	mov %r14, 32(%rdi)
	mov %r15, 40(%rdi)
	lea 8(%rsp), %rdx
	mov %rdx, 48(%rdi)
	mov (%rsp), %rdx
	mov %rdx, 56(%rdi)
	xor %eax, %eax
	ret

	.globl longjmp
longjmp:
	mov $1, %eax
	test %esi, %esi
	cmovnz %esi, %eax
	mov (%rdi), %rbx
	mov 8(%rdi), %rbp
	mov 16(%rdi), %r12
	mov 24(%rdi), %r13
	mov 32(%rdi), %r14
	mov 40(%rdi), %r15
	mov 48(%rdi), %rsp
	jmp *56(%rdi)

	.section .note.GNU-stack, "", @progbits
