/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 part: selectors, address ranges, register frames.
 * Conventions of the comments: see ../xen.h.
 */
#include "../xen.h"

#ifndef __XEN_PUBLIC_ARCH_X86_XEN_X86_64_H__
#define __XEN_PUBLIC_ARCH_X86_XEN_X86_64_H__

/* Selectors that the hypervisor's part of every GDT offers. All of them are ring 3. */
#define FLAT_RING3_CS32 0xe023
#define FLAT_RING3_CS64 0xe033
#define FLAT_RING3_DS32 0xe02b
#define FLAT_RING3_DS64 0x0000 /* the null selector will do in 64-bit mode */
#define FLAT_RING3_SS32 0xe02b
#define FLAT_RING3_SS64 0xe02b

#define FLAT_KERNEL_DS64 FLAT_RING3_DS64
#define FLAT_KERNEL_DS32 FLAT_RING3_DS32
#define FLAT_KERNEL_DS	 FLAT_KERNEL_DS64
#define FLAT_KERNEL_CS64 FLAT_RING3_CS64
#define FLAT_KERNEL_CS32 FLAT_RING3_CS32
#define FLAT_KERNEL_CS	 FLAT_KERNEL_CS64
#define FLAT_KERNEL_SS64 FLAT_RING3_SS64
#define FLAT_KERNEL_SS32 FLAT_RING3_SS32
#define FLAT_KERNEL_SS	 FLAT_KERNEL_SS64

#define FLAT_USER_DS64 FLAT_RING3_DS64
#define FLAT_USER_DS32 FLAT_RING3_DS32
#define FLAT_USER_DS   FLAT_USER_DS64
#define FLAT_USER_CS64 FLAT_RING3_CS64
#define FLAT_USER_CS32 FLAT_RING3_CS32
#define FLAT_USER_CS   FLAT_USER_CS64
#define FLAT_USER_SS64 FLAT_RING3_SS64
#define FLAT_USER_SS32 FLAT_RING3_SS32
#define FLAT_USER_SS   FLAT_USER_SS64

/*
 * Slots 256..271 of every level-4 table are the hypervisor's. At their start guests (in kernel
 * mode) see the machine-to-physical table, read-only: 8 bytes for each machine frame, its pfn.
 */
#define __HYPERVISOR_VIRT_START 0xFFFF800000000000
#define __HYPERVISOR_VIRT_END	0xFFFF880000000000
#define __MACH2PHYS_VIRT_START	0xFFFF800000000000
#define __MACH2PHYS_VIRT_END	0xFFFF804000000000
#ifndef HYPERVISOR_VIRT_START
#define HYPERVISOR_VIRT_START xen_mk_ulong(__HYPERVISOR_VIRT_START)
#define HYPERVISOR_VIRT_END   xen_mk_ulong(__HYPERVISOR_VIRT_END)
#endif
#define MACH2PHYS_VIRT_START xen_mk_ulong(__MACH2PHYS_VIRT_START)
#define MACH2PHYS_VIRT_END   xen_mk_ulong(__MACH2PHYS_VIRT_END)
#define MACH2PHYS_NR_ENTRIES ((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)
#ifndef machine_to_phys_mapping
#define machine_to_phys_mapping ((unsigned long *)HYPERVISOR_VIRT_START)
#endif

/* set_segment_base */
#define SEGBASE_FS	    0
#define SEGBASE_GS_USER	    1 /* GS base of guest user mode: loaded when the kernel returns there */
#define SEGBASE_GS_KERNEL   2 /* GS base of guest kernel mode: the current one */
#define SEGBASE_GS_USER_SEL 3 /* load this selector into user mode's GS */

/* iret_context.flags: return by SYSRET, so RCX and R11 are not restored. */
#define _VGCF_in_syscall 8
#define VGCF_in_syscall	 (1 << _VGCF_in_syscall)
#define VGCF_IN_SYSCALL	 VGCF_in_syscall

#ifndef __ASSEMBLY__

/*
 * What HYPERVISOR_iret finds at the guest's stack pointer. All: IN (guest).
 * The mode that is returned to (kernel or user) follows from the privilege in cs: with bits 0..1
 * of cs set to 3 it is user mode, otherwise kernel mode (and cs, ss are made ring 3 by the
 * hypervisor). RFLAGS.IF becomes the event mask; RFLAGS.IOPL is forced.
 */
struct iret_context {
	uint64_t rax, r11, rcx;
	uint64_t flags; /* VGCF_in_syscall or 0 */
	uint64_t rip, cs, rflags, rsp, ss;
};

/* A vCPU's registers, in vcpu_guest_context. Order in memory is the order below. */
struct cpu_user_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint32_t error_code;   /* ignored on input */
	uint32_t entry_vector; /* ignored on input */
	uint64_t rip;
	uint16_t cs, _pad0[1];
	uint8_t saved_upcall_mask; /* event mask at the time of an exception frame */
	uint8_t _pad1[3];
	uint64_t rflags; /* IF is the inverse of saved_upcall_mask in exception frames */
	uint64_t rsp;
	uint16_t ss, _pad2[3];
	uint16_t es, _pad3[3];
	uint16_t ds, _pad4[3];
	uint16_t fs, _pad5[3];
	uint16_t gs, _pad6[3];
};
typedef struct cpu_user_regs cpu_user_regs_t;
DEFINE_XEN_GUEST_HANDLE(cpu_user_regs_t);

/* ctrlreg[1], ctrlreg[3] of a vcpu_guest_context hold machine addresses of level-4 tables. */
#define xen_pfn_to_cr3(pfn) ((unsigned long)(pfn) << 12)
#define xen_cr3_to_pfn(cr3) ((unsigned long)(cr3) >> 12)

struct arch_vcpu_info {
	unsigned long cr2; /* either: the hypervisor stores the address of a page fault; the guest
			    * may write what a read of CR2 should give */
	unsigned long pad;
};
typedef struct arch_vcpu_info arch_vcpu_info_t;

typedef unsigned long xen_callback_t; /* virtual address of a callback */

#endif /* !__ASSEMBLY__ */

#endif
