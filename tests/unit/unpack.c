/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/unpack as it is linked with the hypervisor, fed by the host's xz and gzip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tools/unpack/unpack.h"

struct bytes {
	uint8_t *data;
	size_t size;
};

static struct bytes read_all(FILE *file)
{
	struct bytes bytes = {NULL, 0};
	size_t room = 1 << 20, got;

	assert_non_null(file);
	do {
		room *= 2;
		bytes.data = realloc(bytes.data, room);
		assert_non_null(bytes.data);
		got = fread(bytes.data + bytes.size, 1, room - bytes.size, file);
		bytes.size += got;
	} while (bytes.size == room);
	return bytes;
}

static struct bytes file_bytes(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct bytes bytes = read_all(file);

	fclose(file);
	return bytes;
}

static struct bytes packed_by(const char *command)
{
	FILE *pipe = popen(command, "r");
	struct bytes bytes = read_all(pipe);

	assert_int_equal(pclose(pipe), 0);
	return bytes;
}

/* Unpacks into a heap buffer of exactly @room bytes, so that ASan sees each byte too many. */
static int unpack_into(struct bytes *out, size_t room, struct bytes in, size_t arena_size)
{
	struct unpack_arena arena = {malloc(arena_size), arena_size};
	int result;

	out->data = malloc(room);
	result = unpack(out->data, room, &out->size, in.data, in.size, &arena);
	assert_true(out->size <= room);
	free(arena.base);
	return result;
}

static void assert_round_trip(const char *command, size_t slack)
{
	struct bytes plain = file_bytes("/bin/bash"), packed = packed_by(command), out;

	assert_int_equal(unpack_into(&out, plain.size + slack, packed, UNPACK_ARENA_BYTES), 0);
	assert_int_equal(out.size, plain.size);
	assert_memory_equal(out.data, plain.data, plain.size);
	free(plain.data), free(packed.data), free(out.data);
}

#define XZ_KERNEL "xz -c -T1 --check=crc32 --x86 --lzma2=dict=32MiB /bin/bash"

static void test_xz_as_kernels_are_packed(void **state)
{
	(void)state;
	assert_round_trip(XZ_KERNEL, 0);
	assert_round_trip(XZ_KERNEL, 1);
	assert_round_trip(XZ_KERNEL, 100000);
}

static void test_xz_defaults_and_blocks(void **state)
{
	(void)state;
	assert_round_trip("xz -c /bin/bash", 0);
	assert_round_trip("xz -c -T1 --block-size=65536 /bin/bash", 0);
	assert_round_trip("xz -c -T1 --block-size=100000 --x86 --lzma2=dict=4KiB /bin/bash", 7);
}

static void test_gzip(void **state)
{
	(void)state;
	assert_round_trip("gzip -9c /bin/bash", 0);
	assert_round_trip("gzip -1c /bin/bash", 5000);
}

static void test_bytes_after_the_end(void **state)
{
	(void)state;
	assert_round_trip("{ xz -c /bin/bash; printf 1234; }", 0);
	assert_round_trip("{ gzip -c /bin/bash; printf 1234; }", 10);
}

static void assert_refused(const char *command, size_t room, size_t keep, size_t arena, int why)
{
	struct bytes packed = packed_by(command), out;

	if (keep < packed.size)
		packed.size = keep;
	assert_int_equal(unpack_into(&out, room, packed, arena), why);
	free(packed.data), free(out.data);
}

static void test_refusals(void **state)
{
	const size_t room = 8 << 20, all = SIZE_MAX;

	(void)state;
	assert_refused("cat /bin/bash", room, all, UNPACK_ARENA_BYTES, UNPACK_UNKNOWN);
	assert_refused("xz -c --delta --lzma2 /bin/bash", room, all, UNPACK_ARENA_BYTES,
		       UNPACK_UNKNOWN);
	assert_refused(XZ_KERNEL, 1000, all, UNPACK_ARENA_BYTES, UNPACK_NO_SPACE);
	assert_refused("gzip -c /bin/bash", 1000, all, UNPACK_ARENA_BYTES, UNPACK_NO_SPACE);
	assert_refused(XZ_KERNEL, room, all, 1000, UNPACK_NO_ARENA);
	assert_refused("gzip -c /bin/bash", room, all, 1000, UNPACK_NO_ARENA);
	assert_refused(XZ_KERNEL, room, 300000, UNPACK_ARENA_BYTES, UNPACK_CORRUPT);
	assert_refused("gzip -c /bin/bash", room, 300000, UNPACK_ARENA_BYTES, UNPACK_CORRUPT);
	assert_refused(XZ_KERNEL, room, 3, UNPACK_ARENA_BYTES, UNPACK_UNKNOWN);
}

/* A wrong bit never passes the checksum, and never leads outside the buffers. */
static void test_wrong_bits(void **state)
{
	static const char *const commands[] = {XZ_KERNEL, "gzip -c /bin/bash"};
	unsigned int seed = 1;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bytes packed = packed_by(commands[i]), out;

		for (int round = 0; round < 100; round++) {
			size_t at = 12 + rand_r(&seed) % (packed.size - 12);
			uint8_t bit = 1 << (rand_r(&seed) % 8);

			packed.data[at] ^= bit;
			assert_int_not_equal(unpack_into(&out, 1300000, packed, UNPACK_ARENA_BYTES),
					     0);
			packed.data[at] ^= bit;
			free(out.data);
		}
		free(packed.data);
	}
}

static uint32_t le32(const uint8_t *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Fields of the Linux/x86 boot protocol. */
static void test_kernel_of_the_distribution(void **state)
{
	struct bytes image = file_bytes(VMLINUZ), payload, out;
	size_t setup_bytes = (image.data[0x1f1] + 1) * 512;
	uint32_t plain_size;

	(void)state;
	payload.data = image.data + setup_bytes + le32(image.data + 0x248);
	payload.size = le32(image.data + 0x24c);
	plain_size = le32(payload.data + payload.size - 4);
	assert_int_equal(unpack_into(&out, plain_size, payload, UNPACK_ARENA_BYTES), 0);
	assert_int_equal(out.size, plain_size);
	assert_memory_equal(out.data, "\177ELF", 4);
	free(image.data), free(out.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xz_as_kernels_are_packed),
		cmocka_unit_test(test_xz_defaults_and_blocks),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_bytes_after_the_end),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_wrong_bits),
		cmocka_unit_test(test_kernel_of_the_distribution),
	};

	return cmocka_run_group_tests_name("unpack", tests, NULL, NULL);
}
