/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual address space of the hypervisor: L4 slots 256..271 of every page table.
 *
 *  slot 256       M2P table, read-only for guests (address fixed by the ABI)
 *  slot 257       entry room: entry code, per-CPU stacks, TSS, IDT (all that a guest's root must
 * map) slot 258       hypervisor image (text RX, rodata R, data RW) and virtual mappings (MMIO,
 * fixmap) slot 259       per-domain: GDT and LDT windows of each vCPU slot 260       frame table
 *  slot 261       M2P table, writable alias
 *  slots 262..271 direct map of RAM (5 TiB)
 */
#ifndef X86_LAYOUT_H
#define X86_LAYOUT_H

#define HYPERVISOR_FIRST_SLOT 256
#define HYPERVISOR_LAST_SLOT  271

#ifndef HYPERVISOR_VIRT_START /* xen/xen.h has them too, but assembly cannot include it */
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

#endif
