/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <xen/errno.h>
#include "cli/command.h"
#include "cli/complete.h"
#include "cli/operator.h"
#include "cli/shell.h"
#include "cli/terminal.h"
#include "life/domains.h"

#define PROMPT "dom0# "

static const struct command *const groups[] = {guest_commands, view_commands,	 tune_commands,
					       host_commands,  device_commands,	 file_commands,
					       store_commands, network_commands, block_commands,
					       ip_commands,    shell_commands};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static struct editor editor;
static bool at_prompt; /* the line being edited is on the screen */

const struct command *command_at(unsigned int index)
{
	for (unsigned int group = 0; group < GROUPS; group++)
		for (const struct command *command = groups[group]; command->name; command++)
			if (!index--)
				return command;
	return NULL;
}

const struct command *command_find(const char *name)
{
	const struct command *command;

	for (unsigned int i = 0; (command = command_at(i)); i++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

void operator_note(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (at_prompt)
		terminal_write("\r\033[K", 4);
	terminal_write(line, strlen(line));
	terminal_write("\r\n", 2);
	if (at_prompt)
		editor_redraw(&editor);
}

int command_words(const struct words *words, unsigned int least, unsigned int most,
		  struct problem *problem)
{
	for (unsigned int i = 1; i < words->count; i++)
		if (words->word[i][0] == '-' && words->word[i][1])
			return problem_note(problem, XEN_EINVAL,
					    "unknown or incomplete option %.32s: see help %s",
					    words->word[i], words->word[0]);
	if (words->count - 1 < least || words->count - 1 > most) {
		const char *usage = command_find(words->word[0])->usage;

		return problem_note(problem, XEN_EINVAL, "%s: expected %s%s%s (see help %s)",
				    words->count - 1 < least ? "something is missing"
							     : "too many words",
				    words->word[0], usage[0] ? " " : "", usage, words->word[0]);
	}
	return 0;
}

int command_domain(const struct words *words, unsigned int least, unsigned int most, domid_t *domid,
		   struct problem *problem)
{
	int error = command_words(words, least, most, problem);

	return error ? error : domains_find(words->word[1], domid, problem);
}

int command_guest(const struct words *words, unsigned int least, unsigned int most, domid_t *domid,
		  char *name, struct problem *problem)
{
	int error = command_words(words, least, most, problem);

	return error ? error : domains_find_guest(words->word[1], domid, name, problem);
}

static void show_command(const struct command *command)
{
	printf("%s %s\n    %s\n", command->name, command->usage, command->summary);
	if (command->help)
		printf("%s", command->help);
}

/* What fingers are used to: "xl list". */
static void skip_xl(struct words *words)
{
	if (words->count < 2 || strcmp(words->word[0], "xl"))
		return;
	memmove(words->word, words->word + 1, --words->count * sizeof(words->word[0]));
}

static bool asks_for_help(const struct words *words)
{
	return words->count == 2 &&
	       (!strcmp(words->word[1], "-h") || !strcmp(words->word[1], "--help"));
}

static int run_command(struct words *words)
{
	skip_xl(words);

	const struct command *command = command_find(words->word[0]);
	struct problem problem = {""};
	char name[32];
	int result = 0;

	snprintf(name, sizeof(name), "%s", words->word[0]);
	if (!command)
		result = problem_note(&problem, XEN_ENOENT, "no such command: help lists them");
	else if (asks_for_help(words))
		show_command(command);
	else
		result = command->run(words, &problem);
	if (result < 0)
		printf("%s: %s\n", name, problem.text[0] ? problem.text : problem_reason(result));
	fflush(stdout);
	return result < 0 ? result : 0;
}

int shell_run(const char *line)
{
	static struct words words;
	struct problem problem = {""};
	int got;

	while ((got = words_next(&line, &words, &problem)) > 0) {
		int result = run_command(&words);

		if (result)
			return result;
	}
	if (got < 0)
		printf("%s\n", problem.text);
	return got;
}

static void write_terminal(void *context, const char *text, size_t size)
{
	(void)context;
	terminal_write(text, size);
}

void shell_loop(void)
{
	static const struct editor_hooks hooks = {write_terminal, complete_candidate, NULL};

	editor_init(&editor, PROMPT, &hooks);
	for (;;) {
		char key;

		if (!at_prompt)
			editor_start(&editor);
		at_prompt = true;
		if (terminal_read(&key, 1, -1) && editor_key(&editor, key)) {
			at_prompt = false;
			shell_run(editor.line);
		}
	}
}

static int run_help(struct words *words, struct problem *problem)
{
	const struct command *command;
	int error = command_words(words, 0, 1, problem);
	unsigned int count = 0;

	if (error)
		return error;
	if (words->count == 2) {
		command = command_find(words->word[1]);
		if (!command)
			return problem_note(problem, XEN_ENOENT,
					    "no command \"%.32s\": help lists them",
					    words->word[1]);
		show_command(command);
		return 0;
	}
	for (; (command = command_at(count)); count++)
		printf("%-15s %s\n", command->name, command->summary);
	printf("%u commands; help COMMAND says more. Several on a line: separated by ;\n", count);
	return 0;
}

static int run_history(struct words *words, struct problem *problem)
{
	int error = command_words(words, 0, 0, problem);
	unsigned int age = 0;

	if (error)
		return error;
	while (editor_history(&editor, age + 1))
		age++;
	printf("%u lines\n", age);
	for (; age; age--)
		printf("  %s\n", editor_history(&editor, age));
	return 0;
}

static int run_echo(struct words *words, struct problem *problem)
{
	(void)problem;
	for (unsigned int i = 1; i < words->count; i++)
		printf("%s%s", i > 1 ? " " : "", words->word[i]);
	printf("\n");
	return 0;
}

static int run_sleep(struct words *words, struct problem *problem)
{
	uint64_t seconds;
	int error = command_words(words, 1, 1, problem);

	if (!error)
		error = words_number(words->word[1], "seconds", 0, 86400, &seconds, problem);
	if (error)
		return error;
	if (terminal_interrupted((int)seconds * 1000))
		return problem_note(problem, XEN_EINTR, "interrupted");
	printf("slept %llu s\n", (unsigned long long)seconds);
	return 0;
}

const struct command shell_commands[] = {
	{"help", "[COMMAND]", "list the commands, or explain one", NULL, COMPLETE_COMMAND,
	 run_help},
	{"history", "", "show the lines typed before", NULL, COMPLETE_NOTHING, run_history},
	{"echo", "[WORD]…", "print words", NULL, COMPLETE_NOTHING, run_echo},
	{"sleep", "SECONDS", "wait; q or Ctrl-C ends it", NULL, COMPLETE_NOTHING, run_sleep},
	{0},
};
