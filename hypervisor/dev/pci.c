/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dev/chips.h>
#include <x86/asm.h>
#include <x86/spinlock.h>

#define CONFIG_ADDRESS		0xcf8
#define CONFIG_DATA		0xcfc
#define ADDRESS_OF(device, reg) ((u32){0x80000000u | device << 8 | (reg & 0xfc)})

#define REG_STATUS	    0x06
#define REG_CAPABILITIES    0x34
#define STATUS_CAPABILITIES 0x10
#define MAX_CAPABILITIES    48

static struct spinlock lock = SPINLOCK_INIT;

u32 pci_port(u32 *address, bool input, u16 port, u32 value, unsigned size)
{
	spin_lock(&lock);
	if (port == CONFIG_ADDRESS && size == 4 && !input)
		*address = value;
	port_out(CONFIG_ADDRESS, *address, 4);
	if (input)
		value = port_in(port, size);
	else
		port_out(port, value, size);
	spin_unlock(&lock);
	return value;
}

u32 pci_read(u16 device, unsigned reg, unsigned size)
{
	return pci_port(&ADDRESS_OF(device, reg), true, CONFIG_DATA + (reg & 3), 0, size);
}

void pci_write(u16 device, unsigned reg, u32 value, unsigned size)
{
	pci_port(&ADDRESS_OF(device, reg), false, CONFIG_DATA + (reg & 3), value, size);
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
