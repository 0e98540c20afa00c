/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <xen/errno.h>
#include "config/syntax.h"

/* The character at the position, or -1 at the end. A zero byte ends the text too. */
static int peek(const struct config_source *source)
{
	if (source->at >= source->size || !source->text[source->at])
		return -1;
	return (unsigned char)source->text[source->at];
}

static int take(struct config_source *source)
{
	int c = peek(source);

	if (c >= 0)
		source->at++;
	if (c == '\n')
		source->line++;
	return c;
}

static int mistake(const struct config_source *source, struct problem *problem, const char *what)
{
	return problem_note(problem, XEN_EINVAL, "%s:%d: %s", source->name, source->line, what);
}

/* Skip blanks and a comment; line ends too if asked. */
static void skip_blank(struct config_source *source, bool lines)
{
	for (;;) {
		int c = peek(source);

		if (c == '#') {
			while (peek(source) >= 0 && peek(source) != '\n')
				take(source);
		} else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
			take(source);
		} else {
			return;
		}
	}
}

static int read_key(struct config_source *source, struct setting *setting, struct problem *problem)
{
	size_t length = 0;

	while (isalnum(peek(source)) || peek(source) == '_' || peek(source) == '-') {
		if (length == sizeof(setting->key) - 1)
			return mistake(source, problem, "a key is at most 31 characters long");
		setting->key[length++] = (char)take(source);
	}
	setting->key[length] = '\0';
	if (!length)
		return mistake(source, problem, "expected a key, as in: memory = 128");
	return 0;
}

static int read_quoted(struct config_source *source, char *text, size_t size,
		       struct problem *problem)
{
	int quote = take(source);
	size_t length = 0;

	for (;;) {
		int c = peek(source);

		if (c < 0 || c == '\n')
			return mistake(source, problem, "a string lacks its closing quote");
		take(source);
		if (c == quote)
			break;
		if (length == size - 1)
			return mistake(source, problem, "this string is too long");
		text[length++] = (char)c;
	}
	text[length] = '\0';
	return 0;
}

/* Digits to a number; false if they are none or do not fit into 64 bits. */
static bool parse_number(const char *text, uint64_t *value)
{
	unsigned int base = 10;

	*value = 0;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (!*text)
		return false;
	for (; *text; text++) {
		int c = tolower((unsigned char)*text);
		unsigned int digit =
			isdigit(c) ? (unsigned int)(c - '0') : (unsigned int)(c - 'a') + 10;

		if ((!isdigit(c) && (c < 'a' || c > 'f')) || digit >= base ||
		    *value > (UINT64_MAX - digit) / base)
			return false;
		*value = *value * base + digit;
	}
	return true;
}

static int read_number(struct config_source *source, char *text, size_t size, uint64_t *value,
		       struct problem *problem)
{
	size_t length = 0;

	while (isalnum(peek(source)) && length < size - 1)
		text[length++] = (char)take(source);
	text[length] = '\0';
	if (!parse_number(text, value))
		return mistake(source, problem,
			       "expected a value: a number, a \"string\" or a [ list ]");
	return 0;
}

static int read_item(struct config_source *source, struct setting *setting, struct problem *problem)
{
	char *item = setting->item[setting->items];
	uint64_t number;
	int c = peek(source);

	if (setting->items == SETTING_LIST_ITEMS)
		return mistake(source, problem, "a list has at most 32 items");
	setting->items++;
	if (c == '"' || c == '\'')
		return read_quoted(source, item, SETTING_ITEM_LENGTH, problem);
	return read_number(source, item, SETTING_ITEM_LENGTH, &number, problem);
}

static int read_list(struct config_source *source, struct setting *setting, struct problem *problem)
{
	take(source);
	for (;;) {
		skip_blank(source, true);
		if (peek(source) == ']')
			break;
		int error = read_item(source, setting, problem);

		if (error)
			return error;
		skip_blank(source, true);
		if (peek(source) == ',')
			take(source);
		else if (peek(source) != ']')
			return mistake(source, problem,
				       "a list's items are separated by commas and end with ]");
	}
	take(source);
	return 0;
}

static int read_value(struct config_source *source, struct setting *setting,
		      struct problem *problem)
{
	int c = peek(source);

	if (c == '[') {
		setting->kind = SETTING_LIST;
		return read_list(source, setting, problem);
	}
	if (c == '"' || c == '\'') {
		setting->kind = SETTING_STRING;
		return read_quoted(source, setting->text, sizeof(setting->text), problem);
	}
	setting->kind = SETTING_NUMBER;
	return read_number(source, setting->text, sizeof(setting->text), &setting->number, problem);
}

int config_next(struct config_source *source, struct setting *setting, struct problem *problem)
{
	int error;

	do
		skip_blank(source, true);
	while (peek(source) == ';' && take(source));
	if (peek(source) < 0)
		return 0;

	setting->line = source->line;
	setting->items = 0;
	setting->number = 0;
	setting->text[0] = '\0';
	error = read_key(source, setting, problem);
	if (error)
		return error;
	skip_blank(source, false);
	if (peek(source) != '=')
		return mistake(source, problem, "expected = after the key");
	take(source);
	skip_blank(source, false);
	error = read_value(source, setting, problem);
	if (error)
		return error;
	skip_blank(source, false);
	if (peek(source) >= 0 && peek(source) != '\n' && peek(source) != ';')
		return mistake(source, problem,
			       "something follows the value: one setting a line, or ; between");
	return 1;
}
