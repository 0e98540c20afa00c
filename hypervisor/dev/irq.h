/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt lines. A line is named by its GSI (I/O APIC input); MSI get numbers above all GSIs. Guests
 * know both as pirq of the same number.
 */
#ifndef DEV_IRQ_H
#define DEV_IRQ_H

#include <lib/types.h>

/** Find the I/O APICs, mask everything, the PICs too. BSP, once. */
void irq_init(void);

/** The hypervisor's own use of a line; handler runs with interrupts off. ISA overrides apply. */
void irq_bind_internal(unsigned gsi, void (*handler)(void));

#endif
