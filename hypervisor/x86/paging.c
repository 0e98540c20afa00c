/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <lib/printk.h>
#include <lib/string.h>
#include <x86/asm.h>
#include <x86/machine.h>
#include <x86/paging.h>

#define SIZE_2M BIT(21)
#define SIZE_1G BIT(30)

extern char image_start[], text_end[], rodata_end[], image_end[];

u64 *master_l4;
u64 master_cr3;

static paddr_t image_address;
/* Where page tables are reached: head.S's identity map first, then the direct map. */
static u64 table_window;

#define MMIO_PAGES 4096
static u64 mmio_l1[MMIO_PAGES] __attribute__((aligned(4096)));
static u64 mmio_used;

static u64 *table_at(paddr_t pa)
{
	return (u64 *)(table_window + pa);
}

static paddr_t new_table(void)
{
	paddr_t pa = early_alloc(PAGE_SIZE, PAGE_SIZE, !table_window);

	memset(table_at(pa), 0, PAGE_SIZE);
	return pa;
}

/* The entry for va at a level (3: L3 …), with the tables above it made as needed. */
static u64 *walk(u64 *table, u64 va, unsigned level, u64 user)
{
	for (unsigned l = 4;; l--) {
		u64 *e = &table[va >> (12 + 9 * (l - 1)) & 511];

		if (l == level)
			return e;
		if (!*e)
			*e = new_table() | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | user;
		BUG_ON(*e & PTE_LARGE);
		table = table_at(*e & PTE_ADDRESS);
	}
}

void paging_map(u64 va, paddr_t pa, u64 size, u64 flags)
{
	while (size) {
		unsigned level = cpu_has_1g_pages ? 3 : 2;
		u64 step = cpu_has_1g_pages ? SIZE_1G : SIZE_2M;

		for (; step > size || ((va | pa) & (step - 1)); step >>= 9)
			level--;
		*walk(master_l4, va, level, flags & PTE_USER) =
			pa | flags | (level > 1 ? PTE_LARGE : 0);
		va += step;
		pa += step;
		size -= step;
	}
}

static void map_direct(paddr_t start, paddr_t end)
{
	if (start < end)
		paging_map(DIRECT_MAP_START + start, start, end - start, MAP_RW);
}

paddr_t image_to_phys(const void *p)
{
	return image_address + ((u64)p - IMAGE_VIRT_START);
}

void paging_init(paddr_t load_address)
{
	const char *const ends[] = {image_start, text_end, rodata_end, image_end};
	static const u64 flags[] = {MAP_RX, MAP_RO, MAP_RW};

	image_address = load_address;
	master_cr3 = new_table();
	master_l4 = table_at(master_cr3);
	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++)
		paging_map((u64)ends[i], image_to_phys(ends[i]), ends[i + 1] - ends[i], flags[i]);
	for (unsigned i = 0; i < MMIO_PAGES / 512; i++)
		*walk(master_l4, VMAP_VIRT_START + i * SIZE_2M, 2, 0) =
			image_to_phys(&mmio_l1[i * 512]) | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED;
	/* Nothing writable maps the image's code a second time: the direct map leaves it out. */
	for (unsigned i = 0; i < machine_ram_regions; i++) {
		map_direct(machine_ram[i].start, MIN(machine_ram[i].end, load_address));
		map_direct(MAX(machine_ram[i].start, image_to_phys(image_end)), machine_ram[i].end);
	}
	load_cr3(master_cr3);
	table_window = DIRECT_MAP_START;
	master_l4 = table_at(master_cr3);
}

void paging_show(u64 *cr3, u64 va)
{
	if (!*cr3)
		*cr3 = new_table();
	*walk(table_at(*cr3), va, 1, 0) = *walk(master_l4, va, 1, 0);
}

/* Memory for [va, end), but what is mapped already, in whole 2-MiB pages. */
static void populate(u64 va, u64 end, int fill)
{
	for (va &= ~(SIZE_2M - 1); va < end; va += SIZE_2M) {
		if (*walk(master_l4, va, 2, 0))
			continue;
		paddr_t pa = early_alloc(SIZE_2M, SIZE_2M, false);

		memset(phys_to_virt(pa), fill, SIZE_2M);
		paging_map(va, pa, SIZE_2M, MAP_RW);
	}
}

void paging_init_tables(size_t entry_size)
{
	paddr_t zero_page = new_table(), zero_l1 = new_table();
	u64 frame_table_end = FRAME_TABLE_START + machine_max_mfn * entry_size;

	for (unsigned i = 0; i < machine_ram_regions; i++) {
		u64 first = machine_ram[i].start >> PAGE_SHIFT;
		u64 end = machine_ram[i].end >> PAGE_SHIFT;

		populate(FRAME_TABLE_START + first * entry_size,
			 FRAME_TABLE_START + end * entry_size, 0);
		populate(M2P_RW_VIRT_START + first * 8, M2P_RW_VIRT_START + end * 8, 0xff);
	}
	/*
	 * The frame table can be read for every frame below the highest: where there is no RAM, it
	 * is one zero page, through one shared L1 table.
	 */
	for (unsigned i = 0; i < 512; i++)
		table_at(zero_l1)[i] = zero_page | MAP_RO;
	for (u64 va = FRAME_TABLE_START; va < frame_table_end; va += SIZE_2M)
		if (!*walk(master_l4, va, 2, 0))
			*walk(master_l4, va, 2, 0) = zero_l1 | PTE_PRESENT | PTE_ACCESSED;
}

void paging_share_m2p(void (*piece)(unsigned index, mfn_t first, unsigned frames))
{
	for (u64 offset = 0; offset < machine_max_mfn * 8; offset += SIZE_2M) {
		u64 e = *walk(master_l4, M2P_RW_VIRT_START + offset, 2, 0);

		if (!e)
			continue;
		paging_map(M2P_VIRT_START + offset, e & PTE_ADDRESS, SIZE_2M, MAP_RO | PTE_USER);
		piece(offset / SIZE_2M, paddr_to_mfn(e & PTE_ADDRESS), 512);
	}
}

void *map_mmio(paddr_t pa, size_t size)
{
	paddr_t first = pa & PAGE_MASK;
	u64 pages = (ROUND_UP(pa + size, PAGE_SIZE) - first) >> PAGE_SHIFT;
	u64 at = __atomic_fetch_add(&mmio_used, pages, __ATOMIC_RELAXED);

	if (at + pages > MMIO_PAGES)
		panic("no virtual space left to map registers at %#lx\n", pa);
	for (u64 i = 0; i < pages; i++)
		mmio_l1[at + i] = (first + i * PAGE_SIZE) | MAP_IO;
	return (void *)(VMAP_VIRT_START + at * PAGE_SIZE + (pa - first));
}
