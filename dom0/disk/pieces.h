/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block device that lies in pieces on another one, as a file does on its disk. A request that
 * fits into a piece goes on as it is, like a partition's; one that does not is cut up, and its
 * parts are done one after the other.
 */
#ifndef DOM0_DISK_PIECES_H
#define DOM0_DISK_PIECES_H

#include "driver/block.h"

/* From sector `from` of the device, up to the next piece, it lies at sector `at`. */
struct piece {
	uint64_t from, at;
};

/* Sectors from `first` up to the one before `end`. */
struct run {
	uint64_t first, end;
};

struct pieces {
	unsigned int count;
	uint64_t sectors;    /* of all */
	struct piece *piece; /* malloc; by `from`, the first is 0 */
	struct run *run;     /* malloc; where the same pieces lie, by place; no two overlap */
};

void pieces_free(struct pieces *pieces);

/* The sector behind the index-th piece. */
static inline uint64_t pieces_end(const struct pieces *pieces, unsigned int index)
{
	return index + 1 < pieces->count ? pieces->piece[index + 1].from : pieces->sectors;
}

/* Is one of the run's sectors one of the pieces'? */
bool pieces_touch(const struct pieces *pieces, const struct run *run);

struct pieces_device;

/*
 * Make a device of pieces on `below`, which it resembles in all but name, size and discard (it
 * offers none). Pieces begin and end at blocks of `below`. The pieces stay their caller's, and
 * `below` too. NULL: no memory. Free it with pieces_device_free() when no request is under way.
 */
struct block_device *pieces_device(const struct pieces *pieces, struct block_device *below);
void pieces_device_free(struct block_device *device);

#endif
