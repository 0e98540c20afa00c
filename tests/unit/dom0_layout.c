/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include "builder/layout.h"

#define MIB 256ull /* pages */

static struct problem problem;
static struct guest_layout layout;
static uint64_t *p2m;
static uint64_t (*tables)[512];

/* Machine frames in an order of their own. */
static uint64_t frame(uint64_t page)
{
	return 0x100000 + (page ^ 0x155);
}

static int plan(uint64_t virt_base, uint64_t kernel_size, uint64_t init_p2m, uint64_t ramdisk,
		int unmapped, uint64_t pages)
{
	struct kernel_layout kernel = {.virt_base = virt_base, .end_byte = kernel_size};
	struct xen_notes notes = {.found = true,
				  .has_init_p2m = init_p2m != 0,
				  .init_p2m = init_p2m,
				  .mod_start_pfn = unmapped};

	problem.text[0] = '\0';
	return layout_plan(&kernel, &notes, ramdisk, pages, &layout, &problem);
}

static void fill(void)
{
	unsigned int count = layout_tables(&layout);

	p2m = calloc(layout.total_pages, sizeof(*p2m));
	for (uint64_t i = 0; i < layout.total_pages; i++)
		p2m[i] = frame(i);
	tables = calloc(count, sizeof(*tables));
	for (unsigned int i = 0; i < count; i++)
		layout_fill_table(&layout, p2m, i, tables[i]);
}

static void drop(void)
{
	free(p2m);
	free(tables);
	layout_free(&layout);
}

static uint64_t *table_in_frame(uint64_t number)
{
	for (unsigned int i = 0; i < layout_tables(&layout); i++)
		if (frame(layout.table[i].page) == number)
			return tables[i];
	return NULL;
}

/* Walk as a processor would; 0 where nothing is mapped. */
static uint64_t walk(uint64_t address)
{
	uint64_t *table = tables[0];

	for (int shift = 39;; shift -= 9) {
		uint64_t entry = table[address >> shift & 511];

		if (!entry || shift == 12)
			return entry;
		assert_int_equal(entry & 0xfff, 0x067);
		table = table_in_frame(entry >> 12);
		assert_non_null(table);
	}
}

static int is_table(uint64_t page)
{
	for (unsigned int i = 0; i < layout_tables(&layout); i++)
		if (layout.table[i].page == page)
			return 1;
	return 0;
}

static void check_range(uint64_t start, uint64_t end, uint64_t first_page)
{
	for (uint64_t address = start; address < end; address += 4096) {
		uint64_t page = first_page + (address - start) / 4096;

		if (page >= layout.total_pages)
			assert_int_equal(walk(address), 0);
		else
			assert_int_equal(walk(address),
					 frame(page) << 12 | (is_table(page) ? 0x65 : 0x67));
	}
}

/* No page has two uses, and the tables are where the runs say. */
static void check_runs(void)
{
	const struct page_run *runs[] = {&layout.kernel,     &layout.ramdisk,	 &layout.p2m,
					 &layout.p2m_tables, &layout.start_info, &layout.store,
					 &layout.console,    &layout.tables,	 &layout.stack};
	uint8_t *used = calloc(layout.total_pages, 1);

	for (int i = 0; i < 9; i++) {
		for (uint64_t page = 0; page < runs[i]->count; page++) {
			assert_true(runs[i]->first + page < layout.total_pages);
			assert_int_equal(used[runs[i]->first + page]++, 0);
		}
	}
	free(used);
	for (unsigned int i = 0; i < layout_tables(&layout); i++) {
		uint64_t page = layout.table[i].page;

		assert_true(page - layout.tables.first < layout.tables.count ||
			    page - layout.p2m_tables.first < layout.p2m_tables.count);
	}
	assert_int_equal(layout.table[0].level, 4);
	assert_int_equal(layout.table[0].page, layout.tables.first);
}

static void check_all(void)
{
	fill();
	check_runs();
	check_range(layout.image.start, layout.image.end, 0);
	check_range(layout.list.start, layout.list.end, layout.p2m.first);
	assert_int_equal(walk(layout.image.start - 4096), 0);
	assert_int_equal(walk(layout.image.end), 0);
	assert_true((layout.image.end & 0x3fffff) == 0);
	assert_true(layout.image.end - layout_address(&layout, layout.stack.first + 1) >=
		    512 * 1024);
	drop();
}

static void small_guest(void **state)
{
	(void)state;
	assert_int_equal(plan(0x400000, 300000, 0, 0, 0, 8 * MIB), 0);
	assert_int_equal(layout.p2m_address, layout_address(&layout, layout.p2m.first));
	assert_int_equal(layout.p2m_tables.count, 0);
	check_all();
	assert_int_equal(plan(0, 300000, 0, 5000, 0, 16 * MIB), 0);
	assert_int_equal(layout.ramdisk.count, 2);
	assert_int_equal(layout.ramdisk.first, layout.kernel.count);
	fill();
	check_runs();
	check_range(layout.image.start, layout.image.end, 0);
	drop();
}

static void linux_guest(void **state)
{
	(void)state;
	assert_int_equal(plan(0xffffffff80000000, 0x4a00000, 0x8000000000, 3 << 20, 1, 256 * MIB),
			 0);
	assert_int_equal(layout.p2m_address, 0x8000000000);
	assert_int_equal(layout.p2m.count, 128);
	assert_int_equal(layout.p2m_tables.count, 3);
	assert_int_equal(layout.p2m_tables.first, layout.p2m.first + 128);
	assert_true(layout.ramdisk.first >= (layout.image.end - layout.image.start) >> 12);
	check_all();
}

static void list_shares_tables_with_the_image(void **state)
{
	(void)state;
	assert_int_equal(plan(0xffffffff80000000, 0x400000, 0xffffffffa0000000, 0, 0, 64 * MIB), 0);
	assert_int_equal(layout.p2m_tables.count, 1);
	check_all();
	assert_int_equal(plan(0xffffffff80000000, 0x400000, 0xffffffffffff0000, 0, 0, 64 * MIB),
			 -XEN_EINVAL);
}

static void crosses_table_boundaries(void **state)
{
	(void)state;
	assert_int_equal(plan(0x3fe00000, 0x400000, 0x7ffffff000, 0, 0, 64 * MIB), 0);
	check_all();
	assert_int_equal(plan(0x7fffe00000, 0x400000, 0, 0, 0, 64 * MIB), 0);
	check_all();
}

static void refusals(void **state)
{
	(void)state;
	assert_int_equal(plan(0xffff800000000000, 0x1000, 0, 0, 0, 8 * MIB), -XEN_EINVAL);
	assert_int_equal(plan(0x7fffffe00000, 0x1000000, 0, 0, 0, 64 * MIB), -XEN_EINVAL);
	assert_int_equal(plan(0xffff87ffffe00000, 0x1000000, 0, 0, 0, 64 * MIB), -XEN_EINVAL);
	assert_int_equal(plan(0xfffffffffff00000, 0x1000000, 0, 0, 0, 64 * MIB), -XEN_EINVAL);
	assert_int_equal(plan(0x400000, 0x1000, 0xffff800000000000, 0, 0, 8 * MIB), -XEN_EINVAL);
	assert_int_equal(plan(0x400000, 0x1000, 0x8000000123, 0, 0, 8 * MIB), -XEN_EINVAL);
	assert_int_equal(plan(0x400000, 0x1000, 0x401000, 0, 0, 8 * MIB), -XEN_EINVAL);
	assert_int_equal(plan(0x400000, 0x1000000, 0, 0, 0, 8 * MIB), -XEN_ENOMEM);
	assert_non_null(strstr(problem.text, "raise memory"));
	assert_int_equal(plan(0x400000, 1ull << 50, 0, 0, 0, 8 * MIB), -XEN_E2BIG);
	assert_int_equal(plan(0x400000, 4096, 0, ~0ull, 0, 8 * MIB), -XEN_E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_guest),
		cmocka_unit_test(linux_guest),
		cmocka_unit_test(list_shares_tables_with_the_image),
		cmocka_unit_test(crosses_table_boundaries),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
