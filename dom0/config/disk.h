/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's disk, as one item of disk=[ … ] and the words of block-attach describe it. */
#ifndef DOM0_CONFIG_DISK_H
#define DOM0_CONFIG_DISK_H

#include <stdbool.h>

#define DISK_TARGET_LENGTH 128
#define DISK_VDEV_LENGTH   16

struct disk_config {
	char target[DISK_TARGET_LENGTH]; /* a disk or image of dom0's, as disk_open() takes it */
	char vdev[DISK_VDEV_LENGTH];	 /* what the guest calls it: xvda, xvda1 … */
	unsigned int number;		 /* the same as a device number */
	bool write;
};

/* A disk of which nothing is said: it may be written, as for xl. */
void disk_config_init(struct disk_config *disk);

/*
 * Take over an item in xl's syntax: "target, format, vdev, access" by place, "key=value", both
 * mixed, or with an old prefix ("phy:target,vdev,access"). NULL, or what is wrong with it: a
 * sentence that lives until the next call. Call it once for a whole item, which must be complete.
 */
const char *disk_config_parse(struct disk_config *disk, const char *text);

/* The device number of a name, as Linux's front end reads it back; 0 if it is no such name. */
unsigned int disk_vdev_number(const char *name);

#endif
