/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables: updates alone and in batches, pinning, roots, flushes. */
#include <pv/start.h>
#include "bench.h"

#define ENTRIES 512u
#define TREE_L1 32u /* tables of 2 MiB each: 64 MiB */

static struct mmu_update batch[ENTRIES];
static uintptr_t area;	/* ENTRIES addresses with an L1 table, empty between rows */
static char *pages;	/* ENTRIES pages, twice: to change between */
static uint64_t *table; /* a full L1 that maps them, read-only */
static uint64_t *tree;	/* L4 L3 L2 and TREE_L1 L1 tables, adjacent, read-only */
static uint64_t *second_root;
static unsigned int turn;

static void aim(uint64_t bits, unsigned int offset)
{
	for (unsigned int i = 0; i < ENTRIES; i++)
		batch[i].val = bits ? pv_pte(pv_virt_to_mfn(pages + (i + offset) % (2 * ENTRIES) *
									    PV_PAGE_SIZE),
					     bits)
				    : 0;
}

static void send(unsigned int n)
{
	check("mmu_update", HYPERVISOR_mmu_update(batch, n, NULL, DOMID_SELF), 0);
}

static void set_up(void)
{
	area = pv_va_alloc(ENTRIES);
	pages = take_pages(2 * ENTRIES);
	for (unsigned int i = 0; i < ENTRIES; i++)
		batch[i].ptr = pv_pte_find(area + i * PV_PAGE_SIZE, 1, NULL);
}

static void make_empty(void)
{
	aim(0, 0);
	send(ENTRIES);
	aim(PV_RW, 0);
}

static void make_full(void)
{
	aim(PV_RW, turn++ & 1 ? ENTRIES : 0);
	send(ENTRIES);
	aim(PV_RW, turn & 1 ? ENTRIES : 0);
}

static void make_full_to_clear(void)
{
	make_full();
	aim(0, 0);
}

#define BATCH(n)                                                                                   \
	static void update_##n(void)                                                               \
	{                                                                                          \
		send(n);                                                                           \
	}
BATCH(1)
BATCH(8)
BATCH(32)
BATCH(128)
BATCH(512)

#define BATCH_ROWS(n)                                                                              \
	{"mmu_update, set, batch of " #n, n, .before = make_empty, .run = update_##n},             \
		{"mmu_update, change, batch of " #n, n, .before = make_full, .run = update_##n},   \
	{                                                                                          \
		"mmu_update, clear, batch of " #n, n, .before = make_full_to_clear,                \
						      .run = update_##n                            \
	}

static void update_va(unsigned long flags)
{
	char *page = pages + (turn++ & 1) * PV_PAGE_SIZE;

	check("update_va_mapping",
	      HYPERVISOR_update_va_mapping(area, pv_pte(pv_virt_to_mfn(page), PV_RW), flags), 0);
}

static void update_va_only(void)
{
	update_va(UVMF_NONE);
}

static void update_va_flush(void)
{
	update_va(UVMF_INVLPG);
}

static void fill_table(void)
{
	make_empty();
	table = take_pages(1);
	for (unsigned int i = 0; i < ENTRIES; i++)
		table[i] = pv_pte(pv_virt_to_mfn(pages + i * PV_PAGE_SIZE), PV_RW);
	protect(table, PV_RO);
}

static void pin(unsigned int command, const void *root)
{
	check("pin", ext(command, pv_virt_to_mfn(root)), 0);
	check("unpin", ext(MMUEXT_UNPIN_TABLE, pv_virt_to_mfn(root)), 0);
}

static void pin_table(void)
{
	pin(MMUEXT_PIN_L1_TABLE, table);
}

static uint64_t *tree_table(unsigned int i)
{
	return tree + i * ENTRIES;
}

static uint64_t upper_entry(unsigned int i)
{
	return pv_pte(pv_virt_to_mfn(tree_table(i)), TABLE_BITS);
}

static void fill_tree(void)
{
	char *mapped = take_pages(TREE_L1 * ENTRIES);

	tree = take_pages(3 + TREE_L1);
	tree_table(0)[0] = upper_entry(1);
	tree_table(1)[0] = upper_entry(2);
	for (unsigned int i = 0; i < TREE_L1; i++)
		tree_table(2)[i] = upper_entry(3 + i);
	for (unsigned int i = 0; i < TREE_L1 * ENTRIES; i++)
		tree_table(3)[i] = pv_pte(pv_virt_to_mfn(mapped + i * PV_PAGE_SIZE), PV_RW);
	for (unsigned int i = 0; i < 3 + TREE_L1; i++)
		protect(tree_table(i), PV_RO);
}

static void pin_tree(void)
{
	pin(MMUEXT_PIN_L4_TABLE, tree);
}

static const uint64_t *first_root(void)
{
	return (const uint64_t *)pv_start_info->pt_base;
}

/* The same address space with another root. */
static void copy_root(void)
{
	const uint64_t *root = first_root();

	second_root = take_pages(1);
	for (unsigned int i = 0; i < ENTRIES; i++)
		second_root[i] = i < 256 || i >= 272 ? root[i] : 0;
	protect(second_root, PV_RO);
	check("pin", ext(MMUEXT_PIN_L4_TABLE, pv_virt_to_mfn(second_root)), 0);
}

static void switch_roots(void)
{
	check("base", ext(MMUEXT_NEW_BASEPTR, pv_virt_to_mfn(second_root)), 0);
	check("base", ext(MMUEXT_NEW_BASEPTR, pv_virt_to_mfn(first_root())), 0);
}

static void flush(void)
{
	check("flush", ext(MMUEXT_TLB_FLUSH_LOCAL, 0), 0);
}

static void flush_all(void)
{
	check("flush", ext(MMUEXT_TLB_FLUSH_ALL, 0), 0);
}

static void flush_page(void)
{
	check("flush", ext(MMUEXT_INVLPG_LOCAL, area), 0);
}

const struct row table_rows[] = {
	{"update_va_mapping", 1, .prepare = set_up, .run = update_va_only},
	{"update_va_mapping and flush of the page", 1, .run = update_va_flush},
	BATCH_ROWS(1),
	BATCH_ROWS(8),
	BATCH_ROWS(32),
	BATCH_ROWS(128),
	BATCH_ROWS(512),
	{"pin and unpin a full L1", 1, .prepare = fill_table, .run = pin_table},
	{"pin and unpin 64 MiB in 4 levels", 1, .prepare = fill_tree, .run = pin_tree},
	{"base pointer", 2, .prepare = copy_root, .run = switch_roots},
	{"TLB flush, local", 1, .run = flush},
	{"TLB flush, all vCPUs", 1, .run = flush_all},
	{"TLB flush of a page, local", 1, .run = flush_page},
	{0},
};
