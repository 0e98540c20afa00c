/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>
#include "builder/layout.h"

#define ENTRIES	       512u
#define PADDING	       (512ull << 10)
#define IMAGE_ALIGN    (4ull << 20)
#define MAX_IMAGE_SIZE (1ull << 38) /* keeps all sums of addresses far from overflow */

/* Entry bits: present, writable, user (a PV kernel runs in ring 3), accessed, dirty. */
#define ENTRY_TABLE	0x067ull
#define ENTRY_WRITABLE	0x067ull
#define ENTRY_READ_ONLY 0x065ull

/* The root's slots 256 to 271 are the hypervisor's; addresses between the halves do not exist. */
#define FORBIDDEN_START 0x0000800000000000ull
#define FORBIDDEN_END	0xffff880000000000ull

static uint64_t pages_of(uint64_t bytes)
{
	return (bytes + GUEST_PAGE_SIZE - 1) >> GUEST_PAGE_SHIFT;
}

/* Bytes that one entry of a table of this level covers. */
static uint64_t entry_span(unsigned int level)
{
	return GUEST_PAGE_SIZE << (9 * (level - 1));
}

static uint64_t table_base(uint64_t address, unsigned int level)
{
	return level == 4 ? 0 : address & ~(entry_span(level + 1) - 1);
}

static bool range_allowed(const struct mapped_range *range)
{
	if (range->end < range->start)
		return false;
	return range->end <= FORBIDDEN_START || range->start >= FORBIDDEN_END;
}

/* How many tables of a level a range needs. */
static uint64_t tables_of_level(const struct mapped_range *range, unsigned int level)
{
	if (range->start == range->end)
		return 0;
	uint64_t last = table_base(range->end - 1, level), first = table_base(range->start, level);

	return level == 4 ? 1 : (last - first) / entry_span(level + 1) + 1;
}

/* Does a range need the table of this level that covers this address? */
static bool covers(const struct mapped_range *range, uint64_t base, unsigned int level)
{
	return range->start != range->end && base >= table_base(range->start, level) &&
	       base <= table_base(range->end - 1, level);
}

static uint64_t tables_of_image(const struct mapped_range *image)
{
	uint64_t count = 0;

	for (unsigned int level = 1; level <= 4; level++)
		count += tables_of_level(image, level);
	return count;
}

/* Tables that only the list outside the image needs. */
static uint64_t tables_of_list(const struct mapped_range *list, const struct mapped_range *image)
{
	uint64_t count = 0;

	for (unsigned int level = 1; level <= 3; level++) {
		uint64_t number = tables_of_level(list, level),
			 base = table_base(list->start, level);

		for (uint64_t i = 0; i < number; i++, base += entry_span(level + 1))
			if (!covers(image, base, level))
				count++;
	}
	return count;
}

static void place(struct page_run *run, uint64_t *next, uint64_t count)
{
	run->first = *next;
	run->count = count;
	*next += count;
}

/* The end of the image depends on the number of its tables, and that on the end: repeat until it
 * fits. */
static void place_tables(struct guest_layout *layout, uint64_t next)
{
	uint64_t start = next, count = 4, needed;

	for (;; count = needed) {
		next = start;
		place(&layout->tables, &next, count);
		place(&layout->stack, &next, 1);
		uint64_t end = layout->virt_base + (next << GUEST_PAGE_SHIFT) + PADDING;

		end = (end + IMAGE_ALIGN - 1) & ~(IMAGE_ALIGN - 1);
		layout->image.end = end;
		if (end < layout->virt_base)
			break; /* wrapped: refused by the caller */
		needed = tables_of_image(&layout->image);
		if (needed <= count)
			break;
	}
}

static void place_outside(struct guest_layout *layout, uint64_t p2m_pages, uint64_t ramdisk_pages,
			  const struct xen_notes *notes)
{
	uint64_t next = (layout->image.end - layout->virt_base) >> GUEST_PAGE_SHIFT;

	if (notes->has_init_p2m) {
		place(&layout->p2m, &next, p2m_pages);
		layout->p2m_address = notes->init_p2m;
		layout->list = (struct mapped_range){
			notes->init_p2m, notes->init_p2m + (p2m_pages << GUEST_PAGE_SHIFT),
			layout->p2m.first};
		place(&layout->p2m_tables, &next, tables_of_list(&layout->list, &layout->image));
	}
	if (!layout->ramdisk_mapped)
		place(&layout->ramdisk, &next, ramdisk_pages);
}

static uint64_t pages_used(const struct guest_layout *layout)
{
	uint64_t used = layout->stack.first + layout->stack.count;
	const struct page_run *outside[] = {&layout->p2m, &layout->p2m_tables, &layout->ramdisk};

	for (int i = 0; i < 3; i++)
		if (outside[i]->first + outside[i]->count > used)
			used = outside[i]->first + outside[i]->count;
	return used;
}

static void add_tables(struct guest_layout *layout, unsigned int *count, unsigned int level,
		       const struct mapped_range *range, const struct mapped_range *other,
		       uint64_t *page)
{
	uint64_t number = tables_of_level(range, level), base = table_base(range->start, level);

	for (uint64_t i = 0; i < number; i++, base += entry_span(level + 1)) {
		if (other && (level == 4 || covers(other, base, level)))
			continue;
		layout->table[(*count)++] = (struct guest_table){base, (*page)++, level};
	}
}

/* List every table: the image's from the root down, then the list's. */
static int list_tables(struct guest_layout *layout, struct problem *problem)
{
	uint64_t page = layout->tables.first, list_page = layout->p2m_tables.first;
	unsigned int count = 0;

	layout->table = malloc(layout_tables(layout) * sizeof(layout->table[0]));
	if (!layout->table)
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	for (unsigned int level = 4; level > 0; level--)
		add_tables(layout, &count, level, &layout->image, NULL, &page);
	for (unsigned int level = 3; level > 0; level--)
		add_tables(layout, &count, level, &layout->list, &layout->image, &list_page);
	return 0;
}

int layout_plan(const struct kernel_layout *kernel, const struct xen_notes *notes,
		uint64_t ramdisk_size, uint64_t total_pages, struct guest_layout *layout,
		struct problem *problem)
{
	uint64_t p2m_pages = pages_of(total_pages * sizeof(uint64_t)), next = 0;

	memset(layout, 0, sizeof(*layout));
	if (kernel->end_byte > MAX_IMAGE_SIZE || ramdisk_size > MAX_IMAGE_SIZE ||
	    total_pages > MAX_IMAGE_SIZE >> GUEST_PAGE_SHIFT)
		return problem_note(problem, XEN_E2BIG, "kernel, ramdisk or memory are too large");
	layout->total_pages = total_pages;
	layout->virt_base = kernel->virt_base;
	layout->ramdisk_mapped = !notes->mod_start_pfn;
	place(&layout->kernel, &next, pages_of(kernel->end_byte));
	if (layout->ramdisk_mapped)
		place(&layout->ramdisk, &next, pages_of(ramdisk_size));
	if (!notes->has_init_p2m) {
		place(&layout->p2m, &next, p2m_pages);
		layout->p2m_address = layout_address(layout, layout->p2m.first);
	}
	place(&layout->start_info, &next, 1);
	place(&layout->store, &next, 1);
	place(&layout->console, &next, 1);
	layout->image.start = layout->virt_base;
	place_tables(layout, next);
	place_outside(layout, p2m_pages, pages_of(ramdisk_size), notes);

	if (layout->image.end < layout->image.start || !range_allowed(&layout->image) ||
	    !range_allowed(&layout->list) || (notes->init_p2m & (GUEST_PAGE_SIZE - 1)))
		return problem_note(
			problem, XEN_EINVAL,
			"the kernel wants addresses that a guest cannot have: check VIRT_BASE and INIT_P2M");
	if (layout->list.start < layout->image.end && layout->image.start < layout->list.end)
		return problem_note(problem, XEN_EINVAL,
				    "the INIT_P2M note lies inside the kernel's own addresses");
	if (pages_used(layout) > total_pages)
		return problem_note(
			problem, XEN_ENOMEM,
			"kernel and ramdisk need %llu MiB at least, the guest has %llu: raise memory",
			(unsigned long long)((pages_used(layout) + 255) >> 8),
			(unsigned long long)(total_pages >> 8));
	return list_tables(layout, problem);
}

void layout_free(struct guest_layout *layout)
{
	free(layout->table);
	layout->table = NULL;
}

uint64_t layout_address(const struct guest_layout *layout, uint64_t page)
{
	return layout->virt_base + (page << GUEST_PAGE_SHIFT);
}

unsigned int layout_tables(const struct guest_layout *layout)
{
	return (unsigned int)(tables_of_image(&layout->image) + layout->p2m_tables.count);
}

static bool in_run(const struct page_run *run, uint64_t page)
{
	return page - run->first < run->count;
}

static uint64_t leaf_entry(const struct guest_layout *layout, const uint64_t *p2m, uint64_t address)
{
	const struct mapped_range *ranges[] = {&layout->image, &layout->list};

	for (int i = 0; i < 2; i++) {
		uint64_t page =
			ranges[i]->first_page + ((address - ranges[i]->start) >> GUEST_PAGE_SHIFT);

		if (address < ranges[i]->start || address >= ranges[i]->end ||
		    page >= layout->total_pages)
			continue;
		bool table = in_run(&layout->tables, page) || in_run(&layout->p2m_tables, page);

		return p2m[page] << GUEST_PAGE_SHIFT | (table ? ENTRY_READ_ONLY : ENTRY_WRITABLE);
	}
	return 0;
}

void layout_fill_table(const struct guest_layout *layout, const uint64_t *p2m, unsigned int index,
		       uint64_t entries[512])
{
	const struct guest_table *table = &layout->table[index];
	unsigned int count = layout_tables(layout);

	memset(entries, 0, ENTRIES * sizeof(entries[0]));
	if (table->level == 1) {
		for (unsigned int i = 0; i < ENTRIES; i++)
			entries[i] = leaf_entry(layout, p2m, table->base + i * GUEST_PAGE_SIZE);
		return;
	}
	for (unsigned int i = 0; i < count; i++) {
		const struct guest_table *child = &layout->table[i];

		if (child->level != table->level - 1 ||
		    table_base(child->base, table->level) != table->base)
			continue;
		uint64_t slot = child->base / entry_span(table->level) % ENTRIES;

		entries[slot] = p2m[child->page] << GUEST_PAGE_SHIFT | ENTRY_TABLE;
	}
}
