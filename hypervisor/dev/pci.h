/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration space of segment 0, first 256 bytes, by the ports 0xcf8 and 0xcfc. A device is
 * named by bus, slot and function: bus * 256 + devfn.
 */
#ifndef DEV_PCI_H
#define DEV_PCI_H

#include <lib/types.h>

/** size 1, 2, 4; the register is aligned to it. A function that is not there reads as all ones. */
u32 pci_read(u16 device, unsigned reg, unsigned size);
void pci_write(u16 device, unsigned reg, u32 value, unsigned size);
bool pci_present(u16 device);
/** Offset of a capability, or 0. */
unsigned pci_capability(u16 device, u8 id);

#endif
