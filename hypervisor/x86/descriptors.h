/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments. One GDT page serves all: every vCPU's GDT window shows it as page 14, where the ABI has
 * its reserved selectors, and the hypervisor reaches it at GDT_PAGE_VA. Each CPU's TSS and LDT
 * descriptors lie in it.
 */
#ifndef X86_DESCRIPTORS_H
#define X86_DESCRIPTORS_H

#define GDT_RESERVED 0xe000 /* page 14: offset of the hypervisor's page in every GDT */
#define GDT_LIMIT    0xefff

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

#ifndef __ASSEMBLY__
#include <x86/cpu.h>

/** The GDT page, for page 14 of the vCPUs' windows. */
extern mfn_t hypervisor_gdt_mfn;

/** Make the shared GDT and IDT. Once. */
void descriptors_init(void);
/** Make a CPU's window (stacks, TSS, struct cpu). Returns its struct cpu. */
struct cpu *window_create(u32 id, u32 apic_id);
/** Load GDT, IDT, TSS and the SYSCALL/SYSENTER registers of the running CPU. */
void descriptors_load(u32 id);
/** Load the GDT register with the table at base (as if its page 0 were there). */
void load_gdt(u64 base);
/** LDT of the running CPU; 0 entries: none. */
void load_ldt(u64 base, unsigned entries);
#endif

#endif
