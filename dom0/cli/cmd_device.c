/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about the machine's own disks and network cards. */
#include <stdio.h>
#include <string.h>
#include <pv/mm.h>
#include <xen/errno.h>
#include <zlib.h>
#include "cli/command.h"
#include "cli/terminal.h"
#include "disk/bench.h"
#include "disk/disk.h"
#include "driver/net.h"
#include "ip/ip.h"

#define SUM_PAGES   32
#define SUM_SECTORS (SUM_PAGES * PV_PAGE_SIZE / BLOCK_SECTOR)

/* Three digits or more, in the largest unit that gives them. */
static void print_size(uint64_t sectors)
{
	uint64_t kib = sectors / 2;

	if (kib >= 10ull << 30)
		printf("%8llu TiB", (unsigned long long)(kib >> 30));
	else if (kib >= 10ull << 20)
		printf("%8llu GiB", (unsigned long long)(kib >> 20));
	else if (kib >= 10ull << 10)
		printf("%8llu MiB", (unsigned long long)(kib >> 10));
	else
		printf("%8llu KiB", (unsigned long long)kib);
}

static void print_disk(const struct disk *disk)
{
	const struct block_device *device = disk->device;

	printf("%-14s ", device->name);
	print_size(device->sectors);
	printf(" %6u %s%s%s  %-15s %s%s", device->logical_block, device->read_only ? "r" : "w",
	       device->can_flush ? "f" : "-", device->max_discard ? "d" : "-", device->kind,
	       disk->has_table ? "GPT" : disk->label,
	       disk->backup_table ? " (from its copy at the end)" : "");
	if (disk->images)
		printf(" %u image%s in use", disk->images, disk->images == 1 ? "" : "s");
	printf("\n");
}

static int run_block_list_host(struct words *words, struct problem *problem)
{
	unsigned int count = 0, partitions = 0;
	int error = command_words(words, 0, 0, problem);

	if (error)
		return error;
	if (disks)
		printf("Name           Size          Block Use  Kind            Label\n");
	for (const struct disk *disk = disks; disk; disk = disk->next) {
		print_disk(disk);
		if (disk->whole)
			partitions++;
		else
			count++;
	}
	printf("%u disk%s, %u partition%s\n", count, count == 1 ? "" : "s", partitions,
	       partitions == 1 ? "" : "s");
	return 0;
}

/* CRC of sectors, read piece by piece; Ctrl-C ends it. */
static int sum_sectors(struct disk *disk, uint64_t first, uint64_t count, uint32_t *sum,
		       struct problem *problem)
{
	uint8_t *memory = pv_pages_alloc(SUM_PAGES);
	int error = memory ? 0 : problem_note(problem, XEN_ENOMEM, "dom0 has no memory for that");

	*sum = 0;
	while (!error && count) {
		uint32_t piece = count < SUM_SECTORS ? count : SUM_SECTORS;

		error = block_read(disk->device, first, memory, piece);
		if (error)
			problem_note(problem, -error, "reading sector %llu failed: %s",
				     (unsigned long long)first, problem_reason(error));
		else if (terminal_interrupted(0))
			error = problem_note(problem, XEN_EINTR, "interrupted");
		else
			*sum = (uint32_t)crc32(*sum, memory, piece * BLOCK_SECTOR);
		first += piece;
		count -= piece;
	}
	if (memory)
		pv_pages_free(memory, SUM_PAGES);
	return error;
}

/* The sectors that two words name: by default all. */
static int read_range(struct words *words, const struct disk *disk, uint64_t *first,
		      uint64_t *count, struct problem *problem)
{
	uint64_t sectors = disk->device->sectors;
	int error = 0;

	*first = 0;
	*count = sectors;
	if (words->count < 3)
		return 0;
	if (words->count == 3)
		return problem_note(problem, XEN_EINVAL,
				    "the number of sectors is missing: see help %s",
				    words->word[0]);
	error = words_number(words->word[2], "the first sector", 0, sectors, first, problem);
	if (!error)
		error = words_number(words->word[3], "sectors up to the disk's end", 0,
				     sectors - *first, count, problem);
	return error;
}

static int run_block_sum(struct words *words, struct problem *problem)
{
	struct disk *disk;
	uint64_t first, count;
	uint32_t sum;
	int error = command_words(words, 1, 3, problem);

	if (error)
		return error;
	disk = disk_open(words->word[1], false, problem);
	if (!disk)
		return -XEN_ENOENT;
	error = read_range(words, disk, &first, &count, problem);
	if (!error)
		error = sum_sectors(disk, first, count, &sum, problem);
	if (!error)
		printf("%s: %llu sectors from %llu: CRC-32 %08x\n", disk->name,
		       (unsigned long long)count, (unsigned long long)first, sum);
	disk_close(disk, false);
	return error;
}

static void print_bench(const struct bench_pattern *pattern, uint64_t ns)
{
	uint64_t bytes = (uint64_t)pattern->requests * pattern->sectors * BLOCK_SECTOR;

	if (ns)
		printf("%-16s %3u under way %8u requests %12llu bytes %12llu ns %8llu MiB/s\n",
		       pattern->name, pattern->depth, pattern->requests, (unsigned long long)bytes,
		       (unsigned long long)ns,
		       (unsigned long long)(bytes * 1000 / ns * 1000000 >> 20));
}

/* Printed when all are done: the console is slow, and would be at work during the next. */
static int run_patterns(struct disk *disk, bool write, struct problem *problem)
{
	uint64_t ns[BENCH_PATTERNS] = {0};
	int error = 0;

	for (unsigned int i = 0; i < BENCH_PATTERNS && !error; i++) {
		if (bench_patterns[i].operation == BLOCK_WRITE && !write)
			continue;
		error = bench_run(disk, &bench_patterns[i], &ns[i]);
		if (error)
			problem_note(problem, -error, "%s failed: %s", bench_patterns[i].name,
				     problem_reason(error));
		else if (terminal_interrupted(0))
			error = problem_note(problem, XEN_EINTR, "interrupted");
	}
	for (unsigned int i = 0; i < BENCH_PATTERNS; i++)
		print_bench(&bench_patterns[i], ns[i]);
	return error;
}

static int run_block_bench(struct words *words, struct problem *problem)
{
	bool write = words_flag(words, "-w");
	int error = command_words(words, 1, 1, problem);
	struct disk *disk = error ? NULL : disk_open(words->word[1], write, problem);

	if (!disk)
		return error ? error : -XEN_ENOENT;
	error = run_patterns(disk, write, problem);
	disk_close(disk, write);
	return error;
}

static void print_card(const struct net_device *card)
{
	const uint8_t *mac = card->mac;

	printf("%-6s %02x:%02x:%02x:%02x:%02x:%02x %5u  %-4s  %-15s %llu/%llu %llu/%llu %llu/%llu\n",
	       card->name, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], card->mtu,
	       card->link ? "up" : "down", card->kind, (unsigned long long)card->received.frames,
	       (unsigned long long)card->sent.frames, (unsigned long long)card->received.bytes,
	       (unsigned long long)card->sent.bytes, (unsigned long long)card->received.dropped,
	       (unsigned long long)card->sent.dropped);
}

static void print_own_address(void)
{
	struct ip_status status;

	if (!ip_status(&status))
		return;
	printf("dom0 on %s: %s%s%s\n", status.bridge,
	       status.address[0] ? status.address : "no address yet",
	       status.gateway[0] ? ", gateway " : "", status.gateway);
}

static int run_net_list_host(struct words *words, struct problem *problem)
{
	unsigned int count = 0;
	int error = command_words(words, 0, 0, problem);

	if (error)
		return error;
	if (net_devices)
		printf("Name   Address             MTU  Link  Kind            Frames in/out, bytes, dropped\n");
	for (const struct net_device *card = net_devices; card; card = card->next, count++)
		print_card(card);
	print_own_address();
	printf("%u network card%s\n", count, count == 1 ? "" : "s");
	return 0;
}

const struct command device_commands[] = {
	{"block-list-host", "", "list the machine's disks and their partitions",
	 "    Block: bytes. Use: r read-only or w writable, f can be flushed, d can discard\n",
	 COMPLETE_NOTHING, run_block_list_host},
	{"block-sum", "DISK [FIRST COUNT]", "checksum of a disk, a partition, or some sectors",
	 "    CRC-32 as zlib and gzip have it; sectors are of 512 bytes\n", COMPLETE_DISK,
	 run_block_sum},
	{"net-list-host", "", "list the machine's network cards, and dom0's address", NULL,
	 COMPLETE_NOTHING, run_net_list_host},
	{"block-bench", "DISK [-w]", "measure how fast a disk is for dom0 itself",
	 "    Reads 128 KiB and 4 KiB at a time, 32 requests under way. -w: then writes noise as well;\n"
	 "    what was on the disk is lost.\n",
	 COMPLETE_DISK, run_block_bench},
	{0},
};
