/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * abi/ against the headers of the distribution (libxen-dev): every constant, every size, every
 * field, every macro. Each difference is printed; one is enough to fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "facts.h"

/* Texts are equal if they differ in white space at most. */
static int same_text(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, " \t");
		b += strspn(b, " \t");
		if (*a != *b)
			return 0;
		if (!*a)
			return 1;
	}
}

static int same_fact(const struct fact *ours, const struct fact *theirs)
{
	if (theirs->missing) {
		print_error("%s: only abi/ defines it\n", ours->name);
		return 0;
	}
	if (ours->text) {
		if (same_text(ours->text, theirs->text))
			return 1;
		print_error("%s: ours %s, theirs %s\n", ours->name, ours->text, theirs->text);
		return 0;
	}
	if (ours->value != theirs->value) {
		print_error("%s: ours %#llx, theirs %#llx\n", ours->name, ours->value,
			    theirs->value);
		return 0;
	}
	if (ours->size != theirs->size) {
		print_error("%s: ours has %zu bytes, theirs %zu\n", ours->name, ours->size,
			    theirs->size);
		return 0;
	}
	return 1;
}

static void compare(struct fact_table ours, struct fact_table theirs, size_t at_least)
{
	size_t i, different = 0;

	assert_int_equal(ours.count, theirs.count);
	for (i = 0; i < ours.count; i++) {
		assert_string_equal(ours.facts[i].name, theirs.facts[i].name);
		different += !same_fact(&ours.facts[i], &theirs.facts[i]);
	}
	print_message("%zu facts compared, %zu differ\n", ours.count, different);
	assert_int_equal(different, 0);
	/* A list that came out short is a broken generator, not conformance. */
	assert_true(ours.count >= at_least);
}

static void constants_sizes_and_fields(void **state)
{
	(void)state;
	compare(facts_ours, facts_theirs, 1500);
}

static void macros_with_parameters(void **state)
{
	(void)state;
	compare(macros_ours(), macros_theirs(), 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constants_sizes_and_fields),
		cmocka_unit_test(macros_with_parameters),
	};

	return cmocka_run_group_tests_name("conformance", tests, NULL, NULL);
}
