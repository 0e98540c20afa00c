/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The partition table of a disk (GPT, as UEFI defines it).
 *
 * A disk's contents are hostile: a guest may have written them. A table counts only if its
 * protective MBR, both checksums and all places in it are good; if the first copy is damaged, the
 * one at the disk's end is taken. Pure computation but for the function that reads.
 */
#ifndef DOM0_DISK_GPT_H
#define DOM0_DISK_GPT_H

#include <stdbool.h>
#include <stdint.h>
#include "disk/source.h"
#include "lib/problem.h"

#define GPT_MAX_ENTRIES	 1024 /* slots in a table */
#define GPT_LABEL_LENGTH 109  /* 36 UTF-16 units as UTF-8, with the 0 */
#define GPT_MAX_ENTRY	 4096 /* bytes of a slot */
#define GPT_UUID_LENGTH	 37

struct gpt_partition {
	unsigned int number;   /* from 1: the slot */
	uint64_t first, count; /* blocks */
	uint8_t type[16], uuid[16];
	char label[GPT_LABEL_LENGTH]; /* UTF-8; unprintable characters are '?' */
	bool read_only;		      /* attribute 60 */
};

struct gpt {
	bool backup; /* the first copy was damaged */
	unsigned int count;
	struct gpt_partition *partition; /* in the order of their slots */
};

/*
 * Read a disk's table. Returns 1 (gpt_free() later), 0: the disk has none (its MBR says so), or a
 * negative XEN_E… with the problem: -XEN_EINVAL (damaged), -XEN_ENOMEM, or what reading gave.
 */
int gpt_read(const struct disk_source *source, struct gpt *gpt, struct problem *problem);

void gpt_free(struct gpt *gpt);

/* A UUID in its usual text form. */
void gpt_uuid(const uint8_t uuid[16], char text[GPT_UUID_LENGTH]);

#endif
