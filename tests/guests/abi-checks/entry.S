/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypercall page that the domain builder fills, and 32-bit code for user mode. */
#include <xen/elfnote.h>

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 8, XEN_ELFNOTE_HYPERCALL_PAGE
	.asciz "Xen"
	.quad hypercall_page

	.section .text.hypercall_page, "ax"
	.balign 4096
	.globl hypercall_page
hypercall_page:
	.skip 4096, 0xcc

	/* Compatibility mode: three ways into the kernel, told apart by EBX. The kernel ends it. */
	.text
	.code32
	.globl user_32bit
user_32bit:
	mov $1, %ebx
	int $0x80
	mov $2, %ebx
	ud2
	mov $3, %ebx
	push $0x12345678	/* four bytes of stack, not eight */
	pop %eax
	int $0x80
	ud2
	.code64
	.section .note.GNU-stack, "", @progbits
