/* SPDX-License-Identifier: MIT */
/* Notes, first instruction and stack of a guest without the SDK: see PORTING.md. */
#include <xen/elfnote.h>

	.macro note type:req, kind:vararg
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 2f - 1f, \type		/* length of the name, length of the value, which note */
	.asciz "Xen"
1:	\kind
2:	.balign 4
	.popsection
	.endm

	note XEN_ELFNOTE_GUEST_OS, .asciz "bare"
	note XEN_ELFNOTE_LOADER, .asciz "generic"
	note XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
	note XEN_ELFNOTE_VIRT_BASE, .quad 0	/* address 0 is the domain's first page... */
	note XEN_ELFNOTE_PADDR_OFFSET, .quad 0	/* ...which is also physical address 0 of the file */
	note XEN_ELFNOTE_ENTRY, .quad _start

	.text
	.globl _start
_start:
	cld
	lea stack_end(%rip), %rsp
	mov %rsi, %rdi		/* the builder left the address of start_info in RSI */
	call guest_main
	ud2

	.bss
	.balign 16
	.skip 16384
stack_end:
	.section .note.GNU-stack, "", @progbits
