/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include "cli/command.h"
#include "cli/complete.h"
#include "disk/disk.h"
#include "life/domains.h"
#include "lib/ramdisk.h"

/* The name of the index-th configuration in the ramdisk, without folder and suffix. */
static const char *config_at(unsigned int index)
{
	static char name[GUEST_NAME_LENGTH];
	struct cpio_file file;
	size_t offset = 0;

	while (cpio_next(&ramdisk, &offset, &file) > 0) {
		size_t length = strlen(file.name);

		if (strncmp(file.name, "configs/", 8) || length < 13 ||
		    length - 12 >= sizeof(name) || strcmp(file.name + length - 4, ".cfg") ||
		    index--)
			continue;
		memcpy(name, file.name + 8, length - 12);
		name[length - 12] = '\0';
		return name;
	}
	return NULL;
}

static const char *domain_at(unsigned int index)
{
	static char name[GUEST_NAME_LENGTH];

	return domains_name_at(index, name) ? name : NULL;
}

static const char *command_name_at(unsigned int index)
{
	const struct command *command = command_at(index);

	return command ? command->name : NULL;
}

static const char *disk_at(unsigned int index)
{
	const struct disk *disk = disks;

	while (disk && index--)
		disk = disk->next;
	return disk ? disk->device->name : NULL;
}

/* The index-th file of the folder that path (up to its last slash) names, as a path. */
static const char *file_at(const char *disk, const char *path, unsigned int index)
{
	static char names[DISK_NAMES_LENGTH], whole[EDITOR_CANDIDATE];
	size_t length = strcspn(path, EDITOR_BREAKS);
	const char *name = names;

	while (length && path[length - 1] != '/')
		length--;
	snprintf(whole, sizeof(whole), "%.*s", length ? (int)length : 1, length ? path : "/");
	if (!index) /* the editor asks for one after the other, without pause */
		disk_list_files(disk, whole, names);
	for (; *name && index; index--)
		name += strlen(name) + 1;
	length = strlen(whole);
	snprintf(whole + length, sizeof(whole) - length, "%.*s", EDITOR_CANDIDATE - 1, name);
	return *name ? whole : NULL;
}

/* A disk, or what is in its file system when its name and a colon stand before. */
static const char *disk_or_file_at(const char *line, size_t start, unsigned int index)
{
	size_t end = start - 1, at = end;
	char disk[64];

	while (at && !strchr(EDITOR_BREAKS, line[at - 1]))
		at--;
	if (line[end] != ':' || at == end || end - at >= sizeof(disk))
		return disk_at(index);
	snprintf(disk, sizeof(disk), "%.*s", (int)(end - at), line + at);
	return strcmp(disk, "phy") ? file_at(disk, line + start, index) : disk_at(index);
}

/* May a disk be named behind these words of the command? */
static bool disk_may_follow(const struct command *command, const char *words, size_t length)
{
	static const char key[] = "disk=";
	size_t at = strspn(words, " ");

	at += strcspn(words + at, " "); /* behind the first */
	if (command->completion == COMPLETE_DOMAIN_DISK)
		return at < length;
	for (at = 0; command->completion == COMPLETE_CONFIG && at + strlen(key) <= length; at++)
		if (!strncmp(words + at, key, strlen(key)))
			return true;
	return command->completion == COMPLETE_DISK;
}

/* The first word of a command decides what the others are. */
const char *complete_candidate(void *context, const char *line, size_t start, unsigned int index)
{
	const struct command *command;
	char first[32];
	size_t at = start, length;

	(void)context;
	while (at && line[at - 1] != ';')
		at--;
	at += strspn(line + at, " ");
	if (at >= start)
		return command_name_at(index);
	length = strcspn(line + at, " ;");
	snprintf(first, sizeof(first), "%.*s", (int)length, line + at);
	at += length;
	command = at < start ? command_find(first) : NULL;
	if (!command)
		return NULL;
	if (disk_may_follow(command, line + at, start - at))
		return disk_or_file_at(line, start, index);
	if (line[start - 1] != ' ')
		return NULL;
	switch (command->completion) {
	case COMPLETE_DOMAIN:
	case COMPLETE_DOMAIN_DISK:
		return domain_at(index);
	case COMPLETE_CONFIG:
		return config_at(index);
	case COMPLETE_COMMAND:
		return command_name_at(index);
	default:
		return NULL;
	}
}
