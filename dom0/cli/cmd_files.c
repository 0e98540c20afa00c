/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about dom0's ramdisk. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <xen/errno.h>
#include "cli/command.h"
#include "lib/ramdisk.h"

/* Is the entry in the folder (itself excluded)? An empty folder stands for the whole archive. */
static bool inside(const char *name, const char *folder)
{
	size_t length = strlen(folder);

	while (length && folder[length - 1] == '/')
		length--;
	return !length || (!strncmp(name, folder, length) && name[length] == '/');
}

static int list_files(const char *folder, const char *suffix, const char *noun,
		      struct problem *problem)
{
	struct cpio_file file;
	size_t offset = 0;
	unsigned int count = 0;
	int got;

	while ((got = cpio_next(&ramdisk, &offset, &file)) > 0) {
		size_t length = strlen(file.name), end = strlen(suffix);

		if (!cpio_is_file(&file) || !inside(file.name, folder) || length < end ||
		    strcmp(file.name + length - end, suffix))
			continue;
		printf("%10zu  %s\n", file.size, file.name);
		count++;
	}
	if (got < 0)
		return problem_note(problem, -got,
				    "dom0's ramdisk is damaged at byte %zu: rebuild it", offset);
	if (!count && *folder)
		return problem_note(problem, XEN_ENOENT,
				    "nothing is in \"%.64s\" of dom0's ramdisk: see ls", folder);
	printf("%u %s%s\n", count, noun, count == 1 ? "" : "s");
	return 0;
}

static int run_ls(struct words *words, struct problem *problem)
{
	int error = command_words(words, 0, 1, problem);

	return error ? error
		     : list_files(words->count > 1 ? words->word[1] : "", "", "file", problem);
}

static int run_config_list(struct words *words, struct problem *problem)
{
	int error = command_words(words, 0, 0, problem);

	return error ? error : list_files("configs", ".cfg", "configuration", problem);
}

static int run_cat(struct words *words, struct problem *problem)
{
	struct cpio_file file;
	int error = command_words(words, 1, 1, problem);

	if (error)
		return error;
	error = ramdisk_find_config(words->word[1], &file);
	if (error)
		return problem_note(problem, -error, "no file \"%.64s\" in dom0's ramdisk: see ls",
				    words->word[1]);
	for (size_t i = 0; i < file.size; i++) {
		int c = file.data[i];

		putchar(isprint(c) || c == '\n' || c == '\t' ? c : '.');
	}
	printf("%s: %zu bytes\n", file.name, file.size);
	return 0;
}

const struct command file_commands[] = {
	{"config-list", "", "list the configurations for create", NULL, COMPLETE_NOTHING,
	 run_config_list},
	{"ls", "[FOLDER]", "list files of dom0's ramdisk", NULL, COMPLETE_NOTHING, run_ls},
	{"cat", "FILE", "show a file, or a configuration by its name", NULL, COMPLETE_CONFIG,
	 run_cat},
	{0},
};
