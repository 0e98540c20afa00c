/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <string.h>
#include "bytes.h"
#include "devices_machine.h"
#include "finding.h"

#define ABSENT 0xffffffffu

static const struct function built[FUNCTIONS] = {
	{.name = 0x0008, .msi = 0x50},
	{.name = 0x0010, .msi = 0x60, .wide = true, .msix = 0x74, .messages = 4, .offset = 0x800},
	{.name = 0x0310, .msix = 0x40, .messages = 200, .bar = 2, .wide_bar = true, .page = 1},
	{.name = 0x0018}, /* has a list of capabilities, and says that it has none */
	{.name = 0xff08}, /* the list is a circle */
	{.name = 0x0020, .msix = 0x90, .messages = 300, .offset = 0x800, .page = 2, .bar = 5},
	{.name = 0x0029,
	 .msi = 0xf0,
	 .msix = 0x80,
	 .messages = 1,
	 .page = 1,
	 .offset = 0xe00,
	 .in_ram = true},
};

struct function functions[FUNCTIONS];
uint8_t config[FUNCTIONS][256];
uint32_t tables[TABLE_PAGES * 1024];
struct input_line input_lines[LINES];
uint32_t config_address;

uint32_t port_in(uint16_t port, unsigned size);
void port_out(uint16_t port, uint32_t value, unsigned size);
void *map_mmio(uint64_t address, size_t size);
bool machine_is_ram(uint64_t start, uint64_t end);
unsigned ioapic_init(void);
bool ioapic_has(unsigned line);
void ioapic_set(unsigned line, unsigned vector, bool level, bool low);
void ioapic_mask(unsigned line, bool masked);
bool ioapic_read_at(uint64_t address, uint32_t reg, uint32_t *value);

static void capability(uint8_t *c, uint8_t at, uint8_t id, uint8_t next)
{
	c[at] = id;
	c[at + 1] = next;
}

static void build(unsigned i)
{
	const struct function *f = &functions[i];
	uint8_t *c = config[i];
	uint8_t first = f->msix ?: f->msi;

	put_bytes(c, 0x12348086 + i, 4);
	c[6] = f->msi || f->msix || i == 4 ? 0x10 : 0;
	/* the lowest two bits mean nothing */
	c[0x34] = first ? first | 1 : 0x40;
	if (f->msi)
		capability(c, f->msi, 5, 0);
	if (f->msi && f->wide)
		c[f->msi + 2] = 0x80;
	if (f->msix) {
		/* power management, between */
		capability(c, f->msix, 0x11, f->msi ? 0xd0 : 0);
		capability(c, 0xd0, 1, f->msi);
		put_bytes(c + f->msix + 2, f->messages - 1u, 2);
		put_bytes(c + f->msix + 4, f->offset | f->bar, 4);
	}
	if (!first) {
		capability(c, 0x40, i == 4 ? 9 : 5, i == 4 ? 0x44 : 0);
		capability(c, 0x44, 9, 0x40);
	}
	if (f->msix)
		move_table(&functions[i], f->in_ram);
}

void machine_reset(void)
{
	memcpy(functions, built, sizeof(built));
	memset(config, 0, sizeof(config));
	memset(tables, 0, sizeof(tables));
	memset(input_lines, 0, sizeof(input_lines));
	for (unsigned i = 0; i < LINES; i++)
		input_lines[i].masked = true;
	for (unsigned i = 0; i < FUNCTIONS; i++)
		build(i);
	for (unsigned i = 0; i < TABLE_PAGES * 1024; i += 4)
		tables[i + 3] = 1; /* masked, as after a reset */
	config_address = 0;
}

struct function *function_named(uint32_t name)
{
	for (unsigned i = 0; i < FUNCTIONS; i++)
		if (functions[i].name == name)
			return &functions[i];
	return NULL;
}

void move_table(struct function *f, bool in_ram)
{
	uint8_t *bar = config[f - functions] + 0x10 + 4 * f->bar;

	f->in_ram = in_ram;
	put_bytes(bar,
		  (in_ram ? 0x100000u : (uint32_t)(TABLE_BASE + f->page * 4096)) |
			  (f->wide_bar ? 0xc : 0),
		  4);
	if (f->wide_bar)
		put_bytes(bar + 4, 0, 4);
}

void function_reset(struct function *f)
{
	uint8_t *c = config[f - functions];

	if (f->msi) {
		memset(c + f->msi + 2, 0, f->wide ? 12 : 8);
		c[f->msi + 2] = f->wide ? 0x80 : 0;
	}
	if (f->msix)
		put_bytes(c + f->msix + 2, f->messages - 1u, 2);
	for (uint32_t i = 0; i < f->messages && !f->in_ram; i++) {
		uint32_t *row = &tables[4 * table_row(f, i)];

		memset(row, 0, 12);
		row[3] = 1;
	}
}

unsigned table_row(const struct function *f, uint32_t entry)
{
	return (f->page * 4096 + f->offset) / 16 + entry;
}

bool line_exists(unsigned line)
{
	return line < 24 || (line >= 32 && line < LINES);
}

/* --- what the hypervisor does to it --- */

static struct function *selected(void)
{
	return config_address >> 31 ? function_named(config_address >> 8 & 0xffff) : NULL;
}

static unsigned offset_of(uint16_t port)
{
	return (config_address & 0xfc) + (port & 3);
}

uint32_t port_in(uint16_t port, unsigned size)
{
	const struct function *f = selected();
	uint32_t value = 0;

	if (port == 0xcf8 && size == 4)
		return config_address;
	if (port < 0xcfc || port + size > 0xd00 || port % size)
		FINDING("%u bytes are read from port %#x", size, port);
	if (!f)
		return ABSENT >> (32 - 8 * size);
	memcpy(&value, config[f - functions] + offset_of(port), size);
	return value;
}

static bool within(unsigned at, unsigned size, unsigned from, unsigned to)
{
	return from && at >= from && at + size <= to;
}

/* Only messages and their switches are the hypervisor's to write. */
void port_out(uint16_t port, uint32_t value, unsigned size)
{
	const struct function *f = selected();
	unsigned at = offset_of(port);

	if (port == 0xcf8 && size == 4) {
		config_address = value;
		return;
	}
	if (port < 0xcfc || port + size > 0xd00 || port % size)
		FINDING("%u bytes are written to port %#x", size, port);
	if (!f ||
	    !(within(at, size, f->msi, f->msi + (f->wide ? 14u : 10u)) ||
	      within(at, size, f->msix, f->msix + 4u)) ||
	    at == f->msi || at == f->msix)
		FINDING("%u bytes are written to %#x, of address %#x", size, at, config_address);
	put_bytes(config[f - functions] + at, value, size);
}

void *map_mmio(uint64_t address, size_t size)
{
	if (address < TABLE_BASE || address % 4096 || size != 4096 ||
	    address >= TABLE_BASE + TABLE_PAGES * 4096)
		FINDING("%zu bytes at %#lx are mapped", size, address);
	return &tables[(address - TABLE_BASE) / 4];
}

bool machine_is_ram(uint64_t start, uint64_t end)
{
	(void)start;
	return end <= RAM_END;
}

unsigned ioapic_init(void)
{
	return LINES;
}

bool ioapic_has(unsigned line)
{
	return line_exists(line);
}

static struct input_line *input_line(unsigned line)
{
	if (!line_exists(line))
		FINDING("line %u is touched", line);
	return &input_lines[line];
}

void ioapic_set(unsigned line, unsigned vector, bool level, bool low)
{
	*input_line(line) = (struct input_line){true, false, level, low, vector};
}

void ioapic_mask(unsigned line, bool masked)
{
	input_line(line)->masked = masked;
}

bool apic_at(uint64_t address)
{
	return address == 0xfec00000 || address == 0xfec01000;
}

uint32_t apic_register(uint64_t address, uint32_t reg)
{
	return (uint32_t)address + (reg & 0xff) * 3;
}

bool ioapic_read_at(uint64_t address, uint32_t reg, uint32_t *value)
{
	if (apic_at(address))
		*value = apic_register(address, reg);
	return apic_at(address);
}
