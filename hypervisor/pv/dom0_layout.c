/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom0's initial address space: where things are, and the page tables that map them. */
#include <lib/string.h>
#include <mm/entry.h>
#include <mm/frame.h>
#include <mm/types.h>
#include <pv/dom0.h>
#include <xen/errno.h>

#define REGION_ALIGN (4UL << 20)
#define REGION_SPARE (512UL << 10)
#define ENTRY_FLAGS  (PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

static u64 pages_of(u64 bytes)
{
	return (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* Tables of one level that [start, end) needs; shift: address bits below the level's entries'
 * tables. */
static u64 tables_spanning(u64 start, u64 end, unsigned shift)
{
	return ((end - 1) >> shift) - (start >> shift) + 1;
}

static u64 tables_below_root(u64 start, u64 end)
{
	return tables_spanning(start, end, 21) + tables_spanning(start, end, 30) +
	       tables_spanning(start, end, 39);
}

/* The region's end depends on the tables' number, and that on the region's end. */
static void place_tables(struct dom0_layout *at)
{
	for (at->table_pages = 4;; at->table_pages++) {
		at->stack = at->tables + (at->table_pages << PAGE_SHIFT);
		at->end = ROUND_UP(at->stack + PAGE_SIZE + REGION_SPARE, REGION_ALIGN);
		if (1 + tables_below_root(at->start, at->end) <= at->table_pages)
			break;
	}
}

void dom0_plan(struct dom0_build *b, u64 nr_pages)
{
	const struct elf_kernel *k = &b->kernel;
	struct dom0_layout *at = &b->at;
	u64 next = ROUND_UP(k->virt_end, PAGE_SIZE);

	*at = (struct dom0_layout){.start = k->virt_base & PAGE_MASK, .nr_pages = nr_pages};
	at->ramdisk_size = b->ramdisk ? b->ramdisk->size : 0;
	at->p2m_pages = pages_of(nr_pages * sizeof(u64));
	if (!k->mod_start_pfn) {
		at->ramdisk = next;
		next += pages_of(at->ramdisk_size) << PAGE_SHIFT;
	}
	if (!k->has_init_p2m) {
		at->p2m = next;
		next += at->p2m_pages << PAGE_SHIFT;
	}
	at->start_info = next;
	at->tables = next + PAGE_SIZE;
	place_tables(at);
	at->used_pages = (at->end - at->start) >> PAGE_SHIFT;
	at->ramdisk_pfn = (at->ramdisk - at->start) >> PAGE_SHIFT;
	if (k->mod_start_pfn) {
		at->ramdisk_pfn = at->used_pages;
		at->used_pages += pages_of(at->ramdisk_size);
	}
	at->p2m_pfn = (at->p2m - at->start) >> PAGE_SHIFT;
	if (k->has_init_p2m) {
		at->p2m = k->init_p2m;
		at->p2m_pfn = at->used_pages;
		at->p2m_table_pages =
			tables_below_root(at->p2m, at->p2m + (at->p2m_pages << PAGE_SHIFT));
		at->used_pages += at->p2m_pages + at->p2m_table_pages;
	}
}

void *dom0_page(const struct dom0_build *b, u64 pfn)
{
	return mfn_to_virt(mfn(b->p2m[pfn]));
}

static void copy_to_pages(const struct dom0_build *b, u64 pfn, u64 offset, const u8 *from, u64 size)
{
	while (size) {
		u64 n = MIN(size, PAGE_SIZE - offset);
		u8 *to = (u8 *)dom0_page(b, pfn) + offset;

		if (from) {
			memcpy(to, from, n);
			from += n;
		} else {
			memset(to, 0, n);
		}
		size -= n;
		offset = 0;
		pfn++;
	}
}

void dom0_copy(const struct dom0_build *b, u64 va, const void *from, u64 size)
{
	u64 at = va - b->at.start;

	copy_to_pages(b, at >> PAGE_SHIFT, at & ~PAGE_MASK, from, size);
}

/* --- page tables --- */

/* Source of pages for tables: consecutive pfns. */
struct table_pool {
	u64 next, end;
};

/* Entry that maps va, its tables made as needed. */
static u64 *entry_for(const struct dom0_build *b, struct table_pool *pool, u64 va)
{
	u64 *table = mfn_to_virt(mfn(b->root));

	for (unsigned level = 4; level > 1; level--) {
		u64 *e = &table[table_index(va, level)];

		if (!(*e & PTE_PRESENT)) {
			BUG_ON(pool->next == pool->end);
			*e = b->p2m[pool->next++] << PAGE_SHIFT | ENTRY_FLAGS;
		}
		table = mfn_to_virt(entry_frame(*e));
	}
	return &table[table_index(va, 1)];
}

static void map_range(const struct dom0_build *b, struct table_pool *pool, u64 va, u64 pfn,
		      u64 pages)
{
	for (u64 i = 0; i < pages; i++)
		*entry_for(b, pool, va + (i << PAGE_SHIFT)) =
			b->p2m[pfn + i] << PAGE_SHIFT | ENTRY_FLAGS;
}

static void protect_range(const struct dom0_build *b, u64 va, u64 pages)
{
	for (u64 i = 0; i < pages; i++)
		*entry_for(b, NULL, va + (i << PAGE_SHIFT)) &= ~PTE_WRITABLE;
}

/* The kernel drops this pin itself when it has built tables of its own. */
static void pin_root(const struct dom0_build *b)
{
	struct page *root;
	int err;

	do
		err = type_get_frame(mfn(b->root), &b->d->mem, TYPE_L4, &root);
	while (err == -XEN_ERESTART);
	if (err || !type_pin(root))
		panic("dom0: its initial page tables were refused (error %d)\n", err);
}

void dom0_make_tables(struct dom0_build *b)
{
	const struct dom0_layout *at = &b->at;
	u64 first = (at->tables - at->start) >> PAGE_SHIFT;
	u64 p2m_tables = at->p2m_pfn + at->p2m_pages;
	struct table_pool pool = {first + 1, first + at->table_pages};
	struct table_pool p2m_pool = {p2m_tables, p2m_tables + at->p2m_table_pages};

	b->root = b->p2m[first];
	map_range(b, &pool, at->start, 0, (at->end - at->start) >> PAGE_SHIFT);
	if (at->p2m_table_pages)
		map_range(b, &p2m_pool, at->p2m, at->p2m_pfn, at->p2m_pages);
	protect_range(b, at->tables, at->table_pages);
	pin_root(b);
}
