/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <xen/errno.h>
#include "disk/image_check.h"

static int by_place(const void *a, const void *b)
{
	const struct run *one = a, *other = b;

	return one->first < other->first ? -1 : one->first > other->first;
}

static bool sort_runs(struct pieces *pieces)
{
	pieces->run = malloc(pieces->count * sizeof(*pieces->run));
	if (!pieces->run)
		return false;
	for (unsigned int i = 0; i < pieces->count; i++) {
		const struct piece *piece = &pieces->piece[i];

		pieces->run[i].first = piece->at;
		pieces->run[i].end = piece->at + pieces_end(pieces, i) - piece->from;
	}
	qsort(pieces->run, pieces->count, sizeof(*pieces->run), by_place);
	return true;
}

/* Else one half of the image would write the other. */
static bool has_a_block_twice(const struct pieces *pieces)
{
	for (unsigned int i = 1; i < pieces->count; i++)
		if (pieces->run[i - 1].end > pieces->run[i].first)
			return true;
	return false;
}

static bool has_blocks(const struct pieces *pieces, ext2_filsys fs, uint64_t first, uint64_t count)
{
	uint64_t unit = fs->blocksize / BLOCK_SECTOR;
	struct run run = {first * unit, (first + count) * unit};

	return pieces_touch(pieces, &run);
}

/* Else a guest could write what dom0 and others believe of other files. */
static bool has_metadata(const struct image_reader *reader, ext2_filsys fs,
			 const struct pieces *pieces)
{
	for (unsigned int i = 0; i < reader->seen_count; i++)
		if (pieces_touch(pieces, &reader->seen[i]))
			return true;
	for (dgrp_t group = 0; group < fs->group_desc_count; group++)
		if (has_blocks(pieces, fs, ext2fs_inode_table_loc(fs, group),
			       fs->inode_blocks_per_group) ||
		    has_blocks(pieces, fs, ext2fs_inode_bitmap_loc(fs, group), 1) ||
		    has_blocks(pieces, fs, ext2fs_block_bitmap_loc(fs, group), 1))
			return true;
	return false;
}

int image_refuse(const struct image_reader *reader, ext2_filsys fs, struct pieces *pieces,
		 const char *path, struct problem *problem)
{
	if (!sort_runs(pieces))
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	if (has_a_block_twice(pieces))
		return problem_note(problem, XEN_EINVAL, "%s has a block twice: run e2fsck", path);
	if (has_metadata(reader, fs, pieces))
		return problem_note(problem, XEN_EINVAL,
				    "%s has blocks that describe the file system: run e2fsck",
				    path);
	return 0;
}
