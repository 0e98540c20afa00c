/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The syntax of xl.cfg: `key = value` lines, where a value is a string in single or double quotes,
 * a number (decimal, or hexadecimal with 0x), or a list `[ value, … ]` of strings and numbers that
 * may span lines. `#` starts a comment, `;` separates settings on one line.
 *
 * The parser allocates nothing: it hands out one setting at a time, in bounded buffers.
 */
#ifndef DOM0_CONFIG_SYNTAX_H
#define DOM0_CONFIG_SYNTAX_H

#include <stddef.h>
#include <stdint.h>
#include "lib/problem.h"

#define SETTING_KEY_LENGTH  32
#define SETTING_TEXT_LENGTH 1024 /* the ABI's MAX_GUEST_CMDLINE */
#define SETTING_LIST_ITEMS  32
#define SETTING_ITEM_LENGTH 256

enum setting_kind { SETTING_STRING, SETTING_NUMBER, SETTING_LIST };

struct setting {
	char key[SETTING_KEY_LENGTH];
	int line; /* where the key stands, from 1 */
	enum setting_kind kind;
	uint64_t number;		/* SETTING_NUMBER */
	char text[SETTING_TEXT_LENGTH]; /* SETTING_STRING; a number's own digits */
	unsigned int items;		/* SETTING_LIST */
	char item[SETTING_LIST_ITEMS][SETTING_ITEM_LENGTH];
};

struct config_source {
	const char *name; /* for messages: the file's name, or "command line" */
	const char *text; /* need not end with a zero */
	size_t size;	  /* bytes */
	size_t at;	  /* start with 0 */
	int line;	  /* start with 1 */
};

/*
 * Read the next setting. Returns 1 (setting is filled in), 0 at the end, or -XEN_EINVAL with the
 * source's name, the line and the mistake in *problem.
 */
int config_next(struct config_source *source, struct setting *setting, struct problem *problem);

#endif
