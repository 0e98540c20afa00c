/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address register is shared with dom0, which may have set it for an access of its own: it is
 * put back each time.
 */
#include <dev/pci.h>
#include <x86/asm.h>
#include <x86/spinlock.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u

#define REG_STATUS	    0x06
#define REG_CAPABILITIES    0x34
#define STATUS_CAPABILITIES 0x10
#define MAX_CAPABILITIES    48

static struct spinlock lock = SPINLOCK_INIT;

static u32 access(u8 bus, u8 devfn, unsigned reg, unsigned size, bool write, u32 value)
{
	u32 before;

	spin_lock(&lock);
	before = port_in(CONFIG_ADDRESS, 4);
	port_out(CONFIG_ADDRESS, CONFIG_ENABLE | bus << 16 | devfn << 8 | (reg & 0xfc), 4);
	if (write)
		port_out(CONFIG_DATA + (reg & 3), value, size);
	else
		value = port_in(CONFIG_DATA + (reg & 3), size);
	port_out(CONFIG_ADDRESS, before, 4);
	spin_unlock(&lock);
	return value;
}

u32 pci_read(u8 bus, u8 devfn, unsigned reg, unsigned size)
{
	return access(bus, devfn, reg, size, false, 0);
}

void pci_write(u8 bus, u8 devfn, unsigned reg, u32 value, unsigned size)
{
	access(bus, devfn, reg, size, true, value);
}

bool pci_present(u8 bus, u8 devfn)
{
	return pci_read(bus, devfn, 0, 2) != 0xffff;
}

unsigned pci_capability(u8 bus, u8 devfn, u8 id)
{
	unsigned at;

	if (!pci_present(bus, devfn) ||
	    !(pci_read(bus, devfn, REG_STATUS, 2) & STATUS_CAPABILITIES))
		return 0;
	at = pci_read(bus, devfn, REG_CAPABILITIES, 1) & 0xfc;
	for (unsigned i = 0; at >= 0x40 && i < MAX_CAPABILITIES; i++) {
		if (pci_read(bus, devfn, at, 1) == id)
			return at;
		at = pci_read(bus, devfn, at + 1, 1) & 0xfc;
	}
	return 0;
}
