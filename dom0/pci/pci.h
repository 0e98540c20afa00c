/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI devices: what is there, where its registers are, and its interrupt.
 *
 * What a device says of itself is not believed further than it can be checked: lists of
 * capabilities may run in circles, and registers are mapped only within their BAR. Firmware has
 * numbered buses and placed BARs. Threads of vCPU 0 only.
 */
#ifndef DOM0_PCI_PCI_H
#define DOM0_PCI_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_CAP_MSI    0x05
#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_MSIX   0x11

struct pci_device {
	uint8_t bus, devfn;
	uint16_t vendor, device;
	uint32_t class; /* class, subclass, interface: 3 bytes */
	uint8_t revision;
	const char *driver;    /* who drives it, or NULL */
	const char *interrupt; /* "MSI-X", "MSI", "line", or NULL before pci_interrupt() */
	struct pci_device *next;
};

/* Where a device's registers are. */
struct pci_bar {
	uint64_t address, size; /* bytes */
	bool io;		/* ports instead of memory */
};

/* All devices, in the order of bus, device and function. */
extern struct pci_device *pci_devices;

/* Look for devices. Returns how many there are, or a negative XEN_E…: no devices for this domain.
 */
int pci_scan(void);

/* Configuration space: 1, 2 or 4 bytes at a multiple of as many. */
uint32_t pci_read(const struct pci_device *device, unsigned int reg, unsigned int bytes);
void pci_write(const struct pci_device *device, unsigned int reg, uint32_t value,
	       unsigned int bytes);

/* Offset of the first capability with this id behind the one at `after` (0: from the start), or 0.
 */
unsigned int pci_capability(const struct pci_device *device, uint8_t id, unsigned int after);

/* Base address register 0..5. 0; -XEN_EINVAL: there is none, or firmware gave it no place. */
int pci_bar(const struct pci_device *device, unsigned int index, struct pci_bar *bar);

/* Let the device answer to memory and ports, and reach memory itself; its line is off. */
void pci_enable(const struct pci_device *device);

/* Map bytes of memory registers at offset in a BAR, uncached. They stay mapped. NULL if the BAR is
 * not memory or not as large, or without address space. */
volatile void *pci_map(const struct pci_device *device, unsigned int bar, uint64_t offset,
		       size_t bytes);

/*
 * Call handler(argument) on a thread of its own after each interrupt of the device: MSI-X entry 0
 * if it has MSI-X, else its MSI, else its line, which other devices may share (so the handler may
 * be called for nothing, and must make the device take its line back). Several interrupts may be
 * one call. Sets device->interrupt. Returns 0 or a negative XEN_E…. There is no way back.
 */
int pci_interrupt(struct pci_device *device, void (*handler)(void *argument), void *argument);

#endif
