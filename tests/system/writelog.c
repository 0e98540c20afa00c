/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See writelog.h. The log has a superblock in its first sector, then entries: a sector with a
 * header, and the data of a write.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "writelog.h"

enum {
	SECTOR = 512,
	PAGE_SECTORS = 8,
	FLUSH = 1,
	DISCARD = 4,
	BEHIND = 30, /* entries behind the cut of which some are kept */
};

#define MAGIC 0x6a736677736872ull

struct super {
	uint64_t magic, version, entries;
	uint32_t sector_size;
};

struct entry {
	uint64_t sector, sectors, flags, data_length;
};

struct walk {
	int log, image;
	off_t at; /* of the next entry */
	unsigned long index, end;
	struct entry entry;
};

static void read_all(int file, void *data, size_t size, off_t at)
{
	assert_int_equal(pread(file, data, size, at), size);
}

static struct walk begin(const char *log)
{
	struct walk walk = {.log = open(log, O_RDONLY), .image = -1, .at = SECTOR};
	struct super super;

	assert_true(walk.log >= 0);
	read_all(walk.log, &super, sizeof(super), 0);
	assert_true(super.magic == MAGIC && super.version == 1 && super.sector_size == SECTOR);
	walk.end = super.entries;
	return walk;
}

/* The next entry's header; its data are at walk->at. */
static bool next(struct walk *walk)
{
	if (walk->index == walk->end)
		return false;
	read_all(walk->log, &walk->entry, sizeof(walk->entry), walk->at);
	walk->at += SECTOR;
	return true;
}

static void pass(struct walk *walk)
{
	if (!(walk->entry.flags & (FLUSH | DISCARD)))
		walk->at += (off_t)walk->entry.sectors * SECTOR;
	walk->index++;
}

static void end(struct walk *walk)
{
	close(walk->log);
	if (walk->image >= 0)
		assert_int_equal(close(walk->image), 0);
}

unsigned long writelog_entries(const char *log)
{
	struct walk walk = begin(log);

	end(&walk);
	return walk.end;
}

unsigned long writelog_flushed(const char *log, unsigned long entry)
{
	struct walk walk = begin(log);
	unsigned long flushed = 0;

	while (walk.index < entry && next(&walk)) {
		pass(&walk);
		if (walk.entry.flags & FLUSH)
			flushed = walk.index;
	}
	end(&walk);
	return flushed;
}

/* What is discarded may be anything; here it stays. */
static void carry_out(const struct walk *walk, uint64_t sectors)
{
	size_t size = sectors * SECTOR;
	uint8_t *data;

	if (!size || walk->entry.flags & (FLUSH | DISCARD))
		return;
	data = malloc(size);
	assert_non_null(data);
	read_all(walk->log, data, size, walk->at);
	assert_int_equal(pwrite(walk->image, data, size, (off_t)walk->entry.sector * SECTOR), size);
	free(data);
}

/* How many of its sectors a write got done: in whole pages, as disks promise. */
static uint64_t dice(uint64_t sectors)
{
	switch (rand() % 4) {
	case 0:
		return sectors;
	case 1:
		return (unsigned int)rand() % (sectors / PAGE_SECTORS + 1) * PAGE_SECTORS;
	default:
		return 0;
	}
}

/* What came behind a further flush cannot be there without what that made safe. */
static bool is_over(const struct walk *walk, unsigned long cut)
{
	return walk->index >= cut && (walk->index == cut + BEHIND || walk->entry.flags & FLUSH);
}

void writelog_cut(const char *log, const char *image, unsigned long cut)
{
	struct walk walk = begin(log);

	walk.image = open(image, O_WRONLY);
	assert_true(walk.image >= 0);
	for (; next(&walk) && !is_over(&walk, cut); pass(&walk))
		carry_out(&walk, walk.index < cut ? walk.entry.sectors : dice(walk.entry.sectors));
	end(&walk);
}
