/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>
#include <zlib.h>
#include "disk/gpt.h"

/* Offsets in the header, which is in the second block and in the last one. */
enum {
	HEADER_REVISION = 8,
	HEADER_SIZE = 12,
	HEADER_CRC = 16,
	HEADER_MY_BLOCK = 24,
	HEADER_FIRST_USABLE = 40,
	HEADER_LAST_USABLE = 48,
	HEADER_ENTRIES = 72, /* their first block */
	HEADER_ENTRY_COUNT = 80,
	HEADER_ENTRY_SIZE = 84,
	HEADER_ENTRIES_CRC = 88,
	HEADER_LEAST = 92,
};

enum {
	ENTRY_TYPE = 0,
	ENTRY_UUID = 16,
	ENTRY_FIRST = 32,
	ENTRY_LAST = 40,
	ENTRY_ATTRIBUTES = 48,
	ENTRY_LABEL = 56,
	ENTRY_LEAST = 128,
	LABEL_UNITS = 36,
};

enum {
	MBR_ENTRIES = 446,
	MBR_ENTRY = 16,
	MBR_TYPE = 4,
	MBR_SIGNATURE = 510,
	MBR_PROTECTIVE = 0xee
};

#define READ_ONLY     (1ull << 60)
#define ENTRIES_BYTES (1u << 20) /* more than that nobody has */

/* One copy of the table, checked. */
struct header {
	uint64_t first_usable, last_usable, entries;
	uint32_t count, size, crc;
};

static uint32_t get32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t get64(const uint8_t *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static uint32_t checksum(const uint8_t *bytes, size_t size)
{
	return (uint32_t)crc32(0, bytes, (uInt)size);
}

static bool has_protective_mbr(const uint8_t *block)
{
	if (block[MBR_SIGNATURE] != 0x55 || block[MBR_SIGNATURE + 1] != 0xaa)
		return false;
	for (unsigned int i = 0; i < 4; i++)
		if (block[MBR_ENTRIES + i * MBR_ENTRY + MBR_TYPE] == MBR_PROTECTIVE)
			return true;
	return false;
}

/* --- header --- */

static bool good_checksum(uint8_t *block, uint32_t size)
{
	uint32_t crc = get32(block + HEADER_CRC);

	memset(block + HEADER_CRC, 0, 4);
	return checksum(block, size) == crc;
}

static bool good_places(const struct header *header, const struct disk_source *source)
{
	uint64_t bytes = (uint64_t)header->count * header->size;
	uint64_t blocks = (bytes + source->block_size - 1) / source->block_size;

	/* Slots: a power of two of at least 128 bytes each. */
	if (header->size < ENTRY_LEAST || header->size > GPT_MAX_ENTRY ||
	    (header->size & (header->size - 1)) || !header->count ||
	    header->count > GPT_MAX_ENTRIES || bytes > ENTRIES_BYTES)
		return false;
	/* No partition may hold the MBR or either header: its guest could write the table. */
	if (header->first_usable < 2 || header->first_usable > header->last_usable ||
	    header->last_usable >= source->blocks - 1)
		return false;
	/* The table itself lies before or behind what partitions may use. */
	if (header->entries < 2 || header->entries >= source->blocks ||
	    blocks > source->blocks - header->entries)
		return false;
	return header->entries + blocks <= header->first_usable ||
	       header->entries > header->last_usable;
}

/* The header in this block; -XEN_EINVAL with the problem if it is not good. */
static int parse_header(const struct disk_source *source, uint64_t at, uint8_t *block,
			struct header *header, struct problem *problem)
{
	uint32_t size = get32(block + HEADER_SIZE);

	if (memcmp(block, "EFI PART", 8))
		return problem_note(problem, XEN_EINVAL, "no GPT header in block %llu",
				    (unsigned long long)at);
	if (size < HEADER_LEAST || size > source->block_size || !good_checksum(block, size))
		return problem_note(problem, XEN_EINVAL,
				    "the GPT header in block %llu has a wrong checksum",
				    (unsigned long long)at);
	header->first_usable = get64(block + HEADER_FIRST_USABLE);
	header->last_usable = get64(block + HEADER_LAST_USABLE);
	header->entries = get64(block + HEADER_ENTRIES);
	header->count = get32(block + HEADER_ENTRY_COUNT);
	header->size = get32(block + HEADER_ENTRY_SIZE);
	header->crc = get32(block + HEADER_ENTRIES_CRC);
	if (get64(block + HEADER_MY_BLOCK) != at || !good_places(header, source))
		return problem_note(problem, XEN_EINVAL,
				    "the GPT header in block %llu contradicts the disk",
				    (unsigned long long)at);
	return 0;
}

/* --- entries --- */

/* UTF-8 of a character that may be shown, else of '?'. Returns the place behind it. */
static char *put_character(char *at, uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		c = '?';
	if (c < 0x80) {
		*at++ = (char)c;
	} else if (c < 0x800) {
		*at++ = (char)(0xc0 | c >> 6);
		*at++ = (char)(0x80 | (c & 0x3f));
	} else {
		*at++ = (char)(0xe0 | c >> 12);
		*at++ = (char)(0x80 | (c >> 6 & 0x3f));
		*at++ = (char)(0x80 | (c & 0x3f));
	}
	return at;
}

/* Characters beyond the first 65536, which need two units, are not worth their code: '?'. */
static void read_label(char *label, const uint8_t *units)
{
	for (unsigned int i = 0; i < LABEL_UNITS; i++) {
		uint32_t c = units[2 * i] | (uint32_t)units[2 * i + 1] << 8;

		if (!c)
			break;
		label = put_character(label, c >= 0xd800 && c < 0xe000 ? '?' : c);
	}
	*label = '\0';
}

static bool is_used(const uint8_t *entry)
{
	static const uint8_t none[16];

	return memcmp(entry + ENTRY_TYPE, none, sizeof(none));
}

/* The next slot that is used. */
static int add_partition(struct gpt *gpt, const struct header *header, unsigned int slot,
			 const uint8_t *entry, struct problem *problem)
{
	struct gpt_partition *partition = &gpt->partition[gpt->count];
	uint64_t first = get64(entry + ENTRY_FIRST), last = get64(entry + ENTRY_LAST);

	if (first > last || first < header->first_usable || last > header->last_usable)
		return problem_note(problem, XEN_EINVAL,
				    "GPT partition %u lies outside what may be used", slot + 1);
	*partition = (struct gpt_partition){
		.number = slot + 1,
		.first = first,
		.count = last - first + 1,
		.read_only = get64(entry + ENTRY_ATTRIBUTES) & READ_ONLY,
	};
	memcpy(partition->type, entry + ENTRY_TYPE, sizeof(partition->type));
	memcpy(partition->uuid, entry + ENTRY_UUID, sizeof(partition->uuid));
	read_label(partition->label, entry + ENTRY_LABEL);
	gpt->count++;
	return 0;
}

static bool overlap(const struct gpt_partition *a, const struct gpt_partition *b)
{
	return a->first < b->first + b->count && b->first < a->first + a->count;
}

/* Two partitions that share blocks would let one guest write another's disk. */
static int check_overlaps(const struct gpt *gpt, struct problem *problem)
{
	for (unsigned int i = 0; i < gpt->count; i++)
		for (unsigned int j = 0; j < i; j++)
			if (overlap(&gpt->partition[i], &gpt->partition[j]))
				return problem_note(
					problem, XEN_EINVAL, "GPT partitions %u and %u overlap",
					gpt->partition[j].number, gpt->partition[i].number);
	return 0;
}

static int parse_entries(const struct header *header, const uint8_t *entries, struct gpt *gpt,
			 struct problem *problem)
{
	int error = 0;

	if (checksum(entries, (size_t)header->count * header->size) != header->crc)
		return problem_note(problem, XEN_EINVAL,
				    "the GPT entries in block %llu have a wrong checksum",
				    (unsigned long long)header->entries);
	for (unsigned int slot = 0; !error && slot < header->count; slot++) {
		const uint8_t *entry = entries + (size_t)slot * header->size;

		if (is_used(entry))
			error = add_partition(gpt, header, slot, entry, problem);
	}
	return error ? error : check_overlaps(gpt, problem);
}

static int read_entries(const struct disk_source *source, const struct header *header,
			struct gpt *gpt, struct problem *problem)
{
	uint32_t blocks =
		(header->count * header->size + source->block_size - 1) / source->block_size;
	uint8_t *entries = malloc((size_t)blocks * source->block_size);
	int error = -XEN_ENOMEM;

	gpt->count = 0;
	gpt->partition = calloc(header->count, sizeof(*gpt->partition));
	if (entries && gpt->partition)
		error = source->read(source->context, header->entries, blocks, entries);
	if (error)
		problem_note(problem, -error, "reading the GPT entries failed: %s",
			     problem_reason(error));
	else
		error = parse_entries(header, entries, gpt, problem);
	free(entries);
	if (error)
		gpt_free(gpt);
	return error;
}

static int read_copy(const struct disk_source *source, uint64_t at, uint8_t *block, struct gpt *gpt,
		     struct problem *problem)
{
	struct header header = {0};
	int error = source->read(source->context, at, 1, block);

	if (error)
		return problem_note(problem, -error, "reading block %llu failed: %s",
				    (unsigned long long)at, problem_reason(error));
	error = parse_header(source, at, block, &header, problem);
	return error ? error : read_entries(source, &header, gpt, problem);
}

/* First and backup copy; the problem tells of the first, whose damage comes before. */
static int read_either(const struct disk_source *source, uint8_t *block, struct gpt *gpt,
		       struct problem *problem)
{
	int error;

	gpt->backup = false;
	error = read_copy(source, 1, block, gpt, problem);
	if (error != -XEN_EINVAL)
		return error;
	gpt->backup = true;
	return read_copy(source, source->blocks - 1, block, gpt, problem);
}

int gpt_read(const struct disk_source *source, struct gpt *gpt, struct problem *problem)
{
	uint8_t *block;
	int error;

	memset(gpt, 0, sizeof(*gpt));
	if (source->blocks < 3)
		return 0;
	block = malloc(source->block_size);
	if (!block)
		return problem_note(problem, XEN_ENOMEM, "no memory to read a partition table");
	error = source->read(source->context, 0, 1, block);
	if (error)
		problem_note(problem, -error, "reading the first block failed: %s",
			     problem_reason(error));
	else if (!has_protective_mbr(block))
		goto out; /* 0: no table */
	else
		error = read_either(source, block, gpt, problem);
	if (!error)
		error = 1;
out:
	free(block);
	return error;
}

void gpt_free(struct gpt *gpt)
{
	free(gpt->partition);
	gpt->partition = NULL;
	gpt->count = 0;
}

/* The first three groups are little-endian numbers, the others bytes. */
void gpt_uuid(const uint8_t u[16], char text[GPT_UUID_LENGTH])
{
	snprintf(text, GPT_UUID_LENGTH,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[3], u[2],
		 u[1], u[0], u[5], u[4], u[7], u[6], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
		 u[15]);
}
