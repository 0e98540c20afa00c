/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dev/chips.h>
#include <x86/machine.h>
#include <x86/paging.h>
#include <xen/errno.h>

#define CAP_MSI	 0x05
#define CAP_MSIX 0x11
#define CONTROL	 2 /* of both capabilities */

#define MSI_ADDRESS 4
#define MSI_ENABLE  0x0001
#define MSI_COUNT   0x0070
#define MSI_64BIT   0x0080

#define MSIX_TABLE	  4
#define MSIX_SIZE	  0x07ff
#define MSIX_MASK	  0x4000
#define MSIX_ENABLE	  0x8000
#define MSIX_ENTRY_BYTES  16
#define MSIX_ENTRY_MASKED 1

#define REG_BAR0	0x10
#define BAR_64BIT	0x4
#define BAR_ADDRESS	0xfffffff0u
#define MESSAGE_ADDRESS 0xfee00000u

/* Tables stay mapped: one mapping for each page, found again when the device is set up anew. */
static struct {
	paddr_t page;
	u8 *va;
} mapped[64];

static u8 *map_table(paddr_t page)
{
	for (unsigned i = 0; i < ARRAY_SIZE(mapped); i++) {
		if (!mapped[i].va) {
			mapped[i].page = page;
			mapped[i].va = map_mmio(page, PAGE_SIZE);
		}
		if (mapped[i].page == page)
			return mapped[i].va;
	}
	return NULL;
}

/* The device itself says where its table is; dom0 only says that it wants MSI-X. */
static paddr_t table_address(const struct msi *m)
{
	u32 table = pci_read(m->device, m->capability + MSIX_TABLE, 4);
	unsigned bar = REG_BAR0 + 4 * (table & 7);
	u32 low = pci_read(m->device, bar, 4);
	u64 high = low & BAR_64BIT ? pci_read(m->device, bar + 4, 4) : 0;

	return (high << 32 | (low & BAR_ADDRESS)) + (table & ~7u);
}

int msi_find(struct msi *m, u16 device, bool msix, unsigned entry)
{
	*m = (struct msi){device, pci_capability(device, msix ? CAP_MSIX : CAP_MSI), NULL};
	if (!m->capability)
		return -XEN_ENODEV;
	if (!msix)
		return 0;
	if (entry > (pci_read(device, m->capability + CONTROL, 2) & MSIX_SIZE))
		return -XEN_EINVAL;
	paddr_t at = table_address(m) + entry * MSIX_ENTRY_BYTES, page = at & PAGE_MASK;

	/* A BAR that points into RAM would let the device's owner write the hypervisor's memory. */
	if (machine_is_ram(page, page + PAGE_SIZE))
		return -XEN_EINVAL;
	u8 *table = map_table(page);

	if (!table)
		return -XEN_ENOMEM;
	m->entry = (volatile u32 *)(table + (at & ~PAGE_MASK));
	return 0;
}

static void control(const struct msi *m, u32 clear, u32 set)
{
	unsigned at = m->capability + CONTROL;

	pci_write(m->device, at, (pci_read(m->device, at, 2) & ~clear) | set, 2);
}

void msi_write(const struct msi *m, unsigned vector)
{
	u32 address = MESSAGE_ADDRESS | (cpus[0]->apic_id & 0xff) << 12;
	unsigned at = m->capability + MSI_ADDRESS;

	if (m->entry) {
		/* The table can be written while the function is enabled and all of it masked. */
		control(m, 0, MSIX_ENABLE | MSIX_MASK);
		m->entry[3] = MSIX_ENTRY_MASKED;
		m->entry[0] = address;
		m->entry[1] = 0;
		m->entry[2] = vector;
		m->entry[3] = 0;
		control(m, MSIX_MASK, 0);
		return;
	}
	control(m, MSI_ENABLE | MSI_COUNT, 0); /* one message */
	pci_write(m->device, at, address, 4);
	if (pci_read(m->device, m->capability + CONTROL, 2) & MSI_64BIT) {
		at += 4;
		pci_write(m->device, at, 0, 4);
	}
	pci_write(m->device, at + 4, vector, 2);
	control(m, 0, MSI_ENABLE);
}

void msi_mask(const struct msi *m)
{
	if (m->entry)
		m->entry[3] = MSIX_ENTRY_MASKED;
	else
		control(m, MSI_ENABLE, 0);
}
