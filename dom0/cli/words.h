/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a line to commands: words separated by blanks, kept together by '…' or "…", commands
 * separated by `;`, and # at the start of a word beginning a comment. Options are taken out of the
 * words.
 */
#ifndef DOM0_CLI_WORDS_H
#define DOM0_CLI_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include "cli/editor.h"
#include "lib/problem.h"

#define WORDS_MAX 32

struct words {
	unsigned int count;
	const char *word[WORDS_MAX]; /* in text */
	char text[EDITOR_LINE];
};

/*
 * Take the next command from *line, which moves behind it.
 * Returns 1 (at least one word), 0 at the end, or -XEN_EINVAL with the problem (line is used up).
 */
int words_next(const char **line, struct words *words, struct problem *problem);

/* Take the option out of the words. Returns whether it was there. */
bool words_flag(struct words *words, const char *option);

/* Take the option and the word after it. Returns that word, or NULL when the option is not there.
 */
const char *words_option(struct words *words, const char *option);

/*
 * A decimal number, or hexadecimal with 0x, from low to high. Returns 0, or -XEN_EINVAL with the
 * problem naming `what`.
 */
int words_number(const char *word, const char *what, uint64_t low, uint64_t high, uint64_t *number,
		 struct problem *problem);

#endif
