/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libext2fs's way to the disk, for disk/image.c alone: it only reads, no more than IMAGE_READS
 * blocks, and nothing outside the disk.
 */
#ifndef DOM0_DISK_IMAGE_READER_H
#define DOM0_DISK_IMAGE_READER_H

#include <ext2fs/ext2fs.h>
#include "disk/source.h"

struct image_reader {
	const struct disk_source *source; /* the others are 0 at first */
	unsigned int reads;		  /* blocks so far */
	int error; /* of the source, or -XEN_E2BIG: too many reads; whatever libext2fs says then */
	struct struct_io_channel channel;
};

/* Bytes from anywhere. 0, -XEN_EINVAL (outside the disk), -XEN_ENOMEM, or what the source gave. */
int image_reader_bytes(struct image_reader *reader, uint64_t offset, uint64_t size,
		       uint8_t *buffer);

/* Open the file system read-only; ext2fs_free() before the reader goes away. */
errcode_t image_reader_open(struct image_reader *reader, ext2_filsys *fs);

#endif
