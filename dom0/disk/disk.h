/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks, partitions and image files by name, and who uses them.
 *
 * A partition is a block device on top of the disk's. Tables are read once, at start: what a guest
 * writes into its disk's table later changes nothing here.
 *
 * An image is a file of a file system on a disk or partition. Where it lies is looked up when it is
 * opened (image.h), and so it stays: while an image is open, nobody may write to the disk of its
 * file system but by images there.
 */
#ifndef DOM0_DISK_DISK_H
#define DOM0_DISK_DISK_H

#include <stdbool.h>
#include "disk/gpt.h"
#include "disk/image.h"
#include "disk/pieces.h"
#include "driver/block.h"
#include "lib/problem.h"

struct disk {
	const char *name;	     /* vda, vda1, vda1:/images/web.img */
	struct block_device *device; /* for requests */
	struct disk *whole;	     /* whose partition it is, or NULL */
	unsigned int number;	     /* of the partition, from 1 */
	uint64_t first;		     /* sector of the whole disk */
	uint8_t uuid[16];	     /* of a partition */
	char label[GPT_LABEL_LENGTH];
	bool has_table, backup_table; /* of a whole disk: GPT; the copy at its end was taken */

	struct disk *file_system; /* of an image: where the file is, or NULL */
	struct pieces pieces;	  /* of an image, in sectors of the whole disk */

	unsigned int readers, writers; /* who claimed it */
	unsigned int images;	       /* those open in its file system */
	struct disk *next;
};

/* All disks; each is followed by its partitions. They never go away. Images are not here. */
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
 * Find a disk as disk_find() does, or open an image: "DISK:/PATH", where DISK is such a name. Claim
 * it: a claim for writing excludes all others on the same sectors, also those of the whole disk,
 * its partitions and images. NULL with the problem. Waits: on a thread that is not a driver's.
 */
struct disk *disk_open(const char *name, bool write, struct problem *problem);

#define DISK_NAMES_LENGTH IMAGE_NAMES

/*
 * The files of a folder in a disk's file system, for who types a name: each name with a zero behind
 * it, a folder's with a slash before that, and an empty one at the end (alone, if the disk is in
 * use or the folder cannot be read). Not all, where there is no room. Waits, as disk_open().
 */
void disk_list_files(const char *name, const char *path, char names[DISK_NAMES_LENGTH]);

/* Give up the claim, and an image altogether. No request is under way. */
void disk_close(struct disk *disk, bool write);

/* Claims without opening, for disk/. 0; -XEN_EBUSY or -XEN_EROFS with the problem. */
int disk_claim(struct disk *disk, bool write, struct problem *problem);
void disk_release(struct disk *disk, bool write);

/* Before and after an image of the disk's file system is looked for and used. 0 or -XEN_EBUSY. */
int disk_hold_file_system(struct disk *disk, struct problem *problem);
void disk_drop_file_system(struct disk *disk);

/* List an image with those whose claims count, and take it off. */
void disk_add_image(struct disk *image);
void disk_remove_image(struct disk *image);

/* A disk as what tables and file systems are read from, through pages that a device can reach. */
struct disk_source disk_source(struct block_device *device);

/* Make durable what has been written: flush every disk, waiting at most some seconds for all. False
 * if one did not answer or could not. */
bool disk_flush_all(unsigned int seconds);

#endif
