/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mutate FILE          prints how many small mistakes can be made in a C source
 * mutate FILE N        prints the source with mistake N (from 0) made; what it is goes to stderr
 *
 * Mistakes: another comparison, the other logical or bit operator, + for -, a negation left out,
 * true for false, a call left out. Comments, strings, preprocessor lines and assertions are passed
 * over. A mistake need not compile, and need not matter: that is for the tests to say.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct swap {
	const char *from, *to;
};

/* Longer operators first. What is not to be changed is listed with itself. */
static const struct swap swaps[] = {
	{"->", "->"},	 {"<<", "<<"},	  {">>", ">>"},	  {"+=", "-="},	  {"-=", "+="},
	{"|=", "&="},	 {"&=", "|="},	  {"++", "++"},	  {"--", "--"},	  {"==", "!="},
	{"!=", "=="},	 {"<=", "<"},	  {">=", ">"},	  {"&&", "||"},	  {"||", "&&"},
	{" < ", " <= "}, {" > ", " >= "}, {" + ", " - "}, {" - ", " + "}, {" & ", " | "},
	{" | ", " & "},	 {"!", ""},
};

static const struct swap words[] = {{"true", "false"}, {"false", "true"}};

static char *text;
static long wanted = -1, found;

static char *read_all(const char *name)
{
	FILE *f = fopen(name, "r");
	char *data = NULL;
	size_t size = 0, room = 0;

	if (!f) {
		perror(name);
		exit(2);
	}
	for (;;) {
		if (room < size + 65536)
			data = realloc(data, room = size + 131072);
		if (!data)
			exit(2);
		size_t n = fread(data + size, 1, 65536, f);

		if (!n)
			break;
		size += n;
	}
	fclose(f);
	data[size] = 0;
	return data;
}

/* The mistake of putting `to` in place of `length` bytes at p. Does not return if it is wanted. */
static void mistake(const char *p, size_t length, const char *to)
{
	const char *line = p, *end;
	int number = 1;

	if (found++ != wanted)
		return;
	for (const char *q = text; q < p; q++)
		number += *q == '\n';
	while (line > text && line[-1] != '\n')
		line--;
	end = strchr(line, '\n');
	while (isspace((unsigned char)*line))
		line++;
	fprintf(stderr, "%d: '%.*s' -> '%s' in: %.*s\n", number, (int)length, p, to,
		(int)(end ? end - line : 0), line);
	printf("%.*s%s%s", (int)(p - text), text, to, p + length);
	exit(0);
}

/* Behind the comment, literal or line that starts at p and is not looked at; p if there is none. */
static const char *skip(const char *p, bool line_start)
{
	const char *start = p;

	if (p[0] == '/' && p[1] == '*') {
		p = strstr(p, "*/");
		return p ? p + 2 : strchr(start, 0);
	}
	if (*p == '"' || *p == '\'') {
		for (p++; *p && *p != *start; p++)
			p += *p == '\\';
		return *p ? p + 1 : p;
	}
	if (line_start && *p == '#') {
		while (*p && (*p != '\n' || p[-1] == '\\'))
			p++;
		return p;
	}
	if (!strncmp(p, "BUG_ON(", 7) || !strncmp(p, "_Static_assert", 14)) {
		while (*p && *p != ';')
			p++;
	}
	return p;
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* `	name(...);` alone on its line. */
static void try_call(const char *line)
{
	const char *p = line, *end = strchr(line, '\n');

	while (*p == '\t')
		p++;
	if (p == line || !end || end < p + 4 || end[-1] != ';' || end[-2] != ')')
		return;
	const char *name = p;

	while (word_char(*p))
		p++;
	if (*p != '(' || p == name || !strncmp(name, "BUG_ON", 6) || !strncmp(name, "return", 6))
		return;
	mistake(name, (size_t)(end - 1 - name), "(void)0");
}

/* Length of what was looked at. */
static size_t try_token(const char *p)
{
	size_t length = 0;

	if (isalpha((unsigned char)*p)) {
		while (word_char(p[length]))
			length++;
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (length == strlen(words[i].from) && !strncmp(p, words[i].from, length))
				mistake(p, length, words[i].to);
		return length;
	}
	for (size_t i = 0; i < sizeof(swaps) / sizeof(swaps[0]); i++) {
		length = strlen(swaps[i].from);
		if (strncmp(p, swaps[i].from, length))
			continue;
		if (strcmp(swaps[i].from, swaps[i].to))
			mistake(p, length, swaps[i].to);
		return length;
	}
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: %s FILE [N]\n", argv[0]);
		return 2;
	}
	text = read_all(argv[1]);
	if (argc == 3)
		wanted = atol(argv[2]);
	for (const char *p = text; *p;) {
		bool line_start = p == text || p[-1] == '\n';
		const char *behind = skip(p, line_start);

		if (behind != p) {
			p = behind;
			continue;
		}
		if (line_start)
			try_call(p);
		p += try_token(p);
	}
	if (wanted >= 0) {
		fprintf(stderr, "%s: there are %ld mistakes\n", argv[1], found);
		return 2;
	}
	printf("%ld\n", found);
	return 0;
}
