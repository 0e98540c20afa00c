/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of a test guest: a line for each check that failed, and one verdict at the end,
 * "NAME: PASS, N checks" or "NAME: FAIL, F of N checks". The system tests wait for the verdict.
 */
#ifndef TESTS_GUESTS_VERDICT_H
#define TESTS_GUESTS_VERDICT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

struct verdict {
	const char *name;
	unsigned int checks, failures;
};

/* Returns good, so that a test can stop where going on makes no sense. */
__attribute__((format(printf, 3, 4))) static inline bool check(struct verdict *verdict, bool good,
							       const char *format, ...)
{
	va_list list;

	verdict->checks++;
	if (good)
		return true;
	verdict->failures++;
	printf("%s: FAILED: ", verdict->name);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	printf("\n");
	return false;
}

/* Prints the verdict; returns what main() shall. */
static inline int verdict_give(const struct verdict *verdict)
{
	if (verdict->failures)
		printf("%s: FAIL, %u of %u checks\n", verdict->name, verdict->failures,
		       verdict->checks);
	else
		printf("%s: PASS, %u checks\n", verdict->name, verdict->checks);
	return verdict->failures != 0;
}

#endif
