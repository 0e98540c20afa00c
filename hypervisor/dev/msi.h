/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Message-signalled interrupts: the hypervisor alone writes address and data, as they name a vector
 * and a CPU. dom0 turns the function of the device on and off. irq.c serialises.
 */
#ifndef DEV_MSI_H
#define DEV_MSI_H

#include <lib/types.h>

/** One message of a device; of MSI-X it may have many, each with an interrupt of its own. */
struct msi {
	u16 device;
	u16 capability;	     /* its offset */
	volatile u32 *entry; /* MSI-X: in the device's table; NULL for MSI */
};

/**
 * Find a message of a device: entry `entry` of its MSI-X table, or its MSI. 0, -XEN_ENODEV without
 * such a device or capability, -XEN_EINVAL for an entry that it does not have, -XEN_ENOMEM.
 */
int msi_find(struct msi *m, u16 device, bool msix, unsigned entry);
/** Let it raise the vector on the boot CPU. */
void msi_write(const struct msi *m, unsigned vector);
/** Mask it at its device for good. */
void msi_mask(const struct msi *m);

#endif
