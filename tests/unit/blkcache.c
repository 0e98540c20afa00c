/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SDK's cache of a disk's blocks, and archives read through it: the disk is an array here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pv/archive.h>
#include <pv/blkfront.h>
#include <pv/mm.h>
#include <pv/thread.h>
#include <xen/errno.h>

enum { SECTORS = 100, SIZE = SECTORS * PV_BLK_SECTOR, BLOCKS = 4 };

static uint8_t contents[SIZE], expected[SIZE];
static struct pv_blk_info info = {.sectors = SECTORS, .sector_size = 512};
static struct pv_blkfront *const device = (void *)&info;
static unsigned int reads, writes, locked;
static int failing; /* the error of every transfer */

/* --- what the rest of the SDK does ---------------------------------------------------------- */

const struct pv_blk_info *pv_blkfront_info(const struct pv_blkfront *front)
{
	return (const void *)front;
}

int pv_blkfront_do(struct pv_blkfront *front, enum pv_blk_operation operation, uint64_t sector,
		   void *buffer, unsigned int sectors)
{
	assert_ptr_equal(front, device);
	assert_int_equal(locked, 1);
	assert_true(sectors && sector + sectors <= SECTORS);
	assert_int_equal((uintptr_t)buffer % PV_PAGE_SIZE, 0);
	if (failing)
		return failing;
	if (operation == PV_BLK_READ) {
		memcpy(buffer, contents + sector * 512, sectors * 512);
		reads++;
	} else {
		memcpy(contents + sector * 512, buffer, sectors * 512);
		writes++;
	}
	return 0;
}

void *pv_page_alloc(void)
{
	return aligned_alloc(PV_PAGE_SIZE, PV_PAGE_SIZE);
}

void pv_pages_free(void *pages, unsigned long count)
{
	(void)count;
	free(pages);
}

void pv_mutex_lock(struct pv_mutex *mutex)
{
	(void)mutex;
	locked++;
}

void pv_mutex_unlock(struct pv_mutex *mutex)
{
	(void)mutex;
	locked--;
}

/* --- the cache ----------------------------------------------------------------------------------
 */

static int set_up(void **state)
{
	srand(5);
	for (unsigned int i = 0; i < SIZE; i++)
		contents[i] = (uint8_t)rand();
	memcpy(expected, contents, SIZE);
	reads = writes = locked = 0;
	failing = 0;
	*state = pv_blk_cache_new(device, BLOCKS);
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	pv_blk_cache_free(*state);
	return locked ? -1 : 0;
}

static void expect_read(struct pv_blk_cache *cache, uint64_t offset, size_t length)
{
	uint8_t data[SIZE];

	assert_int_equal(pv_blk_cache_read(cache, offset, data, length), 0);
	assert_memory_equal(data, expected + offset, length);
}

static void test_keeps_blocks(void **state)
{
	struct pv_blk_cache *cache = *state;

	expect_read(cache, 10, 20);
	expect_read(cache, 4000, 96);
	assert_int_equal(reads, 1);
	expect_read(cache, 4095, 2);
	assert_int_equal(reads, 2);
	for (unsigned int block = 0; block < BLOCKS; block++)
		expect_read(cache, block * 4096, 1);
	assert_int_equal(reads, BLOCKS);
	expect_read(cache, 0, 1);	      /* now block 1 is the oldest */
	expect_read(cache, BLOCKS * 4096, 1); /* and gives way */
	expect_read(cache, 0, 1);
	assert_int_equal(reads, BLOCKS + 1);
	expect_read(cache, 4096, 1);
	assert_int_equal(reads, BLOCKS + 2);
}

/* The last block is shorter than the others: 100 sectors are 12.5 blocks. */
static void test_limits(void **state)
{
	struct pv_blk_cache *cache = *state;
	uint8_t byte[2];

	assert_int_equal(pv_blk_cache_size(cache), SIZE);
	expect_read(cache, 0, SIZE);
	expect_read(cache, SIZE - 1, 1);
	assert_int_equal(pv_blk_cache_read(cache, SIZE, byte, 0), 0);
	assert_int_equal(pv_blk_cache_read(cache, SIZE, byte, 1), -XEN_EINVAL);
	assert_int_equal(pv_blk_cache_read(cache, SIZE - 1, byte, 2), -XEN_EINVAL);
	assert_int_equal(pv_blk_cache_write(cache, ~0ull, byte, 2), -XEN_EINVAL);
	assert_int_equal(pv_blk_cache_write(cache, SIZE - 1, byte, 2), -XEN_EINVAL);
	assert_memory_equal(contents, expected, SIZE);
}

static void test_writes_through(void **state)
{
	struct pv_blk_cache *cache = *state;

	for (unsigned int i = 0; i < 300; i++) {
		uint64_t offset = (unsigned int)rand() % SIZE;
		size_t length = (unsigned int)rand() % (SIZE - offset);
		uint8_t data[SIZE];

		for (size_t j = 0; j < length; j++)
			data[j] = expected[offset + j] = (uint8_t)rand();
		assert_int_equal(pv_blk_cache_write(cache, offset, data, length), 0);
		assert_memory_equal(contents, expected, SIZE);
		offset = (unsigned int)rand() % SIZE;
		expect_read(cache, offset, (unsigned int)rand() % (SIZE - offset));
	}
}

/* A transfer that failed leaves nothing behind that would be taken for the disk's. */
static void test_errors(void **state)
{
	struct pv_blk_cache *cache = *state;
	uint8_t data[100] = {0};

	expect_read(cache, 0, 100);
	failing = -XEN_EIO;
	expect_read(cache, 0, 100); /* from memory */
	assert_int_equal(pv_blk_cache_read(cache, 4096, data, 100), -XEN_EIO);
	assert_int_equal(pv_blk_cache_write(cache, 0, data, 100), -XEN_EIO);
	failing = 0;
	expect_read(cache, 0, 100);
	expect_read(cache, 4096, 100);
}

/* --- archives ----------------------------------------------------------------------------------
 */

static size_t at; /* in contents: the end of the archive so far */

static void add(const char *name, unsigned int mode, const char *text)
{
	at += (size_t)sprintf((char *)contents + at,
			      "070701%08x%08x%08x%08x%08x%08x%08zX%08x%08x%08x%08x%08zx%08x", 1,
			      mode, 0, 0, 1, 0, strlen(text), 0, 0, 0, 0, strlen(name) + 1, 0);
	at += (size_t)sprintf((char *)contents + at, "%s", name) + 1;
	at = (at + 3) & ~3ul;
	at += (size_t)sprintf((char *)contents + at, "%s", text);
	at = (at + 3) & ~3ul;
}

static char long_text[10001];

static void make_archive(void)
{
	memset(contents, 0, SIZE);
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[5000] = 'y';
	at = 0;
	add(".", 040755, "");
	add("./index.html", 0100644, "<h1>Hello</h1>");
	add("a/long", 0100644, long_text);
	add("/empty", 0100644, "");
	add("link", 0120777, "index.html");
	add("TRAILER!!!", 0, "");
}

static void expect_file(const struct pv_archive *archive, const char *name, const char *text)
{
	const struct pv_archive_file *file = pv_archive_find(archive, name);
	char data[sizeof(long_text)] = "";

	assert_non_null(file);
	assert_int_equal(file->size, strlen(text));
	assert_int_equal(pv_archive_read(archive, file, 0, data, file->size), 0);
	assert_string_equal(data, text);
	assert_int_equal(pv_archive_read(archive, file, file->size, data, 1), -XEN_EINVAL);
	assert_int_equal(pv_archive_read(archive, file, 1, data, file->size), -XEN_EINVAL);
	assert_int_equal(pv_archive_read(archive, file, ~0ull, data, 2), -XEN_EINVAL);
}

static void expect_archive(struct pv_archive *archive)
{
	char byte;

	assert_non_null(archive);
	expect_file(archive, "index.html", "<h1>Hello</h1>");
	expect_file(archive, "/./a/long", long_text);
	expect_file(archive, "empty", "");
	assert_null(pv_archive_find(archive, "link"));
	assert_null(pv_archive_find(archive, "."));
	assert_null(pv_archive_find(archive, ""));
	assert_string_equal(pv_archive_file(archive, 2)->name, "empty");
	assert_null(pv_archive_file(archive, 3));
	pv_archive_read(archive, pv_archive_find(archive, "a/long"), 5000, &byte, 1);
	assert_int_equal(byte, 'y');
	pv_archive_close(archive);
}

static void test_archive(void **state)
{
	int error = 1;

	make_archive();
	expect_archive(pv_archive_open_disk(*state, &error));
	assert_int_equal(error, 0);
	expect_archive(pv_archive_open_memory(contents, at, NULL));
}

/* Cut anywhere, and with any byte changed: an error or less files, never beyond the end. */
static void test_damaged(void **state)
{
	int error = 0;

	(void)state;
	make_archive();
	for (size_t size = 0; size < at; size++) {
		uint8_t *copy = malloc(size);
		struct pv_archive *archive;

		memcpy(copy, contents, size);
		archive = pv_archive_open_memory(copy, size, &error);
		if (archive)
			fail_msg("cut to %zu of %zu", size, at);
		assert_int_equal(error, -XEN_EINVAL);
		free(copy);
	}
	for (unsigned int i = 0; i < 20000; i++) {
		size_t place = (unsigned int)rand() % 700;
		uint8_t was = contents[place];
		struct pv_archive *archive;
		const struct pv_archive_file *file;

		contents[place] = (uint8_t)rand();
		archive = pv_archive_open_memory(contents, at, &error);
		for (unsigned int j = 0; archive && (file = pv_archive_file(archive, j)); j++)
			assert_true(file->offset + file->size <= at);
		if (archive)
			pv_archive_close(archive);
		contents[place] = was;
	}
}

static void test_no_archive(void **state)
{
	int error = 0;

	assert_null(pv_archive_open_disk(*state, &error)); /* noise */
	assert_int_equal(error, -XEN_EINVAL);
	failing = -XEN_EIO;
	pv_blk_cache_free(*state);
	*state = pv_blk_cache_new(device, BLOCKS);
	assert_null(pv_archive_open_disk(*state, &error));
	assert_int_equal(error, -XEN_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keeps_blocks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_writes_through, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_archive, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_archive, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("blkcache", tests, NULL, NULL);
}
