/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition tables: good ones, damaged ones, and those that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include <zlib.h>
#include "disk/gpt.h"

enum { BLOCKS = 2048, SLOTS = 128, ENTRY = 128, HEADER = 92 };

/* A disk in memory, with blocks that cannot be read. */
static struct {
	uint8_t *bytes;
	uint32_t size; /* of a block */
	uint64_t bad;
	unsigned int reads;
} disk;

static int read_disk(void *context, uint64_t block, uint32_t count, void *buffer)
{
	assert_ptr_equal(context, &disk);
	assert_true(block < BLOCKS && count <= BLOCKS - block);
	disk.reads++;
	if (disk.bad >= block && disk.bad < block + count)
		return -XEN_EIO;
	memcpy(buffer, disk.bytes + block * disk.size, (size_t)count * disk.size);
	return 0;
}

static struct gpt gpt;
static struct problem problem;

static int read_table(void)
{
	struct disk_source source = {read_disk, &disk, disk.size, BLOCKS};

	problem.text[0] = '\0';
	return gpt_read(&source, &gpt, &problem);
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, 4);
}

static void put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, 8);
}

static uint8_t *block(uint64_t number)
{
	return disk.bytes + number * disk.size;
}

static uint32_t entry_blocks(void)
{
	return (SLOTS * ENTRY + disk.size - 1) / disk.size;
}

/* Where the copies' entries are. */
static uint64_t entries_at(bool backup)
{
	return backup ? BLOCKS - 1 - entry_blocks() : 2;
}

static uint8_t *header(bool backup)
{
	return block(backup ? BLOCKS - 1 : 1);
}

static void seal_header(bool backup)
{
	uint8_t *h = header(backup);

	put32(h + 16, 0);
	put32(h + 16, (uint32_t)crc32(0, h, HEADER));
}

/* Checksums of one copy, after a change. */
static void seal(bool backup)
{
	put32(header(backup) + 88, (uint32_t)crc32(0, block(entries_at(backup)), SLOTS * ENTRY));
	seal_header(backup);
}

static void put_entry(unsigned int slot, uint64_t first, uint64_t last, const char *label)
{
	for (int backup = 0; backup < 2; backup++) {
		uint8_t *entry = block(entries_at(backup)) + slot * ENTRY;

		memset(entry, 0, ENTRY);
		memset(entry, 0x11, 16);
		memset(entry + 16, (int)slot + 1, 16);
		put64(entry + 32, first);
		put64(entry + 40, last);
		for (size_t i = 0; label[i]; i++)
			entry[56 + 2 * i] = (uint8_t)label[i];
		seal(backup);
	}
}

static void put_header(bool backup)
{
	uint8_t *h = header(backup);

	memcpy(h, "EFI PART", 8);
	put32(h + 8, 0x10000);
	put32(h + 12, HEADER);
	put64(h + 24, backup ? BLOCKS - 1 : 1);
	put64(h + 32, backup ? 1 : BLOCKS - 1);
	put64(h + 40, 2 + entry_blocks());
	put64(h + 48, BLOCKS - 2 - entry_blocks());
	put64(h + 72, entries_at(backup));
	put32(h + 80, SLOTS);
	put32(h + 84, ENTRY);
	seal(backup);
}

static void make_disk(uint32_t block_size)
{
	free(disk.bytes);
	disk.size = block_size;
	disk.bad = UINT64_MAX;
	disk.bytes = calloc(BLOCKS, block_size);
	disk.bytes[446 + 4] = 0xee;
	disk.bytes[510] = 0x55;
	disk.bytes[511] = 0xaa;
	put_header(false);
	put_header(true);
	put_entry(0, 100, 199, "boot");
	put_entry(5, 200, 200, "one block");
}

static int fresh(void **state)
{
	(void)state;
	make_disk(512);
	return 0;
}

static int done(void **state)
{
	(void)state;
	free(disk.bytes);
	disk.bytes = NULL;
	return 0;
}

static void expect_good(bool backup)
{
	assert_int_equal(read_table(), 1);
	assert_int_equal(gpt.backup, backup);
	assert_int_equal(gpt.count, 2);
	assert_int_equal(gpt.partition[0].number, 1);
	assert_int_equal(gpt.partition[0].first, 100);
	assert_int_equal(gpt.partition[0].count, 100);
	assert_string_equal(gpt.partition[0].label, "boot");
	assert_int_equal(gpt.partition[1].number, 6);
	assert_int_equal(gpt.partition[1].count, 1);
	assert_string_equal(gpt.partition[1].label, "one block");
	gpt_free(&gpt);
}

static void expect_bad(const char *words)
{
	assert_int_equal(read_table(), -XEN_EINVAL);
	assert_non_null(strstr(problem.text, words));
	assert_null(gpt.partition);
}

static void reads_tables(void **state)
{
	(void)state;
	expect_good(false);
	make_disk(4096);
	expect_good(false);
	/* Attribute 60, and an UUID. */
	block(2)[48 + 7] = 0x10;
	seal(false);
	assert_int_equal(read_table(), 1);
	assert_true(gpt.partition[0].read_only);
	assert_false(gpt.partition[1].read_only);
	gpt_free(&gpt);
}

static void no_table(void **state)
{
	static const uint64_t sizes[] = {0, 1, 2};

	(void)state;
	block(0)[446 + 4] = 0x83; /* an ordinary partition: the rest is left from before */
	assert_int_equal(read_table(), 0);
	block(0)[446 + 4] = 0xee;
	block(0)[510] = 0;
	assert_int_equal(read_table(), 0);
	for (int i = 0; i < 3; i++) {
		struct disk_source source = {read_disk, &disk, 512, sizes[i]};

		assert_int_equal(gpt_read(&source, &gpt, &problem), 0);
	}
}

static void backup_copy(void **state)
{
	(void)state;
	header(false)[0] = 'x';
	expect_good(true);
	assert_non_null(strstr(problem.text, "no GPT header in block 1"));
	fresh(NULL);
	header(false)[50] ^= 1;
	expect_good(true);
	assert_non_null(strstr(problem.text, "block 1 has a wrong checksum"));
	fresh(NULL);
	block(entries_at(false))[3] ^= 1;
	expect_good(true);
	assert_non_null(strstr(problem.text, "entries in block 2 have a wrong checksum"));
	/* Damage in both. */
	header(true)[50] ^= 1;
	expect_bad("block 2");
	fresh(NULL);
	/* A damaged copy at the end does not matter. */
	header(true)[0] = 'x';
	expect_good(false);
}

static void disk_errors(void **state)
{
	static const uint64_t blocks[] = {0, 1, 2, 20};

	(void)state;
	for (int i = 0; i < 4; i++) {
		disk.bad = blocks[i];
		assert_int_equal(read_table(), -XEN_EIO);
		assert_non_null(strstr(problem.text, "failed"));
	}
}

/* Headers with good checksums that contradict the disk. */
static void lying_headers(void **state)
{
	static const struct {
		unsigned int at, bytes;
		uint64_t value;
	} lies[] = {
		{12, 4, 91},	     {12, 4, 513},	  {12, 4, 0xffffffff}, {24, 8, 2},
		{24, 8, BLOCKS - 1}, {40, 8, BLOCKS},	  {40, 8, 3},	       {48, 8, BLOCKS},
		{48, 8, UINT64_MAX}, {48, 8, 10},	  {72, 8, 0},	       {72, 8, 1},
		{72, 8, BLOCKS},     {72, 8, UINT64_MAX}, {72, 8, BLOCKS - 2}, {72, 8, 500},
		{80, 4, 0},	     {80, 4, 1025},	  {80, 4, 0xffffffff}, {84, 4, 0},
		{84, 4, 64},	     {84, 4, 192},	  {84, 4, 8192},       {84, 4, 0x80000000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		fresh(NULL);
		header(true)[0] = 'x';
		memcpy(header(false) + lies[i].at, &lies[i].value, lies[i].bytes);
		seal_header(false);
		expect_bad("block 1");
	}
}

/* The entries lie behind what may be used, which begins with the MBR. */
static void covered_header(void **state)
{
	(void)state;
	for (uint64_t first = 0; first < 2; first++) {
		fresh(NULL);
		header(true)[0] = 'x';
		put64(header(false) + 40, first);
		put64(header(false) + 72, entries_at(true));
		seal_header(false);
		expect_bad("block 1 contradicts");
	}
	/* And the last block, where the other copy is. */
	fresh(NULL);
	header(true)[0] = 'x';
	put64(header(false) + 48, BLOCKS - 1);
	seal_header(false);
	expect_bad("block 1 contradicts");
}

static void lying_entries(void **state)
{
	(void)state;
	put_entry(1, 300, 299, "backwards");
	expect_bad("partition 2 lies outside");
	put_entry(1, 0, 10, "on the table");
	expect_bad("partition 2 lies outside");
	put_entry(1, 300, BLOCKS - 1, "over the end");
	expect_bad("partition 2 lies outside");
	put_entry(1, 300, UINT64_MAX, "far over the end");
	expect_bad("partition 2 lies outside");
	put_entry(1, 199, 300, "overlapping");
	expect_bad("partitions 1 and 2 overlap");
	put_entry(1, 120, 130, "inside");
	expect_bad("partitions 1 and 2 overlap");
	put_entry(1, 50, 400, "around");
	expect_bad("overlap");
}

static void put_label(const uint16_t *units, unsigned int count)
{
	uint8_t *entry = block(entries_at(false));

	memset(entry + 56, 0, 72);
	memcpy(entry + 56, units, count * 2);
	seal(false);
}

static void expect_label(const uint16_t *units, unsigned int count, const char *label)
{
	put_label(units, count);
	assert_int_equal(read_table(), 1);
	assert_string_equal(gpt.partition[0].label, label);
	gpt_free(&gpt);
}

static void labels(void **state)
{
	static const uint16_t umlaut[] = {'M', 0xfc, 'l', 'l'}, euro[] = {0x20ac},
			      pair[] = {0xd83d, 0xde00, 'x'}, control[] = {0x1b, '[', 0x7f, 0x9b};
	uint16_t longest[36];
	char text[GPT_LABEL_LENGTH];

	(void)state;
	expect_label(umlaut, 4, "M\xc3\xbcll");
	expect_label(euro, 1, "\xe2\x82\xac");
	expect_label(pair, 3, "??x");
	expect_label(control, 4, "?[??");
	for (int i = 0; i < 36; i++) {
		longest[i] = 0x20ac;
		memcpy(text + 3 * i, "\xe2\x82\xac", 3);
	}
	text[108] = '\0';
	expect_label(longest, 36, text);
}

/* Any byte of either copy changed: an answer, never an access outside. */
static void survives_damage(void **state)
{
	(void)state;
	for (unsigned int at = 0; at < 2 * 512 + 4 * ENTRY; at++) {
		int got;

		fresh(NULL);
		disk.bytes[at] ^= 0x81;
		got = read_table();
		assert_true(got == 1 || got == 0);
		gpt_free(&gpt);
	}
}

static void uuid_text(void **state)
{
	static const uint8_t bytes[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
					  0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};
	char text[GPT_UUID_LENGTH];

	(void)state;
	gpt_uuid(bytes, text);
	assert_string_equal(text, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_tables, fresh, done),
		cmocka_unit_test_setup_teardown(no_table, fresh, done),
		cmocka_unit_test_setup_teardown(backup_copy, fresh, done),
		cmocka_unit_test_setup_teardown(disk_errors, fresh, done),
		cmocka_unit_test_setup_teardown(lying_headers, fresh, done),
		cmocka_unit_test_setup_teardown(covered_header, fresh, done),
		cmocka_unit_test_setup_teardown(lying_entries, fresh, done),
		cmocka_unit_test_setup_teardown(labels, fresh, done),
		cmocka_unit_test_setup_teardown(survives_damage, fresh, done),
		cmocka_unit_test(uuid_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
