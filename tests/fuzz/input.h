/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fuzzer's input, read from its beginning to its end, and the figures of a run. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "finding.h"

/** For the table of `make fuzz`: what was done and compared, and what of it was not refused. */
extern uint64_t operations, accepted;

/** From now on that is read. */
void input_begin(const uint8_t *data, size_t size);
/** Something is left of it. */
bool input_left(void);
/** Its next byte, or eight of them; behind its end: zeroes. */
uint8_t input_byte(void);
uint64_t input_word(void);
/** Do what its bytes name in the table, `most` times or to its end, and check after each. */
void input_steps(void (*const table[])(void), unsigned count, unsigned most, void (*check)(void));

#endif
