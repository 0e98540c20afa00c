/* SPDX-License-Identifier: MIT */
/*
 * The x86 part: handles, descriptors, trap tables, a vCPU's whole state.
 * Conventions of the comments: see ../xen.h, which includes this file.
 */
#include "../xen.h"

#ifndef __XEN_PUBLIC_ARCH_X86_XEN_H__
#define __XEN_PUBLIC_ARCH_X86_XEN_H__

/*
 * A guest pointer in an argument structure: a struct around the pointer, so that the hypervisor
 * cannot use it by accident. XEN_GUEST_HANDLE(T) is its type, for which DEFINE_XEN_GUEST_HANDLE(T)
 * must have appeared; const_T is there too. set_xen_guest_handle(h, p) fills it.
 */
#define ___DEFINE_XEN_GUEST_HANDLE(name, type)                                                     \
	typedef struct {                                                                           \
		type *p;                                                                           \
	} __guest_handle_##name
#define __DEFINE_XEN_GUEST_HANDLE(name, type)                                                      \
	___DEFINE_XEN_GUEST_HANDLE(name, type);                                                    \
	___DEFINE_XEN_GUEST_HANDLE(const_##name, const type)
#define DEFINE_XEN_GUEST_HANDLE(name) __DEFINE_XEN_GUEST_HANDLE(name, name)
#define __XEN_GUEST_HANDLE(name)      __guest_handle_##name
#define XEN_GUEST_HANDLE(name)	      __XEN_GUEST_HANDLE(name)
#define XEN_GUEST_HANDLE_PARAM(name)  XEN_GUEST_HANDLE(name)
#define set_xen_guest_handle_raw(hnd, val)                                                         \
	do {                                                                                       \
		(hnd).p = (val);                                                                   \
	} while (0)
#define set_xen_guest_handle(hnd, val) set_xen_guest_handle_raw(hnd, val)

#ifndef __ASSEMBLY__
typedef unsigned long xen_pfn_t; /* a frame number: machine or pseudo-physical, as the field says */
#define PRI_xen_pfn  "lx"
#define PRIu_xen_pfn "lu"

typedef unsigned long xen_ulong_t; /* the ABI's unsigned long: 64 bits */
#define PRI_xen_ulong "lx"
#endif

#include "xen-x86_64.h"

#define XEN_HAVE_PV_GUEST_ENTRY 1
#define XEN_HAVE_PV_UPCALL_MASK 1

/* The last pages of a GDT are the hypervisor's: entries from FIRST_RESERVED_GDT_ENTRY on. */
#define FIRST_RESERVED_GDT_PAGE	 14
#define FIRST_RESERVED_GDT_BYTE	 (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_BYTE / 8)

/* vCPUs that have a vcpu_info in shared_info; the others must register one before they run. */
#define XEN_LEGACY_MAX_VCPUS 32

#ifndef __ASSEMBLY__

/*
 * One exception handler. The table ends with an entry whose address is 0. All: IN (guest).
 * flags: bits 0..1 the lowest privilege (3 = user) that may raise it by INT n; bit 2: mask events
 * on delivery, as an interrupt gate does.
 */
struct trap_info {
	uint8_t vector;	       /* exception or software interrupt number */
	uint8_t flags;	       /* see above */
	uint16_t cs;	       /* code selector; FLAT_KERNEL_CS or one of the guest's GDT */
	unsigned long address; /* handler's virtual address */
};
typedef struct trap_info trap_info_t;
DEFINE_XEN_GUEST_HANDLE(trap_info_t);
#define TI_GET_DPL(_ti)	      ((_ti)->flags & 3)
#define TI_GET_IF(_ti)	      ((_ti)->flags & 4)
#define TI_SET_DPL(_ti, _dpl) ((_ti)->flags |= (_dpl))
#define TI_SET_IF(_ti, _if)   ((_ti)->flags |= ((_if) ? 4 : 0))

typedef uint64_t tsc_timestamp_t;

/*
 * A vCPU's state: for VCPUOP_initialise (guest writes all) and for XEN_DOMCTL_{get,set}vcpucontext
 * (dom0 reads or writes all). 5168 bytes.
 */
struct vcpu_guest_context {
	struct {
		char x[512];
	} fpu_ctxt; /* FXSAVE image, used if VGCF_I387_VALID */
#define VGCF_I387_VALID		       (1 << 0)
#define VGCF_IN_KERNEL		       (1 << 2)
#define _VGCF_i387_valid	       0
#define VGCF_i387_valid		       (1 << _VGCF_i387_valid)
#define _VGCF_in_kernel		       2 /* starts in kernel mode (else in user mode) */
#define VGCF_in_kernel		       (1 << _VGCF_in_kernel)
#define _VGCF_failsafe_disables_events 3 /* the failsafe callback masks events */
#define VGCF_failsafe_disables_events  (1 << _VGCF_failsafe_disables_events)
#define _VGCF_syscall_disables_events  4 /* the syscall callback masks events */
#define VGCF_syscall_disables_events   (1 << _VGCF_syscall_disables_events)
#define _VGCF_online		       5 /* the vCPU is up (not VCPUOP_down) */
#define VGCF_online		       (1 << _VGCF_online)
	unsigned long flags;			/* VGCF_* */
	struct cpu_user_regs user_regs;		/* registers; rflags, cs, ss are sanitised */
	struct trap_info trap_ctxt[256];	/* by vector; address 0 = none */
	unsigned long ldt_base, ldt_ents;	/* virtual address, page-aligned; descriptors */
	unsigned long gdt_frames[16], gdt_ents; /* machine frames; descriptors */
	unsigned long kernel_ss, kernel_sp;	/* as stack_switch */
	unsigned long ctrlreg[8];		/* [0] CR0 (TS counts), [1] user-mode and [3]
						 * kernel-mode level-4 table as xen_pfn_to_cr3(mfn),
						 * [4] CR4; [2], [5..7] ignored */
	unsigned long debugreg[8];		/* DR0..DR7 */
	unsigned long event_callback_eip;	/* virtual addresses; 0 = none */
	unsigned long failsafe_callback_eip;
	unsigned long syscall_callback_eip;
	unsigned long vm_assist; /* bit t: VMASST_TYPE t is enabled */
	uint64_t fs_base;	 /* segment bases: virtual addresses */
	uint64_t gs_base_kernel; /* GS base in kernel mode */
	uint64_t gs_base_user;	 /* GS base in user mode */
};
typedef struct vcpu_guest_context vcpu_guest_context_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_guest_context_t);

/* In shared_info: where tools find the guest's p2m (save, crash dumps). All written by the guest,
 * but nmi_reason. */
struct arch_shared_info {
	unsigned long max_pfn;		      /* guest: pfns in the p2m */
	xen_pfn_t pfn_to_mfn_frame_list_list; /* guest: mfn of the root of a 3-level tree of mfns */
	unsigned long nmi_reason;	      /* hypervisor: XEN_NMIREASON_* bits, dom0 only */
	unsigned long p2m_cr3;	      /* guest: CR3 under which p2m_vaddr is mapped; 0 = use tree */
	unsigned long p2m_vaddr;      /* guest: virtual address of the linear p2m */
	unsigned long p2m_generation; /* guest: odd while the p2m's mapping changes */
};
typedef struct arch_shared_info arch_shared_info_t;

/* XEN_DOMCTL_createdomain: what a PV domain may ask for is little. dom0 writes. */
struct xen_arch_domainconfig {
#define _XEN_X86_EMU_LAPIC    0
#define XEN_X86_EMU_LAPIC     (1U << _XEN_X86_EMU_LAPIC)
#define _XEN_X86_EMU_HPET     1
#define XEN_X86_EMU_HPET      (1U << _XEN_X86_EMU_HPET)
#define _XEN_X86_EMU_PM	      2
#define XEN_X86_EMU_PM	      (1U << _XEN_X86_EMU_PM)
#define _XEN_X86_EMU_RTC      3
#define XEN_X86_EMU_RTC	      (1U << _XEN_X86_EMU_RTC)
#define _XEN_X86_EMU_IOAPIC   4
#define XEN_X86_EMU_IOAPIC    (1U << _XEN_X86_EMU_IOAPIC)
#define _XEN_X86_EMU_PIC      5
#define XEN_X86_EMU_PIC	      (1U << _XEN_X86_EMU_PIC)
#define _XEN_X86_EMU_VGA      6
#define XEN_X86_EMU_VGA	      (1U << _XEN_X86_EMU_VGA)
#define _XEN_X86_EMU_IOMMU    7
#define XEN_X86_EMU_IOMMU     (1U << _XEN_X86_EMU_IOMMU)
#define _XEN_X86_EMU_PIT      8
#define XEN_X86_EMU_PIT	      (1U << _XEN_X86_EMU_PIT)
#define _XEN_X86_EMU_USE_PIRQ 9
#define XEN_X86_EMU_USE_PIRQ  (1U << _XEN_X86_EMU_USE_PIRQ)
#define _XEN_X86_EMU_VPCI     10
#define XEN_X86_EMU_VPCI      (1U << _XEN_X86_EMU_VPCI)
#define XEN_X86_EMU_ALL                                                                            \
	(XEN_X86_EMU_LAPIC | XEN_X86_EMU_HPET | XEN_X86_EMU_PM | XEN_X86_EMU_RTC |                 \
	 XEN_X86_EMU_IOAPIC | XEN_X86_EMU_PIC | XEN_X86_EMU_VGA | XEN_X86_EMU_IOMMU |              \
	 XEN_X86_EMU_PIT | XEN_X86_EMU_USE_PIRQ | XEN_X86_EMU_VPCI)
	uint32_t emulation_flags; /* IN: XEN_X86_EMU_*: 0 for a PV domain; the PIT is let pass */
#define XEN_X86_MSR_RELAXED (1u << 0)
	uint32_t misc_flags; /* IN: XEN_X86_MSR_RELAXED: unknown MSRs read as 0 */
};
#define XEN_X86_MISC_FLAGS_MAX XEN_X86_MSR_RELAXED

/* One CPUID leaf, in a policy that tools read or write. */
typedef struct xen_cpuid_leaf {
#define XEN_CPUID_NO_SUBLEAF 0xffffffffu
	uint32_t leaf, subleaf; /* EAX, ECX on input; XEN_CPUID_NO_SUBLEAF if ECX does not matter */
	uint32_t a, b, c, d;	/* EAX, EBX, ECX, EDX on output */
} xen_cpuid_leaf_t;
DEFINE_XEN_GUEST_HANDLE(xen_cpuid_leaf_t);

/* One MSR, likewise. */
typedef struct xen_msr_entry {
	uint32_t idx;	/* MSR number */
	uint32_t flags; /* 0 */
	uint64_t val;
} xen_msr_entry_t;
DEFINE_XEN_GUEST_HANDLE(xen_msr_entry_t);
#endif /* !__ASSEMBLY__ */

/*
 * The forced-emulation prefix: UD2 and three letters in front of CPUID. The hypervisor answers with
 * what the guest should see; plain CPUID may show the hardware's view.
 */
#ifdef __ASSEMBLY__
#define XEN_EMULATE_PREFIX .byte 0x0f, 0x0b, 0x78, 0x65, 0x6e;
#define XEN_CPUID	   XEN_EMULATE_PREFIX cpuid
#else
#define XEN_EMULATE_PREFIX ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
#define XEN_CPUID	   XEN_EMULATE_PREFIX "cpuid"
#endif

/* Debug output port of HVM guests; named for completeness, not offered to PV guests. */
#define XEN_HVM_DEBUGCONS_IOPORT 0xe9

#endif
