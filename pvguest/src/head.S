/* SPDX-License-Identifier: MIT */
/*
 * First instruction of a guest, and the ELF notes by which a domain builder knows it for one.
 * State of the ABI: RSI = address of start_info, a small stack, virtual kernel mode, events masked.
 */
#include <xen/elfnote.h>

	.section .text.start, "ax"
	.globl pv_entry
pv_entry:
	cld
	lea pv_stack_top(%rip), %rsp
	xor %ebp, %ebp
	mov %rsi, %rdi
	call pv_start
	ud2

	.macro note type:req, kind:vararg
	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 2f - 1f, \type
	.asciz "Xen"
1:	\kind
2:	.balign 4
	.endm

	note XEN_ELFNOTE_GUEST_OS, .asciz "pvguest"
	note XEN_ELFNOTE_GUEST_VERSION, .asciz "1"
	note XEN_ELFNOTE_LOADER, .asciz "generic"
	note XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
	note XEN_ELFNOTE_PAE_MODE, .asciz "yes"
	/* Frame 0 is where the image starts: physical addresses in the ELF file equal virtual ones. */
	note XEN_ELFNOTE_VIRT_BASE, .quad pv_virt_base
	note XEN_ELFNOTE_PADDR_OFFSET, .quad pv_virt_base
	note XEN_ELFNOTE_ENTRY, .quad pv_entry
	/* Bits: 4 page tables above 4 GiB, 11 able to be dom0. */
	note XEN_ELFNOTE_SUPPORTED_FEATURES, .long 1 << 4 | 1 << 11
	.section .note.GNU-stack, "", @progbits
