/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dev/chips.h>
#include <x86/asm.h>
#include <x86/machine.h>
#include <x86/paging.h>

#define SELECT (0x00 / 4)
#define WINDOW (0x10 / 4)

#define REG_VERSION    1
#define REG_ENTRY(pin) (0x10 + 2 * (pin))

#define ENTRY_LOW    0x2000
#define ENTRY_LEVEL  0x8000
#define ENTRY_MASKED 0x10000

#define PIC1 0x20
#define PIC2 0xa0

static struct ioapic {
	volatile u32 *registers;
	unsigned first, count; /* GSIs; a count of 0: there is none */
} ioapics[MAX_IOAPICS];

static u32 read(const struct ioapic *io, u32 reg)
{
	io->registers[SELECT] = reg;
	return io->registers[WINDOW];
}

static void write(const struct ioapic *io, u32 reg, u32 v)
{
	io->registers[SELECT] = reg;
	io->registers[WINDOW] = v;
}

static const struct ioapic *find(unsigned gsi)
{
	for (const struct ioapic *io = ioapics; io < ioapics + MAX_IOAPICS; io++)
		if (gsi - io->first < io->count)
			return io;
	return NULL;
}

unsigned ioapic_init(void)
{
	/* The old chips are masked; a spurious interrupt of theirs goes where no exception is. */
	static const u8 setup[][2] = {{VECTOR_PIC, VECTOR_PIC + 8}, {4, 2}, {1, 1}, {0xff, 0xff}};
	unsigned gsis = 0;

	outb(PIC1, 0x11);
	outb(PIC2, 0x11);
	for (unsigned i = 0; i < ARRAY_SIZE(setup); i++) {
		outb(PIC1 + 1, setup[i][0]);
		outb(PIC2 + 1, setup[i][1]);
	}
	for (unsigned i = 0; i < machine.ioapics_found; i++) {
		struct ioapic *io = &ioapics[i];

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

void ioapic_set(unsigned gsi, unsigned vector, bool level, bool low)
{
	const struct ioapic *io = find(gsi);
	u32 reg = REG_ENTRY(gsi - io->first);

	/* The halves are not written at once: nothing may come in between. */
	write(io, reg, ENTRY_MASKED);
	write(io, reg + 1, cpus[0]->apic_id << 24);
	write(io, reg, vector | (level ? ENTRY_LEVEL : 0) | (low ? ENTRY_LOW : 0));
}

void ioapic_mask(unsigned gsi, bool masked)
{
	const struct ioapic *io = find(gsi);
	u32 reg = REG_ENTRY(gsi - io->first), v = read(io, reg) & ~ENTRY_MASKED;

	write(io, reg, v | (masked ? ENTRY_MASKED : 0));
}

bool ioapic_read_at(paddr_t address, u32 reg, u32 *value)
{
	for (unsigned i = 0; i < machine.ioapics_found; i++)
		if (machine.ioapics[i].address == address) {
			*value = read(&ioapics[i], reg & 0xff);
			return true;
		}
	return false;
}
