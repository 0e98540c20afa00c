/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <lib/printk.h>
#include <lib/string.h>
#include <x86/asm.h>
#include <x86/layout.h>
#include <x86/machine.h>
#include <x86/paging.h>
#include <x86/spinlock.h>

#define SIZE_2M BIT(21)
#define SIZE_1G BIT(30)

/* One 2-MiB piece of the M2P table describes 1 GiB of RAM. */
#define M2P_PIECE_RAM SIZE_1G

extern char image_start[], text_end[], rodata_end[], image_end[];

u64 *master_l4;
u64 master_cr3;
unsigned physical_bits = 36;

static paddr_t image_address;
static bool have_1g_pages;
/* Where page tables are reached: head.S's identity map first, then the direct map. */
static u64 table_window;

#define MMIO_PAGES 4096
static u64 mmio_l1[MMIO_PAGES] __attribute__((aligned(4096)));
static unsigned mmio_used;
static struct spinlock mmio_lock = SPINLOCK_INIT;

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
static u64 *walk(u64 va, unsigned level, u64 user)
{
	u64 *table = master_l4;

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
		u64 both = va | pa, step = PAGE_SIZE;
		unsigned level = 1;

		if (have_1g_pages && !(both & (SIZE_1G - 1)) && size >= SIZE_1G) {
			step = SIZE_1G;
			level = 3;
		} else if (!(both & (SIZE_2M - 1)) && size >= SIZE_2M) {
			step = SIZE_2M;
			level = 2;
		}
		*walk(va, level, flags & PTE_USER) = pa | flags | (level > 1 ? PTE_LARGE : 0);
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

/* Nothing writable maps the image's code a second time: the direct map leaves the image out. */
static void map_ram(paddr_t image, paddr_t image_limit)
{
	for (unsigned i = 0; i < machine_ram_regions; i++) {
		paddr_t start = machine_ram[i].start, end = machine_ram[i].end;

		if (end <= image || image_limit <= start) {
			map_direct(start, end);
		} else {
			map_direct(start, image);
			map_direct(image_limit, end);
		}
	}
}

static void map_image(paddr_t load)
{
	u64 base = IMAGE_VIRT_START;
	u64 text = (u64)text_end - base, ro = (u64)rodata_end - base, all = (u64)image_end - base;

	paging_map(base, load, text, MAP_RX);
	paging_map(base + text, load + text, ro - text, MAP_RO);
	paging_map(base + ro, load + ro, all - ro, MAP_RW);
	for (unsigned i = 0; i < MMIO_PAGES / 512; i++)
		*walk(VMAP_VIRT_START + i * SIZE_2M, 2, 0) =
			image_to_phys(&mmio_l1[i * 512]) | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED;
}

paddr_t image_to_phys(const void *p)
{
	return image_address + ((u64)p - IMAGE_VIRT_START);
}

static void detect(void)
{
	u32 r[4];

	cpuid(0x80000000, 0, r);
	if (r[0] >= 0x80000008) {
		cpuid(0x80000008, 0, r);
		physical_bits = MIN(r[0] & 0xff, 52u);
	}
	cpuid(0x80000001, 0, r);
	have_1g_pages = r[3] & BIT(26);
}

void paging_init(paddr_t load_address)
{
	image_address = load_address;
	detect();
	master_cr3 = new_table();
	master_l4 = table_at(master_cr3);
	map_image(load_address);
	map_ram(load_address, load_address + (image_end - image_start));
	set_cr4(get_cr4() | X86_CR4_PGE);
	set_cr3(master_cr3);
	table_window = DIRECT_MAP_START;
	master_l4 = table_at(master_cr3);
}

/* Memory from the top of RAM for [va, va + size), but what is mapped already. */
static void populate(u64 va, u64 size, int fill)
{
	u64 end = ROUND_UP(va + size, PAGE_SIZE);

	for (va &= PAGE_MASK; va < end;) {
		u64 *l2 = walk(va, 2, 0), step = PAGE_SIZE;
		paddr_t pa;

		if (*l2 & PTE_LARGE) {
			va = (va | (SIZE_2M - 1)) + 1;
			continue;
		}
		if (!*l2 && !(va & (SIZE_2M - 1)) && end - va >= SIZE_2M)
			step = SIZE_2M;
		if (step == PAGE_SIZE && *walk(va, 1, 0)) {
			va += step;
			continue;
		}
		pa = early_alloc(step, step, false);
		memset(phys_to_virt(pa), fill, step);
		paging_map(va, pa, step, MAP_RW);
		va += step;
	}
}

/*
 * The frame table can be read for every frame below the highest: where there is no RAM, its pages
 * are one zero page, through one shared L1 table for whole 2-MiB pieces.
 */
static void fill_holes(u64 start, u64 end)
{
	paddr_t zero_page = new_table(), zero_l1 = new_table();
	u64 *l1 = table_at(zero_l1);

	for (unsigned i = 0; i < 512; i++)
		l1[i] = zero_page | MAP_RO;
	for (u64 va = start; va < end;) {
		u64 *l2 = walk(va, 2, 0);

		if (!*l2 && !(va & (SIZE_2M - 1)))
			*l2 = zero_l1 | PTE_PRESENT | PTE_ACCESSED;
		if ((*l2 & PTE_LARGE) || (*l2 & PTE_ADDRESS) == zero_l1) {
			va = (va | (SIZE_2M - 1)) + 1;
			continue;
		}
		if (!*walk(va, 1, 0))
			*walk(va, 1, 0) = zero_page | MAP_RO;
		va += PAGE_SIZE;
	}
}

/* Pieces of the M2P table exist where their GiB has RAM; both aliases use 2-MiB pages. */
static void populate_m2p(paddr_t start, paddr_t end)
{
	for (paddr_t gib = start & ~(M2P_PIECE_RAM - 1); gib < end; gib += M2P_PIECE_RAM) {
		u64 offset = gib / M2P_PIECE_RAM * SIZE_2M;
		paddr_t pa;

		if (*walk(M2P_RW_VIRT_START + offset, 2, 0))
			continue;
		pa = early_alloc(SIZE_2M, SIZE_2M, false);
		memset(phys_to_virt(pa), 0xff, SIZE_2M);
		paging_map(M2P_RW_VIRT_START + offset, pa, SIZE_2M, MAP_RW);
		paging_map(M2P_VIRT_START + offset, pa, SIZE_2M, MAP_RO | PTE_USER);
	}
}

void paging_init_tables(size_t entry_size)
{
	for (unsigned i = 0; i < machine_ram_regions; i++) {
		u64 first = machine_ram[i].start >> PAGE_SHIFT;
		u64 frames = (machine_ram[i].end >> PAGE_SHIFT) - first;

		populate(FRAME_TABLE_START + first * entry_size, frames * entry_size, 0);
		populate_m2p(machine_ram[i].start, machine_ram[i].end);
	}
	fill_holes(FRAME_TABLE_START, FRAME_TABLE_START + machine_max_mfn * entry_size);
}

void paging_for_each_m2p_piece(void (*piece)(unsigned index, mfn_t first, unsigned frames))
{
	u64 pieces = ROUND_UP(machine_max_mfn * PAGE_SIZE, M2P_PIECE_RAM) / M2P_PIECE_RAM;

	for (u64 i = 0; i < pieces; i++) {
		u64 e = *walk(M2P_RW_VIRT_START + i * SIZE_2M, 2, 0);

		if (e)
			piece(i, paddr_to_mfn(e & PTE_ADDRESS), 512);
	}
}

void *map_mmio(paddr_t pa, size_t size)
{
	paddr_t first = pa & PAGE_MASK;
	unsigned pages = (ROUND_UP(pa + size, PAGE_SIZE) - first) >> PAGE_SHIFT;
	u64 va;

	spin_lock(&mmio_lock);
	if (mmio_used + pages > MMIO_PAGES)
		panic("no virtual space left to map registers at %#lx\n", pa);
	va = VMAP_VIRT_START + (u64)mmio_used * PAGE_SIZE;
	for (unsigned i = 0; i < pages; i++)
		mmio_l1[mmio_used + i] = (first + i * PAGE_SIZE) | MAP_IO;
	mmio_used += pages;
	spin_unlock(&mmio_lock);
	return (void *)(va + (pa - first));
}
