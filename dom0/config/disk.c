/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "config/disk.h"

#define ITEM_LENGTH    (DISK_TARGET_LENGTH + 16)
#define XVD_MAJOR      202
#define XVD_PARTITIONS 16
#define XVD_LETTERS    16	  /* disks whose number has the old form: a major and a minor */
#define EXTENDED       (1u << 28) /* the form for all others: 20 bits of disk, 8 of partition */
#define EXTENDED_MAX   (1u << 20)
#define ONLY_RAW       "an image file is DISK:/PATH, and raw"

static char mistake[128];

void disk_config_init(struct disk_config *disk)
{
	*disk = (struct disk_config){.write = true};
}

/* The letters of a name as a number: a…z, aa … */
static const char *read_letters(const char *text, unsigned int *disk)
{
	*disk = 0;
	for (; *text >= 'a' && *text <= 'z'; text++) {
		*disk = *disk * 26 + (unsigned int)(*text - 'a') + 1;
		if (*disk > EXTENDED_MAX)
			return NULL;
	}
	if (!*disk)
		return NULL;
	--*disk;
	return text;
}

/* What follows the letters: nothing (the whole disk), or a number without leading zero. */
static bool read_partition(const char *text, unsigned int *partition)
{
	*partition = 0;
	if (*text == '0')
		return false;
	for (; isdigit((unsigned char)*text) && *partition < 256; text++)
		*partition = *partition * 10 + (unsigned int)(*text - '0');
	return !*text && *partition < 256;
}

unsigned int disk_vdev_number(const char *name)
{
	unsigned int disk, partition;

	if (strncmp(name, "xvd", 3))
		return 0;
	name = read_letters(name + 3, &disk);
	if (!name || !read_partition(name, &partition))
		return 0;
	if (disk < XVD_LETTERS && partition < XVD_PARTITIONS)
		return XVD_MAJOR << 8 | disk * XVD_PARTITIONS | partition;
	return EXTENDED | disk << 8 | partition;
}

static const char *say(const char *what, const char *value)
{
	snprintf(mistake, sizeof(mistake), "%s, not \"%.32s\"", what, value);
	return mistake;
}

static const char *take_target(struct disk_config *disk, const char *value)
{
	if (strlen(value) >= sizeof(disk->target))
		return "the name of the disk is too long";
	strcpy(disk->target, value);
	return *value ? NULL : "the name of the disk is missing";
}

static const char *take_vdev(struct disk_config *disk, const char *value)
{
	disk->number = disk_vdev_number(value);
	if (!disk->number || strlen(value) >= sizeof(disk->vdev))
		return say("expected vdev=xvda, xvda1, xvdb …", value);
	strcpy(disk->vdev, value);
	return NULL;
}

static const char *take_access(struct disk_config *disk, const char *value)
{
	disk->write = !strcmp(value, "w") || !strcmp(value, "rw");
	if (disk->write || !strcmp(value, "r") || !strcmp(value, "ro"))
		return NULL;
	return say("expected access r, ro, w or rw", value);
}

static const char *take_format(struct disk_config *disk, const char *value)
{
	(void)disk;
	return !*value || !strcmp(value, "raw")
		       ? NULL
		       : say("only format=raw is offered: " ONLY_RAW, value);
}

static const char *take_backendtype(struct disk_config *disk, const char *value)
{
	(void)disk;
	return !strcmp(value, "phy") ? NULL : "only backendtype=phy is offered: " ONLY_RAW;
}

static const char *take_devtype(struct disk_config *disk, const char *value)
{
	(void)disk;
	return !strcmp(value, "disk") ? NULL : say("only devtype=disk is offered", value);
}

static const struct key {
	const char *name;
	const char *(*take)(struct disk_config *disk, const char *value);
} keys[] = {
	/* The first four also by their place. */
	{"target", take_target},   {"format", take_format}, {"vdev", take_vdev},
	{"access", take_access},   {"mode", take_access},   {"backendtype", take_backendtype},
	{"devtype", take_devtype},
};

enum { TARGET, FORMAT, VDEV, ACCESS, PLACES };

static const char *take_key(struct disk_config *disk, const char *key, const char *value)
{
	for (unsigned int i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(key, keys[i].name))
			return keys[i].take(disk, value);
	return say(
		"unknown key of a disk: target, vdev, access, format, backendtype and devtype are known",
		key);
}

/* An old prefix says what the format and the back end are. */
static const char *take_prefix(const char **text, unsigned int *taken)
{
	static const char *const others[] = {
		"tap:", "tap2:", "aio:", "qcow:", "qcow2:", "vhd:", "qdisk:"};
	bool file = !strncmp(*text, "file:", 5);

	for (unsigned int i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strncmp(*text, others[i], strlen(others[i])))
			return "this prefix is not known: " ONLY_RAW;
	if (!file && strncmp(*text, "phy:", 4) && strncmp(*text, "raw:", 4))
		return NULL;
	*text += file ? 5 : 4;
	*taken |= 1u << FORMAT;
	if (file && !strstr(*text, ":/"))
		return "file: what the file is on is missing: " ONLY_RAW;
	return NULL;
}

/* What stands there without a key is the first thing that was not given yet. */
static const char *take_place(struct disk_config *disk, const char *value, unsigned int *taken)
{
	const char *wrong = NULL;
	unsigned int place = 0;

	while (place < PLACES && (*taken & 1u << place))
		place++;
	if (place == PLACES)
		return say("nothing is expected behind target, format, vdev and access", value);
	if (place == TARGET)
		wrong = take_prefix(&value, taken);
	*taken |= 1u << place;
	return wrong ? wrong : keys[place].take(disk, value);
}

/* "key=value", unless what stands before the = cannot be a key, as in PARTLABEL=… */
static char *value_of(char *item)
{
	size_t length = strspn(item, "abcdefghijklmnopqrstuvwxyz-");

	return length && item[length] == '=' ? item + length : NULL;
}

static const char *take_item(struct disk_config *disk, char *item, unsigned int *taken)
{
	char *value = value_of(item);

	if (!value)
		return take_place(disk, item, taken);
	*value++ = '\0';
	for (unsigned int i = 0; i < PLACES; i++)
		if (!strcmp(item, keys[i].name))
			*taken |= 1u << i;
	return take_key(disk, item, value);
}

/* The next item without the blanks around it; the target's name may have commas, so it is the last.
 */
static const char *next_item(const char *text, char item[ITEM_LENGTH])
{
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	length = strncmp(text, "target=", 7) ? strcspn(text, ",") : strlen(text);
	if (length >= ITEM_LENGTH)
		return NULL;
	memcpy(item, text, length);
	item[length] = '\0';
	text += length;
	while (length && isspace((unsigned char)item[length - 1]))
		item[--length] = '\0';
	return text;
}

const char *disk_config_parse(struct disk_config *disk, const char *text)
{
	unsigned int taken = 0;
	const char *wrong = NULL;
	char item[ITEM_LENGTH];

	do {
		text = next_item(text, item);
		if (!text)
			return "something in a disk is too long";
		wrong = take_item(disk, item, &taken);
	} while (!wrong && *text++ == ',');
	if (wrong)
		return wrong;
	if (!disk->target[0])
		return "no target is named: expected 'phy:NAME,xvda,w' or 'vdev=xvda,target=NAME'";
	if (disk->vdev[0])
		return NULL;
	return strstr(disk->target, ",vdev=")
		       ? "target= takes all that follows it, vdev= too: it is the last"
		       : "no vdev is named: what shall the guest call it, as in vdev=xvda";
}
