/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chips below physdev_op: PCI functions behind their two ports, pages of MSI-X tables, inputs
 * of I/O APICs. It uses nothing of the hypervisor's headers. A function's table may be moved into
 * RAM, as its owner could.
 */
#ifndef FUZZ_DEVICES_MACHINE_H
#define FUZZ_DEVICES_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#define FUNCTIONS    7
#define TABLE_PAGES  4
#define TABLE_BASE   0xfe000000ull
#define RAM_END	     0x40000000ull
#define LINES	     40 /* 0 to 23, and 32 to 39 */
#define FIRST_VECTOR 0x30
#define IRQS	     192
#define SYSCALL_IRQ  0x50 /* its vector would be 0x80 */
#define OWN_LINE     4	  /* the hypervisor's */
#define APIC_ID	     3

struct function {
	uint16_t name;	   /* bus, device and function */
	uint8_t msi, msix; /* where its capabilities are; 0: it has none */
	bool wide;	   /* MSI: 64-bit address */
	uint16_t messages; /* MSI-X */
	uint8_t bar;
	bool wide_bar;
	uint32_t offset; /* of the table from its BAR */
	uint32_t page;	 /* where that points, as a page of tables */
	bool in_ram;	 /* … or into RAM */
};

struct input_line {
	bool programmed, masked, level, low;
	unsigned vector;
};

extern struct function functions[FUNCTIONS];
extern uint8_t config[FUNCTIONS][256];
extern uint32_t tables[TABLE_PAGES * 1024];
extern struct input_line input_lines[LINES];
extern uint32_t config_address;

void machine_reset(void);
bool line_exists(unsigned line);
/** The function of that name, or NULL. */
struct function *function_named(uint32_t name);
/** Let its table lie in RAM, or not. */
void move_table(struct function *f, bool in_ram);
/** It forgets its messages, as in a reset. */
void function_reset(struct function *f);
/** Index in tables, as a row of 4 words, of an entry. */
unsigned table_row(const struct function *f, uint32_t entry);
uint32_t apic_register(uint64_t address, uint32_t reg);
bool apic_at(uint64_t address);

#endif
