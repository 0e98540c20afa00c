/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>
#include "disk/pieces.h"

#define SPLITS		8  /* requests that are cut up at once; more wait */
#define SPLIT_SEGMENTS	64 /* of a request */
#define SECTOR_BYTES(n) ((uint64_t)(n)*BLOCK_SECTOR)

/* A request that is being cut up. */
struct split {
	struct split *next; /* free ones */
	struct pieces_device *owner;
	struct block_request *whole;
	struct block_request part;
	uint32_t sectors;      /* of the whole that parts so far have covered */
	unsigned int segment;  /* the next one of the whole's, */
	uint32_t segment_done; /* of which so many bytes are covered */
	struct block_segment segments[SPLIT_SEGMENTS];
};

struct pieces_device {
	struct block_device device;
	const struct pieces *pieces;
	struct block_device *below;
	struct split *free, splits[SPLITS];
};

void pieces_free(struct pieces *pieces)
{
	free(pieces->piece);
	free(pieces->run);
	memset(pieces, 0, sizeof(*pieces));
}

/* The piece that has the sector. */
static unsigned int piece_of(const struct pieces *pieces, uint64_t sector)
{
	unsigned int low = 0, high = pieces->count;

	while (high - low > 1) {
		unsigned int middle = low + (high - low) / 2;

		if (pieces->piece[middle].from <= sector)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool pieces_touch(const struct pieces *pieces, const struct run *run)
{
	unsigned int low = 0, high = pieces->count;

	while (low < high) { /* the first one that does not end before */
		unsigned int middle = low + (high - low) / 2;

		if (pieces->run[middle].end <= run->first)
			low = middle + 1;
		else
			high = middle;
	}
	return low < pieces->count && pieces->run[low].first < run->end;
}

/* --- requests that cross pieces ----------------------------------------------------------------
 */

/* The whole's memory for the next sectors. A part has no more segments than the whole. */
static void take_segments(struct split *split, uint32_t sectors)
{
	uint64_t bytes = SECTOR_BYTES(sectors);
	unsigned int count = 0;

	while (bytes) {
		const struct block_segment *from = &split->whole->segments[split->segment];
		uint32_t left = from->length - split->segment_done;
		uint32_t length = left < bytes ? left : (uint32_t)bytes;

		split->segments[count++] = (struct block_segment){
			.machine = from->machine + split->segment_done,
			.length = length,
		};
		bytes -= length;
		split->segment_done += length;
		if (length == left) {
			split->segment++;
			split->segment_done = 0;
		}
	}
	split->part.segment_count = count;
}

static void part_done(struct block_request *part, int error);

/* Start the part in the next piece. */
static int start_part(struct split *split)
{
	const struct pieces *pieces = split->owner->pieces;
	uint64_t sector = split->whole->sector + split->sectors;
	uint32_t sectors = split->whole->sectors - split->sectors;
	unsigned int piece = piece_of(pieces, sector);
	uint64_t room = pieces_end(pieces, piece) - sector;

	if (sectors > room)
		sectors = (uint32_t)room;
	split->part = (struct block_request){
		.operation = split->whole->operation,
		.sector = pieces->piece[piece].at + (sector - pieces->piece[piece].from),
		.sectors = sectors,
		.segments = split->segments,
		.done = part_done,
		.owner = split,
	};
	take_segments(split, sectors);
	split->sectors += sectors;
	return block_submit(split->owner->below, &split->part);
}

static void give_back(struct split *split)
{
	split->next = split->owner->free;
	split->owner->free = split;
}

/* After an error nothing more is started. */
static void part_done(struct block_request *part, int error)
{
	struct split *split = part->owner;
	struct block_request *whole = split->whole;

	if (!error && split->sectors < whole->sectors) {
		error = start_part(split);
		if (!error)
			return;
	}
	give_back(split);
	block_retry(&split->owner->device);
	block_complete(whole, error);
}

static int start_split(struct pieces_device *owner, struct block_request *request)
{
	struct split *split = owner->free;
	int error;

	if (!split)
		return -XEN_EBUSY;
	owner->free = split->next;
	split->whole = request;
	split->sectors = split->segment_done = 0;
	split->segment = 0;
	error = start_part(split);
	if (error)
		give_back(split);
	return error;
}

/* --- the device --------------------------------------------------------------------------------
 */

static int start(struct block_device *device, struct block_request *request)
{
	struct pieces_device *owner = device->driver;
	const struct piece *piece;
	unsigned int index;

	if (request->operation == BLOCK_FLUSH)
		return block_submit(owner->below, request);
	index = piece_of(owner->pieces, request->sector);
	if (request->sector + request->sectors > pieces_end(owner->pieces, index))
		return start_split(owner, request);
	piece = &owner->pieces->piece[index];
	request->sector = request->sector - piece->from + piece->at;
	return block_submit(owner->below, request);
}

struct block_device *pieces_device(const struct pieces *pieces, struct block_device *below)
{
	struct pieces_device *owner = calloc(1, sizeof(*owner));

	if (!owner)
		return NULL;
	owner->device = *below;
	owner->device.sectors = pieces->sectors;
	if (owner->device.max_segments > SPLIT_SEGMENTS)
		owner->device.max_segments = SPLIT_SEGMENTS;
	owner->device.max_discard = 0;
	owner->device.start = start;
	owner->device.kick = NULL;
	owner->device.held = 0;
	owner->device.whole = below;
	owner->device.driver = owner;
	owner->device.next = NULL;
	block_init(&owner->device);
	owner->pieces = pieces;
	owner->below = below;
	for (unsigned int i = 0; i < SPLITS; i++) {
		owner->splits[i].owner = owner;
		give_back(&owner->splits[i]);
	}
	return &owner->device;
}

void pieces_device_free(struct block_device *device)
{
	free(device->driver);
}
