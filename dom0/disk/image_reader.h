/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libext2fs's way to the disk, for disk/image*.c alone: it only reads, no more than IMAGE_READS
 * blocks, and nothing outside the disk. What it has read it notes: all that led to a file.
 */
#ifndef DOM0_DISK_IMAGE_READER_H
#define DOM0_DISK_IMAGE_READER_H

#include <ext2fs/ext2fs.h>
#include "disk/pieces.h"
#include "disk/source.h"

struct image_reader {
	const struct disk_source *source; /* the others are 0 at first */
	unsigned int reads;		  /* blocks so far, of 4 KiB if they are larger */
	int error; /* of the source, or -XEN_E2BIG: too many reads; whatever libext2fs says then */
	struct ext2_super_block super; /* as it was checked, and as libext2fs gets it */
	struct run *seen;	       /* malloc, `seen_room` of them: sectors that were read */
	unsigned int seen_count, seen_room;
	struct struct_io_channel channel;
};

/* Read the superblock, whatever is there. 0, -XEN_EINVAL (the disk is too small), -XEN_ENOMEM, or
 * what the source gave. */
int image_reader_super(struct image_reader *reader);

/* Then open the file system read-only; ext2fs_free() before the reader goes away. */
errcode_t image_reader_open(struct image_reader *reader, ext2_filsys *fs);

/* Forget what was noted. */
void image_reader_free(struct image_reader *reader);

#endif
