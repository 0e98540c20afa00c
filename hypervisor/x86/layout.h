/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual address space of the hypervisor: L4 slots 256..271 of every page table.
 *
 *  slot 256       M2P table, read-only for guests (address fixed by the ABI)
 *  slot 257       entry room: entry code, per-CPU stacks, TSS, IDT; no guest's root can lack it
 *  slot 258       hypervisor image (text RX, rodata R, data RW), and mapped device registers
 *  slot 259       per-domain: GDT and LDT windows of each vCPU
 *  slot 260       frame table
 *  slot 261       M2P table, writable alias
 *  slots 262..271 direct map of RAM (5 TiB)
 */
#ifndef X86_LAYOUT_H
#define X86_LAYOUT_H

#define HYPERVISOR_FIRST_SLOT 256
#define PERDOMAIN_SLOT	      259
#define HYPERVISOR_LAST_SLOT  271

#ifndef HYPERVISOR_VIRT_START /* xen/xen.h has them too */
#define HYPERVISOR_VIRT_START 0xffff800000000000UL
#define HYPERVISOR_VIRT_END   0xffff880000000000UL
#endif

#define M2P_VIRT_START	     0xffff800000000000UL
#define ENTRY_ROOM_START     0xffff808000000000UL
#define IMAGE_VIRT_START     0xffff810000000000UL
#define VMAP_VIRT_START	     0xffff814000000000UL
#define PERDOMAIN_VIRT_START 0xffff818000000000UL
#define FRAME_TABLE_START    0xffff820000000000UL
#define M2P_RW_VIRT_START    0xffff828000000000UL
#define DIRECT_MAP_START     0xffff830000000000UL
#define DIRECT_MAP_END	     0xffff880000000000UL

/* Each vCPU's window in the per-domain slot: 16 GDT pages, then 16 LDT pages. */
#define DESCRIPTOR_WINDOW_PAGES 32
#define GDT_WINDOW(vcpu_id)                                                                        \
	(PERDOMAIN_VIRT_START + (unsigned long)(vcpu_id)*DESCRIPTOR_WINDOW_PAGES * 4096)
#define LDT_WINDOW(vcpu_id) (GDT_WINDOW(vcpu_id) + 16 * 4096)

/*
 * The entry room: one window of 64 KiB for each CPU, aligned to its size, so that any stack pointer
 * in it leads to the CPU's struct cpu by a mask. Pages that are not named are not mapped: guards.
 *
 *   page  0      guard
 *   page  1..4   main stack; at its top struct cpu, below that the guest's frame
 *   page  6      the entry page (code), one physical page aliased into every window
 *   page  8      #DF stack        page 13  #MC stack
 *   page 10..11  NMI stack        page 15  #DB stack
 *   page  5      TSS (its limit ends with it)
 */
#define WINDOW_SIZE	0x10000UL
#define WINDOW_BASE(id) (ENTRY_ROOM_START + (id)*WINDOW_SIZE)

#define WINDOW_STACK	 0x1000UL
#define WINDOW_STACK_END 0x5000UL
#define WINDOW_CPU	 (WINDOW_STACK_END - 512) /* struct cpu */
#define WINDOW_TSS	 0x5000UL
#define WINDOW_ENTRY	 0x6000UL
#define WINDOW_DF	 0x8000UL
#define WINDOW_NMI	 0xa000UL
#define WINDOW_MC	 0xd000UL
#define WINDOW_DB	 0xf000UL

/* Beyond the last CPU window, with nothing mapped in the 56 KiB before it. */
#define GDT_PAGE_VA (ENTRY_ROOM_START + 0x420000UL)
#define IDT_PAGE_VA (ENTRY_ROOM_START + 0x421000UL)
/* The entry page and, behind it, the vectors' stubs: xpti enters here. */
#define ENTRY_CODE_VA (ENTRY_ROOM_START + 0x422000UL)

#endif
