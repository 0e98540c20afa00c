/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File systems that lie: libext2fs and dom0's look at a file, over file systems made by mke2fs
 * (tests/image-files) in which the input changes bytes. The first byte chooses the file system;
 * then come changes: one of the blocks that the look at the good one reads (two bytes), an offset
 * in it (two bytes), how many bytes (one), and these.
 */
#include <assert.h>
#include <limits.h>
#include <xen/errno.h>
#include "disk/image.h"
#include "input.h"

enum { BLOCK = 512, MOST = 8 << 20, SYSTEMS = 7, MOST_READ = 512, MOST_CHANGES = 16 };

static const struct {
	const char *name, *path;
} files[SYSTEMS] = {
	{"plain4.fs", "/web.img"},
	{"ext2.fs", "/images/web.img"},
	{"big4.fs", "/images/deep/small.img"},
	{"ext4.fs", "/images/web.img"},
	{"good-64bit.fs", "/images/web.img"},
	{"good-^flex_bg.fs", "/images/web.img"},
	{"good-block65536.fs", "/images/web.img"},
};

static struct {
	uint8_t *good;
	size_t size;
	unsigned int count, block[MOST_READ]; /* that were read */
} systems[SYSTEMS];

static uint8_t disk[MOST], was_read[MOST / BLOCK];
static unsigned int recording = SYSTEMS;

static int read_disk(void *context, uint64_t block, uint32_t count, void *buffer)
{
	const struct disk_source *source = context;

	assert(block < source->blocks && count && count <= source->blocks - block);
	memcpy(buffer, disk + block * BLOCK, (size_t)count * BLOCK);
	memset(was_read + block, 1, count);
	for (; recording < SYSTEMS && count && systems[recording].count < MOST_READ;
	     count--, block++)
		systems[recording].block[systems[recording].count++] = (unsigned int)block;
	return 0;
}

static struct disk_source source_of(unsigned int index)
{
	return (struct disk_source){read_disk, NULL, BLOCK, systems[index].size / BLOCK};
}

static void load(unsigned int index, const char *folder)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, files[index].name);
	file = fopen(path, "rb");
	if (!file)
		FINDING("%s is missing", path);
	systems[index].good = malloc(MOST);
	systems[index].size = fread(systems[index].good, 1, MOST, file);
	fclose(file);
}

static void look_at_good(unsigned int index)
{
	struct disk_source source = source_of(index);
	struct problem problem = {""};
	struct pieces pieces;

	source.context = &source;
	recording = index;
	memcpy(disk, systems[index].good, systems[index].size);
	if (image_find(&source, files[index].path, &pieces, &problem))
		FINDING("%s: %s", files[index].name, problem.text);
	pieces_free(&pieces);
	recording = SYSTEMS;
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	char folder[] = "/tmp/parapet-fuzz-XXXXXX", command[200];

	(void)count;
	(void)arguments;
	if (!mkdtemp(folder))
		abort();
	snprintf(command, sizeof(command), "tests/image-files %s/made", folder);
	if (system(command))
		abort();
	strcat(strcpy(command, folder), "/made");
	for (unsigned int i = 0; i < SYSTEMS; i++) {
		load(i, command);
		look_at_good(i);
	}
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void change(unsigned int index)
{
	unsigned int which = input_byte(), offset = input_byte(), size;

	which = (which | (unsigned int)input_byte() << 8) % systems[index].count;
	offset = (offset | (unsigned int)input_byte() << 8) % BLOCK;
	for (size = input_byte() % 32 + 1; size && offset < BLOCK && input_left(); size--)
		disk[systems[index].block[which] * BLOCK + offset++] = input_byte();
}

/* What dom0 relies on: all of the file, in order, inside the disk, nothing twice, and nothing that
 * led to it. The runs are the same. */
static void check(const struct pieces *pieces, const struct disk_source *source)
{
	static uint8_t used[MOST / BLOCK];
	uint64_t sectors = 0;

	memset(used, 0, sizeof(used));
	assert(pieces->count && pieces->count <= IMAGE_PIECES);
	assert(pieces->piece[0].from == 0);
	for (unsigned int i = 0; i < pieces->count; i++) {
		uint64_t from = pieces->piece[i].from, end = pieces_end(pieces, i);

		assert(from < end && end <= pieces->sectors);
		for (uint64_t at = pieces->piece[i].at; from < end; from++, at++) {
			assert(at < source->blocks && !used[at] && !was_read[at]);
			used[at] = 1;
		}
	}
	for (unsigned int i = 0; i < pieces->count; i++) {
		const struct run *run = &pieces->run[i];

		assert(!i || pieces->run[i - 1].end <= run->first);
		for (uint64_t at = run->first; at < run->end; at++, sectors++)
			assert(used[at]);
	}
	assert(sectors == pieces->sectors);
}

/* The folder that the file is in: whatever is listed can be shown. */
static void list(const struct disk_source *source, const char *path)
{
	struct problem problem = {""};
	char folder[32], names[IMAGE_NAMES];

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path + 1), path);
	memset(names, 0x80, sizeof(names));
	if (image_list(source, folder, names, &problem))
		assert(problem.text[0]);
	for (const char *name = names; *name; name += strlen(name) + 1)
		for (const char *at = name; *at; at++)
			assert(*at > ' ' && *at <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problem problem = {""};
	struct pieces pieces;

	input_begin(data, size);
	unsigned int index = input_byte() % SYSTEMS;
	struct disk_source source = source_of(index);

	source.context = &source;
	memcpy(disk, systems[index].good, systems[index].size);
	for (unsigned int i = 0; i < MOST_CHANGES && input_left(); i++)
		change(index);
	list(&source, files[index].path);
	memset(was_read, 0, sizeof(was_read));
	operations++;
	if (image_find(&source, files[index].path, &pieces, &problem)) {
		assert(problem.text[0] && !pieces.piece);
		return 0;
	}
	accepted++;
	check(&pieces, &source);
	pieces_free(&pieces);
	return 0;
}
