/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <image/layout.h>

#define MIB 256ull /* pages */

static struct guest_layout layout;
static uint64_t *p2m;
static uint64_t (*tables)[512]; /* by guest page; all zero where there is no table */
static uint8_t *is_table;

/* Machine frames in an order of their own. */
static uint64_t frame(uint64_t page)
{
	return 0x100000 + (page ^ 0x155);
}

static const char *plan(uint64_t virt_base, uint64_t kernel_size, uint64_t init_p2m,
			uint64_t ramdisk, int unmapped, uint64_t pages)
{
	struct kernel_image kernel = {.has_notes = true,
				      .virt_base = virt_base,
				      .end_byte = kernel_size,
				      .init_p2m = init_p2m ? init_p2m : IMAGE_NONE,
				      .mod_start_pfn = unmapped};

	return layout_plan(&layout, &kernel, false, ramdisk, pages);
}

static uint64_t *table(void *context, uint64_t page)
{
	assert_ptr_equal(context, &layout);
	assert_true(page - layout.tables.first < layout.tables.count ||
		    page - layout.p2m_tables.first < layout.p2m_tables.count);
	assert_int_equal(is_table[page], 0);
	is_table[page] = 1;
	memset(tables[page], 0xff, sizeof(tables[page])); /* whatever was there before */
	return tables[page];
}

static void fill(void)
{
	assert_true(layout.used_pages <= layout.total_pages);
	p2m = calloc(layout.total_pages, sizeof(*p2m));
	for (uint64_t i = 0; i < layout.total_pages; i++)
		p2m[i] = frame(i);
	tables = calloc(layout.total_pages, sizeof(*tables));
	is_table = calloc(layout.total_pages, 1);
	layout_fill_tables(&layout, p2m, table, &layout);
}

static void drop(void)
{
	free(p2m);
	free(tables);
	free(is_table);
}

static uint64_t *table_in_frame(uint64_t number)
{
	for (uint64_t page = 0; page < layout.total_pages; page++)
		if (is_table[page] && frame(page) == number)
			return tables[page];
	return NULL;
}

/* Walk as a processor would; 0 where nothing is mapped. */
static uint64_t walk(uint64_t address)
{
	uint64_t *table = tables[layout.tables.first];

	for (int shift = 39;; shift -= 9) {
		uint64_t entry = table[address >> shift & 511];

		if (!entry || shift == 12)
			return entry;
		assert_int_equal(entry & 0xfff, 0x067);
		table = table_in_frame(entry >> 12);
		assert_non_null(table);
	}
}

static void check_range(uint64_t start, uint64_t end, uint64_t first_page)
{
	for (uint64_t address = start; address < end; address += 4096) {
		uint64_t page = first_page + (address - start) / 4096;

		if (page >= layout.total_pages)
			assert_int_equal(walk(address), 0);
		else
			assert_int_equal(walk(address),
					 frame(page) << 12 | (is_table[page] ? 0x65 : 0x67));
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
	/* All that was planned for is used, but for one at most: the end moves with the number. */
	uint64_t made = 0;

	for (uint64_t page = 0; page < layout.total_pages; page++)
		made += is_table[page];
	assert_true(layout.tables.count + layout.p2m_tables.count - made <= 1);
	assert_int_equal(is_table[layout.tables.first], 1);
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
	assert_null(plan(0x400000, 300000, 0, 0, 0, 8 * MIB));
	assert_int_equal(layout.p2m_address, layout_address(&layout, layout.p2m.first));
	assert_int_equal(layout.p2m_tables.count, 0);
	check_all();
	assert_null(plan(0, 300000, 0, 5000, 0, 16 * MIB));
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
	assert_null(plan(0xffffffff80000000, 0x4a00000, 0x8000000000, 3 << 20, 1, 256 * MIB));
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
	assert_null(plan(0xffffffff80000000, 0x400000, 0xffffffffa0000000, 0, 0, 64 * MIB));
	assert_int_equal(layout.p2m_tables.count, 1);
	check_all();
	assert_non_null(plan(0xffffffff80000000, 0x400000, 0xffffffffffff0000, 0, 0, 64 * MIB));
}

static void crosses_table_boundaries(void **state)
{
	(void)state;
	assert_null(plan(0x3fe00000, 0x400000, 0x7ffffff000, 0, 0, 64 * MIB));
	check_all();
	assert_null(plan(0x7fffe00000, 0x400000, 0, 0, 0, 64 * MIB));
	check_all();
}

static void first_domain(void **state)
{
	struct kernel_image kernel = {
		.virt_base = 0x400000, .end_byte = 300000, .init_p2m = IMAGE_NONE};

	(void)state;
	assert_null(layout_plan(&layout, &kernel, true, 0, 0));
	uint64_t least = layout.used_pages;

	assert_null(layout_plan(&layout, &kernel, true, 5000, 16 * MIB));
	assert_int_equal(layout.store.count + layout.console.count, 0);
	assert_int_equal(layout.used_pages, least + layout.p2m.count + 2);
	check_all();
}

static void start_state(void **state)
{
	struct kernel_image kernel = {.entry = 0x123456};
	struct vcpu_guest_context context = {0};
	struct start_info info = {.flags = SIF_VIRT_P2M_4TOOLS};

	(void)state;
	assert_null(plan(0xffffffff80000000, 0x4a00000, 0x8000000000, 5000, 1, 256 * MIB));
	layout_start_info(&layout, 5000, &info);
	assert_int_equal(info.nr_pages, 256 * MIB);
	assert_int_equal(info.flags, SIF_VIRT_P2M_4TOOLS | SIF_MOD_START_PFN);
	assert_int_equal(info.mod_start, layout.ramdisk.first);
	assert_int_equal(info.mod_len, 5000);
	assert_true(info.mfn_list == 0x8000000000);
	assert_int_equal(info.first_p2m_pfn, layout.p2m.first);
	assert_int_equal(info.nr_p2m_frames, 128 + 3);
	assert_int_equal(info.nr_pt_frames, layout.tables.count);
	assert_true(info.pt_base == layout_address(&layout, layout.tables.first));
	fill();
	layout_start_context(&layout, &kernel, p2m, &context);
	assert_int_equal(context.user_regs.rip, 0x123456);
	assert_true(context.user_regs.rsi == layout_address(&layout, layout.start_info.first));
	assert_true(context.user_regs.rsp == layout_address(&layout, layout.stack.first + 1));
	assert_true(context.ctrlreg[3] == frame(layout.tables.first) << 12);
	drop();

	/* Mapped ramdisk and p2m; none at all. */
	assert_null(plan(0x400000, 300000, 0, 5000, 0, 16 * MIB));
	info = (struct start_info){0};
	layout_start_info(&layout, 5000, &info);
	assert_true(info.mod_start == layout_address(&layout, layout.ramdisk.first));
	assert_int_equal(info.flags | info.first_p2m_pfn | info.nr_p2m_frames, 0);
	assert_true(info.mfn_list == layout_address(&layout, layout.p2m.first));
	assert_null(plan(0x400000, 300000, 0, 0, 1, 16 * MIB));
	info = (struct start_info){0};
	layout_start_info(&layout, 0, &info);
	assert_int_equal(info.flags | info.mod_start | info.mod_len, 0);
}

static void refusals(void **state)
{
	static const struct {
		uint64_t virt_base, kernel_size, init_p2m, ramdisk;
		const char *wrong;
	} cases[] = {
		{0xffff800000000000, 0x1000, 0, 0, "VIRT_BASE"},
		{0x7fffffe00000, 0x1000000, 0, 0, "VIRT_BASE"},
		{0xffff87ffffe00000, 0x1000000, 0, 0, "VIRT_BASE"},
		{0xfffffffffff00000, 0x1000000, 0, 0, "VIRT_BASE"},
		{0x400000, 0x1000, 0xffff800000000000, 0, "INIT_P2M"},
		{0x400000, 0x1000, 0x8000000123, 0, "INIT_P2M"},
		{0x400000, 0x1000, 0xfffffffffffff000, 0, "INIT_P2M"},
		{0x400000, 0x1000, 0x401000, 0, "inside the kernel's own addresses"},
		{0x400000, 1ull << 50, 0, 0, "too large"},
		{0x400000, 4096, 0, ~0ull, "too large"},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *wrong = plan(cases[i].virt_base, cases[i].kernel_size,
					 cases[i].init_p2m, cases[i].ramdisk, 0, 64 * MIB);

		assert_non_null(wrong);
		assert_non_null(strstr(wrong, cases[i].wrong));
	}
	/* Too little memory is the builder's to refuse. */
	assert_null(plan(0x400000, 0x1000000, 0, 0, 0, 8 * MIB));
	assert_true(layout.used_pages > 8 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_guest),
		cmocka_unit_test(linux_guest),
		cmocka_unit_test(list_shares_tables_with_the_image),
		cmocka_unit_test(crosses_table_boundaries),
		cmocka_unit_test(first_domain),
		cmocka_unit_test(start_state),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
