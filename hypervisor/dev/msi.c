/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <xen/errno.h>
#include <dev/irq.h>
#include <dev/msi.h>
#include <dev/pci.h>
#include <x86/machine.h>
#include <x86/paging.h>

#define CAP_MSI	 0x05
#define CAP_MSIX 0x11

#define MSI_CONTROL	   2
#define MSI_ADDRESS	   4
#define MSI_CONTROL_ENABLE 0x0001
#define MSI_CONTROL_COUNT  0x0070
#define MSI_CONTROL_64BIT  0x0080

#define MSIX_CONTROL	    2
#define MSIX_TABLE	    4
#define MSIX_CONTROL_SIZE   0x07ff
#define MSIX_CONTROL_MASK   0x4000
#define MSIX_CONTROL_ENABLE 0x8000
#define MSIX_ENTRY_BYTES    16
#define MSIX_ENTRY_MASKED   1

#define REG_BAR0	0x10
#define BAR_64BIT	0x4
#define BAR_ADDRESS	0xfffffff0u
#define MESSAGE_ADDRESS 0xfee00000u

static struct msi {
	bool used;
	u8 bus, devfn;
	unsigned capability;
	volatile u32 *entry; /* MSI-X: its table entry; NULL for MSI */
} msis[MAX_IRQS];

/* Tables stay mapped: one mapping for each page, found again when the device is set up anew. */
static struct {
	paddr_t page;
	void *va;
} mapped[64];

static struct spinlock msi_lock = SPINLOCK_INIT;

static void *map_table(paddr_t page)
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

static u32 message_address(void)
{
	return MESSAGE_ADDRESS | (cpus[0]->apic_id & 0xff) << 12;
}

static void write_msi(const struct msi *m, unsigned vector)
{
	u32 control = pci_read(m->bus, m->devfn, m->capability + MSI_CONTROL, 2);
	bool wide = control & MSI_CONTROL_64BIT;

	pci_write(m->bus, m->devfn, m->capability + MSI_CONTROL, control & ~MSI_CONTROL_ENABLE, 2);
	pci_write(m->bus, m->devfn, m->capability + MSI_ADDRESS, message_address(), 4);
	if (wide)
		pci_write(m->bus, m->devfn, m->capability + MSI_ADDRESS + 4, 0, 4);
	pci_write(m->bus, m->devfn, m->capability + MSI_ADDRESS + (wide ? 8 : 4), vector, 2);
	control &= ~MSI_CONTROL_COUNT; /* one message */
	pci_write(m->bus, m->devfn, m->capability + MSI_CONTROL, control | MSI_CONTROL_ENABLE, 2);
}

static void write_msix(const struct msi *m, unsigned vector)
{
	unsigned at = m->capability + MSIX_CONTROL;
	u32 control = pci_read(m->bus, m->devfn, at, 2);

	/* The table can be written while the function is enabled and all of it masked. */
	pci_write(m->bus, m->devfn, at, control | MSIX_CONTROL_ENABLE | MSIX_CONTROL_MASK, 2);
	m->entry[3] = MSIX_ENTRY_MASKED;
	m->entry[0] = message_address();
	m->entry[1] = 0;
	m->entry[2] = vector;
	m->entry[3] = 0;
	control &= ~MSIX_CONTROL_MASK;
	pci_write(m->bus, m->devfn, at, control | MSIX_CONTROL_ENABLE, 2);
}

static void write_message(unsigned irq)
{
	const struct msi *m = &msis[irq];
	int vector = irq_vector(irq);

	if (vector < 0)
		return;
	if (m->entry)
		write_msix(m, vector);
	else
		write_msi(m, vector);
}

/* The device itself says where its table is; dom0 only says that it wants MSI-X. */
static paddr_t table_address(u8 bus, u8 devfn, unsigned capability)
{
	u32 table = pci_read(bus, devfn, capability + MSIX_TABLE, 4);
	unsigned bar = REG_BAR0 + 4 * (table & 7);
	u32 low = pci_read(bus, devfn, bar, 4);
	u64 high = low & BAR_64BIT ? pci_read(bus, devfn, bar + 4, 4) : 0;

	return (high << 32 | (low & BAR_ADDRESS)) + (table & ~7u);
}

static int find_entry(struct msi *m, unsigned entry)
{
	u32 control = pci_read(m->bus, m->devfn, m->capability + MSIX_CONTROL, 2);
	paddr_t at = table_address(m->bus, m->devfn, m->capability) + entry * MSIX_ENTRY_BYTES;
	u8 *page;

	if (entry > (control & MSIX_CONTROL_SIZE))
		return -XEN_EINVAL;
	/* A BAR that points into RAM would let the device's owner write the hypervisor's memory. */
	if (machine_is_ram(at & PAGE_MASK, (at & PAGE_MASK) + PAGE_SIZE))
		return -XEN_EINVAL;
	page = map_table(at & PAGE_MASK);
	if (!page)
		return -XEN_ENOMEM;
	m->entry = (volatile u32 *)(page + (at & ~PAGE_MASK));
	return 0;
}

int msi_set(unsigned irq, u8 bus, u8 devfn, unsigned entry, paddr_t table_base)
{
	struct msi m = {.used = true, .bus = bus, .devfn = devfn};
	int rc = 0;

	m.capability = pci_capability(bus, devfn, table_base ? CAP_MSIX : CAP_MSI);
	if (!m.capability)
		return -XEN_ENODEV;
	spin_lock(&msi_lock);
	if (table_base)
		rc = find_entry(&m, entry);
	if (!rc) {
		msis[irq] = m;
		write_message(irq);
	}
	spin_unlock(&msi_lock);
	return rc;
}

void msi_clear(unsigned irq)
{
	struct msi *m = &msis[irq];
	unsigned at;

	spin_lock(&msi_lock);
	if (m->used && m->entry) {
		m->entry[3] = MSIX_ENTRY_MASKED;
	} else if (m->used) {
		at = m->capability + MSI_CONTROL;
		pci_write(m->bus, m->devfn, at,
			  pci_read(m->bus, m->devfn, at, 2) & ~MSI_CONTROL_ENABLE, 2);
	}
	m->used = false;
	m->entry = NULL;
	spin_unlock(&msi_lock);
}

int msi_restore(u8 bus, u8 devfn)
{
	int rc = -XEN_ESRCH;

	spin_lock(&msi_lock);
	for (unsigned i = 0; i < MAX_IRQS; i++)
		if (msis[i].used && msis[i].bus == bus && msis[i].devfn == devfn) {
			write_message(i);
			rc = 0;
		}
	spin_unlock(&msi_lock);
	return rc;
}
