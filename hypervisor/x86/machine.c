/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory map, and the allocator that serves boot until mm/ takes over. */
#include <lib/printk.h>
#include <lib/string.h>
#include <x86/machine.h>

struct machine_map_entry machine_map[MACHINE_MAP_ENTRIES];
unsigned machine_map_entries;
struct mem_region machine_ram[MACHINE_MAP_ENTRIES];
unsigned machine_ram_regions;
u64 machine_max_mfn, machine_ram_pages;
struct machine_info machine;

static struct mem_region free_regions[2 * MACHINE_MAP_ENTRIES];
static unsigned free_count;

static void add_free(paddr_t start, paddr_t end)
{
	if (start >= end)
		return;
	BUG_ON(free_count == ARRAY_SIZE(free_regions));
	free_regions[free_count++] = (struct mem_region){start, end};
}

void machine_map_add(u64 start, u64 end, u32 type)
{
	for (unsigned i = 0; start < end; i++) {
		struct machine_map_entry *e = &machine_map[i];
		u64 next = i < machine_map_entries ? e->start : ~0UL;

		if (next <= start) {
			start = MAX(start, next + e->size);
			continue;
		}
		if (machine_map_entries == MACHINE_MAP_ENTRIES) {
			printk(LOG_WARN, "memory map: more than %u entries, %#lx on is unused\n",
			       MACHINE_MAP_ENTRIES, start);
			return;
		}
		memmove(e + 1, e, (machine_map_entries++ - i) * sizeof(*e));
		*e = (struct machine_map_entry){start, MIN(end, next) - start, type};
		start = MIN(end, next);
	}
}

void machine_map_finish(u64 max_bytes)
{
	for (unsigned i = 0; i < machine_map_entries; i++) {
		const struct machine_map_entry *e = &machine_map[i];
		u64 limit = max_bytes ? max_bytes : ~0UL, start = ROUND_UP(e->start, PAGE_SIZE);
		u64 end = MIN(e->start + e->size, MIN(limit, DIRECT_MAP_END - DIRECT_MAP_START));

		end &= PAGE_MASK;
		if (e->type != E820_RAM || end <= start)
			continue;
		if (machine_ram_regions && machine_ram[machine_ram_regions - 1].end == start)
			machine_ram[machine_ram_regions - 1].end = end;
		else
			machine_ram[machine_ram_regions++] = (struct mem_region){start, end};
		machine_max_mfn = end >> PAGE_SHIFT;
		machine_ram_pages += (end - start) >> PAGE_SHIFT;
	}
	for (unsigned i = 0; i < machine_ram_regions; i++)
		add_free(machine_ram[i].start, machine_ram[i].end);
}

bool machine_is_ram(paddr_t start, paddr_t end)
{
	for (unsigned i = 0; i < machine_ram_regions; i++)
		if (machine_ram[i].start <= start && end <= machine_ram[i].end)
			return true;
	return false;
}

void early_reserve(paddr_t start, paddr_t end)
{
	static struct mem_region old[ARRAY_SIZE(free_regions)];
	unsigned count = free_count;

	start &= PAGE_MASK;
	end = ROUND_UP(end, PAGE_SIZE);
	memcpy(old, free_regions, count * sizeof(old[0]));
	free_count = 0;
	/* What each had before the hole, and behind it. */
	for (unsigned i = 0; i < count; i++) {
		add_free(old[i].start, MIN(old[i].end, start));
		add_free(MAX(old[i].start, end), old[i].end);
	}
}

paddr_t early_alloc(u64 size, u64 align, bool low)
{
	size = ROUND_UP(size, PAGE_SIZE);
	for (unsigned i = free_count; i-- > 0;) {
		const struct mem_region *r = &free_regions[i];
		paddr_t end = low ? MIN(r->end, BIT(32)) : r->end, start;

		if (end < size)
			continue;
		start = (end - size) & ~(align - 1);
		/* The first MiB stays for real-mode code and for guests with DMA to old devices. */
		if (start < MAX(r->start, 0x100000UL) || start + size > end)
			continue;
		early_reserve(start, start + size);
		return start;
	}
	panic("out of memory at boot: no %lu KiB%s free\n", size >> 10, low ? " below 4 GiB" : "");
}

void early_finish(void (*give)(paddr_t start, paddr_t end))
{
	early_reserve(0, 0x100000);
	for (unsigned i = 0; i < free_count; i++)
		give(free_regions[i].start, free_regions[i].end);
	free_count = 0;
}
