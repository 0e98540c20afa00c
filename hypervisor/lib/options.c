/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsing of the hypervisor's command line. */
#include <lib/options.h>
#include <lib/printk.h>
#include <lib/string.h>

extern const struct option option_table[], option_table_end[];

/* The words for "no" stand at even places. */
static bool parse_bool(const char *value, bool *out)
{
	static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(value, words[i])) {
			*out = i % 2;
			return true;
		}
	*out = true;
	return !*value;
}

static bool apply(const struct option *o, const char *value, bool negated)
{
	const char *end = "";
	bool b;

	if (negated && o->kind != OPTION_BOOL)
		return false;
	switch (o->kind) {
	case OPTION_BOOL:
		if (!parse_bool(value, &b))
			return false;
		*(bool *)o->target = b != negated;
		return true;
	case OPTION_NUMBER:
		*(u32 *)o->target = parse_number(value, &end);
		return *value && !*end;
	case OPTION_SIZE:
		*(u64 *)o->target = parse_size(value, &end);
		return *value && !*end;
	case OPTION_STRING:
		strlcpy(o->target, value, o->size);
		return true;
	case OPTION_CALL:
		((void (*)(const char *))o->target)(value);
		return true;
	}
	return false;
}

static void parse_word(char *word)
{
	char *value = strchr(word, '=');
	bool negated = !strncmp(word, "no-", 3);
	const char *name = negated ? word + 3 : word;

	if (value)
		*value++ = 0;
	for (const struct option *o = option_table; o < option_table_end; o++)
		if (!strcmp(o->name, name)) {
			if (!apply(o, value ? value : "", negated))
				printk(LOG_WARN, "option %s: value '%s' not understood\n", word,
				       value ? value : "");
			return;
		}
	printk(LOG_WARN, "option %s is unknown, ignored\n", word);
}

void options_parse(const char *cmdline)
{
	char word[256];

	for (;;) {
		size_t n = 0;
		bool quoted = false;

		while (*cmdline == ' ' || *cmdline == '\t')
			cmdline++;
		if (!*cmdline)
			return;
		for (; *cmdline && (quoted || (*cmdline != ' ' && *cmdline != '\t')); cmdline++) {
			if (*cmdline == '"')
				quoted = !quoted;
			else if (n < sizeof(word) - 1)
				word[n++] = *cmdline;
		}
		word[n] = 0;
		parse_word(word);
	}
}
