/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel whose first instruction the machine notices. As dom0 it stops there, by QEMU's pvpanic
 * device; as another guest, by a debugger's breakpoint, for which it lies where neither dom0's
 * kernel nor a program of its has code. Then it waits for ever.
 */
#include <xen/elfnote.h>
#include <xen/xen.h>
#include <xen/physdev.h>
#include <xen/sched.h>

#define PVPANIC 0x505
#define START_INFO_FLAGS 48

	.macro note type:req, kind:vararg
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 2f - 1f, \type
	.asciz "Xen"
1:	\kind
2:	.balign 4
	.popsection
	.endm

	note XEN_ELFNOTE_GUEST_OS, .asciz "entry"
	note XEN_ELFNOTE_LOADER, .asciz "generic"
	note XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
	note XEN_ELFNOTE_VIRT_BASE, .quad 0
	note XEN_ELFNOTE_PADDR_OFFSET, .quad 0
	note XEN_ELFNOTE_ENTRY, .quad _start

	.text
	.globl _start
_start:
	testl $SIF_PRIVILEGED, START_INFO_FLAGS(%rsi)
	jz 1f
	mov $__HYPERVISOR_physdev_op, %eax
	mov $PHYSDEVOP_set_iopl, %edi
	lea level(%rip), %rsi
	syscall
	mov $PVPANIC, %edx
	mov $1, %eax
	out %al, %dx
1:	mov $__HYPERVISOR_sched_op, %eax
	mov $SCHEDOP_block, %edi
	syscall
	jmp 1b

	.data
level:	.long 1
	.section .note.GNU-stack, "", @progbits
