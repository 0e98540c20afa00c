/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "input.h"

uint64_t operations, accepted;

static const uint8_t *at, *end;

void input_begin(const uint8_t *data, size_t size)
{
	at = data;
	end = data + size;
}

bool input_left(void)
{
	return at < end;
}

uint8_t input_byte(void)
{
	return at < end ? *at++ : 0;
}

uint64_t input_word(void)
{
	uint64_t word = 0;
	size_t left = (size_t)(end - at), n = left < 8 ? left : 8;

	memcpy(&word, at, n);
	at += n;
	return word;
}

void input_steps(void (*const table[])(void), unsigned count, unsigned most, void (*check)(void))
{
	for (unsigned i = 0; i < most && input_left(); i++) {
		table[input_byte() % count]();
		operations++;
		check();
	}
}

static __attribute__((destructor)) void print_figures(void)
{
	if (operations)
		fprintf(stderr, "stat::operations: %lu\nstat::accepted: %lu\n", operations,
			accepted);
}
