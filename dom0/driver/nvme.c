/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NVMe: one pair of queues for administration (polled, at start only) and one for all namespaces'
 * requests. A request becomes as many commands as its segments need; it is done when all are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/thread.h>
#include <xen/errno.h>
#include "cli/operator.h"
#include "driver/block.h"
#include "driver/dma.h"
#include "driver/drivers.h"
#include "driver/nvme_queue.h"

#define CLASS 0x010802 /* mass storage, non-volatile memory, NVMe */

/* Registers. */
enum {
	REG_CAP = 0x00,
	REG_CONFIG = 0x14,
	REG_STATUS = 0x1c,
	REG_ADMIN_SIZES = 0x24,
	REG_ADMIN_COMMANDS = 0x28,
	REG_ADMIN_COMPLETIONS = 0x30,
	REG_DOORBELLS = 0x1000,
	MAPPED_BYTES = 0x2000,
};

#define CONFIG_ENABLE	  1u
#define CONFIG_ENTRIES	  (6u << 16 | 4u << 20) /* 64-byte commands, 16-byte answers */
#define STATUS_READY	  1u
#define STATUS_FATAL	  2u
#define CAP_ENTRIES(cap)  ((cap)&0xffff)				   /* less one */
#define CAP_TIMEOUT(cap)  ((unsigned int)((cap) >> 24 & 0xff) * 500 + 500) /* ms */
#define CAP_STRIDE(cap)	  (4u << ((cap) >> 32 & 15))			   /* bytes */
#define CAP_MIN_PAGE(cap) ((cap) >> 48 & 15)				   /* 0: 4 KiB */

/* Commands. */
enum { ADMIN_CREATE_SQ = 1, ADMIN_CREATE_CQ = 5, ADMIN_IDENTIFY = 6, ADMIN_SET_FEATURES = 9 };
enum { IO_FLUSH = 0, IO_WRITE = 1, IO_READ = 2, IO_DISCARD = 9 };
enum { IDENTIFY_NAMESPACE = 0, IDENTIFY_CONTROLLER = 1, IDENTIFY_LIST = 2 };
#define FEATURE_QUEUES	  7
#define QUEUE_CONTIGUOUS  1u
#define QUEUE_INTERRUPT	  2u
#define DISCARD_ATTRIBUTE 4u
#define INVALID_OPCODE	  1

/* What identify answers. */
#define CONTROLLER_MAX_TRANSFER 77  /* 2^n pages; 0: no limit */
#define CONTROLLER_OPTIONAL	520 /* commands */
#define OPTIONAL_DISCARD	4
#define CONTROLLER_CACHE	525
#define NAMESPACE_SIZE		0
#define NAMESPACE_FORMAT	26
#define NAMESPACE_ATTRIBUTES	99
#define NAMESPACE_FORMATS	128

#define MAX_SEGMENTS   60u /* each may need a command of its own */
#define MAX_NAMESPACES 16u
#define MAX_DISCARD    (1u << 21) /* sectors: 1 GiB */
#define ADMIN_TIMEOUT  5000	  /* ms */

/* A queue with what belongs to it outside memory that the device sees. */
struct channel {
	struct nvme_queue queue;
	unsigned int number;
	uint64_t commands_machine, completions_machine;
};

struct nvme {
	struct pci_device *pci;
	volatile uint8_t *registers;
	unsigned int stride;
	struct channel admin, io;
	uint8_t *identity; /* a page that identify answers in */
	uint64_t identity_machine;
	struct { /* of each command in flight: a page for the list of its memory */
		uint64_t *va;
		uint64_t machine;
	} lists[NVME_QUEUE_SIZE];
	unsigned int max_pages;
	bool cache, discards, failed;
	bool answering; /* what done() submits is told to the controller at the end */
	bool untold;	/* it does not know of all that is in the queue */
	unsigned int number, namespaces;
	struct nvme_namespace {
		struct block_device block;
		struct nvme *nvme;
		uint32_t id;
	} namespace[MAX_NAMESPACES];
};

struct discard_range {
	uint32_t attributes, blocks;
	uint64_t first;
};

static uint32_t read32(struct nvme *nvme, unsigned int reg)
{
	return *(volatile uint32_t *)(nvme->registers + reg);
}

static void write32(struct nvme *nvme, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(nvme->registers + reg) = value;
}

static uint64_t read64(struct nvme *nvme, unsigned int reg)
{
	return read32(nvme, reg) | (uint64_t)read32(nvme, reg + 4) << 32;
}

static void write64(struct nvme *nvme, unsigned int reg, uint64_t value)
{
	write32(nvme, reg, (uint32_t)value);
	write32(nvme, reg + 4, (uint32_t)(value >> 32));
}

/* Each queue has two doorbells: its tail of commands, its head of answers. */
static void tell_tail(struct nvme *nvme, const struct channel *channel)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	write32(nvme, REG_DOORBELLS + 2 * channel->number * nvme->stride, channel->queue.tail);
}

static void tell_head(struct nvme *nvme, const struct channel *channel)
{
	write32(nvme, REG_DOORBELLS + (2 * channel->number + 1) * nvme->stride,
		channel->queue.head);
}

/* --- requests --- */

static struct nvme_command new_command(const struct nvme_namespace *namespace, uint8_t opcode)
{
	return (struct nvme_command){.opcode = opcode, .namespace = namespace->id};
}

static void start_transfer(struct nvme_namespace *namespace, struct block_request *request)
{
	struct nvme *nvme = namespace->nvme;
	uint32_t unit = namespace->block.logical_block;
	uint64_t block = request->sector / (unit / BLOCK_SECTOR);
	uint8_t opcode = request->operation == BLOCK_READ ? IO_READ : IO_WRITE;

	for (unsigned int at = 0; at < request->segment_count;) {
		const struct block_segment *segments = request->segments + at;
		unsigned int run = nvme_run(segments, request->segment_count - at, nvme->max_pages);
		struct nvme_command command = new_command(namespace, opcode);
		uint16_t id = nvme_queue_next_id(&nvme->io.queue);
		uint32_t blocks = nvme_point(&command, segments, run, nvme->lists[id].va,
					     nvme->lists[id].machine) /
				  unit;

		command.argument[0] = (uint32_t)block;
		command.argument[1] = (uint32_t)(block >> 32);
		command.argument[2] = blocks - 1;
		nvme_queue_put(&nvme->io.queue, &command, request);
		block += blocks;
		at += run;
	}
}

static void start_discard(struct nvme_namespace *namespace, struct block_request *request)
{
	struct nvme *nvme = namespace->nvme;
	uint16_t id = nvme_queue_next_id(&nvme->io.queue);
	uint32_t unit = namespace->block.logical_block / BLOCK_SECTOR;
	struct discard_range *range = (void *)nvme->lists[id].va;
	struct nvme_command command = new_command(namespace, IO_DISCARD);

	*range = (struct discard_range){
		.blocks = request->sectors / unit,
		.first = request->sector / unit,
	};
	command.prp1 = nvme->lists[id].machine;
	command.argument[1] = DISCARD_ATTRIBUTE;
	nvme_queue_put(&nvme->io.queue, &command, request);
}

static void start_flush(struct nvme_namespace *namespace, struct block_request *request)
{
	struct nvme_command command = new_command(namespace, IO_FLUSH);

	nvme_queue_put(&namespace->nvme->io.queue, &command, request);
}

static void tell_untold(struct nvme *nvme)
{
	if (nvme->untold && !nvme->failed)
		tell_tail(nvme, &nvme->io);
	nvme->untold = false;
}

static void kick(struct block_device *block)
{
	tell_untold(((struct nvme_namespace *)block->driver)->nvme);
}

static int start(struct block_device *block, struct block_request *request)
{
	struct nvme_namespace *namespace = block->driver;
	struct nvme *nvme = namespace->nvme;
	unsigned int commands = 1;

	if (nvme->failed)
		return -XEN_ENODEV;
	if (request->segment_count)
		commands =
			nvme_count_runs(request->segments, request->segment_count, nvme->max_pages);
	if (commands > nvme_queue_room(&nvme->io.queue))
		return -XEN_EBUSY;
	request->parts = commands;
	if (request->operation == BLOCK_FLUSH)
		start_flush(namespace, request);
	else if (request->operation == BLOCK_DISCARD)
		start_discard(namespace, request);
	else
		start_transfer(namespace, request);
	nvme->untold = true;
	if (!block->held && !nvme->answering)
		tell_untold(nvme);
	return 0;
}

static void finish_part(struct block_request *request, int error)
{
	if (error && !request->error)
		request->error = error;
	if (!--request->parts)
		block_complete(request, request->error);
}

static int status_error(uint16_t status)
{
	if (!(status & 0x7ff))
		return 0;
	return (status & 0x7ff) == INVALID_OPCODE ? -XEN_EOPNOTSUPP : -XEN_EIO;
}

/* Wait until the controller is ready, or not; at most as long as it says itself. */
static int wait_ready(struct nvme *nvme, bool ready)
{
	unsigned int most = CAP_TIMEOUT(read64(nvme, REG_CAP));

	for (unsigned int ms = 0; ms < most; ms++) {
		uint32_t status = read32(nvme, REG_STATUS);

		if (ready && (status & STATUS_FATAL))
			return -XEN_EIO;
		if (!!(status & STATUS_READY) == ready)
			return 0;
		pv_sleep_ms(1);
	}
	return -XEN_EIO;
}

static int disable(struct nvme *nvme)
{
	write32(nvme, REG_CONFIG, 0);
	return wait_ready(nvme, false);
}

/* Switched off first: what the device may still write to is not its callers' any more afterwards.
 */
static void fail(struct nvme *nvme)
{
	struct block_request *request;

	operator_note("disk nvme%u does not work any more: it is not used", nvme->number);
	nvme->failed = true;
	disable(nvme);
	while ((request = nvme_queue_abandon(&nvme->io.queue)))
		finish_part(request, -XEN_ENODEV);
}

static void on_interrupt(void *argument)
{
	struct nvme *nvme = argument;
	struct block_request *request;
	uint16_t status;
	uint32_t result;
	bool any = false;

	if (nvme->failed)
		return;
	nvme->answering = true;
	while ((request = nvme_queue_take(&nvme->io.queue, &status, &result))) {
		finish_part(request, status_error(status));
		any = true;
	}
	if (any)
		tell_head(nvme, &nvme->io);
	if (nvme->io.queue.broken || (!any && (read32(nvme, REG_STATUS) & STATUS_FATAL)))
		fail(nvme);
	for (unsigned int i = 0; i < nvme->namespaces; i++)
		block_retry(&nvme->namespace[i].block);
	nvme->answering = false;
	tell_untold(nvme);
}

/* --- administration --- */

/* One command and its answer, polled. 0 or a negative XEN_E…. */
static int administer(struct nvme *nvme, const struct nvme_command *command)
{
	struct channel *admin = &nvme->admin;
	uint16_t status;
	uint32_t result;

	nvme_queue_put(&admin->queue, command, nvme);
	tell_tail(nvme, admin);
	for (unsigned int ms = 0; ms < ADMIN_TIMEOUT; ms++) {
		if (nvme_queue_take(&admin->queue, &status, &result)) {
			tell_head(nvme, admin);
			return status_error(status);
		}
		pv_sleep_ms(1);
	}
	return -XEN_EIO;
}

static int identify(struct nvme *nvme, unsigned int what, uint32_t namespace)
{
	struct nvme_command command = {
		.opcode = ADMIN_IDENTIFY,
		.namespace = namespace,
		.prp1 = nvme->identity_machine,
		.argument = {what},
	};

	return administer(nvme, &command);
}

/* Ask for one pair of I/O queues, then make it; both use the device's first interrupt. */
static int create_io(struct nvme *nvme)
{
	struct channel *io = &nvme->io;
	uint32_t size = (io->queue.size - 1u) << 16 | io->number;
	struct nvme_command queues = {
		.opcode = ADMIN_SET_FEATURES,
		.argument = {FEATURE_QUEUES, 0},
	};
	struct nvme_command completions = {
		.opcode = ADMIN_CREATE_CQ,
		.prp1 = io->completions_machine,
		.argument = {size, QUEUE_CONTIGUOUS | QUEUE_INTERRUPT},
	};
	struct nvme_command commands = {
		.opcode = ADMIN_CREATE_SQ,
		.prp1 = io->commands_machine,
		.argument = {size, QUEUE_CONTIGUOUS | io->number << 16},
	};
	int error = administer(nvme, &queues);

	if (!error)
		error = administer(nvme, &completions);
	return error ? error : administer(nvme, &commands);
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static int read_controller(struct nvme *nvme)
{
	int error = identify(nvme, IDENTIFY_CONTROLLER, 0);
	unsigned int shift = nvme->identity[CONTROLLER_MAX_TRANSFER];

	if (error)
		return error;
	nvme->max_pages = shift && shift < 6 ? 1u << shift : MAX_SEGMENTS;
	nvme->discards = nvme->identity[CONTROLLER_OPTIONAL] & OPTIONAL_DISCARD;
	nvme->cache = nvme->identity[CONTROLLER_CACHE] & 1;
	return 0;
}

/* --- namespaces --- */

/* Fill in a disk from what the namespace says; false if it is of a kind that cannot be driven. */
static bool describe(struct nvme *nvme, struct block_device *block)
{
	unsigned int index = nvme->identity[NAMESPACE_FORMAT] & 15;
	uint32_t format = get32(nvme->identity + NAMESPACE_FORMATS + 4 * index);
	unsigned int shift = format >> 16 & 0xff;
	uint64_t blocks = get32(nvme->identity + NAMESPACE_SIZE) |
			  (uint64_t)get32(nvme->identity + NAMESPACE_SIZE + 4) << 32;

	/* Metadata beside the blocks, and blocks that are larger than a page, are for others. */
	if ((format & 0xffff) || shift < 9 || shift > 12 || blocks >> (64 - (shift - 9) - 1))
		return false;
	block->sectors = blocks << (shift - 9);
	block->logical_block = block->physical_block = 1u << shift;
	block->read_only = nvme->identity[NAMESPACE_ATTRIBUTES] & 1;
	block->can_flush = nvme->cache;
	block->max_segments = MAX_SEGMENTS;
	block->max_sectors = MAX_SEGMENTS * (NVME_PAGE / BLOCK_SECTOR);
	block->max_discard = nvme->discards ? MAX_DISCARD : 0;
	block->discard_alignment = block->logical_block / BLOCK_SECTOR;
	return true;
}

static void add_namespace(struct nvme *nvme, uint32_t id)
{
	struct nvme_namespace *namespace = &nvme->namespace[nvme->namespaces];
	struct block_device *block = &namespace->block;

	if (identify(nvme, IDENTIFY_NAMESPACE, id) || !describe(nvme, block)) {
		operator_note("nvme%u: namespace %u has a format that is not supported",
			      nvme->number, id);
		return;
	}
	nvme->namespaces++;
	namespace->nvme = nvme;
	namespace->id = id;
	snprintf(block->name, sizeof(block->name), "nvme%un%u", nvme->number, id);
	block->kind = "NVMe";
	block->start = start;
	block->kick = kick;
	block->driver = namespace;
	block_add(block);
}

static int add_namespaces(struct nvme *nvme)
{
	uint32_t ids[MAX_NAMESPACES];
	int error = identify(nvme, IDENTIFY_LIST, 0);

	if (error)
		return error;
	memcpy(ids, nvme->identity, sizeof(ids));
	for (unsigned int i = 0; i < MAX_NAMESPACES && ids[i]; i++)
		add_namespace(nvme, ids[i]);
	return 0;
}

/* --- starting --- */

static int make_channel(struct channel *channel, unsigned int number, unsigned int size)
{
	channel->number = number;
	channel->queue.size = (uint16_t)size;
	channel->queue.commands = dma_alloc(NVME_PAGE, &channel->commands_machine);
	channel->queue.completions = dma_alloc(NVME_PAGE, &channel->completions_machine);
	if (!channel->queue.commands || !channel->queue.completions)
		return -XEN_ENOMEM;
	nvme_queue_init(&channel->queue);
	return 0;
}

static int make_memory(struct nvme *nvme, unsigned int size)
{
	int error = make_channel(&nvme->admin, 0, size);

	if (!error)
		error = make_channel(&nvme->io, 1, size);
	for (unsigned int i = 0; !error && i < size; i++) {
		nvme->lists[i].va = dma_alloc(NVME_PAGE, &nvme->lists[i].machine);
		error = nvme->lists[i].va ? 0 : -XEN_ENOMEM;
	}
	nvme->identity = dma_alloc(NVME_PAGE, &nvme->identity_machine);
	return error || nvme->identity ? error : -XEN_ENOMEM;
}

static int enable(struct nvme *nvme)
{
	uint32_t last = nvme->admin.queue.size - 1u;

	write32(nvme, REG_ADMIN_SIZES, last << 16 | last);
	write64(nvme, REG_ADMIN_COMMANDS, nvme->admin.commands_machine);
	write64(nvme, REG_ADMIN_COMPLETIONS, nvme->admin.completions_machine);
	write32(nvme, REG_CONFIG, CONFIG_ENTRIES | CONFIG_ENABLE);
	return wait_ready(nvme, true);
}

static int set_up(struct nvme *nvme)
{
	uint64_t cap = read64(nvme, REG_CAP);
	unsigned int size = NVME_QUEUE_SIZE;
	int error;

	nvme->stride = CAP_STRIDE(cap);
	/* Four doorbells must be within what is mapped, and every segment within the queue. */
	if (CAP_MIN_PAGE(cap) || CAP_ENTRIES(cap) + 1 < NVME_QUEUE_SIZE ||
	    REG_DOORBELLS + 4 * nvme->stride > MAPPED_BYTES)
		return -XEN_EOPNOTSUPP;
	error = disable(nvme);
	if (!error)
		error = make_memory(nvme, size);
	/* Before queues are made: QEMU's controller looks then whether messages are on. */
	if (!error)
		error = pci_interrupt(nvme->pci, on_interrupt, nvme);
	if (!error)
		error = enable(nvme);
	if (!error)
		error = read_controller(nvme);
	if (!error)
		error = create_io(nvme);
	return error ? error : add_namespaces(nvme);
}

int nvme_start(struct pci_device *pci)
{
	static unsigned int found;
	struct nvme *nvme;
	int error;

	if (pci->class != CLASS)
		return NOT_OURS;
	nvme = calloc(1, sizeof(*nvme));
	if (!nvme)
		return -XEN_ENOMEM;
	pci_enable(pci);
	nvme->pci = pci;
	nvme->number = found++;
	nvme->registers = pci_map(pci, 0, 0, MAPPED_BYTES);
	error = nvme->registers ? set_up(nvme) : -XEN_ENODEV;
	if (error && nvme->registers) {
		nvme->failed = true;
		disable(nvme);
	}
	return error;
}
