/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared among the files of pv/ only. */
#ifndef PV_INTERNAL_H
#define PV_INTERNAL_H

#include <lib/string.h>
#include <pv/decode.h>
#include <pv/pv.h>
#include <x86/asm.h>
#include <x86/uaccess.h>

/* Exception vectors. */
#define VECTOR_DB 1
#define VECTOR_UD 6
#define VECTOR_NM 7
#define VECTOR_GP 13
#define VECTOR_PF 14

/* Page-fault error code. */
#define PF_PRESENT 0x01
#define PF_WRITE   0x02
#define PF_USER	   0x04
#define PF_RSVD	   0x08
#define PF_FETCH   0x10

/* #GP, #NP, #SS error code: bit 1 says that it names an IDT vector, bit 2 the LDT. */
#define EC_IDT 0x2
#define EC_LDT 0x4

/* Flags that a guest's context may bring along: all defined ones but VM, IOPL, VIF, VIP. */
#define RFLAGS_GUEST 0x254dd5UL
#define RFLAGS_FIXED 0x2UL

#define DR7_FIXED 0x400UL /* no breakpoints */

#define NO_ERROR ~0u /* error code of exceptions that come by `INT n`: none is pushed */

/**
 * Enter the guest's handler of an exception. An error code goes with those that have one. A guest
 * without a handler or a stack for the frame crashes. DPL is checked by the caller.
 */
void pv_inject(unsigned vector, u32 error_code);
void pv_inject_page_fault(u64 cr2, u32 error_code);

/* --- emulation: false means that the guest gets the fault that led here --- */

/** Decode the instruction at rip. False: unreadable, or none that is emulated. */
bool pv_fetch(struct vcpu *v, struct cpu_regs *regs, struct insn *in);
/** Linear address of the memory operand. */
u64 pv_linear(const struct insn *in, struct cpu_regs *regs);
/** Done, rip is past it; or in->length is 0: another fault was delivered, or it is to run again. */
bool pv_emulate_privileged(struct vcpu *v, struct cpu_regs *regs, struct insn *in);
bool pv_emulate_io(struct vcpu *v, struct cpu_regs *regs, struct insn *in);
/** Deliver a page fault, which the emulated instruction itself met. True, in->length is 0. */
bool pv_fault_instead(struct insn *in, u64 addr, u32 error_code);
/** CPUID as the guest sees it; out: eax, ebx, ecx, edx. By registers: as the instruction does. */
void pv_cpuid(struct vcpu *v, u32 leaf, u32 subleaf, u32 out[4]);
void pv_emulate_cpuid(struct vcpu *v, struct cpu_regs *regs);
/** Step over an emulated instruction: RF is cleared, TF traps. Length 0: rip stays. */
void pv_retire(struct cpu_regs *regs, unsigned length);
/** ecx names the MSR. False: #GP. */
bool pv_read_msr(struct vcpu *v, u32 msr, u64 *value);
bool pv_write_msr(struct vcpu *v, u32 msr, u64 value);
/** The store at rip goes to a page table at va: do it. False: deliver the page fault. */
bool pv_emulate_table_write(struct vcpu *v, struct cpu_regs *regs, u64 va);

u64 pv_guest_cr0(const struct vcpu *v);
/** Values of CR4 that the guest sees after asking for `wanted`. */
u64 pv_guest_cr4(u64 wanted);
/** Replace the vCPU's GDT, of at most FIRST_RESERVED_GDT_ENTRY entries; its registers are not
 * reloaded. 0 or -errno. */
int pv_install_gdt(struct vcpu *v, const u64 *frames, unsigned entries);
void pv_release_gdt(struct vcpu *v);
/** Descriptor that a selector names in the guest's own tables; 0 where there is none. */
u64 pv_read_descriptor(struct vcpu *v, u16 selector);
/** Let the guest be entered at address for this CALLBACKTYPE_*; masks: with events masked, as it
 * is always for events and NMIs. 0 or -errno. */
long pv_set_callback(struct vcpu *v, unsigned type, u64 address, bool masks);
/** -XEN_EINVAL (refused) for an address that may not go into a bounce frame's rip: in the
 * hypervisor, or not canonical. */
long pv_check_address(u64 address, const char *what);
/**
 * The VMASST_TYPE_* that are known. 4gb_segments* mean nothing to 64-bit guests and PAE roots are
 * the only kind: accepted, without effect.
 */
#define PV_ASSISTS                                                                                 \
	(BIT(VMASST_TYPE_4gb_segments) | BIT(VMASST_TYPE_4gb_segments_notify) |                    \
	 BIT(VMASST_TYPE_writable_pagetables) | BIT(VMASST_TYPE_pae_extended_cr3) |                \
	 BIT(VMASST_TYPE_architectural_iopl) | BIT(VMASST_TYPE_runstate_update_flag))
/** Debug register write. 0 or -errno. */
int pv_write_debugreg(struct vcpu *v, unsigned reg, u64 value, bool running);
/** Enter guest user or kernel mode on the running vCPU (CR3, GS). */
void pv_toggle_mode(struct vcpu *v);
/** May the running guest's current mode (kernel or user) do port I/O and cli/sti by its IOPL? */
bool pv_iopl_ok(struct vcpu *v);

static inline bool pv_canonical(u64 addr)
{
	return (u64)((s64)(addr << 16) >> 16) == addr;
}

#endif
