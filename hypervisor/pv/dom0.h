/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much dom0 gets, by the options. */
#ifndef PV_DOM0_H
#define PV_DOM0_H

#include <pv/pv.h>

/** Pages for dom0 and its limit, by dom0_mem= or by default; needed: what it cannot do without. */
u64 dom0_memory_pages(u64 needed, u64 *max_pages);
unsigned dom0_vcpus(void);
/** Everything but what the hypervisor drives itself: MMIO, ports, interrupts. */
void dom0_permit_hardware(struct domain *d);

#endif
