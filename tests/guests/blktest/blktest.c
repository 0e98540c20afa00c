/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk through the SDK's front end: a pattern written and read back, the cache, and how many TSC
 * ticks a transfer takes, in sequence and at random (under -icount ticks are instructions).
 * Destroys what is on xvda.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/blkfront.h>
#include <pv/cpu.h>
#include <pv/mm.h>
#include <pv/thread.h>

enum { DEPTH = 16, AREA_MIB = 8, AREA_SECTORS = AREA_MIB * 2048, RANDOM = 1024 };

static struct pv_blkfront *disk;

static void fail(const char *what)
{
	printf("blktest: FAIL %s\n", what);
	exit(1);
}

static void fill(uint8_t *bytes, size_t size, uint64_t sector)
{
	for (size_t i = 0; i < size; i += 8) {
		uint64_t word = (sector * 512 + i) * 0x9e3779b97f4a7c15;

		memcpy(bytes + i, &word, 8);
	}
}

static void check_pattern(uint8_t *buffer, uint8_t *expected)
{
	const unsigned int sectors = PV_BLK_PAGES * 8;

	for (unsigned int at = 0; at < 20 * sectors; at += sectors) {
		fill(buffer, sectors * 512, at);
		if (pv_blkfront_do(disk, PV_BLK_WRITE, at, buffer, sectors))
			fail("write");
	}
	if (pv_blkfront_do(disk, PV_BLK_FLUSH, 0, NULL, 0))
		fail("flush");
	for (unsigned int at = 0; at < 20 * sectors; at += sectors) {
		fill(expected, sectors * 512, at);
		memset(buffer, 0, sectors * 512);
		if (pv_blkfront_do(disk, PV_BLK_READ, at, buffer, sectors) ||
		    memcmp(buffer, expected, sectors * 512))
			fail("what was written is not what is read");
	}
}

static void check_limits(uint8_t *buffer)
{
	uint64_t end = pv_blkfront_info(disk)->sectors;

	if (pv_blkfront_do(disk, PV_BLK_READ, end - 8, buffer, 8))
		fail("the last sectors");
	if (pv_blkfront_do(disk, PV_BLK_READ, end - 7, buffer, 8) != -XEN_EINVAL)
		fail("beyond the end");
}

static void check_cache(uint8_t *expected)
{
	struct pv_blk_cache *cache = pv_blk_cache_new(disk, 4);
	uint8_t bytes[10000];

	fill(expected, 12288, 0);
	if (!cache || pv_blk_cache_read(cache, 1000, bytes, sizeof(bytes)) ||
	    memcmp(bytes, expected + 1000, sizeof(bytes)))
		fail("the cache reads something else");
	memset(bytes, 0x5a, 5000);
	if (pv_blk_cache_write(cache, 3000, bytes, 5000))
		fail("the cache does not write");
	pv_blk_cache_free(cache);
	cache = pv_blk_cache_new(disk, 2);
	if (!cache || pv_blk_cache_read(cache, 2999, bytes, 5002) || bytes[0] != expected[2999] ||
	    bytes[1] != 0x5a || bytes[5000] != 0x5a || bytes[5001] != expected[8000])
		fail("the cache lost what it wrote");
	pv_blk_cache_free(cache);
}

/* --- figures ---------------------------------------------------------------------------------- */

static struct run {
	enum pv_blk_operation operation;
	unsigned int sectors, count; /* of a request; requests in all */
	bool random;
	unsigned int started, done;
	uint32_t seed;
} run;

static uint64_t next_sector(void)
{
	if (!run.random)
		return (uint64_t)run.started * run.sectors % (AREA_SECTORS - run.sectors) / 8 * 8;
	run.seed = run.seed * 1103515245 + 12345;
	return run.seed / 65536 % (AREA_SECTORS / 8) * 8;
}

static void start_next(struct pv_blk_request *request)
{
	request->operation = run.operation;
	request->sectors = run.sectors;
	request->sector = next_sector();
	run.started++;
	if (pv_blkfront_submit(disk, request))
		fail("submit");
}

static void one_done(struct pv_blk_request *request, int error)
{
	if (error)
		fail("a transfer");
	run.done++;
	if (run.started < run.count)
		start_next(request);
}

static void measure(const char *name, struct run what, uint8_t *buffer)
{
	static struct pv_blk_request requests[DEPTH];
	uint64_t before = pv_rdtsc(), ticks, bytes = (uint64_t)what.count * what.sectors * 512;

	run = what;
	for (unsigned int i = 0; i < DEPTH; i++) {
		requests[i].buffer = buffer + i * PV_BLK_PAGES * PV_PAGE_SIZE;
		requests[i].done = one_done;
		start_next(&requests[i]);
	}
	while (run.done < run.count)
		pv_blkfront_poll(disk, PV_FOREVER);
	ticks = pv_rdtsc() - before;
	printf("blktest: %-16s %llu bytes, %llu ticks, %llu ticks a request, %llu a KiB\n", name,
	       (unsigned long long)bytes, (unsigned long long)ticks,
	       (unsigned long long)(ticks / what.count),
	       (unsigned long long)(ticks * 1024 / bytes));
}

int main(void)
{
	uint8_t *buffer;
	uint8_t *expected = pv_pages_alloc(2 * PV_BLK_PAGES);
	unsigned int most;
	int error;

	disk = pv_blkfront_open(PV_BLK_XVD(0), &error);
	if (!disk || !expected)
		fail("no disk xvda");
	buffer = pv_blkfront_buffer(disk, DEPTH * PV_BLK_PAGES);
	if (!buffer)
		fail("no memory");
	most = pv_blkfront_info(disk)->max_sectors;
	check_pattern(buffer, expected);
	check_pattern(expected + PV_BLK_PAGES * PV_PAGE_SIZE,
		      expected); /* not the device's memory */
	check_limits(buffer);
	check_cache(expected);
	measure("sequential write", (struct run){PV_BLK_WRITE, most, 400, false, 0, 0, 0}, buffer);
	measure("sequential read", (struct run){PV_BLK_READ, most, 400, false, 0, 0, 0}, buffer);
	measure("random write", (struct run){PV_BLK_WRITE, 8, RANDOM, true, 0, 0, 1}, buffer);
	measure("random read", (struct run){PV_BLK_READ, 8, RANDOM, true, 0, 0, 2}, buffer);
	pv_blkfront_close(disk);
	disk = pv_blkfront_open(PV_BLK_XVD(0), &error);
	if (!disk || pv_blkfront_do(disk, PV_BLK_READ, 0, expected, 8))
		fail("connecting again");
	pv_blkfront_close(disk);
	printf("blktest: PASS\n");
	return 0;
}
