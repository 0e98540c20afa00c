/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What x86/ saves and loads of a vCPU. It is the first member of struct vcpu. */
#ifndef X86_CONTEXT_H
#define X86_CONTEXT_H

#include <x86/cpu.h>

#define FPU_ALIGNMENT 64UL
#define FPU_ROOM      (fpu_area_size + FPU_ALIGNMENT)

struct arch_vcpu {
	struct cpu_regs regs; /* while not running; while running the frame is guest_regs() */
	void *fpu;	      /* XSAVE (or FXSAVE) area, 64-byte aligned; fpu_area_size bytes */
	u64 xcr0;
	u64 fs_base;
	u64 gs_base_kernel; /* GS base of the guest kernel */
	u64 gs_base_user;   /* GS base of guest user mode */
	u16 ds, es, fs, gs; /* selectors */
	u8 kernel_mode;	    /* 1: the guest runs its kernel, 0: its user mode */
	u8 ts;		    /* guest's CR0.TS is set (fpu_taskswitch) */
	u8 segment_fault;   /* a selector could not be loaded: the failsafe callback is due */
	u64 dr[4], dr6, dr7;
	u16 gdt_entries; /* of the guest's GDT; 0: none */
	u16 ldt_entries;
	u64 gdt_base, ldt_base; /* GDT_WINDOW(vcpu_id), LDT_WINDOW(vcpu_id) */
};

/** Initialise FPU state, in FPU_ROOM zeroed bytes that live as long as a, and start values. */
void arch_vcpu_init(struct arch_vcpu *a, unsigned vcpu_id, void *room);

/** Save the running vCPU's state (registers from guest_regs(), FPU, segments, debug registers). */
void context_save(struct arch_vcpu *a);
/** Load a vCPU's state, and CR3 (a full machine value). */
void context_load(struct arch_vcpu *a, u64 cr3);
/** Load the idle root and no guest state, so that prev's tables may go away. */
void context_load_idle(void);
/** Unwind this CPU's stack and go through the exit path into this_cpu()->current. */
void context_enter(void) __attribute__((noreturn));

u64 read_cr3(void);
void write_cr3(u64 cr3); /* flushes non-global translations, also those of other PCIDs */
/** The running vCPU changes to its user (or kernel) mode and to the root of that. With PCIDs what
 * the CPU knows of both stays. */
void toggle_cr3(u64 root, bool user);

/*
 * The rest is for the *running* vCPU, and in its kernel mode: there the kernel's GS base is in
 * GS_BASE, the user's in KERNEL_GS_BASE.
 */

/** Set one of these two or FS_BASE, by its MSR. Canonical addresses only (caller checks). */
void context_set_base(struct arch_vcpu *a, u32 msr, u64 base);
/** Load a user GS selector; false: it was refused (0 is loaded). */
bool context_load_user_gs(u16 sel);
/** Change XCR0: features that it leaves out keep their state. False: not a valid subset of what the
 * CPU and the hypervisor support. */
bool context_set_xcr0(struct arch_vcpu *a, u64 xcr0);
/** Apply dr[] and dr7, or ts, to the CPU. */
void context_reload_debug(struct arch_vcpu *a);
void context_reload_ts(struct arch_vcpu *a);

#endif
