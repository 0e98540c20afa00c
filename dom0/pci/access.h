/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space by the ports 0xcf8 and 0xcfc. The host's tests put their own in place. */
#ifndef DOM0_PCI_ACCESS_H
#define DOM0_PCI_ACCESS_H

#include <stdint.h>

/* 1, 2 or 4 bytes at a register that is a multiple of as many; all ones where nothing answers.
 * Threads of vCPU 0 only: the two ports are one access. */
uint32_t pci_access_read(uint8_t bus, uint8_t devfn, unsigned int reg, unsigned int bytes);
void pci_access_write(uint8_t bus, uint8_t devfn, unsigned int reg, uint32_t value,
		      unsigned int bytes);

/* May ports be used at all? Asks the hypervisor; 0 or a negative XEN_E…. */
int pci_access_start(void);

#endif
