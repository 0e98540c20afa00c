/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast xvda is through the SDK's front end: the requests of dom0's command block-bench, which
 * measures the same disk without a guest. Destroys what is on it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <pv/blkfront.h>
#include <pv/mm.h>
#include <pv/thread.h>
#include <pv/time.h>

enum { MOST_DEPTH = 128, MOST_PAGES = 32, PAGE_SECTORS = PV_PAGE_SIZE / PV_BLK_SECTOR };

static const struct pattern {
	const char *name;
	enum pv_blk_operation operation;
	unsigned int sectors, depth, requests;
	bool random;
} patterns[] = {
	{"sequential read", PV_BLK_READ, MOST_PAGES *PAGE_SECTORS, 32, 10000, false},
	{"sequential read", PV_BLK_READ, MOST_PAGES *PAGE_SECTORS, 128, 10000, false},
	{"random read", PV_BLK_READ, PAGE_SECTORS, 32, 10000, true},
	{"random read", PV_BLK_READ, PAGE_SECTORS, 128, 10000, true},
	{"sequential write", PV_BLK_WRITE, MOST_PAGES *PAGE_SECTORS, 32, 10000, false},
	{"sequential write", PV_BLK_WRITE, MOST_PAGES *PAGE_SECTORS, 128, 10000, false},
	{"random write", PV_BLK_WRITE, PAGE_SECTORS, 32, 10000, true},
	{"random write", PV_BLK_WRITE, PAGE_SECTORS, 128, 10000, true},
};

static struct pv_blkfront *disk;
static uint64_t disk_sectors;
static const struct pattern *pattern;
static unsigned int started, done;
static uint32_t seed;

static void fail(const char *what)
{
	printf("blkbench: FAIL %s\n", what);
	exit(1);
}

static uint64_t next_sector(void)
{
	uint64_t places = (disk_sectors - pattern->sectors) / PAGE_SECTORS + 1;
	uint64_t place = (uint64_t)started * (pattern->sectors / PAGE_SECTORS);

	if (pattern->random) {
		seed = seed * 1103515245 + 12345;
		place = seed >> 8;
	}
	return place % places * PAGE_SECTORS;
}

static void start_next(struct pv_blk_request *request)
{
	request->operation = pattern->operation;
	request->sectors = pattern->sectors;
	request->sector = next_sector();
	started++;
	if (pv_blkfront_submit(disk, request))
		fail("submit");
}

static void one_done(struct pv_blk_request *request, int error)
{
	if (error)
		fail("a transfer");
	done++;
	if (started < pattern->requests)
		start_next(request);
}

/* The time that it takes, in ns. */
static uint64_t measure(uint8_t *buffer)
{
	static struct pv_blk_request requests[MOST_DEPTH];
	uint64_t before = pv_time_ns();

	started = done = seed = 0;
	for (unsigned int i = 0; i < pattern->depth; i++) {
		requests[i].buffer = buffer + i * (pattern->sectors / PAGE_SECTORS) * PV_PAGE_SIZE;
		requests[i].done = one_done;
		start_next(&requests[i]);
	}
	while (done < pattern->requests)
		pv_blkfront_poll(disk, PV_FOREVER);
	return pv_time_ns() - before;
}

static void print(uint64_t ns)
{
	uint64_t bytes = (uint64_t)pattern->requests * pattern->sectors * PV_BLK_SECTOR;

	printf("%-16s %3u under way %8u requests %12llu bytes %12llu ns %8llu MiB/s\n",
	       pattern->name, pattern->depth, pattern->requests, (unsigned long long)bytes,
	       (unsigned long long)ns, (unsigned long long)(bytes * 1000 / ns * 1000000 >> 20));
}

/* Pages are held for the disk from their first use on, which costs some 500 instructions each. */
static void use_all_pages(uint8_t *buffer)
{
	pattern = &patterns[1];
	measure(buffer);
}

/* Printed when all are done: dom0 would be at work on the console during the next. */
int main(void)
{
	uint64_t ns[PV_ARRAY_SIZE(patterns)];
	uint8_t *buffer;
	int error;

	disk = pv_blkfront_open(PV_BLK_XVD(0), &error);
	if (!disk)
		fail("no disk xvda");
	disk_sectors = pv_blkfront_info(disk)->sectors;
	buffer = pv_blkfront_buffer(disk, MOST_DEPTH * MOST_PAGES);
	if (!buffer)
		fail("no memory");
	use_all_pages(buffer);
	for (unsigned int i = 0; i < PV_ARRAY_SIZE(patterns); i++) {
		pattern = &patterns[i];
		ns[i] = measure(buffer);
	}
	for (unsigned int i = 0; i < PV_ARRAY_SIZE(patterns); i++) {
		pattern = &patterns[i];
		print(ns[i]);
	}
	pv_blkfront_close(disk);
	printf("blkbench: passed\n");
	return 0;
}
