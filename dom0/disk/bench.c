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

const struct bench_pattern bench_patterns[BENCH_PATTERNS] = {
	{"sequential read", BLOCK_READ, MOST_SECTORS, 1000, false},
	{"random read", BLOCK_READ, PAGE_SECTORS, 10000, true},
	{"sequential write", BLOCK_WRITE, MOST_SECTORS, 1000, false},
	{"random write", BLOCK_WRITE, PAGE_SECTORS, 10000, true},
};

struct slot {
	struct block_request request;
	struct block_segment segments[MOST_PAGES];
	uint8_t *buffer; /* MOST_PAGES pages */
	struct bench *bench;
};

struct bench {
	struct block_device *device;
	const struct bench_pattern *pattern;
	unsigned int started, done;
	uint32_t seed;
	int error; /* the first */
	struct pv_semaphore finished;
	struct slot slot[BENCH_DEPTH];
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

/* As a caller who has a buffer would: where its pages are is looked up each time. */
static void start_next(struct slot *slot)
{
	struct bench *bench = slot->bench;
	unsigned int pages = bench->pattern->sectors / PAGE_SECTORS, count = 0;

	for (unsigned int i = 0; i < pages; i++)
		count = block_add_segment(bench->device, slot->segments, count,
					  dma_address(slot->buffer + i * PV_PAGE_SIZE),
					  PV_PAGE_SIZE);
	slot->request = (struct block_request){
		.operation = bench->pattern->operation,
		.sector = next_sector(bench),
		.sectors = bench->pattern->sectors,
		.segment_count = count,
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
	for (unsigned int i = 0; i < BENCH_DEPTH && !bench->error; i++)
		start_next(&bench->slot[i]);
	block_let_go(bench->device);
	if (bench->started)
		pv_semaphore_down(&bench->finished);
	*ns = pv_time_ns() - before;
	return bench->error;
}

int bench_run(struct disk *disk, const struct bench_pattern *pattern, uint64_t *ns)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	uint8_t *memory = pv_pages_alloc(BENCH_DEPTH * MOST_PAGES);
	int error = -XEN_ENOMEM;

	if (bench && memory && disk->device->sectors >= pattern->sectors) {
		bench->device = disk->device;
		bench->pattern = pattern;
		for (unsigned int i = 0; i < BENCH_DEPTH; i++) {
			bench->slot[i].bench = bench;
			bench->slot[i].buffer = memory + i * MOST_PAGES * PV_PAGE_SIZE;
		}
		error = measure(bench, ns);
	}
	if (memory)
		pv_pages_free(memory, BENCH_DEPTH * MOST_PAGES);
	free(bench);
	return error;
}
