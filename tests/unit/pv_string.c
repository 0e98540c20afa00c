/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SDK's memcpy() and memset(), at all alignments and small lengths, and by chance at others. */
#undef memcpy
#undef memset
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST = 5000, MARGIN = 64 };

void *pv_memcpy(void *to, const void *from, size_t length);
void *pv_memset(void *to, int byte, size_t length);

static uint8_t source[MOST + 2 * MARGIN], target[MOST + 2 * MARGIN], expected[MOST + 2 * MARGIN];

/* Nothing before or behind is touched. */
static void try_both(size_t length, size_t from, size_t to)
{
	memset(target, 0xee, sizeof(target));
	memset(expected, 0xee, sizeof(expected));
	memcpy(expected + MARGIN + to, source + from, length);
	assert_ptr_equal(pv_memcpy(target + MARGIN + to, source + from, length),
			 target + MARGIN + to);
	assert_memory_equal(target, expected, sizeof(target));
	memset(expected + MARGIN + to, (int)length + 0x100, length);
	assert_ptr_equal(pv_memset(target + MARGIN + to, (int)length + 0x100, length),
			 target + MARGIN + to);
	assert_memory_equal(target, expected, sizeof(target));
}

static void copies_and_fills(void **state)
{
	(void)state;
	srand(1);
	for (size_t i = 0; i < sizeof(source); i++)
		source[i] = (uint8_t)rand();
	for (size_t length = 0; length < 40; length++)
		for (size_t from = 0; from < 9; from++)
			for (size_t to = 0; to < 9; to++)
				try_both(length, from, to);
	for (unsigned int i = 0; i < 3000; i++)
		try_both((size_t)rand() % MOST, (size_t)rand() % MARGIN, (size_t)rand() % MARGIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(copies_and_fills)};

	return cmocka_run_group_tests_name("pv_string", tests, NULL, NULL);
}
