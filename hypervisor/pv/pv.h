/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What boot/ and core/ call of pv/, and the PV hypercalls. Entry code's calls: x86/hooks.h. */
#ifndef PV_PV_H
#define PV_PV_H

#include <core/domain.h>

/** Build dom0 from the boot modules and make its vCPU 0 runnable. Panics with a reason if it
 * cannot. */
struct boot_module;
void pv_build_dom0(const struct boot_module *kernel, const struct boot_module *ramdisk,
		   const char *cmdline);

/** Write the hypercall page's 128 stubs of 32 bytes into a frame of dm's that may be written; no
 * reference is kept. 0, or -XEN_EACCES (refused). */
long pv_write_hypercall_page(struct domain_memory *dm, mfn_t frame);

long do_set_trap_table(u64 traps);
long do_set_gdt(u64 frames, u64 entries);
long do_stack_switch(u64 ss, u64 sp);
long do_set_callbacks(u64 event, u64 failsafe, u64 syscall);
long do_fpu_taskswitch(u64 set);
long do_set_debugreg(u64 reg, u64 value);
long do_get_debugreg(u64 reg);
long do_update_descriptor(u64 maddr, u64 desc);
long do_iret(void);
long do_set_segment_base(u64 which, u64 base);
long do_callback_op(u64 cmd, u64 arg);
long do_vm_assist(u64 cmd, u64 type);
long do_nmi_op(u64 cmd, u64 arg);

#endif
