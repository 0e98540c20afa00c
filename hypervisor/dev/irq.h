/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt lines. A line is named by its GSI (I/O APIC input); MSIs get numbers above all GSIs.
 * Guests know both as the pirq of the same number. core/hooks.h has what event channels call.
 */
#ifndef DEV_IRQ_H
#define DEV_IRQ_H

#include <core/domain.h>

#define MAX_IRQS 256

/** Find the I/O APICs, mask everything, the PICs too. Boot CPU, once. */
void irq_init(void);

/** GSI of an ISA interrupt, by the firmware's overrides. */
unsigned irq_isa_to_gsi(unsigned irq);
/** The hypervisor's own use of a line; handler runs with interrupts off. False: no such line. */
bool irq_bind_internal(unsigned gsi, void (*handler)(void));
/** Number of GSIs; pirqs from here on are MSIs. */
unsigned irq_gsi_count(void);

/** dom0 tells how a line signals. 0, or -errno; a line in use keeps what it has (-XEN_EBUSY if it
 * differs). */
int irq_set_trigger(unsigned gsi, bool level, bool low);
/** Vector of a line, given on first use; -XEN_ENOSPC when there are none left. */
int irq_vector(unsigned irq);
/** A free number for an MSI: wanted, or any if it is negative. Or -errno. */
int irq_alloc_msi(struct domain *d, int wanted);
/** Free an MSI's number. -XEN_EBUSY while a port is bound, -XEN_EPERM if it is not d's. */
int irq_free_msi(struct domain *d, unsigned irq);
/** A line that stays masked until the guest says PHYSDEVOP_eoi, and that several may be bound to.
 */
bool irq_is_level(unsigned irq);
/** True if irq names a line or an allocated MSI. */
bool irq_exists(unsigned irq);

/** The guest's page of needs-EOI bits (PHYSDEVOP_pirq_eoi_gmfn_v2). 0 or -errno. */
int irq_set_eoi_map(struct domain *d, mfn_t frame);

#endif
