/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line editor of the prompt: a state machine fed with one character at a time, that writes what
 * the terminal shall show. It works on any terminal that knows backspace and "erase to the end of
 * line"; appending at the end of the line only echoes the character, so that programs that drive
 * the prompt see their own words back.
 *
 * Keys: left, right, up, down, Home, End, Delete, Backspace, Tab, Ctrl-A B C D E F H K L N P U W.
 * CR, LF and CR LF each end the line.
 */
#ifndef DOM0_CLI_EDITOR_H
#define DOM0_CLI_EDITOR_H

#include <stdbool.h>
#include <stddef.h>

#define EDITOR_LINE	 1024 /* bytes with the terminating zero */
#define EDITOR_HISTORY	 32
#define EDITOR_CANDIDATE 256 /* bytes of a word that is offered */

/* Tab completes a word, or what is behind the last of these in it. */
#define EDITOR_BREAKS " ;=,:'\"["

struct editor;

/* What the editor asks of its surroundings. */
struct editor_hooks {
	void (*write)(void *context, const char *text, size_t size);
	/*
	 * The index-th word or part of one (from 0) that may stand at position `start` of `line`;
	 * NULL behind the last. The editor offers those that begin with what is typed, asking from
	 * 0 on. The word need only stay until the next call. May be NULL.
	 */
	const char *(*candidate)(void *context, const char *line, size_t start, unsigned int index);
	void *context;
};

struct editor {
	struct editor_hooks hooks;
	const char *prompt;
	char line[EDITOR_LINE];
	size_t length, cursor;
	char history[EDITOR_HISTORY][EDITOR_LINE]; /* a ring; the newest is before history_next */
	unsigned int history_count, history_next;
	unsigned int recalled;	  /* how far back the shown line is; 0: the line being typed */
	char parked[EDITOR_LINE]; /* the line being typed, while an older one is shown */
	enum { KEY_PLAIN, KEY_ESCAPE, KEY_SEQUENCE } state;
	unsigned int sequence_number;
	bool after_return; /* a LF now belongs to the CR before it */
};

void editor_init(struct editor *editor, const char *prompt, const struct editor_hooks *hooks);

/* Show the prompt and start an empty line. */
void editor_start(struct editor *editor);

/*
 * Take a character. True when a line is complete: it is in editor->line until editor_start, and a
 * line break has been written.
 */
bool editor_key(struct editor *editor, char key);

/* Show prompt and line again, after other output. */
void editor_redraw(struct editor *editor);

/* The history's entry `age` (1: the newest), or NULL. */
const char *editor_history(const struct editor *editor, unsigned int age);

#endif
