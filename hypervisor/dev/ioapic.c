/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dev/ioapic.h>
#include <lib/printk.h>
#include <x86/asm.h>
#include <x86/descriptors.h>
#include <x86/machine.h>
#include <x86/paging.h>

#define SELECT 0x00
#define WINDOW 0x10

#define REG_VERSION    1
#define REG_ENTRY(pin) (0x10 + 2 * (pin))

#define ENTRY_LOW    0x2000
#define ENTRY_LEVEL  0x8000
#define ENTRY_MASKED 0x10000

#define PIC1 0x20
#define PIC2 0xa0

static struct ioapic {
	volatile u32 *registers;
	unsigned first, count; /* GSIs */
} ioapics[MAX_IOAPICS];
static unsigned ioapic_count;

static u32 read(const struct ioapic *io, u32 reg)
{
	io->registers[SELECT / 4] = reg;
	return io->registers[WINDOW / 4];
}

static void write(const struct ioapic *io, u32 reg, u32 v)
{
	io->registers[SELECT / 4] = reg;
	io->registers[WINDOW / 4] = v;
}

static const struct ioapic *find(unsigned gsi)
{
	for (unsigned i = 0; i < ioapic_count; i++)
		if (gsi - ioapics[i].first < ioapics[i].count)
			return &ioapics[i];
	return NULL;
}

/* Masked, and where a spurious interrupt of theirs would go, out of the exceptions' way. */
static void silence_pics(void)
{
	static const u8 setup[][2] = {{VECTOR_PIC, VECTOR_PIC + 8}, {4, 2}, {1, 1}, {0xff, 0xff}};

	outb(PIC1, 0x11);
	outb(PIC2, 0x11);
	for (unsigned i = 0; i < ARRAY_SIZE(setup); i++) {
		outb(PIC1 + 1, setup[i][0]);
		outb(PIC2 + 1, setup[i][1]);
	}
}

unsigned ioapic_init(void)
{
	unsigned gsis = 0;

	silence_pics();
	for (unsigned i = 0; i < machine.ioapics_found; i++) {
		struct ioapic *io = &ioapics[ioapic_count++];

		io->registers = map_mmio(machine.ioapics[i].address, PAGE_SIZE);
		io->first = machine.ioapics[i].gsi_base;
		io->count = (read(io, REG_VERSION) >> 16 & 0xff) + 1;
		for (unsigned pin = 0; pin < io->count; pin++)
			write(io, REG_ENTRY(pin), ENTRY_MASKED);
		gsis = MAX(gsis, io->first + io->count);
	}
	return gsis;
}

bool ioapic_has(unsigned gsi)
{
	return find(gsi);
}

void ioapic_set(unsigned gsi, unsigned vector, u32 destination, bool level, bool low)
{
	const struct ioapic *io = find(gsi);
	u32 reg = REG_ENTRY(gsi - io->first);

	/* The halves are not written at once: nothing may come in between. */
	write(io, reg, ENTRY_MASKED);
	write(io, reg + 1, destination << 24);
	write(io, reg, vector | (level ? ENTRY_LEVEL : 0) | (low ? ENTRY_LOW : 0));
}

void ioapic_mask(unsigned gsi, bool masked)
{
	const struct ioapic *io = find(gsi);
	u32 reg = REG_ENTRY(gsi - io->first), v = read(io, reg);

	write(io, reg, masked ? v | ENTRY_MASKED : v & ~ENTRY_MASKED);
}

bool ioapic_read_at(paddr_t address, u32 reg, u32 *value)
{
	for (unsigned i = 0; i < ioapic_count; i++)
		if (machine.ioapics[i].address == address) {
			*value = read(&ioapics[i], reg & 0xff);
			return true;
		}
	return false;
}
