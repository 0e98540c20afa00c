/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Tab offers at dom0's prompt, by what stands before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "cli/command.h"
#include "cli/complete.h"
#include "disk/disk.h"
#include "lib/ramdisk.h"
#include "life/domains.h"

/* --- the rest of dom0 --- */

static const struct command commands[] = {
	{"create", "", "", NULL, COMPLETE_CONFIG, NULL},
	{"pause", "", "", NULL, COMPLETE_DOMAIN, NULL},
	{"block-attach", "", "", NULL, COMPLETE_DOMAIN_DISK, NULL},
	{"block-sum", "", "", NULL, COMPLETE_DISK, NULL},
	{"help", "", "", NULL, COMPLETE_COMMAND, NULL},
	{"echo", "", "", NULL, COMPLETE_NOTHING, NULL},
};

struct cpio_archive ramdisk;

const struct command *command_at(unsigned int index)
{
	return index < sizeof(commands) / sizeof(commands[0]) ? &commands[index] : NULL;
}

const struct command *command_find(const char *name)
{
	const struct command *command;
	unsigned int i;

	for (i = 0; (command = command_at(i)) && strcmp(command->name, name); i++)
		;
	return command;
}

bool domains_name_at(unsigned int index, char *name)
{
	static const char *const names[] = {"Domain-0", "web"};

	if (index < 2)
		strcpy(name, names[index]);
	return index < 2;
}

int cpio_next(const struct cpio_archive *archive, size_t *offset, struct cpio_file *file)
{
	static const char *const names[] = {"images/hello", "configs/hello.cfg", "configs/smp.cfg"};

	(void)archive;
	if (*offset == 3)
		return 0;
	file->name = names[(*offset)++];
	return 1;
}

static struct block_device devices[2] = {{.name = "vda"}, {.name = "vda1"}};
static struct disk partition = {.device = &devices[1]},
		   whole = {.device = &devices[0], .next = &partition};
struct disk *disks = &whole;
static char asked[100]; /* of which disk and folder */

void disk_list_files(const char *name, const char *path, char names[DISK_NAMES_LENGTH])
{
	static const char list[] = "a.img\0deep/\0";

	snprintf(asked, sizeof(asked), "%s %s", name, path);
	memcpy(names, list, sizeof(list));
}

/* --- tests --- */

/* All that is offered at the end of the line, where the editor has it begin. */
static const char *offered(const char *line)
{
	static char text[2000];
	size_t start = strlen(line);
	const char *word;

	while (start && !strchr(EDITOR_BREAKS, line[start - 1]))
		start--;
	text[0] = '\0';
	asked[0] = '\0';
	for (unsigned int i = 0; (word = complete_candidate(NULL, line, start, i)); i++)
		strcat(strcat(text, *text ? " " : ""), word);
	return text;
}

static void by_command(void **state)
{
	static const char all[] = "create pause block-attach block-sum help echo";

	(void)state;
	assert_string_equal(offered(""), all);
	assert_string_equal(offered("pause web; bl"), all);
	assert_string_equal(offered("help "), all);
	assert_string_equal(offered("pause "), "Domain-0 web");
	assert_string_equal(offered("create  he"), "hello smp");
	assert_string_equal(offered("block-sum v"), "vda vda1");
	assert_string_equal(offered("echo "), "");
	assert_string_equal(offered("nonsense "), "");
	assert_string_equal(offered("a="), "");
	assert_string_equal(offered("help x="), "");
	assert_string_equal(offered("create hello kernel="), "");
}

static void disks_where_they_can_stand(void **state)
{
	(void)state;
	assert_string_equal(offered("block-attach "), "Domain-0 web");
	assert_string_equal(offered("block-attach we"), "Domain-0 web");
	assert_string_equal(offered("block-attach web "), "vda vda1");
	assert_string_equal(offered("block-attach web target=v"), "vda vda1");
	assert_string_equal(offered("echo; block-attach web phy:vd"), "vda vda1");
	assert_string_equal(offered("create hello disk=v"), "vda vda1");
	assert_string_equal(offered("create hello disk=\"['phy:vd"), "vda vda1");
	assert_string_equal(offered("create hello disk=['vda,xvda', '"), "vda vda1");
	assert_string_equal(asked, "");
}

static void files_behind_a_disk(void **state)
{
	(void)state;
	assert_string_equal(offered("block-sum vda1:"), "/a.img /deep/");
	assert_string_equal(asked, "vda1 /");
	assert_string_equal(offered("block-attach web vda1:/im"), "/a.img /deep/");
	assert_string_equal(asked, "vda1 /");
	assert_string_equal(offered("create hello disk=['phy:/dev/vda1:/images/de"),
			    "/images/a.img /images/deep/");
	assert_string_equal(asked, "/dev/vda1 /images/");
	assert_string_equal(offered("block-attach web target=PARTLABEL=it:/x/y/"),
			    "/x/y/a.img /x/y/deep/");
	assert_string_equal(asked, "it /x/y/");
	assert_string_equal(offered("echo vda1:/"), "");
	assert_string_equal(offered("block-sum :/"), "vda vda1");
}

/* Beyond what fits, and by many lines: the sanitizers watch. */
static void survives_noise(void **state)
{
	char line[1000];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "block-sum vda1:/", 16);
	line[sizeof(line) - 3] = '/';
	line[sizeof(line) - 2] = '\0';
	offered(line);
	srand(3);
	for (int i = 0; i < 100000; i++) {
		static const char *const parts[] = {
			"block-sum ", "create ", "disk=", "vda1",	    ":", "/", " ",
			";",	      "'",	 "[",	  "block-attach w "};

		line[0] = '\0';
		for (int j = rand() % 8; j; j--)
			strcat(line, parts[rand() % 11]);
		offered(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_command),
		cmocka_unit_test(disks_where_they_can_stand),
		cmocka_unit_test(files_behind_a_disk),
		cmocka_unit_test(survives_noise),
	};

	return cmocka_run_group_tests_name("complete", tests, NULL, NULL);
}
