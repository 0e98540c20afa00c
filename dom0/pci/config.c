/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration space: finding devices, capabilities and registers. No hypercalls. */
#include <stdlib.h>
#include <xen/errno.h>
#include "pci/access.h"
#include "pci/pci.h"

enum {
	REG_VENDOR = 0x00,
	REG_DEVICE = 0x02,
	REG_COMMAND = 0x04,
	REG_STATUS = 0x06,
	REG_REVISION = 0x08,
	REG_HEADER = 0x0e,
	REG_BAR0 = 0x10,
	REG_SECONDARY = 0x19,
	REG_CAPABILITIES = 0x34,
};

#define COMMAND_IO	    0x0001u
#define COMMAND_MEMORY	    0x0002u
#define COMMAND_MASTER	    0x0004u
#define COMMAND_NO_LINE	    0x0400u
#define STATUS_CAPABILITIES 0x10u
#define HEADER_MANY	    0x80u
#define HEADER_BRIDGE	    0x01u
#define BAR_IO		    0x1u
#define BAR_WIDE	    0x4u
#define FUNCTIONS	    8
#define DEVFNS		    256
#define HEADER_BYTES	    0x40

struct pci_device *pci_devices;

uint32_t pci_read(const struct pci_device *device, unsigned int reg, unsigned int bytes)
{
	return pci_access_read(device->bus, device->devfn, reg, bytes);
}

void pci_write(const struct pci_device *device, unsigned int reg, uint32_t value,
	       unsigned int bytes)
{
	pci_access_write(device->bus, device->devfn, reg, value, bytes);
}

/* --- finding --- */

struct scan {
	struct pci_device **last;
	bool seen[256]; /* buses: bridges may be numbered in circles */
	int found;
};

static struct pci_device *read_device(uint8_t bus, uint8_t devfn)
{
	uint32_t class = pci_access_read(bus, devfn, REG_REVISION, 4);
	struct pci_device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	device->bus = bus;
	device->devfn = devfn;
	device->vendor = pci_access_read(bus, devfn, REG_VENDOR, 2);
	device->device = pci_access_read(bus, devfn, REG_DEVICE, 2);
	device->class = class >> 8;
	device->revision = class & 0xff;
	return device;
}

static int scan_bus(struct scan *scan, uint8_t bus);

/* One function. Returns its header type, all ones if it is not there, or a negative XEN_E…. */
static int scan_function(struct scan *scan, uint8_t bus, uint8_t devfn)
{
	struct pci_device *device;
	int header, error = 0;

	if (pci_access_read(bus, devfn, REG_VENDOR, 2) == 0xffff)
		return 0xff;
	device = read_device(bus, devfn);
	if (!device)
		return -XEN_ENOMEM;
	*scan->last = device;
	scan->last = &device->next;
	scan->found++;
	header = pci_access_read(bus, devfn, REG_HEADER, 1);
	if ((header & ~HEADER_MANY) == HEADER_BRIDGE)
		error = scan_bus(scan, pci_access_read(bus, devfn, REG_SECONDARY, 1));
	return error ? error : header;
}

static int scan_bus(struct scan *scan, uint8_t bus)
{
	if (scan->seen[bus])
		return 0;
	scan->seen[bus] = true;
	for (unsigned int devfn = 0; devfn < DEVFNS; devfn++) {
		int header = scan_function(scan, bus, devfn);

		if (header < 0)
			return header;
		/* Function 0 says whether there are others, and is there if any is. */
		if (devfn % FUNCTIONS == 0 && (header == 0xff || !(header & HEADER_MANY)))
			devfn += FUNCTIONS - 1;
	}
	return 0;
}

int pci_scan(void)
{
	struct scan scan = {.last = &pci_devices};
	int error = pci_access_start();

	if (!error)
		error = scan_bus(&scan, 0);
	return error ? error : scan.found;
}

/* --- what a device has --- */

/* A list that turns back ends where it does. */
unsigned int pci_capability(const struct pci_device *device, uint8_t id, unsigned int after)
{
	uint64_t seen = 0; /* a bit for each place where one can begin */
	unsigned int at = REG_CAPABILITIES;
	bool passed = !after;

	if (!(pci_read(device, REG_STATUS, 2) & STATUS_CAPABILITIES))
		return 0;
	for (;;) {
		at = pci_read(device, at, 1) & 0xfc;
		if (at < HEADER_BYTES || (seen & 1ull << at / 4))
			return 0;
		seen |= 1ull << at / 4;
		if (passed && pci_read(device, at, 1) == id)
			return at;
		passed |= at == after;
		at++; /* where the next one's place is written */
	}
}

/* How many of an address' bits the device leaves as they are: all ones are written and read back,
 * while it answers to nothing. */
static uint64_t bar_bits(const struct pci_device *device, unsigned int reg, bool wide)
{
	uint32_t command = pci_read(device, REG_COMMAND, 2);
	uint32_t low = pci_read(device, reg, 4), high = wide ? pci_read(device, reg + 4, 4) : 0;
	uint64_t bits = 0xffffffff00000000ull;

	pci_write(device, REG_COMMAND, command & ~(COMMAND_IO | COMMAND_MEMORY), 2);
	pci_write(device, reg, ~0u, 4);
	if (wide) {
		pci_write(device, reg + 4, ~0u, 4);
		bits = (uint64_t)pci_read(device, reg + 4, 4) << 32;
		pci_write(device, reg + 4, high, 4);
	}
	bits |= pci_read(device, reg, 4);
	pci_write(device, reg, low, 4);
	pci_write(device, REG_COMMAND, command, 2);
	return bits;
}

int pci_bar(const struct pci_device *device, unsigned int index, struct pci_bar *bar)
{
	unsigned int reg = REG_BAR0 + 4 * index;
	uint32_t low;
	uint64_t bits;
	bool wide;

	if (index > 5)
		return -XEN_EINVAL;
	low = pci_read(device, reg, 4);
	bar->io = low & BAR_IO;
	wide = !bar->io && (low & BAR_WIDE);
	if (wide && index == 5)
		return -XEN_EINVAL;
	bar->address = low & (bar->io ? ~3u : ~15u);
	if (wide)
		bar->address |= (uint64_t)pci_read(device, reg + 4, 4) << 32;
	bits = bar_bits(device, reg, wide) & (bar->io ? ~3ull : ~15ull);
	bar->size = ~bits + 1;
	if (bar->io)
		bar->size &= 0xffff; /* the upper half need not be there */
	return bar->address && (uint32_t)bits && bar->size ? 0 : -XEN_EINVAL;
}

void pci_enable(const struct pci_device *device)
{
	pci_write(device, REG_COMMAND,
		  pci_read(device, REG_COMMAND, 2) | COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER |
			  COMMAND_NO_LINE,
		  2);
}
