/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own CPUID leaves, from 0x40000000 on. Ask with XEN_CPUID (the emulation prefix).
 *
 * leaf 0: EAX = last leaf, EBX ECX EDX = signature
 * leaf 1: EAX = version: major << 16 | minor
 * leaf 2: EAX = number of hypercall pages, EBX = MSR that writes one (ECX, EDX: PV features,
 *         XEN_CPUID_FEAT1_*)
 * leaf 3: sub-leaf 0: EAX bit 0: TSC emulated, EBX = TSC mode, ECX = guest TSC kHz, EDX =
 *         incarnation; sub-leaf 1: offset, multiplier, shift; sub-leaf 2: EAX = host TSC kHz
 * leaf 4: HVM guests' features (XEN_HVM_CPUID_*): zero for a PV guest
 * leaf 5: sub-leaf 0: EBX bits 0..7: machine address width
 */
#ifndef __XEN_PUBLIC_ARCH_X86_CPUID_H__
#define __XEN_PUBLIC_ARCH_X86_CPUID_H__

#define XEN_CPUID_FIRST_LEAF 0x40000000
#define XEN_CPUID_LEAF(i)    (XEN_CPUID_FIRST_LEAF + (i))

/* "XenVMMXenVMM" */
#define XEN_CPUID_SIGNATURE_EBX 0x566e6558
#define XEN_CPUID_SIGNATURE_ECX 0x65584d4d
#define XEN_CPUID_SIGNATURE_EDX 0x4d4d566e

/* MMU_PT_UPDATE_PRESERVE_AD is there */
#define _XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD 0
#define XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD  (1u << 0)

#define XEN_HVM_CPUID_APIC_ACCESS_VIRT (1u << 0)
#define XEN_HVM_CPUID_X2APIC_VIRT      (1u << 1)
#define XEN_HVM_CPUID_IOMMU_MAPPINGS   (1u << 2)
#define XEN_HVM_CPUID_VCPU_ID_PRESENT  (1u << 3)
#define XEN_HVM_CPUID_DOMID_PRESENT    (1u << 4)
#define XEN_HVM_CPUID_EXT_DEST_ID      (1u << 5)
#define XEN_HVM_CPUID_UPCALL_VECTOR    (1u << 6)

#define XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK (0xffu << 0) /* bits in a machine address */

#define XEN_CPUID_MAX_NUM_LEAVES 5

#endif
