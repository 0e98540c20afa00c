/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Message-signalled interrupts: the hypervisor alone writes address and data, as they name a vector
 * and a CPU. dom0 turns the function of the device on and off.
 */
#ifndef DEV_MSI_H
#define DEV_MSI_H

#include <lib/types.h>

/**
 * Make entry `entry` of the device's MSI-X table at table_base (or its MSI, where table_base is 0)
 * raise the interrupt irq. 0, -XEN_ENODEV without such a device or capability, -XEN_EINVAL for an
 * entry that it does not have, -XEN_ENOMEM.
 */
int msi_set(unsigned irq, u8 bus, u8 devfn, unsigned entry, paddr_t table_base);
/** Mask irq at its device for good. */
void msi_clear(unsigned irq);
/** Write all of a device's messages again, after it lost them in a reset. -XEN_ESRCH if it has
 * none. */
int msi_restore(u8 bus, u8 devfn);

#endif
