/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-blk. A request takes a slot: a page with the header that the device reads, the status that
 * it writes, and a table of descriptors, so that it takes one place of the queue if the device
 * knows such tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <xen/errno.h>
#include "cli/operator.h"
#include "driver/block.h"
#include "driver/dma.h"
#include "driver/drivers.h"
#include "driver/virtio.h"

enum {
	F_SIZE_MAX = 1,
	F_SEG_MAX = 2,
	F_READ_ONLY = 5,
	F_BLOCK_SIZE = 6,
	F_FLUSH = 9,
	F_TOPOLOGY = 10,
	F_DISCARD = 13,
};

enum {
	CONFIG_CAPACITY = 0,
	CONFIG_SIZE_MAX = 8,
	CONFIG_SEG_MAX = 12,
	CONFIG_BLOCK_SIZE = 20,
	CONFIG_PHYSICAL_EXPONENT = 24,
	CONFIG_MAX_DISCARD = 36,
	CONFIG_DISCARD_ALIGNMENT = 44,
};

enum { TYPE_READ = 0, TYPE_WRITE = 1, TYPE_FLUSH = 4, TYPE_DISCARD = 11 };
enum { STATUS_OK = 0, STATUS_UNSUPPORTED = 2, STATUS_NONE = 0xff };

#define WANTED                                                                                     \
	(1ull << F_SIZE_MAX | 1ull << F_SEG_MAX | 1ull << F_READ_ONLY | 1ull << F_BLOCK_SIZE |     \
	 1ull << F_FLUSH | 1ull << F_TOPOLOGY | 1ull << F_DISCARD | 1ull << VIRTIO_F_INDIRECT)
#define SLOTS	     128
#define MAX_SEGMENTS 128
#define MIN_SEGMENTS 32
#define QUEUE_MAX    256
#define PAGE_BYTES   4096u
#define LETTERS	     26u /* names: vda … vdz */
#define EXTRA	     2	 /* descriptors besides the segments: header and status */

struct slot {
	/* For the device to read. */
	struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header;
	struct {
		uint64_t sector;
		uint32_t sectors, flags;
	} range; /* of a discard */
	/* For the device to write. */
	uint8_t status;

	struct slot *next_free;
	struct block_request *request;
	uint64_t machine; /* of this slot */
	struct virtqueue_descriptor table[MAX_SEGMENTS + EXTRA] __attribute__((aligned(16)));
};

_Static_assert(sizeof(struct slot) <= PAGE_BYTES, "a slot is a page");

struct virtio_blk {
	struct virtio_device virtio;
	struct virtqueue queue;
	struct block_device block;
	struct slot *free;
	bool untold; /* the device does not know of all that is in the queue */
};

static struct slot *take_slot(struct virtio_blk *disk)
{
	struct slot *slot = disk->free;

	if (slot)
		disk->free = slot->next_free;
	return slot;
}

static void give_back(struct virtio_blk *disk, struct slot *slot)
{
	slot->next_free = disk->free;
	disk->free = slot;
}

static struct virtqueue_buffer piece(const struct slot *slot, const void *part, uint32_t length,
				     bool device_writes)
{
	return (struct virtqueue_buffer){
		.machine =
			slot->machine + (uint64_t)((const uint8_t *)part - (const uint8_t *)slot),
		.length = length,
		.device_writes = device_writes,
	};
}

static uint32_t type_of(const struct block_request *request)
{
	static const uint32_t types[] = {
		[BLOCK_READ] = TYPE_READ,
		[BLOCK_WRITE] = TYPE_WRITE,
		[BLOCK_FLUSH] = TYPE_FLUSH,
		[BLOCK_DISCARD] = TYPE_DISCARD,
	};

	return types[request->operation];
}

/* Fill in the slot, and the list of all that the device gets; returns how many. */
static unsigned int describe(struct slot *slot, const struct block_request *request,
			     struct virtqueue_buffer *buffers)
{
	bool writes = request->operation == BLOCK_READ;
	unsigned int count = 0;

	slot->header.type = type_of(request);
	slot->header.sector = request->segment_count ? request->sector : 0;
	slot->status = STATUS_NONE;
	buffers[count++] = piece(slot, &slot->header, sizeof(slot->header), false);
	for (unsigned int i = 0; i < request->segment_count; i++)
		buffers[count++] = (struct virtqueue_buffer){
			.machine = request->segments[i].machine,
			.length = request->segments[i].length,
			.device_writes = writes,
		};
	if (request->operation == BLOCK_DISCARD) {
		slot->range.sector = request->sector;
		slot->range.sectors = request->sectors;
		buffers[count++] = piece(slot, &slot->range, sizeof(slot->range), false);
	}
	buffers[count++] = piece(slot, &slot->status, sizeof(slot->status), true);
	return count;
}

static int start(struct block_device *block, struct block_request *request)
{
	struct virtio_blk *disk = block->driver;
	struct virtqueue_buffer buffers[MAX_SEGMENTS + EXTRA];
	struct virtqueue_table table;
	struct slot *slot;
	unsigned int count;
	bool indirect = virtio_has(&disk->virtio, VIRTIO_F_INDIRECT);
	int error;

	if (disk->virtio.failed)
		return -XEN_ENODEV;
	slot = take_slot(disk);
	if (!slot)
		return -XEN_EBUSY;
	count = describe(slot, request, buffers);
	slot->request = request;
	table.va = slot->table;
	table.machine = piece(slot, slot->table, 0, false).machine;
	error = virtqueue_give(&disk->queue, buffers, count, indirect ? &table : NULL, slot);
	if (error)
		give_back(disk, slot);
	else if (block->held)
		disk->untold = true;
	else
		virtio_notify(&disk->virtio, &disk->queue);
	return error;
}

static void kick(struct block_device *block)
{
	struct virtio_blk *disk = block->driver;

	if (disk->untold && !disk->virtio.failed)
		virtio_notify(&disk->virtio, &disk->queue);
	disk->untold = false;
}

static int status_error(uint8_t status)
{
	if (status == STATUS_OK)
		return 0;
	return status == STATUS_UNSUPPORTED ? -XEN_EOPNOTSUPP : -XEN_EIO;
}

static void finish(struct virtio_blk *disk, struct slot *slot, int error)
{
	struct block_request *request = slot->request;

	give_back(disk, slot);
	block_complete(request, error);
}

/* Reset first: what the device may still write to is not its callers' any more afterwards. */
static void fail(struct virtio_blk *disk)
{
	struct slot *slot;

	operator_note("disk %s answers what it was not asked: it is not used any more",
		      disk->block.name);
	virtio_fail(&disk->virtio);
	while ((slot = virtqueue_abandon(&disk->queue)))
		finish(disk, slot, -XEN_ENODEV);
}

/* While it is taken, it need not interrupt. */
static void take_all(struct virtio_blk *disk)
{
	struct slot *slot;
	uint32_t written;

	virtqueue_mute(&disk->queue);
	do
		while ((slot = virtqueue_take(&disk->queue, &written)))
			finish(disk, slot, status_error(*(volatile uint8_t *)&slot->status));
	while (virtqueue_unmute(&disk->queue));
}

static void on_interrupt(void *argument)
{
	struct virtio_blk *disk = argument;

	block_hold(&disk->block); /* what done() submits is told at the end */
	take_all(disk);
	if (disk->queue.broken && !disk->virtio.failed)
		fail(disk);
	block_retry(&disk->block);
	block_let_go(&disk->block);
}

/* --- starting --- */

static bool has(const struct virtio_blk *disk, unsigned int feature)
{
	return virtio_has(&disk->virtio, feature);
}

static uint32_t config(struct virtio_blk *disk, unsigned int offset, unsigned int bytes)
{
	return (uint32_t)virtio_config(&disk->virtio, offset, bytes);
}

static void read_discard(struct virtio_blk *disk)
{
	struct block_device *block = &disk->block;

	if (!has(disk, F_DISCARD))
		return;
	block->max_discard = config(disk, CONFIG_MAX_DISCARD, 4);
	block->discard_alignment = config(disk, CONFIG_DISCARD_ALIGNMENT, 4);
	if (!block->discard_alignment)
		block->discard_alignment = block->logical_block / BLOCK_SECTOR;
}

/* -XEN_EOPNOTSUPP for figures that make no sense, or are too small to be of use. */
static int read_geometry(struct virtio_blk *disk)
{
	struct block_device *block = &disk->block;
	unsigned int exponent =
		has(disk, F_TOPOLOGY) ? config(disk, CONFIG_PHYSICAL_EXPONENT, 1) : 0;

	block->sectors = virtio_config(&disk->virtio, CONFIG_CAPACITY, 8);
	block->logical_block =
		has(disk, F_BLOCK_SIZE) ? config(disk, CONFIG_BLOCK_SIZE, 4) : BLOCK_SECTOR;
	if (block->logical_block < BLOCK_SECTOR || block->logical_block > PAGE_BYTES ||
	    (block->logical_block & (block->logical_block - 1)))
		return -XEN_EOPNOTSUPP;
	block->physical_block = block->logical_block << (exponent < 8 ? exponent : 0);
	block->read_only = has(disk, F_READ_ONLY);
	block->can_flush = has(disk, F_FLUSH);
	block->max_segments = MAX_SEGMENTS;
	if (has(disk, F_SEG_MAX) && config(disk, CONFIG_SEG_MAX, 4) < block->max_segments)
		block->max_segments = config(disk, CONFIG_SEG_MAX, 4);
	if (!has(disk, VIRTIO_F_INDIRECT) && block->max_segments + EXTRA > disk->queue.size)
		block->max_segments = disk->queue.size > EXTRA ? disk->queue.size - EXTRA : 0;
	block->max_sectors = block->max_segments * (PAGE_BYTES / BLOCK_SECTOR);
	block->long_segments = !has(disk, F_SIZE_MAX);
	read_discard(disk);
	if (has(disk, F_SIZE_MAX) && config(disk, CONFIG_SIZE_MAX, 4) < PAGE_BYTES)
		return -XEN_EOPNOTSUPP;
	return block->max_segments < MIN_SEGMENTS ? -XEN_EOPNOTSUPP : 0;
}

static int make_slots(struct virtio_blk *disk)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		uint64_t machine;
		struct slot *slot = dma_alloc(sizeof(*slot), &machine);

		if (!slot)
			return -XEN_ENOMEM;
		slot->machine = machine;
		give_back(disk, slot);
	}
	return 0;
}

static int set_up(struct virtio_blk *disk)
{
	int error = virtio_queue(&disk->virtio, QUEUE_MAX, &disk->queue);

	if (!error)
		error = read_geometry(disk);
	if (!error)
		error = make_slots(disk);
	if (!error)
		error = virtio_start(&disk->virtio, on_interrupt, disk);
	return error;
}

int virtio_blk_start(struct pci_device *pci)
{
	static unsigned int found;
	struct virtio_blk *disk;
	int error;

	if (virtio_kind(pci) != VIRTIO_BLOCK)
		return NOT_OURS;
	disk = found < LETTERS ? calloc(1, sizeof(*disk)) : NULL;
	if (!disk)
		return -XEN_ENOMEM;
	error = virtio_open(&disk->virtio, pci, WANTED);
	if (error)
		return error;
	error = set_up(disk);
	if (error) {
		virtio_fail(&disk->virtio);
		return error;
	}
	snprintf(disk->block.name, sizeof(disk->block.name), "vd%c", 'a' + (int)found++);
	disk->block.kind = disk->virtio.legacy ? "virtio (legacy)" : "virtio";
	disk->block.start = start;
	disk->block.kick = kick;
	disk->block.driver = disk;
	block_add(&disk->block);
	return 0;
}
