/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>
#include "cli/words.h"

static bool ends_word(char c)
{
	return !c || c == ' ' || c == '\t' || c == ';' || c == '\r' || c == '\n';
}

/* Does a backslash take away this character's meaning? */
static bool escapable(char c)
{
	return c && strchr("\\'\"; #", c);
}

/* Copy one word; quotes may open and close inside it. False where a quote is not closed. */
static bool take_word(const char **line, char **target)
{
	const char *at = *line;
	char quote = '\0';

	for (; *at && (quote || !ends_word(*at)); at++) {
		if (*at == '\\' && quote != '\'' && escapable(at[1]))
			*(*target)++ = *++at;
		else if (quote && *at == quote)
			quote = '\0';
		else if (!quote && (*at == '"' || *at == '\''))
			quote = *at;
		else
			*(*target)++ = *at;
	}
	*(*target)++ = '\0';
	*line = at;
	return !quote;
}

static int take_command(const char **line, struct words *words, struct problem *problem)
{
	char *target = words->text;

	words->count = 0;
	for (;;) {
		while (**line && ends_word(**line) && **line != ';')
			(*line)++;
		if (!**line)
			return 0;
		if (**line == '#') {
			*line += strlen(*line);
			return 0;
		}
		if (**line == ';') {
			(*line)++;
			return 0;
		}
		if (words->count == WORDS_MAX)
			return problem_note(problem, XEN_EINVAL, "more than %d words: too long",
					    WORDS_MAX);
		words->word[words->count++] = target;
		if (!take_word(line, &target))
			return problem_note(problem, XEN_EINVAL, "a quote is not closed");
	}
}

int words_next(const char **line, struct words *words, struct problem *problem)
{
	if (strlen(*line) >= sizeof(words->text)) {
		*line += strlen(*line);
		return problem_note(problem, XEN_EINVAL, "the line is longer than %zu characters",
				    sizeof(words->text) - 1);
	}
	while (**line) {
		int error = take_command(line, words, problem);

		if (error) {
			*line += strlen(*line);
			return error;
		}
		if (words->count)
			return 1;
	}
	return 0;
}

static void remove_word(struct words *words, unsigned int index)
{
	words->count--;
	for (; index < words->count; index++)
		words->word[index] = words->word[index + 1];
}

bool words_flag(struct words *words, const char *option)
{
	for (unsigned int i = 1; i < words->count; i++) {
		if (!strcmp(words->word[i], option)) {
			remove_word(words, i);
			return true;
		}
	}
	return false;
}

const char *words_option(struct words *words, const char *option)
{
	for (unsigned int i = 1; i + 1 < words->count; i++) {
		if (!strcmp(words->word[i], option)) {
			const char *value = words->word[i + 1];

			remove_word(words, i);
			remove_word(words, i);
			return value;
		}
	}
	return NULL;
}

int words_number(const char *word, const char *what, uint64_t low, uint64_t high, uint64_t *number,
		 struct problem *problem)
{
	char *end;

	errno = 0;
	*number = strtoull(word, &end, word[0] == '0' && (word[1] | 32) == 'x' ? 16 : 10);
	if (!isdigit((unsigned char)word[0]) || *end || errno || *number < low || *number > high)
		return problem_note(problem, XEN_EINVAL,
				    "\"%.32s\": expected %s, a number from %llu to %llu", word,
				    what, (unsigned long long)low, (unsigned long long)high);
	return 0;
}
