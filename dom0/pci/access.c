/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pv/hypercall.h>
#include <xen/physdev.h>
#include "pci/access.h"
#include "pci/port.h"

#define ADDRESS 0xcf8
#define DATA	0xcfc
#define ENABLE	0x80000000u

static void select(uint8_t bus, uint8_t devfn, unsigned int reg)
{
	port_write(ADDRESS, ENABLE | (uint32_t)bus << 16 | (uint32_t)devfn << 8 | (reg & 0xfc), 4);
}

uint32_t pci_access_read(uint8_t bus, uint8_t devfn, unsigned int reg, unsigned int bytes)
{
	select(bus, devfn, reg);
	return port_read(DATA + (reg & 3), bytes);
}

void pci_access_write(uint8_t bus, uint8_t devfn, unsigned int reg, uint32_t value,
		      unsigned int bytes)
{
	select(bus, devfn, reg);
	port_write(DATA + (reg & 3), value, bytes);
}

int pci_access_start(void)
{
	struct physdev_set_iopl iopl = {1};

	return (int)HYPERVISOR_physdev_op(PHYSDEVOP_set_iopl, &iopl);
}
