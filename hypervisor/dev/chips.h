/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's chips, between the files of dev/ and for boot/. */
#ifndef DEV_CHIPS_H
#define DEV_CHIPS_H

#include <lib/types.h>

/* --- ioapic.c: inputs by GSI, each of which exists (but for ioapic_has). irq.c serialises. --- */

/** Map all of machine.ioapics and mask their inputs; silence the PICs. Returns the number of GSIs.
 */
unsigned ioapic_init(void);
bool ioapic_has(unsigned gsi);
/** Set an input up, not masked: vector to the boot CPU. */
void ioapic_set(unsigned gsi, unsigned vector, bool level, bool low);
void ioapic_mask(unsigned gsi, bool masked);
/** Register of the I/O APIC at a machine address, for dom0's PHYSDEVOP_apic_read. False: none
 * there. */
bool ioapic_read_at(paddr_t address, u32 reg, u32 *value);

/*
 * --- pci.c: configuration space of segment 0, first 256 bytes, by the ports 0xcf8 and 0xcfc. A
 * device is named by bus, slot and function: bus * 256 + devfn. ---
 */

/**
 * A guest's access to port, of 0xcf8 to 0xcff. What it last chose by 0xcf8 is kept in *address, and
 * chosen anew for each access: the register itself is shared with others. Returns what is read.
 */
u32 pci_port(u32 *address, bool input, u16 port, u32 value, unsigned size);

/** size 1, 2, 4; the register is aligned to it. A function that is not there reads as all ones. */
u32 pci_read(u16 device, unsigned reg, unsigned size);
void pci_write(u16 device, unsigned reg, u32 value, unsigned size);
bool pci_present(u16 device);
/** Offset of a capability, or 0. */
unsigned pci_capability(u16 device, u8 id);

/*
 * --- msi.c: message-signalled interrupts. The hypervisor alone writes address and data, as they
 * name a vector and a CPU. dom0 turns the function of the device on and off. irq.c serialises. ---
 */

/** One message of a device; of MSI-X it may have many, each with an interrupt of its own. */
struct msi {
	u16 device;
	u16 capability;	     /* its offset */
	volatile u32 *entry; /* MSI-X: in the device's table; NULL for MSI */
};

/**
 * Find a message of a device: entry `entry` of its MSI-X table, or its MSI. 0, -XEN_ENODEV without
 * such a device or capability, -XEN_EINVAL for an entry that it does not have, -XEN_ENOMEM.
 */
int msi_find(struct msi *m, u16 device, bool msix, unsigned entry);
/** Let it raise the vector on the boot CPU. */
void msi_write(const struct msi *m, unsigned vector);
/** Mask it at its device for good. */
void msi_mask(const struct msi *m);

/* --- power.c; machine_poweroff() and machine_restart() are in core/hooks.h --- */

/** Map what a reset needs. Once, at boot. */
void power_init(void);

#endif
