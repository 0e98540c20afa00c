/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiboot2 header, and the way from the boot loader's 32-bit protected mode to init() in long mode
 * at the image's own virtual address. The image may lie at any 2-MiB aligned place below 4 GiB: %ebp
 * holds where it is, every reference in 32-bit code is relative to that.
 */

#define BOOT_CS64 8
#define OFFSET(sym) ((sym) - 0xffff810000000000)

	.macro null_segments
	xorl %eax, %eax
	.irp segment, ds, es, ss, fs, gs
	movl %eax, %\segment
	.endr
	.endm

	.section .boot.header, "ax"
	.balign 8
header:
	.long 0xe85250d6, 0, header_end - header
	.long -(0xe85250d6 + header_end - header)
	/* Module alignment: dom0's kernel and ramdisk start at pages. */
	.balign 8
	.short 6, 1
	.long 8
	/* Any 2-MiB aligned place from 2 MiB to 4 GiB will do; the lowest is preferred. */
	.balign 8
	.short 10, 1
	.long 24, 0x200000, 0xffffffff, 0x200000, 1
	.balign 8
	.short 0, 0
	.long 8
header_end:

	.code32
	.globl boot_start
boot_start:
	cli
	cld
	/* There is no stack yet: let the call's return address fall on the information's reserved word. */
	leal 8(%ebx), %esp
	call 1f
1:	popl %ebp
	subl $OFFSET(1b), %ebp
	leal OFFSET(boot_stack_end)(%ebp), %esp

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
	andl $(1 << 29 | 1 << 20), %edx
	cmpl $(1 << 29 | 1 << 20), %edx
	jne boot_failed

	call boot_tables
	movl %edi, %ebx
	call boot_long_mode
	/* A far return needs no relocated operand. */
	pushl $BOOT_CS64
	leal OFFSET(boot_low64)(%ebp), %eax
	pushl %eax
	lret

/* Identity map of 4 GiB, and the image's virtual address, both in 2-MiB pages. */
boot_tables:
	leal OFFSET(boot_l2)(%ebp), %edx
	xorl %ecx, %ecx
	movl $0x83, %eax
1:	movl %eax, (%edx, %ecx, 8)
	addl $0x200000, %eax
	incl %ecx
	cmpl $2048, %ecx
	jne 1b
	leal OFFSET(boot_l3)(%ebp), %ecx
	leal 3(%edx), %eax
	movl %eax, 0(%ecx)
	addl $0x1000, %eax
	movl %eax, 8(%ecx)
	addl $0x1000, %eax
	movl %eax, 16(%ecx)
	addl $0x1000, %eax
	movl %eax, 24(%ecx)

	leal OFFSET(boot_image_l2)(%ebp), %edx
	leal 0x83(%ebp), %eax
	xorl %ecx, %ecx
1:	movl %eax, (%edx, %ecx, 8)
	addl $0x200000, %eax
	incl %ecx
	cmpl $32, %ecx
	jne 1b
	leal 3(%edx), %eax
	leal OFFSET(boot_image_l3)(%ebp), %edx
	movl %eax, (%edx)

	leal OFFSET(boot_l4)(%ebp), %ecx
	leal 3(%edx), %eax
	movl %eax, (258 * 8)(%ecx)
	leal OFFSET(boot_l3)(%ebp), %eax
	addl $3, %eax
	movl %eax, (%ecx)
	ret

/* Paging on with boot_l4, and the GDT that has a 64-bit code segment. Application processors call it too. */
boot_long_mode:
	movl %cr4, %eax
	orl $(1 << 5), %eax /* PAE */
	movl %eax, %cr4
	leal OFFSET(boot_l4)(%ebp), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx /* EFER: SCE, LME, NXE */
	rdmsr
	orl $(1 << 0 | 1 << 8 | 1 << 11), %eax
	wrmsr
	/* WP, NE, MP and PG on; EM, TS, caches-off cleared. */
	movl $0x80010033, %eax
	movl %eax, %cr0
	leal OFFSET(boot_gdt)(%ebp), %eax
	movl %eax, OFFSET(boot_gdtr + 2)(%ebp)
	lgdt OFFSET(boot_gdtr)(%ebp)
	ret

/* One line to COM1 (polled, as the firmware left it) and to the text screen. %esi: offset of the text. */
boot_failed:
	addl %ebp, %esi
	movl $0xb8000, %edi
1:	lodsb
	testb %al, %al
	jz 3f
	movb $0x4f, %ah
	movw %ax, (%edi)
	addl $2, %edi
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

boot_high64:
	null_segments
	leaq boot_stack_end(%rip), %rsp
	movl %ebx, %edi
	movl %ebp, %esi
	xorl %ebp, %ebp
	call init
1:	hlt
	jmp 1b

/*
 * Where an application processor starts, in real mode: copied to a page below 1 MiB. The fields at
 * its end are filled in by smp.c. It takes the same steps as the first processor.
 */
	.balign 16
	.globl ap_trampoline
ap_trampoline:
	.code16
	cli
	movw %cs, %ax
	movw %ax, %ds
	movzwl %ax, %eax
	shll $4, %eax
	leal ap_protected - ap_trampoline(%eax), %ecx
	movl %ecx, ap_far - ap_trampoline
	leal ap_gdt - ap_trampoline(%eax), %ecx
	movl %ecx, ap_gdtr + 2 - ap_trampoline
	lgdtl ap_gdtr - ap_trampoline
	movl $0x11, %edx
	movl %edx, %cr0
	ljmpl *(ap_far - ap_trampoline)
	.code32
ap_protected:
	movl $16, %edx
	movl %edx, %ds
	movl %edx, %es
	movl %edx, %ss
	movl ap_image - ap_trampoline(%eax), %ebp
	leal ap_stack_end - ap_trampoline(%eax), %esp
	leal OFFSET(boot_long_mode)(%ebp), %ecx
	call *%ecx
	pushl $BOOT_CS64
	leal OFFSET(ap_low64)(%ebp), %eax
	pushl %eax
	lret
	.balign 8
ap_far:
	.long 0
	.short 8
	.balign 8
ap_gdt:
	.quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
ap_gdtr:
	.short 23
	.long 0
	.globl ap_image
	.balign 8
ap_image:
	.long 0
	.space 64
ap_stack_end:
	.globl ap_trampoline_end
ap_trampoline_end:

	.code64
ap_low64:
	movabsq $ap_high64, %rax
	jmp *%rax
ap_high64:
	null_segments
	movq ap_cr3(%rip), %rax
	movq %cr4, %rcx
	orq $(1 << 7), %rcx /* PGE before the final root: its mappings are global */
	movq %rax, %cr3
	movq %rcx, %cr4
	movq ap_stack(%rip), %rsp
	xorl %ebp, %ebp
	call ap_main
1:	hlt
	jmp 1b

	.section .rodata
boot_message_loader:
	.asciz "Parapet must be loaded by Multiboot2 (GRUB: multiboot2 /boot/parapet)"
boot_message_cpu:
	.asciz "Parapet needs a 64-bit CPU with no-execute"

	.section .data
	.balign 16
boot_gdt:
	.quad 0, 0x00af9a000000ffff
boot_gdtr:
	.short 15
	.long 0
	.long 0

	.section .bss
	.balign 4096
boot_l4:	.space 4096
boot_l3:	.space 4096
boot_l2:	.space 4 * 4096
boot_image_l3:	.space 4096
boot_image_l2:	.space 4096
boot_stack:	.space 16384
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
