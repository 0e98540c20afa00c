/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a fuzzer's input, and the figures of a run. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "finding.h"

struct input {
	const uint8_t *at, *end;
};

static inline uint8_t input_byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static inline uint64_t input_word(struct input *in)
{
	uint64_t word = 0;
	size_t left = (size_t)(in->end - in->at), n = left < 8 ? left : 8;

	memcpy(&word, in->at, n);
	in->at += n;
	return word;
}

static uint64_t operations, accepted;

/* For the table of `make fuzz`. */
static __attribute__((destructor)) void print_figures(void)
{
	fprintf(stderr, "stat::operations: %lu\nstat::accepted: %lu\n", operations, accepted);
}

#endif
