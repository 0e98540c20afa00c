/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I/O APICs: inputs by GSI, each of which exists (but for ioapic_has). irq.c serialises. */
#ifndef DEV_IOAPIC_H
#define DEV_IOAPIC_H

#include <lib/types.h>

/** Map all of machine.ioapics and mask their inputs; silence the PICs. Returns the number of GSIs.
 */
unsigned ioapic_init(void);
bool ioapic_has(unsigned gsi);
/** Set an input up, not masked: vector to the boot CPU. */
void ioapic_set(unsigned gsi, unsigned vector, bool level, bool low);
void ioapic_mask(unsigned gsi, bool masked);
/** Register of the I/O APIC at a machine address, for dom0's PHYSDEVOP_apic_read. False: none
 * there. */
bool ioapic_read_at(paddr_t address, u32 reg, u32 *value);

#endif
