/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts. A line is named by its GSI (I/O APIC input); MSIs get numbers above all GSIs. Guests
 * know both as the pirq of the same number, and processors as the vector IRQ_VECTOR().
 * core/hooks.h has what event channels call.
 */
#ifndef DEV_IRQ_H
#define DEV_IRQ_H

#include <core/domain.h>
#include <x86/descriptors.h>

#define MAX_IRQS	(VECTOR_IPI - VECTOR_DEVICE_FIRST)
#define IRQ_VECTOR(irq) (VECTOR_DEVICE_FIRST + (irq))

/** Find the I/O APICs, mask everything, the PICs too. Boot CPU, once. */
void irq_init(void);
/**
 * The hypervisor's own use of an ISA interrupt, wherever the firmware says that its line is;
 * handler runs with interrupts off. False: no such line.
 */
bool irq_bind_internal(unsigned isa, void (*handler)(void));

/** True if irq names a line or a mapped MSI. */
bool irq_exists(unsigned irq);
/** Pirqs from here on are MSIs. */
unsigned irq_gsi_count(void);
/** A line that stays masked until the guest says PHYSDEVOP_eoi, and that several may be bound to.
 */
bool irq_is_level(unsigned irq);
/** dom0 tells how a line signals. 0, or -errno; a line in use keeps what it has (-XEN_EBUSY if it
 * differs). */
int irq_set_trigger(unsigned gsi, bool level, bool low);

/**
 * Give d an MSI: message `entry` of the device's MSI-X table, or its MSI. wanted: the number, or
 * negative: any. Returns the number; -XEN_ENOSPC without a free one, or as msi_find().
 */
int irq_map_msi(struct domain *d, int wanted, u16 device, bool msix, unsigned entry);
/** Mask an MSI at its device for good and free its number. -XEN_EPERM if it is not d's. */
int irq_unmap_msi(struct domain *d, unsigned irq);
/** Write all of a device's messages again, after it lost them in a reset. -XEN_ESRCH if it has
 * none. */
int irq_restore_msis(u16 device);

/** The guest's page of needs-EOI bits (PHYSDEVOP_pirq_eoi_gmfn_v2). 0 or -errno. */
int irq_set_eoi_map(struct domain *d, mfn_t frame);

#endif
