/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lzma.h>
#include <zlib.h>
#include <xen/errno.h>
#include <xen/elfnote.h>
#include "image/kernel.h"

/* A kernel of two segments and a range of notes, written by this test's own hand. */
#define VIRT   0xffffffff80000000ull
#define TEXT   0x2000
#define DATA   0x5000
#define NOTES  0x7000
#define LENGTH 0x8000

static uint8_t image[LENGTH];
static size_t notes_end;
static struct problem problem;

static void put(size_t at, uint64_t value, size_t size)
{
	memcpy(image + at, &value, size);
}

static void program(unsigned int index, uint32_t type, uint64_t offset, uint64_t vaddr,
		    uint64_t paddr, uint64_t file_size, uint64_t memory_size)
{
	size_t at = 64 + 56 * index;

	put(at, type, 4);
	put(at + 8, offset, 8);
	put(at + 16, vaddr, 8);
	put(at + 24, paddr, 8);
	put(at + 32, file_size, 8);
	put(at + 40, memory_size, 8);
}

static void note(uint32_t type, const void *data, uint32_t size)
{
	put(notes_end, 4, 4);
	put(notes_end + 4, size, 4);
	put(notes_end + 8, type, 4);
	memcpy(image + notes_end + 12, "Xen", 4);
	memcpy(image + notes_end + 16, data, size);
	notes_end += 16 + ((size + 3) & ~3u);
	put(64 + 56 * 2 + 32, notes_end - NOTES, 8);
}

static void number_note(uint32_t type, uint64_t value)
{
	note(type, &value, 8);
}

/* physical: the base of the segments' p_paddr */
static void make_image(uint64_t physical)
{
	memset(image, 0, sizeof(image));
	memcpy(image, "\177ELF\2\1\1", 7);
	put(16, 2, 2);
	put(18, 62, 2);
	put(24, VIRT + 0x100010, 8);
	put(32, 64, 8);
	put(54, 56, 2);
	put(56, 3, 2);
	program(0, 1, TEXT, VIRT + 0x100000, physical + 0x100000, 0x3000, 0x3000);
	program(1, 1, DATA, VIRT + 0x104000, physical + 0x104000, 0x1234, 0x4000);
	program(2, 4, NOTES, 0, 0, 0, 0);
	for (size_t i = 0; i < 0x3000; i++)
		image[TEXT + i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < 0x1234; i++)
		image[DATA + i] = (uint8_t)(i * 11);
	notes_end = NOTES;
	note(XEN_ELFNOTE_GUEST_OS, "test", 5);
	number_note(XEN_ELFNOTE_VIRT_BASE, VIRT);
	number_note(XEN_ELFNOTE_ENTRY, VIRT + 0x100040);
}

static uint8_t memory[0x200000];

static int store(void *context, uint64_t offset, const uint8_t *bytes, size_t size)
{
	(void)context;
	assert_true(offset + size <= sizeof(memory));
	memcpy(memory + offset, bytes, size);
	return 0;
}

static int load(const uint8_t *file, size_t size, struct kernel *kernel)
{
	int error;

	problem.text[0] = '\0';
	memset(memory, 0, sizeof(memory));
	error = kernel_open(file, size, kernel, &problem);
	if (!error)
		error = kernel_load(kernel, store, NULL, &problem);
	return error;
}

static void check_loaded(const struct kernel *kernel)
{
	assert_int_equal(kernel->image.entry, VIRT + 0x100040);
	assert_int_equal(kernel->image.virt_base, VIRT);
	assert_int_equal(kernel->image.first_byte, 0x100000);
	assert_int_equal(kernel->image.end_byte, 0x108000);
	assert_memory_equal(memory + 0x100000, image + TEXT, 0x3000);
	assert_memory_equal(memory + 0x104000, image + DATA, 0x1234);
	assert_int_equal(memory[0x104000 + 0x1234], 0);
}

static size_t to_gzip(const uint8_t *data, size_t size, uint8_t *target, size_t room)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)data,
			   .avail_in = (uInt)size,
			   .next_out = target,
			   .avail_out = (uInt)room};

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return room - stream.avail_out;
}

static size_t to_xz(const uint8_t *data, size_t size, uint8_t *target, size_t room)
{
	size_t used = 0;

	assert_int_equal(
		lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, data, size, target, &used, room),
		LZMA_OK);
	return used;
}

/* Wrap a payload as Linux's boot protocol does. */
static size_t to_bzimage(const uint8_t *payload, size_t size, uint8_t *target)
{
	uint32_t offset = 0x40, length = (uint32_t)size;

	memset(target, 0, 1024 + offset);
	target[0x1f1] = 1;
	memcpy(target + 0x202, "HdrS\x0f\x02", 6);
	memcpy(target + 0x248, &offset, 4);
	memcpy(target + 0x24c, &length, 4);
	memcpy(target + 1024 + offset, payload, size);
	return 1024 + offset + size;
}

static void loads_plain(void **state)
{
	struct kernel kernel;

	(void)state;
	make_image(0);
	assert_int_equal(load(image, LENGTH, &kernel), 0);
	check_loaded(&kernel);
	assert_string_equal(kernel.image.guest_os, "test");
}

static void loads_packed(void **state)
{
	static uint8_t packed[LENGTH * 2], wrapped[LENGTH * 2 + 2048];
	struct kernel kernel;

	(void)state;
	for (int high = 0; high < 2; high++) {
		make_image(high ? VIRT : 0);
		if (high)
			number_note(XEN_ELFNOTE_PADDR_OFFSET, VIRT);
		size_t size = to_gzip(image, LENGTH, packed, sizeof(packed));

		assert_int_equal(load(packed, size, &kernel), 0);
		check_loaded(&kernel);
		size = to_xz(image, LENGTH, packed, sizeof(packed));
		assert_int_equal(load(packed, size, &kernel), 0);
		check_loaded(&kernel);
		memcpy(packed + size, "\0\200\0\0", 4); /* the unpacked size, as Linux adds it */
		size = to_bzimage(packed, size + 4, wrapped);
		assert_int_equal(load(wrapped, size, &kernel), 0);
		check_loaded(&kernel);
	}
}

static void packed_with_low_offset_is_refused(void **state)
{
	static uint8_t packed[LENGTH * 2];
	struct kernel kernel;

	(void)state;
	make_image(0);
	number_note(XEN_ELFNOTE_PADDR_OFFSET, 0x1000);
	assert_int_equal(load(packed, to_xz(image, LENGTH, packed, sizeof(packed)), &kernel),
			 -XEN_EINVAL);
	assert_non_null(strstr(problem.text, "unpack it"));
}

static void notes_in_sections(void **state)
{
	struct kernel kernel;

	(void)state;
	make_image(0);
	put(64 + 56 * 2, 6, 4); /* no PT_NOTE any more */
	put(40, 0x7800, 8);
	put(58, 64, 2);
	put(60, 2, 2);
	put(0x7840 + 4, 7, 4);
	put(0x7840 + 24, NOTES, 8);
	put(0x7840 + 32, notes_end - NOTES, 8);
	assert_int_equal(load(image, LENGTH, &kernel), 0);
	check_loaded(&kernel);
}

static void features(void **state)
{
	struct kernel kernel;

	(void)state;
	make_image(0);
	note(XEN_ELFNOTE_FEATURES, "auto_translated_physmap|!writable_page_tables", 45);
	assert_int_equal(load(image, LENGTH, &kernel), 0);
	note(XEN_ELFNOTE_FEATURES, "x|!auto_translated_physmap", 27);
	assert_int_equal(load(image, LENGTH, &kernel), -XEN_EINVAL);
	assert_non_null(strstr(problem.text, "auto_translated_physmap"));
}

struct change {
	size_t at;
	uint64_t value;
	size_t size;
	const char *expected;
};

static void refuses_wrong_headers(void **state)
{
	static const struct change changes[] = {
		{18, 3, 2, "not a 64-bit x86 ELF"},
		{4, 1, 1, "not a 64-bit x86 ELF"},
		{16, 1, 2, "not a 64-bit x86 ELF"},
		{32, 5000, 8, "program headers"},
		{32, ~0ull, 8, "program headers"},
		{56, 0, 2, "program headers"},
		{56, 65535, 2, "program headers"},
		{54, 1, 2, "program headers"},
		{64 + 8, ~0ull, 8, "impossible"},
		{64 + 8, 0x9000, 8, "cut short"},
		{64 + 16, ~0ull, 8, "impossible"},
		{64 + 24, ~0ull, 8, "impossible"},
		{64 + 24, 1ull << 50, 8, "outside guest memory"},
		{64 + 32, ~0ull, 8, "impossible"},
		{64 + 40, 0x100, 8, "impossible"},
		{64 + 40, ~0ull, 8, "impossible"},
		{NOTES + 12, 'x', 1, NULL},
	};
	struct kernel kernel;

	(void)state;
	for (unsigned int i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		make_image(0);
		put(changes[i].at, changes[i].value, changes[i].size);
		int result = load(image, LENGTH, &kernel);

		assert_int_equal(result, changes[i].expected ? -XEN_EINVAL : 0);
		if (result && !strstr(problem.text, changes[i].expected))
			fail_msg("change %u: got \"%s\"", i, problem.text);
	}
}

static void refuses_wrong_notes(void **state)
{
	struct kernel kernel;

	(void)state;
	make_image(0);
	put(64 + 56 * 2 + 32, 0, 8);
	assert_int_equal(load(image, LENGTH, &kernel), -XEN_EINVAL);
	assert_non_null(strstr(problem.text, "no Xen notes"));
	make_image(0);
	number_note(XEN_ELFNOTE_ENTRY, 0x1234);
	assert_int_equal(load(image, LENGTH, &kernel), -XEN_EINVAL);
	assert_non_null(strstr(problem.text, "entry point"));
	make_image(0);
	number_note(XEN_ELFNOTE_PADDR_OFFSET, VIRT);
	assert_int_equal(load(image, LENGTH, &kernel), -XEN_EINVAL);
	assert_non_null(strstr(problem.text, "PADDR_OFFSET"));
	make_image(0);
	number_note(XEN_ELFNOTE_VIRT_BASE, VIRT + 1);
	assert_int_equal(load(image, LENGTH, &kernel), -XEN_EINVAL);
}

static void refuses_wrong_packing(void **state)
{
	static uint8_t packed[LENGTH * 2], wrapped[LENGTH * 2 + 2048];
	struct kernel kernel;
	size_t size;

	(void)state;
	make_image(0);
	assert_int_equal(load((const uint8_t *)"garbage", 7, &kernel), -XEN_EINVAL);
	assert_int_equal(load(NULL, 0, &kernel), -XEN_EINVAL);
	for (int xz = 0; xz < 2; xz++) {
		size = (xz ? to_xz : to_gzip)(image, LENGTH, packed, sizeof(packed));
		assert_int_equal(load(packed, size / 2, &kernel), -XEN_EINVAL);
		assert_int_equal(load(packed, 20, &kernel), -XEN_EINVAL);
		memset(packed + size / 3, 0x55, size / 4);
		assert_int_equal(load(packed, size, &kernel), -XEN_EINVAL);
	}
	size = to_bzimage(image, LENGTH, wrapped);
	assert_int_equal(load(wrapped, size, &kernel), 0);
	assert_int_equal(load(wrapped, size - 1, &kernel), -XEN_EINVAL);
	memset(wrapped + 0x248, 0xff, 4);
	assert_int_equal(load(wrapped, size, &kernel), -XEN_EINVAL);
	wrapped[0x206] = 7;
	assert_int_equal(load(wrapped, size, &kernel), -XEN_EINVAL);
	assert_non_null(strstr(problem.text, "2.08"));
}

static int discard(void *context, uint64_t offset, const uint8_t *bytes, size_t size)
{
	uint8_t *sum = context;

	(void)offset;
	for (size_t i = 0; i < size; i++)
		*sum ^= bytes[i];
	return 0;
}

/* Every byte of headers and notes changed: an answer, never an access outside. */
static void survives_damage(void **state)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
	uint8_t *copy = malloc(LENGTH), sum = 0;
	struct kernel kernel;

	(void)state;
	make_image(0);
	for (size_t at = 0; at < notes_end; at = at == 256 ? NOTES : at + 1) {
		for (unsigned int v = 0; v < sizeof(values); v++) {
			memcpy(copy, image, LENGTH);
			copy[at] = values[v];
			problem.text[0] = '\0';
			if (!kernel_open(copy, LENGTH, &kernel, &problem))
				kernel_load(&kernel, discard, &sum, &problem);
		}
	}
	free(copy);
	for (size_t cut = 0; cut < LENGTH; cut += 97) {
		copy = malloc(cut + !cut);
		memcpy(copy, image, cut);
		problem.text[0] = '\0';
		assert_int_equal(kernel_open(copy, cut, &kernel, &problem) ||
					 kernel_load(&kernel, discard, &sum, &problem),
				 cut < notes_end);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_plain),
		cmocka_unit_test(loads_packed),
		cmocka_unit_test(packed_with_low_offset_is_refused),
		cmocka_unit_test(notes_in_sections),
		cmocka_unit_test(features),
		cmocka_unit_test(refuses_wrong_headers),
		cmocka_unit_test(refuses_wrong_notes),
		cmocka_unit_test(refuses_wrong_packing),
		cmocka_unit_test(survives_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
