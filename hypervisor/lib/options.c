/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsing of the hypervisor's command line. */
#include <lib/options.h>
#include <lib/printk.h>
#include <lib/string.h>

extern const struct option option_table[], option_table_end[];

static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

u64 parse_number(const char *s, const char **end)
{
	unsigned base = s[0] == '0' && (s[1] | 0x20) == 'x' ? 16 : 10;
	u64 value = 0;

	for (s += base == 16 ? 2 : 0; digit(*s) < base; s++)
		value = value * base + digit(*s);
	*end = s;
	return value;
}

u64 parse_size(const char *s, const char **end)
{
	static const char units[] = "bkmgt";
	u64 value = parse_number(s, end);
	const char *unit = strchr(units, **end | 0x20);

	*end += unit != NULL;
	return value << (unit ? 10 * (unit - units) : 10);
}

/* The words for "no" stand at even places. */
bool option_bool(void *target, size_t size, const char *value)
{
	static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(value, words[i])) {
			*(bool *)target = i % 2;
			return true;
		}
	return false;
}

bool option_number(void *target, size_t size, const char *value)
{
	const char *end;

	*(u32 *)target = parse_number(value, &end);
	return *value && !*end;
}

bool option_size(void *target, size_t size, const char *value)
{
	const char *end;

	*(u64 *)target = parse_size(value, &end);
	return *value && !*end;
}

bool option_string(void *target, size_t size, const char *value)
{
	strlcpy(target, value, size);
	return true;
}

static void parse_word(char *word)
{
	char *equals = strchr(word, '=');
	const char *value = equals ? equals + 1 : "";

	if (equals)
		*equals = 0;
	for (const struct option *o = option_table; o < option_table_end; o++) {
		bool flag = o->parse == option_bool && !equals;
		bool no = flag && !strncmp(word, "no-", 3) && !strcmp(o->name, word + 3);

		if (!no && strcmp(o->name, word))
			continue;
		if (!o->parse(o->target, o->size, no ? "no" : flag ? "yes" : value))
			printk(LOG_WARN, "option %s: value '%s' not understood\n", word, value);
		return;
	}
	printk(LOG_WARN, "option %s is unknown, ignored\n", word);
}

void options_parse(const char *cmdline)
{
	char word[256];
	bool quoted = false;
	size_t n = 0;

	do {
		if (*cmdline == '"') {
			quoted = !quoted;
		} else if (*cmdline && (quoted || (*cmdline != ' ' && *cmdline != '\t'))) {
			if (n < sizeof(word) - 1)
				word[n++] = *cmdline;
		} else if (n) {
			word[n] = 0;
			parse_word(word);
			n = 0;
		}
	} while (*cmdline++);
}
