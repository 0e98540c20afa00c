/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks and partitions by name, and who uses them.
 *
 * A partition is a block device on top of the disk's. Tables are read once, at start: what a guest
 * writes into its disk's table later changes nothing here.
 */
#ifndef DOM0_DISK_DISK_H
#define DOM0_DISK_DISK_H

#include <stdbool.h>
#include "disk/gpt.h"
#include "driver/block.h"
#include "lib/problem.h"

struct disk {
	struct block_device *device; /* for requests */
	struct disk *whole;	     /* whose partition it is, or NULL */
	unsigned int number;	     /* of the partition, from 1 */
	uint64_t first;		     /* sector of the whole disk */
	uint8_t uuid[16];	     /* of a partition */
	char label[GPT_LABEL_LENGTH];
	bool has_table, backup_table; /* of a whole disk: GPT; the copy at its end was taken */

	unsigned int readers, writers; /* who claimed it */
	struct disk *next;
};

/* All disks; each is followed by its partitions. They never go away. */
extern struct disk *disks;

/* List the disks that drivers found, and read their tables. Tells the operator what is wrong with
 * one. Waits: on a thread. */
void disk_start(void);

/*
 * Find a disk: "vda", "vda1", "nvme0n1p2", with or without /dev/; a partition by its label as
 * "debian", "PARTLABEL=debian" or "/dev/disk/by-partlabel/debian", or by "PARTUUID=…", likewise.
 * NULL with the problem: there is none, or several have that label.
 */
struct disk *disk_find(const char *name, struct problem *problem);

/*
 * Before and after use. Claims for writing exclude all others on the same sectors, also those of
 * the whole disk and its partitions. 0; -XEN_EBUSY or -XEN_EROFS with the problem.
 */
int disk_claim(struct disk *disk, bool write, struct problem *problem);
void disk_release(struct disk *disk, bool write);

/* Make durable what has been written: flush every disk, waiting at most some seconds for all. False
 * if one did not answer or could not. */
bool disk_flush_all(unsigned int seconds);

#endif
