/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the CPU offers and the hypervisor uses. */
#ifndef X86_FEATURES_H
#define X86_FEATURES_H

#include <lib/types.h>

extern bool cpu_has_smap, cpu_has_xsave, cpu_has_x2apic, cpu_has_tsc_deadline, cpu_has_fsgsbase;
/** XCR0 bits that guests may have; 0 without XSAVE. */
extern u64 xcr0_all;

/** Find out, once. */
void features_detect(void);
/** Set CR0, CR4, PAT and XCR0 of the running CPU for it. */
void features_enable(void);

#endif
