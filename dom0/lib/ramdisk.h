/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom0's ramdisk: configurations in configs/, kernels and ramdisks of guests in images/. */
#ifndef DOM0_LIB_RAMDISK_H
#define DOM0_LIB_RAMDISK_H

#include "lib/cpio.h"

/* The archive; it stays in memory for good. */
extern struct cpio_archive ramdisk;

/* A guest's kernel or ramdisk: `path` itself, or else images/path. Returns as cpio_find. */
int ramdisk_find_image(const char *path, struct cpio_file *file);

/* A configuration: `name` itself, or else configs/name, or else configs/name.cfg. Returns as
 * cpio_find. */
int ramdisk_find_config(const char *name, struct cpio_file *file);

#endif
