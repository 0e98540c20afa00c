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
extern u64 machine_ram_pages;

/** True if all of [start, end) is RAM. */
bool machine_is_ram(paddr_t start, paddr_t end);

/** Add to the map what of [start, end) no earlier entry covers. */
void machine_map_add(u64 start, u64 end, u32 type);
/** Find the RAM in the map. max_bytes (mem=) hides RAM above it; 0: none. */
void machine_map_finish(u64 max_bytes);

/**
 * Memory for boot's own use, taken from the top and never given back; below 4 GiB where low. Not
 * zeroed. Panics when there is none. Works until early_finish() has handed the rest to mm/.
 */
paddr_t early_alloc(u64 size, u64 align, bool low);
/** Keep early_alloc() and mm/ off a region. */
void early_reserve(paddr_t start, paddr_t end);
/** Close the early allocator: give() gets what is free. */
void early_finish(void (*give)(paddr_t start, paddr_t end));

/* --- what ACPI's tables say (boot/acpi.c fills it in) --- */

/* Every table begins so. */
struct sdt {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} __attribute__((packed));

/* The fixed table. Ports and addresses of 0 mean that there is none. */
struct fadt {
	struct sdt header;
	u32 firmware_control, dsdt;
	u8 model, profile;
	u16 sci;
	u32 smi_command; /* writing acpi_enable to this port turns ACPI mode on */
	u8 acpi_enable, acpi_disable, s4, p_state;
	u32 pm1a_event, pm1b_event, pm1a_control, pm1b_control;
	u8 unused1[36], century;
	u8 unused2[3];
	u32 flags;
	/* 0 memory, 1 port */
	u8 reset_space, reset_width, reset_offset, reset_access;
	u64 reset_address;
	u8 reset_value, unused3[11];
	u64 x_dsdt;
} __attribute__((packed));
_Static_assert(offsetof(struct fadt, x_dsdt) == 140, "the specification's layout");

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
	paddr_t lapic_address; /* apic_init() fills it in */
	struct fadt fadt;      /* zeros where it is missing or an old, shorter one */
	bool sleep_known;
	u8 sleep_type[2]; /* what PM1a and PM1b take for power-off */
};
extern struct machine_info machine;

#endif
