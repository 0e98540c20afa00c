/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Selectors and vectors, for C and assembly. One GDT page serves all: every vCPU's GDT window shows
 * it as page 14, where the ABI has its reserved selectors, and the hypervisor reaches it at
 * GDT_PAGE_VA. Each CPU's TSS and LDT descriptors lie in it.
 */
#ifndef X86_DESCRIPTORS_H
#define X86_DESCRIPTORS_H

#define GDT_RESERVED 0xe000 /* page 14: offset of the hypervisor's page in every GDT */

#define HYPERVISOR_CS 0xe008
#define HYPERVISOR_DS 0xe010
#define GUEST_CS32    0xe023
#define GUEST_SS      0xe02b
#define GUEST_CS64    0xe033
#define CPU_TSS(id)   (0xe100 + (id)*32)
#define CPU_LDT(id)   (CPU_TSS(id) + 16)

/*
 * Interrupt vectors: exceptions below 32; 0x20..0x2f the PICs' while they are silenced; lines and
 * MSIs, amid them one gate that guests may use directly (INT of any other vector is #GP, and pv/
 * decodes it); the hypervisor's own.
 */
#define VECTOR_PIC	    0x20
#define VECTOR_DEVICE_FIRST 0x30
#define VECTOR_INT80	    0x80
#define VECTOR_IPI	    0xf0
#define VECTOR_TIMER	    0xf1
#define VECTOR_APIC_ERROR   0xfe
#define VECTOR_SPURIOUS	    0xff

/* struct cpu_regs.entry_vector for other ways in. */
#define ENTRY_SYSCALL	0x100
#define ENTRY_SYSENTER	0x101
#define ENTRY_SYSCALL32 0x102

#endif
