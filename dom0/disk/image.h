/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where on a disk a file of its ext2, ext3 or ext4 file system lies, by libext2fs.
 *
 * The file system is only read, and its contents are hostile. So a file's map counts only if it is
 * complete, lies inside the disk, and has no block twice and none that describes the file system
 * (image_check.h); and what reading it costs is bounded: by IMAGE_READS blocks (a larger one counts
 * for each 4 KiB), IMAGE_PIECES pieces and IMAGE_GROUPS_BYTES of group descriptors. Pure
 * computation but for the source's function.
 */
#ifndef DOM0_DISK_IMAGE_H
#define DOM0_DISK_IMAGE_H

#include "disk/pieces.h"
#include "disk/source.h"
#include "lib/problem.h"

#define IMAGE_READS	   65536
#define IMAGE_PIECES	   4096
#define IMAGE_GROUPS_BYTES (8u << 20)
#define IMAGE_NAMES	   4096

/*
 * Find out where the file is that an absolute path names. No symbolic links are followed. The map
 * is filled in, in sectors of the source; pieces_free() later. 0, or negative with the problem:
 * -XEN_EINVAL (not such a file system, damaged, with features that are not known, not unmounted, or
 * the file cannot be a disk), -XEN_ENOENT, -XEN_E2BIG (a bound), -XEN_ENOMEM, or what reading gave.
 */
int image_find(const struct disk_source *source, const char *path, struct pieces *pieces,
	       struct problem *problem);

/*
 * The files and folders of a folder: see disk_list_files(). Left out are hidden ones, and names
 * of other than printable characters or of such as part words at the prompt. 0, or negative with
 * the problem, as image_find(); names is good either way.
 */
int image_list(const struct disk_source *source, const char *path, char names[IMAGE_NAMES],
	       struct problem *problem);

#endif
