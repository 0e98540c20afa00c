/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include "cli/words.h"

/* A terminal of one endless row, enough to see what the user would. */
static char screen[4096];
static size_t column, bells;

static void show(void *context, const char *text, size_t size)
{
	(void)context;
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\b')
			column--;
		else if (text[i] == '\a')
			bells++;
		else if (text[i] == '\r')
			column = 0;
		else if (text[i] == '\n')
			memset(screen, 0, sizeof(screen));
		else
			screen[column++] = text[i];
		assert_true(column < sizeof(screen) - 1);
	}
}

static const char *candidate(void *context, const char *line, size_t start, unsigned int index)
{
	static const char *const words[] = {"create", "console", "destroy", "dmesg", "/images/"};

	(void)context;
	(void)line;
	(void)start;
	/* In one place, as the hook may. */
	static char place[16];

	if (index >= 5)
		return NULL;
	return strcpy(place, words[index]);
}

static struct editor editor;

static int start(void **state)
{
	struct editor_hooks hooks = {show, candidate, NULL};

	(void)state;
	memset(screen, 0, sizeof(screen));
	column = 0;
	editor_init(&editor, "dom0# ", &hooks);
	editor_start(&editor);
	return 0;
}

/* Type keys; at the end of a line compare it and start the next. */
static void type(const char *keys, const char *expected)
{
	bool done = false;

	for (; *keys; keys++)
		done |= editor_key(&editor, *keys);
	assert_int_equal(done, expected != NULL);
	if (expected) {
		assert_string_equal(editor.line, expected);
		editor_start(&editor);
	}
}

static void see(const char *expected, size_t cursor)
{
	char row[4096];
	size_t length = strlen(screen);

	memcpy(row, screen, length + 1);
	while (length && row[length - 1] == ' ')
		row[--length] = '\0';
	assert_string_equal(row, expected);
	assert_int_equal(column, cursor);
}

static void line_ends(void **state)
{
	(void)state;
	type("list\r", "list");
	type("\ninfo\n", "info");
	type("a\r\n", "a");
	type("\n", "");
}

static void editing(void **state)
{
	(void)state;
	type("helo", NULL);
	type("\033[D", NULL);
	type("l", NULL);
	see("dom0# hello", 10);
	type("\001x\005y", NULL);
	see("dom0# xhelloy", 13);
	type("\033[H\033[3~\033OF\177", NULL);
	see("dom0# hello", 11);
	type(" big world\027\027", NULL);
	see("dom0# hello", 12);
	type("\025", NULL);
	see("dom0#", 6);
	type("one two\001\033[C\033[C\033[C\013", NULL);
	see("dom0# one", 9);
	type("\033[1~\004\004\004\004", NULL);
	see("dom0#", 6);
	type("gone\003", NULL);
	see("dom0#", 6);
	type("\033[1;5C\033[99~\033x", NULL);
	type("\r", "");
}

static void history(void **state)
{
	(void)state;
	type("one\r", "one");
	type("two\r", "two");
	type("two\r", "two");
	type("draft\033[A", NULL);
	see("dom0# two", 9);
	type("\033[A", NULL);
	see("dom0# one", 9);
	type("\033[A\033[B\033[B", NULL);
	see("dom0# draft", 11);
	type("\020\r", "two");
	assert_string_equal(editor_history(&editor, 2), "one");
	assert_null(editor_history(&editor, 3));
	for (int i = 0; i < 100; i++) {
		char line[16], expected[16];

		snprintf(line, sizeof(line), "n%d\r", i);
		snprintf(expected, sizeof(expected), "n%d", i);
		type(line, expected);
	}
	assert_string_equal(editor_history(&editor, EDITOR_HISTORY), "n68");
	assert_null(editor_history(&editor, EDITOR_HISTORY + 1));
}

static void completion(void **state)
{
	(void)state;
	type("cr\t", NULL);
	see("dom0# create", 13);
	type("\025des\t\r", "destroy ");
	type("d\t", NULL);
	see("dom0# d", 7);
	bells = 0;
	type("\025zz\t", NULL);
	assert_int_equal(bells, 1);
	type("\025list;cons\t\r", "list;console ");
	/* a part of a word, and a folder: something follows */
	type("x disk=['cr\t,d\t\r", "x disk=['create,d");
	type("vda1:/i\ta\r", "vda1:/images/a");
	type("/\ta\r", "/images/a");
}

static void line_too_long(void **state)
{
	(void)state;
	for (int i = 0; i < 2000; i++)
		assert_false(editor_key(&editor, 'x'));
	assert_int_equal(editor.length, EDITOR_LINE - 1);
	assert_true(editor_key(&editor, '\r'));
}

static void survives_noise(void **state)
{
	(void)state;
	srand(2);
	for (int i = 0; i < 200000; i++) {
		static const char keys[] =
			"\001\002\003\004\005\006\010\011\013\020\016\025\027\033[[[ABCDHF~~3178 abc\r";

		if (editor_key(&editor, keys[(size_t)rand() % (sizeof(keys) - 1)])) {
			editor_start(&editor);
			memset(screen, 0, sizeof(screen));
			column = 6;
		}
		assert_true(editor.cursor <= editor.length && editor.length < EDITOR_LINE);
		assert_int_equal(strlen(editor.line), editor.length);
	}
}

static struct words words;
static struct problem problem;

static void splits_commands(void **state)
{
	const char *line = "  create hello extra=\"a b;c\" 'x'y ; list # rest ; no";

	(void)state;
	assert_int_equal(words_next(&line, &words, &problem), 1);
	assert_int_equal(words.count, 4);
	assert_string_equal(words.word[0], "create");
	assert_string_equal(words.word[2], "extra=a b;c");
	assert_string_equal(words.word[3], "xy");
	assert_int_equal(words_next(&line, &words, &problem), 1);
	assert_int_equal(words.count, 1);
	assert_string_equal(words.word[0], "list");
	assert_int_equal(words_next(&line, &words, &problem), 0);

	line = ";; ;";
	assert_int_equal(words_next(&line, &words, &problem), 0);
	line = "echo \"open; list";
	assert_int_equal(words_next(&line, &words, &problem), -XEN_EINVAL);
	assert_int_equal(words_next(&line, &words, &problem), 0);
	line = "a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4 5 6 7";
	assert_int_equal(words_next(&line, &words, &problem), -XEN_EINVAL);
	line = "\"run=create x extra=\\'a b\\' \\\\\" 'c\\' d\\;e \\n";
	assert_int_equal(words_next(&line, &words, &problem), 1);
	assert_int_equal(words.count, 4);
	assert_string_equal(words.word[0], "run=create x extra='a b' \\");
	assert_string_equal(words.word[1], "c\\");
	assert_string_equal(words.word[2], "d;e");
	assert_string_equal(words.word[3], "\\n");
	line = "echo \"\" x";
	assert_int_equal(words_next(&line, &words, &problem), 1);
	assert_int_equal(words.count, 3);
}

static void options(void **state)
{
	const char *line = "top -n 5 -b x -n";
	uint64_t number;

	(void)state;
	assert_int_equal(words_next(&line, &words, &problem), 1);
	assert_string_equal(words_option(&words, "-n"), "5");
	assert_null(words_option(&words, "-n"));
	assert_true(words_flag(&words, "-b"));
	assert_false(words_flag(&words, "-b"));
	assert_int_equal(words.count, 3);
	assert_int_equal(words_number("12", "x", 0, 20, &number, &problem), 0);
	assert_int_equal(number, 12);
	assert_int_equal(words_number("0x10", "x", 0, 20, &number, &problem), 0);
	assert_int_equal(number, 16);
	static const char *const wrong[] = {"", "-1", "21", "1x", " 1", "99999999999999999999999"};

	for (int i = 0; i < 6; i++)
		assert_int_equal(words_number(wrong[i], "x", 0, 20, &number, &problem),
				 -XEN_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(line_ends, start),
		cmocka_unit_test_setup(editing, start),
		cmocka_unit_test_setup(history, start),
		cmocka_unit_test_setup(completion, start),
		cmocka_unit_test_setup(line_too_long, start),
		cmocka_unit_test_setup(survives_noise, start),
		cmocka_unit_test(splits_commands),
		cmocka_unit_test(options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
