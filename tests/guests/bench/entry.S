/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that a kernel's entries can do, so that what is timed is the hypervisor's work. Frames:
 * see pvguest/src/entry.S; the iret hypercall wants RAX R11 RCX FLAGS below RIP.
 */
#include <xen/xen.h>

#define IN_SYSCALL 0x100 /* VGCF_in_syscall: RCX and R11 need not come back */

	.text
	/* A page fault: go on behind the two bytes of `mov (%rax),%al`. The error code's place serves
	 * as FLAGS. */
	.globl bench_fault
bench_fault:
	pop %rcx
	pop %r11
	movq $0, (%rsp)
	addq $2, 8(%rsp)
	movl $0, 20(%rsp)
	push %rcx
	push %r11
	push %rax
	mov $__HYPERVISOR_iret, %eax
	syscall

	/* A system call: 0 in RAX ends bench_run_user, anything else returns at once. */
	.globl bench_syscall
bench_syscall:
	pop %rcx
	pop %r11
	test %eax, %eax
	jz back
	movl $0, 12(%rsp)
	push $IN_SYSCALL
	push %rcx
	push %r11
	push %rax
	mov $__HYPERVISOR_iret, %eax
	syscall

	/* void bench_run_user(long calls, void *user_stack): user mode makes so many system calls. */
	.globl bench_run_user
bench_run_user:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, kernel_sp(%rip)
	mov %rdi, %rbx
	push $FLAT_USER_SS
	push %rsi
	push $0x202
	push $FLAT_USER_CS
	lea user(%rip), %rax
	push %rax
	sub $32, %rsp
	movq $0, 24(%rsp)
	mov $__HYPERVISOR_iret, %eax
	syscall
back:
	mov kernel_sp(%rip), %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

user:
	mov $1, %eax
	syscall
	dec %rbx
	jnz user
	xor %eax, %eax
	syscall

	/* An event: the C function clears it. */
	.globl bench_event
bench_event:
	pop %rcx
	pop %r11
	push %rax
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	call bench_clear_event
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rdx
	pop %rcx
	pop %rax
	movl $0, 12(%rsp)
	push $0
	push %rcx
	push %r11
	push %rax
	mov $__HYPERVISOR_iret, %eax
	syscall

	.lcomm kernel_sp, 8
	.section .note.GNU-stack, "", @progbits
