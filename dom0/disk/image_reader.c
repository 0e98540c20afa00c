/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>
#include "disk/image.h"
#include "disk/image_reader.h"

#define SUPER_OFFSET  1024
#define SUPER_BYTES   1024
#define FIRST_BLOCK   1024	  /* bytes, until libext2fs knows better */
#define COUNTED_BYTES 4096	  /* larger blocks count as several */
#define READ_BYTES    (64u << 10) /* at once */

/* --- reading -----------------------------------------------------------------------------------
 */

/* Bytes from anywhere, through whole blocks of the disk. */
static int read_piece(struct image_reader *reader, uint64_t offset, uint32_t size, uint8_t *buffer)
{
	const struct disk_source *source = reader->source;
	uint64_t first = offset / source->block_size;
	uint32_t skip = offset % source->block_size;
	uint32_t count = (skip + size + source->block_size - 1) / source->block_size;
	uint8_t *blocks = malloc((size_t)count * source->block_size);
	int error = -XEN_ENOMEM;

	if (blocks)
		error = source->read(source->context, first, count, blocks);
	if (!error)
		memcpy(buffer, blocks + skip, size);
	free(blocks);
	return error;
}

/* 0, -XEN_EINVAL (outside the disk), -XEN_ENOMEM, or what the source gave. */
static int read_bytes(struct image_reader *reader, uint64_t offset, uint64_t size, uint8_t *buffer)
{
	uint64_t end = reader->source->blocks * reader->source->block_size;

	if (size > end || offset > end - size)
		return -XEN_EINVAL;
	while (size) {
		uint32_t piece = size < READ_BYTES ? (uint32_t)size : READ_BYTES;
		int error = read_piece(reader, offset, piece, buffer);

		if (error)
			return error;
		offset += piece;
		buffer += piece;
		size -= piece;
	}
	return 0;
}

int image_reader_super(struct image_reader *reader)
{
	_Static_assert(sizeof(reader->super) == SUPER_BYTES, "as on the disk");
	return read_bytes(reader, SUPER_OFFSET, SUPER_BYTES, (uint8_t *)&reader->super);
}

static int note_seen(struct image_reader *reader, uint64_t offset, uint64_t size)
{
	unsigned int room = reader->seen_room ? 2 * reader->seen_room : 32;
	struct run *more;

	if (reader->seen_count == reader->seen_room) {
		more = realloc(reader->seen, room * sizeof(*more));
		if (!more)
			return -XEN_ENOMEM;
		reader->seen = more;
		reader->seen_room = room;
	}
	reader->seen[reader->seen_count++] = (struct run){
		offset / BLOCK_SECTOR, (offset + size + BLOCK_SECTOR - 1) / BLOCK_SECTOR};
	return 0;
}

void image_reader_free(struct image_reader *reader)
{
	free(reader->seen);
	reader->seen = NULL;
}

/* --- libext2fs's way to the disk ---------------------------------------------------------------
 */

/* libext2fs hands no context to io_open(). Nothing waits between here and there. */
static struct image_reader *opening;

static errcode_t io_open(const char *name, int flags, io_channel *channel)
{
	(void)name;
	(void)flags;
	*channel = &opening->channel;
	return 0;
}

static errcode_t io_close(io_channel channel)
{
	(void)channel;
	return 0;
}

static errcode_t io_set_block_size(io_channel channel, int size)
{
	channel->block_size = size;
	return 0;
}

/* The superblock is what was checked: meanwhile the guest of another image, which a damaged file
 * system has there, could have written a larger one. */
static int read_noted(struct image_reader *reader, uint64_t offset, uint64_t size, uint8_t *buffer)
{
	int error = note_seen(reader, offset, size);

	if (error)
		return error;
	if (offset != SUPER_OFFSET || size != SUPER_BYTES)
		return read_bytes(reader, offset, size, buffer);
	memcpy(buffer, &reader->super, SUPER_BYTES);
	return 0;
}

/* A negative count is bytes. What lies outside the disk is the file system's fault, all other
 * failures end the look. */
static errcode_t io_read(io_channel channel, unsigned long long block, int count, void *data)
{
	struct image_reader *reader = channel->private_data;
	uint64_t unit = (uint64_t)channel->block_size;
	uint64_t size = count < 0 ? (uint64_t) - (int64_t)count : (uint64_t)count * unit;
	uint64_t counted = unit < COUNTED_BYTES ? unit : COUNTED_BYTES;
	int error;

	if (block > reader->source->blocks)
		return EXT2_ET_SHORT_READ;
	reader->reads += (unsigned int)((size + counted - 1) / counted);
	error = reader->reads > IMAGE_READS ? -XEN_E2BIG
					    : read_noted(reader, block * unit, size, data);
	if (error && error != -XEN_EINVAL)
		reader->error = error;
	return error ? EXT2_ET_SHORT_READ : 0;
}

static errcode_t io_read_32(io_channel channel, unsigned long block, int count, void *data)
{
	return io_read(channel, block, count, data);
}

static errcode_t io_write(io_channel channel, unsigned long block, int count, const void *data)
{
	(void)channel;
	(void)block;
	(void)count;
	(void)data;
	return EXT2_ET_RO_FILSYS;
}

static errcode_t io_flush(io_channel channel)
{
	(void)channel;
	return 0;
}

static struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "disk",
	.open = io_open,
	.close = io_close,
	.set_blksize = io_set_block_size,
	.read_blk = io_read_32,
	.read_blk64 = io_read,
	.write_blk = io_write,
	.flush = io_flush,
};

errcode_t image_reader_open(struct image_reader *reader, ext2_filsys *fs)
{
	reader->channel = (struct struct_io_channel){
		.magic = EXT2_ET_MAGIC_IO_CHANNEL,
		.manager = &manager,
		.block_size = FIRST_BLOCK,
		.refcount = 1,
		.private_data = reader,
	};
	opening = reader;
	return ext2fs_open2("disk", NULL, EXT2_FLAG_64BITS, 0, 0, &manager, fs);
}
