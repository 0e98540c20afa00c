/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the same source says about the ABI when it is compiled with our headers, and with those of
 * the distribution.
 */
#ifndef CONFORMANCE_FACTS_H
#define CONFORMANCE_FACTS_H

#include <stddef.h>

struct fact {
	const char *name;
	const char *text; /* NULL if the fact is a number */
	long long value;  /* value, offset, or size */
	size_t size;	  /* of a field; else 0 */
	int missing;	  /* these headers do not define it */
};

struct fact_table {
	const struct fact *facts;
	size_t count;
};

/* The two sides. Both tables of a pair have the same names in the same order. */
extern const struct fact_table facts_ours, facts_theirs;
struct fact_table macros_ours(void);
struct fact_table macros_theirs(void);

#endif
