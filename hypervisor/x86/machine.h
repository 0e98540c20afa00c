/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the firmware says of the machine: memory map, processors, interrupt controllers, power. */
#ifndef X86_MACHINE_H
#define X86_MACHINE_H

#include <x86/cpu.h>

/* --- memory --- */

/** [start, end), bytes. */
struct mem_region {
	paddr_t start, end;
};

#define E820_RAM      1
#define E820_RESERVED 2
#define E820_UNUSABLE 5

struct machine_map_entry {
	u64 start, size;
	u32 type; /* E820_* */
};

#define MACHINE_MAP_ENTRIES 128
/** The firmware's memory map, sorted by address, without overlaps. */
extern struct machine_map_entry machine_map[MACHINE_MAP_ENTRIES];
extern unsigned machine_map_entries;

/** RAM in whole pages, sorted: every frame in it has a frame-table entry, M2P entry and direct
 * mapping. */
extern struct mem_region machine_ram[MACHINE_MAP_ENTRIES];
extern unsigned machine_ram_regions;
/** First frame number above all RAM. */
extern u64 machine_max_mfn;

/** Pages of RAM, whoever uses them. */
u64 machine_ram_pages(void);

/** True if all of [start, end) is RAM. */
bool machine_is_ram(paddr_t start, paddr_t end);

/** Sort and trim the map, and find RAM in it. max_bytes (mem=) hides RAM above it; 0: none. */
void machine_map_finish(u64 max_bytes);

/**
 * Memory for boot's own use, taken from the top and never given back; below 4 GiB where low. Not
 * zeroed. Panics when there is none. Works until early_free_regions() has handed the rest to mm/.
 */
paddr_t early_alloc(u64 size, u64 align, bool low);
/** Keep early_alloc() and mm/ off a region. */
void early_reserve(paddr_t start, paddr_t end);
/** What is free now; the early allocator is closed. */
const struct mem_region *early_free_regions(unsigned *count);

/* --- what ACPI's tables say (boot/acpi.c fills it in) --- */

struct machine_ioapic {
	u32 gsi_base;
	paddr_t address;
};

struct machine_override {
	u8 irq; /* ISA interrupt … */
	bool low, level;
	u32 gsi; /* … is this line, with this polarity and trigger */
};

#define MAX_IOAPICS 8
struct machine_info {
	u32 cpu_apic_ids[MAX_CPUS]; /* enabled processors */
	unsigned cpus;
	struct machine_ioapic ioapics[MAX_IOAPICS];
	unsigned ioapics_found;
	struct machine_override overrides[16];
	unsigned overrides_found;
	paddr_t lapic_address;
	/* Power-off and reset. A port of 0 means that there is none. */
	u16 pm1a_control, pm1b_control;
	u8 sleep_type_a, sleep_type_b;
	bool sleep_known;
	u8 reset_space; /* 0 memory, 1 port */
	u8 reset_value;
	u64 reset_address;
	u16 smi_command; /* writing acpi_enable to this port turns ACPI mode on */
	u8 acpi_enable;
	u8 century_register;
	paddr_t rsdp; /* where dom0 finds the root pointer, 0: unknown */
};
extern struct machine_info machine;

#endif
