/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <pv/mm.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <xen/errno.h>
#include "disk/bench.h"
#include "driver/dma.h"

#define PAGE_SECTORS (PV_PAGE_SIZE / BLOCK_SECTOR)
#define MOST_PAGES   32 /* any disk takes as many */
#define MOST_SECTORS (MOST_PAGES * PAGE_SECTORS)

#define MOST_DEPTH 128 /* places of a ring that a guest can have */

const struct bench_pattern bench_patterns[BENCH_PATTERNS] = {
	{"sequential read", BLOCK_READ, MOST_SECTORS, 32, 10000, false},
	{"sequential read", BLOCK_READ, MOST_SECTORS, 128, 10000, false},
	{"random read", BLOCK_READ, PAGE_SECTORS, 32, 10000, true},
	{"random read", BLOCK_READ, PAGE_SECTORS, 128, 10000, true},
	{"sequential write", BLOCK_WRITE, MOST_SECTORS, 32, 10000, false},
	{"sequential write", BLOCK_WRITE, MOST_SECTORS, 128, 10000, false},
	{"random write", BLOCK_WRITE, PAGE_SECTORS, 32, 10000, true},
	{"random write", BLOCK_WRITE, PAGE_SECTORS, 128, 10000, true},
};

struct slot {
	struct block_request request;
	struct block_segment segments[MOST_PAGES];
	unsigned int segment_count;
	struct bench *bench;
};

struct bench {
	struct block_device *device;
	const struct bench_pattern *pattern;
	unsigned int started, done;
	uint32_t seed;
	int error; /* the first */
	struct pv_semaphore finished;
	struct slot slot[MOST_DEPTH];
};

/* Multiples of a page: what any disk takes. */
static uint64_t next_sector(struct bench *bench)
{
	uint64_t places = (bench->device->sectors - bench->pattern->sectors) / PAGE_SECTORS + 1;
	uint64_t place = (uint64_t)bench->started * (bench->pattern->sectors / PAGE_SECTORS);

	if (bench->pattern->random) {
		bench->seed = bench->seed * 1103515245 + 12345;
		place = bench->seed >> 8;
	}
	return place % places * PAGE_SECTORS;
}

static void done(struct block_request *request, int error);

static void start_next(struct slot *slot)
{
	struct bench *bench = slot->bench;

	slot->request = (struct block_request){
		.operation = bench->pattern->operation,
		.sector = next_sector(bench),
		.sectors = bench->pattern->sectors,
		.segment_count = slot->segment_count,
		.segments = slot->segments,
		.done = done,
		.owner = slot,
	};
	bench->error = block_submit(bench->device, &slot->request);
	if (!bench->error)
		bench->started++;
}

/* After an error nothing more is started, and what is under way is waited for. */
static void done(struct block_request *request, int error)
{
	struct slot *slot = request->owner;
	struct bench *bench = slot->bench;

	bench->done++;
	if (error)
		bench->error = error;
	if (!bench->error && bench->started < bench->pattern->requests)
		start_next(slot);
	if (bench->done == bench->started)
		pv_semaphore_up(&bench->finished);
}

static int measure(struct bench *bench, uint64_t *ns)
{
	uint64_t before = pv_time_ns();

	block_hold(bench->device);
	for (unsigned int i = 0; i < bench->pattern->depth && !bench->error; i++)
		start_next(&bench->slot[i]);
	block_let_go(bench->device);
	if (bench->started)
		pv_semaphore_down(&bench->finished);
	*ns = pv_time_ns() - before;
	return bench->error;
}

/* Where a slot's memory is, is looked up once, as front ends grant theirs once. */
static void make_slot(struct bench *bench, struct slot *slot, const uint8_t *buffer)
{
	slot->bench = bench;
	for (unsigned int i = 0; i < bench->pattern->sectors / PAGE_SECTORS; i++)
		slot->segment_count =
			block_add_segment(bench->device, slot->segments, slot->segment_count,
					  dma_address(buffer + i * PV_PAGE_SIZE), PV_PAGE_SIZE);
}

int bench_run(struct disk *disk, const struct bench_pattern *pattern, uint64_t *ns)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	unsigned int pages = pattern->sectors / PAGE_SECTORS;
	uint8_t *memory = pv_pages_alloc(pattern->depth * pages);
	int error = -XEN_ENOMEM;

	if (bench && memory && disk->device->sectors >= pattern->sectors) {
		bench->device = disk->device;
		bench->pattern = pattern;
		for (unsigned int i = 0; i < pattern->depth; i++)
			make_slot(bench, &bench->slot[i], memory + i * pages * PV_PAGE_SIZE);
		error = measure(bench, ns);
	}
	if (memory)
		pv_pages_free(memory, pattern->depth * pages);
	free(bench);
	return error;
}
