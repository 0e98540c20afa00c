/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include "lib/cpio.h"

struct builder {
	uint8_t bytes[4096];
	size_t size;
};

static void pad(struct builder *b)
{
	while (b->size & 3)
		b->bytes[b->size++] = 0;
}

static void add(struct builder *b, const char *name, unsigned int mode, const char *data)
{
	b->size += (size_t)sprintf((char *)b->bytes + b->size,
				   "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1u,
				   mode, 0u, 0u, 1u, 0x12345678u, (unsigned)strlen(data), 0u, 0u,
				   0u, 0u, (unsigned)strlen(name) + 1, 0u);
	strcpy((char *)b->bytes + b->size, name);
	b->size += strlen(name) + 1;
	pad(b);
	memcpy(b->bytes + b->size, data, strlen(data));
	b->size += strlen(data);
	pad(b);
}

static struct builder sample(void)
{
	struct builder b = {.size = 0};

	add(&b, ".", 040755, "");
	add(&b, "./hello.cfg", 0100644, "kernel=\"x\"");
	add(&b, "dir", 040755, "");
	add(&b, "dir/empty", 0100644, "");
	add(&b, "TRAILER!!!", 0, "");
	return b;
}

static void finds_files(void **state)
{
	struct builder b = sample();
	struct cpio_archive archive = {b.bytes, b.size};
	struct cpio_file file;

	(void)state;
	assert_int_equal(cpio_find(&archive, "hello.cfg", &file), 0);
	assert_int_equal(file.size, 10);
	assert_memory_equal(file.data, "kernel=\"x\"", 10);
	assert_int_equal(file.mtime, 0x12345678);
	assert_int_equal(cpio_find(&archive, "/dir/empty", &file), 0);
	assert_int_equal(file.size, 0);
	assert_int_equal(cpio_find(&archive, "dir", &file), -XEN_ENOENT);
	assert_int_equal(cpio_find(&archive, "nothing", &file), -XEN_ENOENT);
}

static void walks_in_order(void **state)
{
	static const char *const names[] = {".", "hello.cfg", "dir", "dir/empty"};
	struct builder b = sample();
	struct cpio_archive archive = {b.bytes, b.size};
	struct cpio_file file;
	size_t offset = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(cpio_next(&archive, &offset, &file), 1);
		assert_string_equal(file.name, names[i]);
	}
	assert_int_equal(cpio_next(&archive, &offset, &file), 0);
}

static void empty_archive(void **state)
{
	struct cpio_archive archive = {NULL, 0};
	struct cpio_file file;
	size_t offset = 0;

	(void)state;
	assert_int_equal(cpio_next(&archive, &offset, &file), 0);
	assert_int_equal(cpio_find(&archive, "x", &file), -XEN_ENOENT);
}

static int walk(const uint8_t *bytes, size_t size)
{
	struct cpio_archive archive = {bytes, size};
	struct cpio_file file;
	size_t offset = 0, sum = 0;
	int got;

	while ((got = cpio_next(&archive, &offset, &file)) > 0) {
		sum += strlen(file.name);
		for (size_t i = 0; i < file.size; i++)
			sum += file.data[i];
	}
	return got + (int)(sum & 0);
}

/* Cut at every length and with every byte changed: an answer, never an access outside. */
static void survives_damage(void **state)
{
	struct builder b = sample();

	(void)state;
	for (size_t cut = 0; cut < b.size; cut++) {
		uint8_t *copy = malloc(cut + !cut);

		memcpy(copy, b.bytes, cut);
		walk(copy, cut);
		free(copy);
	}
	for (size_t at = 0; at < b.size; at++) {
		static const uint8_t values[] = {0, 'F', 'f', '0', '7', 0xff};

		for (unsigned int v = 0; v < sizeof(values); v++) {
			uint8_t *copy = malloc(b.size);

			memcpy(copy, b.bytes, b.size);
			copy[at] = values[v];
			walk(copy, b.size);
			free(copy);
		}
	}
}

static void refuses_damage(void **state)
{
	struct builder b = sample();

	(void)state;
	assert_int_equal(walk(b.bytes, 50), -XEN_EINVAL);
	b.bytes[0] = 'x';
	assert_int_equal(walk(b.bytes, b.size), -XEN_EINVAL);
	b = sample();
	memcpy(b.bytes + 6 + 8 * 11, "FFFFFFFF", 8); /* the first name's length */
	assert_int_equal(walk(b.bytes, b.size), -XEN_EINVAL);
	b = sample();
	memcpy(b.bytes + 6 + 8 * 6, "FFFFFFFF", 8); /* the first file's length */
	assert_int_equal(walk(b.bytes, b.size), -XEN_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_files),	  cmocka_unit_test(walks_in_order),
		cmocka_unit_test(empty_archive),  cmocka_unit_test(survives_damage),
		cmocka_unit_test(refuses_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
