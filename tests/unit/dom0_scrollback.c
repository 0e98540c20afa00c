/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "console/scrollback.h"

static struct scrollback *fresh(void)
{
	return calloc(1, sizeof(struct scrollback));
}

static void reads_what_was_added(void **state)
{
	struct scrollback *s = fresh();
	uint64_t position = 0;
	char out[16];

	(void)state;
	scrollback_add(s, "one\ntwo\n", 8);
	assert_int_equal(scrollback_read(s, &position, out, 5), 5);
	assert_memory_equal(out, "one\nt", 5);
	assert_int_equal(scrollback_read(s, &position, out, 16), 3);
	assert_int_equal(scrollback_read(s, &position, out, 16), 0);
	assert_int_equal(position, 8);
	free(s);
}

static void keeps_the_newest(void **state)
{
	struct scrollback *s = fresh();
	uint64_t position = 0;
	char out[1];
	int i;

	(void)state;
	for (i = 0; i < SCROLLBACK_SIZE + 10; i++)
		scrollback_add(s, &(char){i % 251}, 1);
	assert_int_equal(scrollback_read(s, &position, out, 1), 1);
	assert_int_equal(out[0], 10);
	assert_int_equal(scrollback_tail(s, 0), 10);
	free(s);
}

static void finds_the_last_lines(void **state)
{
	struct scrollback *s = fresh();

	(void)state;
	assert_int_equal(scrollback_tail(s, 3), 0);
	scrollback_add(s, "one\ntwo\nthree\n", 14);
	assert_int_equal(scrollback_tail(s, 1), 8);
	assert_int_equal(scrollback_tail(s, 2), 4);
	assert_int_equal(scrollback_tail(s, 3), 0);
	assert_int_equal(scrollback_tail(s, 9), 0);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_was_added),
		cmocka_unit_test(keeps_the_newest),
		cmocka_unit_test(finds_the_last_lines),
	};

	return cmocka_run_group_tests_name("scrollback", tests, NULL, NULL);
}
