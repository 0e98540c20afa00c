/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Partition tables. The first byte of the input says which checksums are made right, so that the
 * fuzzer gets past them; the rest is the disk from its second block on, and zeros behind it.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "disk/gpt.h"

enum { BLOCK = 512, BLOCKS = 100, FIX_ENTRIES = 1, FIX_HEADER = 2, FIX_BACKUP = 4 };

static uint8_t disk[BLOCK * BLOCKS];

static int read_disk(void *context, uint64_t block, uint32_t count, void *buffer)
{
	(void)context;
	assert(block < BLOCKS && count && count <= BLOCKS - block);
	memcpy(buffer, disk + block * BLOCK, (size_t)count * BLOCK);
	return 0;
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, 4);
	return value;
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, 4);
}

static void fix(uint8_t *header, unsigned int flags)
{
	uint64_t bytes = (uint64_t)get32(header + 80) * get32(header + 84),
		 first = get32(header + 72);

	memcpy(header, "EFI PART", 8);
	if ((flags & FIX_ENTRIES) && first < BLOCKS && bytes <= (BLOCKS - first) * BLOCK)
		put32(header + 88, (uint32_t)crc32(0, disk + first * BLOCK, (uInt)bytes));
	if (get32(header + 12) > BLOCK || get32(header + 12) < 92)
		put32(header + 12, 92);
	put32(header + 16, 0);
	put32(header + 16, (uint32_t)crc32(0, header, get32(header + 12)));
}

static void check(const struct gpt *gpt)
{
	for (unsigned int i = 0; i < gpt->count; i++) {
		const struct gpt_partition *a = &gpt->partition[i];

		assert(a->count && a->first >= 2 && a->first + a->count <= BLOCKS);
		assert(a->number >= 1 && a->number <= GPT_MAX_ENTRIES);
		assert(strlen(a->label) < GPT_LABEL_LENGTH);
		for (unsigned int j = 0; j < i; j++) {
			const struct gpt_partition *b = &gpt->partition[j];

			assert(a->first >= b->first + b->count || b->first >= a->first + a->count);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct disk_source source = {read_disk, NULL, BLOCK, BLOCKS};
	struct problem problem = {""};
	struct gpt gpt;
	int got;

	if (!size)
		return 0;
	memset(disk, 0, sizeof(disk));
	memcpy(disk + BLOCK, data + 1,
	       size - 1 < sizeof(disk) - BLOCK ? size - 1 : sizeof(disk) - BLOCK);
	disk[446 + 4] = 0xee;
	disk[510] = 0x55;
	disk[511] = 0xaa;
	if (data[0] & FIX_HEADER)
		fix(disk + BLOCK, data[0]);
	if (data[0] & FIX_BACKUP)
		fix(disk + BLOCK * (BLOCKS - 1), data[0]);
	got = gpt_read(&source, &gpt, &problem);
	assert(got >= 0 || problem.text[0]);
	if (got > 0)
		check(&gpt);
	gpt_free(&gpt);
	return 0;
}
