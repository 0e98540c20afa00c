/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "cli/editor.h"

#define CTRL(letter) ((letter) - '@')
#define ESCAPE	     27
#define BACKSPACE    127

static void put(struct editor *editor, const char *text, size_t size)
{
	editor->hooks.write(editor->hooks.context, text, size);
}

static void put_text(struct editor *editor, const char *text)
{
	put(editor, text, strlen(text));
}

static void put_repeated(struct editor *editor, char c, size_t count)
{
	while (count--)
		put(editor, &c, 1);
}

/* Show what follows the cursor again, after a change there; erased: how much shorter it became. */
static void show_tail(struct editor *editor, size_t erased)
{
	size_t tail = editor->length - editor->cursor;

	put(editor, editor->line + editor->cursor, tail);
	put_repeated(editor, ' ', erased);
	put_repeated(editor, '\b', tail + erased);
}

static void move_to(struct editor *editor, size_t cursor)
{
	if (cursor < editor->cursor)
		put_repeated(editor, '\b', editor->cursor - cursor);
	else
		put(editor, editor->line + editor->cursor, cursor - editor->cursor);
	editor->cursor = cursor;
}

static void insert(struct editor *editor, char c)
{
	if (editor->length == EDITOR_LINE - 1) {
		put_text(editor, "\a");
		return;
	}
	memmove(editor->line + editor->cursor + 1, editor->line + editor->cursor,
		editor->length - editor->cursor);
	editor->line[editor->cursor++] = c;
	editor->line[++editor->length] = '\0';
	put(editor, &c, 1);
	if (editor->cursor < editor->length)
		show_tail(editor, 0);
}

/* Remove [from, to), one of which is the cursor, and leave the cursor at from. */
static void erase(struct editor *editor, size_t from, size_t to)
{
	if (from == to)
		return;
	move_to(editor, from);
	memmove(editor->line + from, editor->line + to, editor->length - to + 1);
	editor->length -= to - from;
	show_tail(editor, to - from);
}

static void replace_line(struct editor *editor, const char *text)
{
	move_to(editor, 0);
	size_t old = editor->length, size = strlen(text);

	memcpy(editor->line, text, size + 1);
	editor->length = size;
	put(editor, text, size);
	editor->cursor = size;
	if (old > size)
		show_tail(editor, old - size);
}

static size_t word_start(const struct editor *editor)
{
	size_t at = editor->cursor;

	while (at && editor->line[at - 1] == ' ')
		at--;
	while (at && editor->line[at - 1] != ' ')
		at--;
	return at;
}

const char *editor_history(const struct editor *editor, unsigned int age)
{
	if (!age || age > editor->history_count)
		return NULL;
	return editor->history[(editor->history_next + EDITOR_HISTORY - age) % EDITOR_HISTORY];
}

static void remember(struct editor *editor)
{
	const char *newest = editor_history(editor, 1);

	if (!editor->length || (newest && !strcmp(newest, editor->line)))
		return;
	memcpy(editor->history[editor->history_next], editor->line, editor->length + 1);
	editor->history_next = (editor->history_next + 1) % EDITOR_HISTORY;
	if (editor->history_count < EDITOR_HISTORY)
		editor->history_count++;
}

static void recall(struct editor *editor, unsigned int age)
{
	const char *text = age ? editor_history(editor, age) : editor->parked;

	if (!text) {
		put_text(editor, "\a");
		return;
	}
	if (!editor->recalled)
		memcpy(editor->parked, editor->line, editor->length + 1);
	editor->recalled = age;
	replace_line(editor, text);
}

static void recall_newer(struct editor *editor)
{
	if (editor->recalled)
		recall(editor, editor->recalled - 1);
}

void editor_redraw(struct editor *editor)
{
	size_t cursor = editor->cursor;

	put_text(editor, editor->prompt);
	put(editor, editor->line, editor->length);
	editor->cursor = editor->length;
	move_to(editor, cursor);
}

void editor_init(struct editor *editor, const char *prompt, const struct editor_hooks *hooks)
{
	memset(editor, 0, sizeof(*editor));
	editor->prompt = prompt;
	editor->hooks = *hooks;
}

void editor_start(struct editor *editor)
{
	editor->length = 0;
	editor->cursor = 0;
	editor->line[0] = '\0';
	editor->recalled = 0;
	editor->state = KEY_PLAIN;
	put_text(editor, editor->prompt);
}

/* Completion: the candidates that begin with the word before the cursor. */
struct matches {
	unsigned int count;
	char first[EDITOR_CANDIDATE]; /* a copy: the next may be in the same place */
	size_t common;		      /* how many characters all of them share */
};

static struct matches find_matches(struct editor *editor, size_t start, bool show)
{
	struct matches matches = {0};
	size_t typed = editor->cursor - start;
	const char *word;

	for (unsigned int i = 0;
	     (word = editor->hooks.candidate(editor->hooks.context, editor->line, start, i)); i++) {
		if (strncmp(word, editor->line + start, typed))
			continue;
		if (show) {
			put_text(editor, word);
			put_text(editor, "  ");
		}
		if (!matches.count++) {
			snprintf(matches.first, sizeof(matches.first), "%s", word);
			matches.common = strlen(matches.first);
		}
		while (strncmp(word, matches.first, matches.common))
			matches.common--;
	}
	return matches;
}

static void complete(struct editor *editor)
{
	size_t start = editor->cursor;

	if (!editor->hooks.candidate)
		return;
	while (start && !strchr(EDITOR_BREAKS, editor->line[start - 1]))
		start--;
	size_t typed = editor->cursor - start;
	struct matches matches = find_matches(editor, start, false);

	if (!matches.count) {
		put_text(editor, "\a");
		return;
	}
	if (matches.count > 1 && matches.common == typed) {
		put_text(editor, "\r\n");
		find_matches(editor, start, true);
		put_text(editor, "\r\n");
		editor_redraw(editor);
		return;
	}
	for (size_t i = typed; i < matches.common; i++)
		insert(editor, matches.first[i]);
	/* Behind a part, or a folder, something else may follow. */
	if (matches.count == 1 && (!start || strchr(" ;", editor->line[start - 1])) &&
	    matches.first[matches.common - 1] != '/')
		insert(editor, ' ');
}

static bool finish_line(struct editor *editor)
{
	move_to(editor, editor->length);
	put_text(editor, "\r\n");
	remember(editor);
	return true;
}

static void abandon_line(struct editor *editor)
{
	put_text(editor, "^C\r\n");
	editor_start(editor);
}

static void erase_before(struct editor *editor)
{
	if (editor->cursor)
		erase(editor, editor->cursor - 1, editor->cursor);
}

static void erase_after(struct editor *editor)
{
	if (editor->cursor < editor->length)
		erase(editor, editor->cursor, editor->cursor + 1);
}

static void step_left(struct editor *editor)
{
	if (editor->cursor)
		move_to(editor, editor->cursor - 1);
}

static void step_right(struct editor *editor)
{
	if (editor->cursor < editor->length)
		move_to(editor, editor->cursor + 1);
}

/* The last character of an escape sequence `ESC [ number c` or `ESC O c`. */
static void sequence_key(struct editor *editor, char c)
{
	switch (c) {
	case 'A':
		recall(editor, editor->recalled + 1);
		break;
	case 'B':
		recall_newer(editor);
		break;
	case 'C':
		step_right(editor);
		break;
	case 'D':
		step_left(editor);
		break;
	case 'H':
		move_to(editor, 0);
		break;
	case 'F':
		move_to(editor, editor->length);
		break;
	case '~':
		if (editor->sequence_number == 1 || editor->sequence_number == 7)
			move_to(editor, 0);
		else if (editor->sequence_number == 4 || editor->sequence_number == 8)
			move_to(editor, editor->length);
		else if (editor->sequence_number == 3)
			erase_after(editor);
		break;
	}
}

static void escape_key(struct editor *editor, char c)
{
	if (editor->state == KEY_ESCAPE) {
		editor->state = c == '[' || c == 'O' ? KEY_SEQUENCE : KEY_PLAIN;
		editor->sequence_number = 0;
	} else if (isdigit((unsigned char)c)) {
		editor->sequence_number =
			(editor->sequence_number * 10 + (unsigned int)(c - '0')) % 1000;
	} else if (c != ';') {
		editor->state = KEY_PLAIN;
		sequence_key(editor, c);
	}
}

static void control_key(struct editor *editor, char c)
{
	switch (c) {
	case CTRL('A'):
		move_to(editor, 0);
		break;
	case CTRL('B'):
		step_left(editor);
		break;
	case CTRL('C'):
		abandon_line(editor);
		break;
	case CTRL('D'):
		erase_after(editor);
		break;
	case CTRL('E'):
		move_to(editor, editor->length);
		break;
	case CTRL('F'):
		step_right(editor);
		break;
	case CTRL('H'):
	case BACKSPACE:
		erase_before(editor);
		break;
	case CTRL('I'):
		complete(editor);
		break;
	case CTRL('K'):
		erase(editor, editor->cursor, editor->length);
		break;
	case CTRL('L'):
		put_text(editor, "\033[H\033[2J");
		editor_redraw(editor);
		break;
	case CTRL('N'):
		recall_newer(editor);
		break;
	case CTRL('P'):
		recall(editor, editor->recalled + 1);
		break;
	case CTRL('U'):
		erase(editor, 0, editor->cursor);
		break;
	case CTRL('W'):
		erase(editor, word_start(editor), editor->cursor);
		break;
	case ESCAPE:
		editor->state = KEY_ESCAPE;
		break;
	}
}

bool editor_key(struct editor *editor, char key)
{
	bool after_return = editor->after_return;

	editor->after_return = key == '\r';
	if (key == '\r' || (key == '\n' && !after_return))
		return finish_line(editor);
	if (key == '\n')
		return false;
	if (editor->state != KEY_PLAIN)
		escape_key(editor, key);
	else if (iscntrl((unsigned char)key))
		control_key(editor, key);
	else
		insert(editor, key);
	return false;
}
