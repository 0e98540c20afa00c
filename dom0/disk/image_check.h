/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a file's map may be a guest's disk, for disk/image.c alone. */
#ifndef DOM0_DISK_IMAGE_CHECK_H
#define DOM0_DISK_IMAGE_CHECK_H

#include "disk/image_reader.h"
#include "lib/problem.h"

/*
 * Fill in the pieces' runs. No block may be there twice, belong to the file system's tables of
 * inodes or to its bitmaps, or have been read to find the file: superblock, descriptors,
 * directories, the file's own map. 0, or -XEN_EINVAL or -XEN_ENOMEM with the problem.
 */
int image_refuse(const struct image_reader *reader, ext2_filsys fs, struct pieces *pieces,
		 const char *path, struct problem *problem);

#endif
