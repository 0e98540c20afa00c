/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of disks: partitions, names. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <pv/mm.h>
#include <xen/errno.h>
#include "cli/operator.h"
#include "disk/disk.h"

struct disk *disks;
static struct disk **last_disk = &disks;

/* --- partitions --- */

static int start_partition(struct block_device *device, struct block_request *request)
{
	struct disk *partition = device->driver;

	if (request->operation != BLOCK_FLUSH)
		request->sector += partition->first;
	return block_submit_good(partition->whole->device, request);
}

static struct disk *add(struct block_device *device)
{
	struct disk *disk = calloc(1, sizeof(*disk));

	if (!disk)
		return NULL;
	disk->device = device;
	disk->name = device->name;
	*last_disk = disk;
	last_disk = &disk->next;
	return disk;
}

/* As Linux names them: a disk whose name ends in a digit has a p before the number. */
static void name_partition(char *name, const char *whole, unsigned int number)
{
	bool digit = isdigit((unsigned char)whole[strlen(whole) - 1]);

	snprintf(name, BLOCK_NAME_LENGTH, "%.20s%s%u", whole, digit ? "p" : "", number);
}

static bool add_partition(struct disk *whole, const struct gpt_partition *entry)
{
	uint32_t unit = whole->device->logical_block / BLOCK_SECTOR;
	struct block_device *device = calloc(1, sizeof(*device));
	struct disk *partition = device ? add(device) : NULL;

	if (!partition) {
		free(device);
		return false;
	}
	*device = *whole->device;
	block_init(device);
	name_partition(device->name, whole->device->name, entry->number);
	device->kind = "partition";
	device->sectors = entry->count * unit;
	device->read_only |= entry->read_only;
	device->start = start_partition;
	device->kick = NULL;
	device->driver = partition;
	device->whole = whole->device;
	device->next = NULL;
	partition->whole = whole;
	partition->number = entry->number;
	partition->first = entry->first * unit;
	memcpy(partition->uuid, entry->uuid, sizeof(partition->uuid));
	memcpy(partition->label, entry->label, sizeof(partition->label));
	return true;
}

/* --- reading tables --- */

/* Blocks that are read go through pages that a device can reach. */
static int read_blocks(void *context, uint64_t block, uint32_t count, void *buffer)
{
	struct block_device *device = context;
	uint32_t unit = device->logical_block / BLOCK_SECTOR, bytes = count * device->logical_block;
	unsigned long pages = (bytes + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE;
	void *memory = pv_pages_alloc(pages);
	int error = -XEN_ENOMEM;

	if (!memory)
		return error;
	error = block_read(device, block * unit, memory, count * unit);
	if (!error)
		memcpy(buffer, memory, bytes);
	pv_pages_free(memory, pages);
	return error;
}

struct disk_source disk_source(struct block_device *device)
{
	return (struct disk_source){
		.read = read_blocks,
		.context = device,
		.block_size = device->logical_block,
		.blocks = device->sectors / (device->logical_block / BLOCK_SECTOR),
	};
}

static void add_partitions(struct disk *whole)
{
	struct disk_source source = disk_source(whole->device);
	struct problem problem = {""};
	struct gpt gpt;
	int got = gpt_read(&source, &gpt, &problem);

	if (got < 0 || (got && gpt.backup))
		operator_note("disk %s: %s%s", whole->device->name, problem.text,
			      got < 0 ? "" : "; the table at its end is good and is used");
	if (got <= 0)
		return;
	whole->has_table = true;
	whole->backup_table = gpt.backup;
	for (unsigned int i = 0; i < gpt.count; i++)
		if (!add_partition(whole, &gpt.partition[i]))
			operator_note("disk %s: no memory for partition %u", whole->device->name,
				      gpt.partition[i].number);
	gpt_free(&gpt);
}

void disk_start(void)
{
	for (struct block_device *device = block_devices; device; device = device->next) {
		struct disk *disk = add(device);

		if (disk)
			add_partitions(disk);
	}
}

/* --- names --- */

static bool is_label(const struct disk *disk, const char *label)
{
	return disk->whole && !strcmp(disk->label, label);
}

static bool is_uuid(const struct disk *disk, const char *wanted)
{
	char text[GPT_UUID_LENGTH];

	gpt_uuid(disk->uuid, text);
	return disk->whole && !strcasecmp(text, wanted);
}

static bool is_name(const struct disk *disk, const char *name)
{
	return !strcmp(disk->device->name, name);
}

/* How a disk is named; the first prefix that fits decides. */
static const struct {
	const char *prefix;
	bool (*is)(const struct disk *disk, const char *name);
} namings[] = {
	{"PARTLABEL=", is_label}, {"/dev/disk/by-partlabel/", is_label},
	{"PARTUUID=", is_uuid},	  {"/dev/disk/by-partuuid/", is_uuid},
	{"/dev/", is_name},	  {"", is_name},
};

/* The only one that the name fits; more are a problem. */
static struct disk *find_only(bool (*is)(const struct disk *disk, const char *name),
			      const char *name, struct problem *problem)
{
	struct disk *found = NULL;

	for (struct disk *disk = disks; disk; disk = disk->next) {
		if (!is(disk, name))
			continue;
		if (found) {
			problem_note(problem, XEN_EINVAL,
				     "\"%.64s\" is both %s and %s: name one of these", name,
				     found->device->name, disk->device->name);
			return NULL;
		}
		found = disk;
	}
	return found;
}

struct disk *disk_find(const char *name, struct problem *problem)
{
	struct disk *found;
	unsigned int i = 0;

	while (strncmp(name, namings[i].prefix, strlen(namings[i].prefix)))
		i++;
	found = find_only(namings[i].is, name + strlen(namings[i].prefix), problem);
	/* Names come first: a guest that writes the label "vda" gains nothing by it. */
	if (!found && namings[i].is == is_name)
		found = find_only(is_label, name, problem);
	if (!found)
		problem_note(problem, XEN_ENOENT, "there is no disk \"%.64s\": see block-list-host",
			     name);
	return found;
}
