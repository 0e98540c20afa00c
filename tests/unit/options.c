/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's command line: each kind of value, and what is warned of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <lib/options.h>
#include <lib/printk.h>

static bool flag;
static uint32_t number;
static uint64_t bytes;
static char text[8];

const struct option option_table[] = {
	{"flag", option_bool, &flag, sizeof(flag)},
	{"number", option_number, &number, sizeof(number)},
	{"bytes", option_size, &bytes, sizeof(bytes)},
	{"text", option_string, text, sizeof(text)},
};
__asm__(".globl option_table_end\n.set option_table_end, option_table + 4 * 32");

static char warning[100];
static unsigned warnings;

void printk(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	assert_int_equal(level, LOG_WARN);
	va_start(ap, fmt);
	vsnprintf(warning, sizeof(warning), fmt, ap);
	va_end(ap);
	warnings++;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
	return (size_t)snprintf(dst, size, "%s", src);
}

static void parse(const char *line)
{
	warnings = 0;
	options_parse(line);
}

static void flags(void **state)
{
	static const struct {
		const char *word;
		bool value;
	} cases[] = {{"flag", true},	  {"no-flag", false},	 {"flag=on", true},
		     {"flag=off", false}, {"flag=yes", true},	 {"flag=no", false},
		     {"flag=true", true}, {"flag=false", false}, {"flag=1", true},
		     {"flag=0", false}};

	(void)state;
	_Static_assert(sizeof(struct option) == 32, "the table's end is right");
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		flag = !cases[i].value;
		parse(cases[i].word);
		assert_int_equal(flag, cases[i].value);
		assert_int_equal(warnings, 0);
	}
	parse("flag=maybe");
	assert_string_equal(warning, "option flag: value 'maybe' not understood\n");
	parse("no-number=3");
	assert_string_equal(warning, "option no-number is unknown, ignored\n");
}

static void values(void **state)
{
	(void)state;
	parse("  number=17\tbytes=3  text=\"a b\"c  ");
	assert_int_equal(warnings, 0);
	assert_int_equal(number, 17);
	assert_int_equal(bytes, 3 << 10);
	assert_string_equal(text, "a bc");
	parse("number=0x1F bytes=2G text=truncated");
	assert_int_equal(warnings, 0);
	assert_int_equal(number, 31);
	assert_int_equal(bytes, 2ul << 30);
	assert_string_equal(text, "truncat");
	parse("bytes=5b");
	assert_int_equal(bytes, 5);
	parse("bytes=1m number= text");
	assert_int_equal(bytes, 1 << 20);
	assert_int_equal(warnings, 1);
	assert_string_equal(text, "");
	parse("bytes=12x number=9z");
	assert_int_equal(warnings, 2);
	parse("");
	assert_int_equal(warnings, 0);
}

static void long_words(void **state)
{
	char line[2000];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = 0;
	parse(line);
	assert_int_equal(warnings, 1);
	memset(line, '"', sizeof(line) - 1);
	parse(line);
	assert_int_equal(warnings, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags),
		cmocka_unit_test(values),
		cmocka_unit_test(long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
