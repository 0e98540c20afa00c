/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FUZZ_FINDING_H
#define FUZZ_FINDING_H

#include <stdio.h>
#include <stdlib.h>

#define FINDING(...)                                                                               \
	do {                                                                                       \
		fprintf(stderr, "finding: " __VA_ARGS__);                                          \
		fprintf(stderr, "\n");                                                             \
		abort();                                                                           \
	} while (0)

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			FINDING("%s:%d: %s", __FILE__, __LINE__, #condition);                      \
	} while (0)

#endif
