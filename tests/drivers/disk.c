/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every sector of the area that is written holds its own number and the round in which it was
 * written, so that one look tells what came from where.
 */
#include <stdlib.h>
#include <string.h>
#include <pv/mm.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <xen/errno.h>
#include "driver/dma.h"
#include "drivers.h"

#define AREA	     8192 /* sectors: 4 MiB at the disk's start */
#define PIECES	     256
#define PIECE	     (AREA / PIECES) /* sectors, of a request */
#define PIECE_PAGES  (PIECE * BLOCK_SECTOR / PV_PAGE_SIZE)
#define MAX_SEGMENTS 32
#define WORDS	     (BLOCK_SECTOR / sizeof(uint64_t))

static struct piece {
	struct block_request request;
	struct block_segment segments[MAX_SEGMENTS];
	uint8_t *memory; /* a page more than it has */
	uint32_t offset; /* in memory, where the data begin */
} pieces[PIECES];

static struct pv_semaphore answered;
static unsigned int good, failed;
static int last_error;

static void on_done(struct block_request *request, int error)
{
	(void)request;
	if (error) {
		failed++;
		last_error = error;
	} else {
		good++;
	}
	pv_semaphore_up(&answered);
}

/* Wait for the answers of as many requests. */
static bool wait_for(unsigned int count)
{
	uint64_t deadline = pv_time_ns() + 60 * PV_NS_PER_SECOND;

	while (count--)
		if (!pv_semaphore_down_until(&answered, deadline))
			return false;
	return true;
}

/* Data of a piece, cut at the pages' ends and, below those, at random. */
static void cut(struct block_device *disk, struct piece *piece)
{
	uint32_t unit = disk->logical_block, total = PIECE * BLOCK_SECTOR;
	unsigned int count = 0;

	for (uint32_t at = 0; at < total; count++) {
		uint8_t *data = piece->memory + piece->offset + at;
		uint32_t room = PV_PAGE_SIZE - ((uintptr_t)data & ~PV_PAGE_MASK);
		uint32_t length = room < total - at ? room : total - at;

		/* A few are short, so that what follows begins within a page. */
		if (count < MAX_SEGMENTS - PIECE_PAGES - 2 && length > unit && rand() % 4 == 0)
			length = unit * (1 + (unsigned int)rand() % (length / unit));
		piece->segments[count].machine = dma_address(data);
		piece->segments[count].length = length;
		at += length;
	}
	piece->request.segments = piece->segments;
	piece->request.segment_count = count;
}

static void submit(struct block_device *disk, unsigned int index, enum block_operation operation)
{
	struct piece *piece = &pieces[index];
	int error;

	piece->request = (struct block_request){
		.operation = operation,
		.sector = (uint64_t)index * PIECE,
		.sectors = PIECE,
		.done = on_done,
	};
	cut(disk, piece);
	error = block_submit(disk, &piece->request);
	if (!works(!error, "%s: a good request is taken (%d)", disk->name, error))
		on_done(&piece->request, error);
}

static uint64_t *sector_words(unsigned int index, unsigned int sector)
{
	return (void *)(pieces[index].memory + pieces[index].offset + sector * BLOCK_SECTOR);
}

/* Data may begin at any multiple of a block in the first page. */
static void choose_offset(const struct block_device *disk, struct piece *piece)
{
	piece->offset =
		(unsigned int)rand() % (PV_PAGE_SIZE / disk->logical_block) * disk->logical_block;
}

static void fill(unsigned int index, uint64_t round)
{
	for (unsigned int s = 0; s < PIECE; s++)
		for (unsigned int w = 0; w < WORDS; w++)
			sector_words(index, s)[w] =
				((uint64_t)index * PIECE + s) << 32 | round << 16 | w;
}

/* How many of a piece's sectors hold something else. */
static unsigned int wrong(unsigned int index, uint64_t round)
{
	unsigned int count = 0;

	for (unsigned int s = 0; s < PIECE; s++)
		for (unsigned int w = 0; w < WORDS; w++)
			if (sector_words(index, s)[w] !=
			    (((uint64_t)index * PIECE + s) << 32 | round << 16 | w)) {
				count++;
				break;
			}
	return count;
}

/* All pieces at once: more than any queue has room for. */
static void write_all(struct block_device *disk, uint64_t round)
{
	good = failed = 0;
	for (unsigned int i = 0; i < PIECES; i++) {
		choose_offset(disk, &pieces[i]);
		fill(i, round);
		submit(disk, i, BLOCK_WRITE);
	}
	works(wait_for(PIECES), "%s: all writes are answered", disk->name);
	works(good == PIECES, "%s: all writes succeed, not %u", disk->name, good);
}

static void read_all(struct block_device *disk, uint64_t round)
{
	unsigned int bad = 0;

	good = failed = 0;
	for (unsigned int i = 0; i < PIECES; i++) {
		choose_offset(disk, &pieces[i]);
		memset(pieces[i].memory, 0xee, (PIECE_PAGES + 1) * PV_PAGE_SIZE);
		submit(disk, i, BLOCK_READ);
	}
	works(wait_for(PIECES), "%s: all reads are answered", disk->name);
	works(good == PIECES, "%s: all reads succeed, not %u", disk->name, good);
	for (unsigned int i = 0; i < PIECES; i++)
		bad += wrong(i, round);
	works(!bad, "%s: what was written is read (%u sectors are not)", disk->name, bad);
}

/* A write that begins within what another wrote, by the synchronous way. */
static void test_small(struct block_device *disk)
{
	uint32_t unit = disk->logical_block / BLOCK_SECTOR;
	uint8_t *page = pv_pages_alloc(2);

	memset(page, 0x5a, 2 * PV_PAGE_SIZE);
	works(!block_do(disk, BLOCK_WRITE, AREA, page, 16), "%s: write", disk->name);
	memset(page, 0xa5, disk->logical_block);
	works(!block_do(disk, BLOCK_WRITE, AREA + unit, page, unit), "%s: write a block",
	      disk->name);
	works(!block_do(disk, BLOCK_FLUSH, 0, NULL, 0), "%s: flush", disk->name);
	memset(page, 0, 2 * PV_PAGE_SIZE);
	works(!block_read(disk, AREA, page, 3 * unit <= 16 ? 3 * unit : 16), "%s: read",
	      disk->name);
	works(page[disk->logical_block - 1] == 0x5a && page[disk->logical_block] == 0xa5 &&
		      page[2 * disk->logical_block - 1] == 0xa5,
	      "%s: a block lies between its neighbours", disk->name);
	pv_pages_free(page, 2);
}

static void test_discard(struct block_device *disk)
{
	int error = block_do(disk, BLOCK_DISCARD, AREA, NULL, AREA);

	if (disk->max_discard)
		works(!error, "%s: discard (%d)", disk->name, error);
	else
		works(error == -XEN_EOPNOTSUPP, "%s: no discard (%d)", disk->name, error);
}

static void test_refusals(struct block_device *disk)
{
	void *page = pv_pages_alloc(1);

	works(block_read(disk, disk->sectors, page, 8) == -XEN_EINVAL, "%s: its end is checked",
	      disk->name);
	works(!block_read(disk, disk->sectors - 8, page, 8), "%s: the last sectors can be read",
	      disk->name);
	pv_pages_free(page, 1);
}

/* One bad sector: reading it fails, its neighbours can be read, and so can it be told apart among
 * requests that are under way at once. */
static void test_bad(struct block_device *disk, uint64_t bad)
{
	void *page = pv_pages_alloc(1);

	works(block_read(disk, bad, page, 8) == -XEN_EIO, "%s: sector %lu is bad", disk->name,
	      (unsigned long)bad);
	works(!block_read(disk, bad - 8, page, 8), "%s: the one before is not", disk->name);
	works(!block_read(disk, bad + 8, page, 8), "%s: nor is the one behind", disk->name);
	works(!block_do(disk, BLOCK_WRITE, 0, page, 8), "%s: a write succeeds", disk->name);
	works(block_do(disk, BLOCK_FLUSH, 0, NULL, 0) == -XEN_EIO, "%s: the flush fails",
	      disk->name);
	pv_pages_free(page, 1);
	good = failed = 0;
	for (unsigned int i = 0; i < PIECES; i++)
		submit(disk, i, BLOCK_READ);
	works(wait_for(PIECES), "%s: all are answered", disk->name);
	works(good == PIECES - 1 && failed == 1 && last_error == -XEN_EIO,
	      "%s: one of them fails, not %u", disk->name, failed);
}

void test_disk(struct block_device *disk, uint64_t bad)
{
	printf("drivers: %s, %s, %lu sectors, blocks of %u, %u segments\n", disk->name, disk->kind,
	       (unsigned long)disk->sectors, disk->logical_block, disk->max_segments);
	if (!works(disk->sectors >= 2 * AREA && disk->max_segments >= MAX_SEGMENTS,
		   "%s: is large enough", disk->name))
		return;
	for (unsigned int i = 0; i < PIECES && !pieces[i].memory; i++)
		pieces[i].memory = pv_pages_alloc(PIECE_PAGES + 1);
	if (bad != ~0ull) {
		test_bad(disk, bad);
		return;
	}
	for (uint64_t round = 1; round <= 3; round++) {
		write_all(disk, round);
		read_all(disk, round);
	}
	test_small(disk);
	test_discard(disk);
	test_refusals(disk);
	read_all(disk, 3);
	works(!block_do(disk, BLOCK_FLUSH, 0, NULL, 0), "%s: flush", disk->name);
}
