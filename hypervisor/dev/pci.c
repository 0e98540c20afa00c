/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dev/chips.h>
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

/* Select a register. dom0 may have set the address for an access of its own: it is put back. */
static u32 select(u16 device, unsigned reg)
{
	spin_lock(&lock);
	u32 before = port_in(CONFIG_ADDRESS, 4);

	port_out(CONFIG_ADDRESS, CONFIG_ENABLE | device << 8 | (reg & 0xfc), 4);
	return before;
}

static void deselect(u32 before)
{
	port_out(CONFIG_ADDRESS, before, 4);
	spin_unlock(&lock);
}

u32 pci_read(u16 device, unsigned reg, unsigned size)
{
	u32 before = select(device, reg), value = port_in(CONFIG_DATA + (reg & 3), size);

	deselect(before);
	return value;
}

void pci_write(u16 device, unsigned reg, u32 value, unsigned size)
{
	u32 before = select(device, reg);

	port_out(CONFIG_DATA + (reg & 3), value, size);
	deselect(before);
}

bool pci_present(u16 device)
{
	return pci_read(device, 0, 2) != 0xffff;
}

unsigned pci_capability(u16 device, u8 id)
{
	unsigned at = REG_CAPABILITIES;

	if (!pci_present(device) || !(pci_read(device, REG_STATUS, 2) & STATUS_CAPABILITIES))
		return 0;
	for (unsigned i = 0; i < MAX_CAPABILITIES; i++) {
		at = pci_read(device, i ? at + 1 : at, 1) & 0xfc;
		if (at < 0x40 || pci_read(device, at, 1) == id)
			return at < 0x40 ? 0 : at;
	}
	return 0; /* a circle */
}
