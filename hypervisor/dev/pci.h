/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space of segment 0, first 256 bytes, by the ports 0xcf8 and 0xcfc. */
#ifndef DEV_PCI_H
#define DEV_PCI_H

#include <lib/types.h>

/** size 1, 2, 4; the register is aligned to it. A function that is not there reads as all ones. */
u32 pci_read(u8 bus, u8 devfn, unsigned reg, unsigned size);
void pci_write(u8 bus, u8 devfn, unsigned reg, u32 value, unsigned size);
bool pci_present(u8 bus, u8 devfn);
/** Offset of a capability, or 0. */
unsigned pci_capability(u8 bus, u8 devfn, u8 id);

#endif
