/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86/layout.h for host programs: the same tables, at addresses that a process can map. */
#ifndef X86_LAYOUT_H
#define X86_LAYOUT_H

#define HYPERVISOR_FIRST_SLOT 256
#define PERDOMAIN_SLOT	      259
#define HYPERVISOR_LAST_SLOT  271

#ifndef HYPERVISOR_VIRT_START
#define HYPERVISOR_VIRT_START 0xffff800000000000UL
#define HYPERVISOR_VIRT_END   0xffff880000000000UL
#endif

#define M2P_VIRT_START	     0xffff800000000000UL
#define PERDOMAIN_VIRT_START 0xffff818000000000UL
#define FRAME_TABLE_START    0x200000000000UL
#define M2P_RW_VIRT_START    0x208000000000UL
#define DIRECT_MAP_START     0x210000000000UL

#define DESCRIPTOR_WINDOW_PAGES 32
#define GDT_WINDOW(vcpu_id)                                                                        \
	(PERDOMAIN_VIRT_START + (unsigned long)(vcpu_id)*DESCRIPTOR_WINDOW_PAGES * 4096)
#define LDT_WINDOW(vcpu_id) (GDT_WINDOW(vcpu_id) + 16 * 4096)

#endif
