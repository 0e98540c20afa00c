/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about the store. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <xen/errno.h>
#include "cli/command.h"
#include "store/store.h"

#define PATH_LENGTH 256

static int check_path(const char *path, struct problem *problem)
{
	size_t length = strlen(path);

	if (path[0] != '/' || length >= PATH_LENGTH)
		return problem_note(problem, XEN_EINVAL,
				    "\"%.64s\": expected a path, as in /local/domain", path);
	return 0;
}

static int path_problem(const char *path, int error, struct problem *problem)
{
	return problem_note(problem, -error, "%.128s: %s", path, problem_reason(error));
}

/* Guests write values: what is not printable is shown as \xNN. */
static void print_value(const char *path)
{
	char value[512];
	int length = store_read(path, value, sizeof(value));

	if (length > (int)sizeof(value) - 1)
		length = (int)sizeof(value) - 1;
	printf("\"");
	for (int i = 0; i < length; i++) {
		unsigned char c = (unsigned char)value[i];

		printf(isprint(c) && c != '\\' ? "%c" : "\\x%02x", c);
	}
	printf("\"");
}

/* Print the nodes below path, which has room for a longer one; returns how many, or negative. */
static int print_tree(char *path, int depth, bool deep)
{
	size_t length = strlen(path);
	char name[PATH_LENGTH];
	int got, count = 0;

	for (unsigned int i = 0; (got = store_child(path, i, name, sizeof(name))) > 0; i++) {
		if (length + strlen(name) + 2 > PATH_LENGTH)
			continue;
		sprintf(path + length, "%s%s", length > 1 ? "/" : "", name);
		printf("%*s%s = ", depth, "", name);
		print_value(path);
		printf("\n");
		count++;
		if (deep && depth < 32) {
			int below = print_tree(path, depth + 1, deep);

			count += below > 0 ? below : 0;
		}
		path[length] = '\0';
	}
	return got < 0 ? got : count;
}

static int run_ls(struct words *words, struct problem *problem)
{
	bool flat = words_flag(words, "-1");
	char path[PATH_LENGTH] = "/";
	int result = command_words(words, 0, 1, problem);

	if (!result && words->count > 1) {
		result = check_path(words->word[1], problem);
		if (!result)
			strcpy(path, words->word[1]);
	}
	if (result)
		return result;
	result = print_tree(path, 0, !flat);
	if (result < 0)
		return path_problem(path, result, problem);
	printf("%d node%s\n", result, result == 1 ? "" : "s");
	return 0;
}

static int run_read(struct words *words, struct problem *problem)
{
	char value[2];
	int error = command_words(words, 1, 1, problem);

	if (!error)
		error = check_path(words->word[1], problem);
	if (error)
		return error;
	error = store_read(words->word[1], value, sizeof(value));
	if (error < 0)
		return path_problem(words->word[1], error, problem);
	print_value(words->word[1]);
	printf("\n");
	return 0;
}

static int run_write(struct words *words, struct problem *problem)
{
	int error = command_words(words, 2, 2, problem);

	if (!error)
		error = check_path(words->word[1], problem);
	if (error)
		return error;
	error = store_write(words->word[1], words->word[2]);
	if (error < 0)
		return path_problem(words->word[1], error, problem);
	printf("wrote %s\n", words->word[1]);
	return 0;
}

static int run_rm(struct words *words, struct problem *problem)
{
	int error = command_words(words, 1, 1, problem);

	if (!error)
		error = check_path(words->word[1], problem);
	if (error)
		return error;
	if (!words->word[1][1])
		return problem_note(problem, XEN_EINVAL, "the root cannot be removed");
	error = store_rm(words->word[1]);
	if (error < 0)
		return path_problem(words->word[1], error, problem);
	printf("removed %s\n", words->word[1]);
	return 0;
}

const struct command store_commands[] = {
	{"store-ls", "[PATH] [-1]", "show the store's nodes below a path",
	 "    -1: the next level only\n", COMPLETE_NOTHING, run_ls},
	{"store-read", "PATH", "show a node's value", NULL, COMPLETE_NOTHING, run_read},
	{"store-write", "PATH VALUE", "set a node's value", NULL, COMPLETE_NOTHING, run_write},
	{"store-rm", "PATH", "remove a node and all below it", NULL, COMPLETE_NOTHING, run_rm},
	{0},
};
