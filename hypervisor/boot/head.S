/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiboot2 header, and the way from the boot loader's 32-bit protected mode, or from real mode for
 * the other processors, to C in long mode at the image's own virtual address. The image may lie at
 * any 2-MiB aligned place below 4 GiB: %ebp holds where it is, every reference in 32-bit code is
 * relative to that.
 */

#define CODE64 8 /* selector */
#define OFFSET(sym) ((sym) - 0xffff810000000000)
#define TABLE 3 /* flags of an entry that leads to a table */
#define LARGE_PAGE 0x83

/* The 2 MiB pages from address 0 on. */
	.macro large_pages count
	page = LARGE_PAGE
	.rept \count
	.quad page
	page = page + 0x200000
	.endr
	.endm

/* To 64-bit code. base leads to the trampoline, in whose fields the operands are. */
	.macro enter_long_mode base
	movl %cr4, %eax
	orl $(1 << 5), %eax /* PAE */
	movl %eax, %cr4
	movl start_l4 - ap_trampoline\base, %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx /* EFER: SCE, LME, NXE */
	rdmsr
	orl $(1 << 0 | 1 << 8 | 1 << 11), %eax
	wrmsr
	lgdtl start_gdt - 2 - ap_trampoline\base
	/*
	 * PG, AM, WP, NE, MP and PE on; EM, TS, caches-off cleared. AM: guests' alignment checks work;
	 * WP: read-only holds for the hypervisor too.
	 */
	movl $0x80050033, %eax
	movl %eax, %cr0
	ljmpl *start_low64 - ap_trampoline\base
	.endm

	.section .boot.header, "ax"
	.balign 8
header:
	.long 0xe85250d6, 0, header_end - header
	.long -(0xe85250d6 + header_end - header)
	/* Module alignment: dom0's kernel and ramdisk start at pages. */
	.balign 8
	.long 6 | 1 << 16, 8 /* its type, that it may be ignored, its size */
	/* Any 2-MiB aligned place from 2 MiB to 4 GiB will do; the lowest is preferred. */
	.balign 8
	.long 10 | 1 << 16, 24, 0x200000, 0xffffffff, 0x200000, 1
	.balign 8
	.long 0, 8
header_end:

	.code32
	.globl boot_start
boot_start:
	cli
	cld
	/* There is no stack: let the call's return address fall on the information's reserved word. */
	leal 8(%ebx), %esp
	call 1f
1:	popl %ebp
	subl $OFFSET(1b), %ebp

	movl $OFFSET(boot_message_loader), %esi
	cmpl $0x36d76289, %eax
	jne boot_failed
	movl %ebx, %edi

	/* Long mode and no-execute are what everything else rests on. */
	movl $0x80000000, %eax
	cpuid
	movl $OFFSET(boot_message_cpu), %esi
	cmpl $0x80000001, %eax
	jb boot_failed
	movl $0x80000001, %eax
	cpuid
	notl %edx
	testl $(1 << 29 | 1 << 20), %edx
	jnz boot_failed

	/* What says where something in the image is moves with it. */
	leal OFFSET(relocated)(%ebp), %edx
	movl $((relocated_end - relocated) / 8), %ecx
1:	cmpl $0, -8(%edx, %ecx, 8)
	je 2f
	addl %ebp, -8(%edx, %ecx, 8)
2:	loop 1b
	leal OFFSET(ap_trampoline)(%ebp), %ebx
	enter_long_mode (%ebx)

/* One line to COM1 (polled, as the firmware left it) and to the text screen. %esi: offset of the text. */
boot_failed:
	addl %ebp, %esi
	movl $0xb8000, %edi
1:	lodsb
	testb %al, %al
	jz 3f
	movb $0x4f, %ah
	stosw
	movb %al, %bl
	movw $0x3fd, %dx
	movl $100000, %ecx
2:	inb %dx, %al
	testb $0x20, %al
	loopz 2b
	movb %bl, %al
	movw $0x3f8, %dx
	outb %al, %dx
	jmp 1b
3:	hlt
	jmp 3b

	.code64
boot_low64:
	movabsq $boot_high64, %rax
	jmp *%rax

/* Every processor comes here. For init(): %edi is the loader's information, %ebp the image's place. */
boot_high64:
	xorl %eax, %eax
	.irp segment, ds, es, ss, fs, gs
	movl %eax, %\segment
	.endr
	movq start_root(%rip), %rax
	movq %cr4, %rcx
	orq $(1 << 7), %rcx /* PGE before the final root: its mappings are global */
	movq %rax, %cr3
	movq %rcx, %cr4
	movq start_stack(%rip), %rsp
	movl %ebp, %esi
	xorl %ebp, %ebp
	call *start_main(%rip)
	ud2

	.section .rodata
boot_message_loader:
	.asciz "Parapet must be loaded by Multiboot2 (GRUB: multiboot2 /boot/parapet)"
boot_message_cpu:
	.asciz "Parapet needs a 64-bit CPU with no-execute"
	.balign 8
boot_gdt:
	.quad 0, 0x00af9a000000ffff

	.data
/* Where another processor starts, in real mode: smp.c copies it to a page below 1 MiB. */
	.balign 4096
	.globl ap_trampoline, ap_trampoline_end
ap_trampoline:
	.code16
	cli
	movw %cs, %ax
	movw %ax, %ds
	enter_long_mode
	.code64

/* Quads that are addresses, or zero. */
	.balign 8
relocated:
start_l4:
	.quad OFFSET(boot_l4)
	.short 0, 0, 0, 15 /* the GDT's limit, in the upper part of a quad */
start_gdt:
	.quad OFFSET(boot_gdt)
start_low64:
	.quad OFFSET(boot_low64) + (CODE64 << 32)
ap_trampoline_end:
/* Root, stack and function that a processor shall go on with. */
	.globl start_root, start_stack, start_main
start_root:
	.quad OFFSET(boot_l4)

/* Identity map of 4 GiB, and the image at its virtual address. */
	.balign 4096
boot_l4:
	.quad OFFSET(boot_l3) + TABLE
	.fill 257, 8, 0
	.quad OFFSET(boot_image_l3) + TABLE
	.balign 4096
boot_l3:
	.irp gib, 0, 1, 2, 3
	.quad OFFSET(boot_l2) + \gib * 4096 + TABLE
	.endr
	.balign 4096
boot_image_l3:
	.quad OFFSET(boot_image_l2) + TABLE
	.balign 4096
boot_image_l2:
	large_pages 32
relocated_end:
	.balign 4096
boot_l2:
	large_pages 2048

start_stack:
	.quad boot_stack_end
start_main:
	.quad init

	.section .bss
	.balign 4096
boot_stack:	.space 16384
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
