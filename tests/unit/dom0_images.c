/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Image files as disks: where they are, who may use them, requests that are cut up; and all that is
 * refused. The disk is a file system in memory, made by mke2fs (tests/image-files). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pv/mm.h>
#include <pv/thread.h>
#include <xen/errno.h>
#include "cli/operator.h"
#include "disk/disk.h"
#include "disk/image.h"

enum { PAGE = 4096, MIB = 1 << 20, MOST = 8 * MIB, SEGMENTS = 80 };

static char folder[] = "/tmp/parapet-images-XXXXXX";
static uint8_t memory[MOST], expected[MIB];
static size_t expected_size;
static struct problem problem;
static size_t most_memory;	     /* that malloc() gives at once; 0: any */
static unsigned int reads, bad_read; /* the bad_read-th read fails; 0: none */
static unsigned int wild_read;	     /* after that one the superblock is nonsense; 0: none */

/* --- what the rest of dom0 and the SDK do --------------------------------------------------- */

void operator_note(const char *format, ...)
{
	(void)format;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	return most_memory && size > most_memory ? NULL : __real_malloc(size);
}

void *pv_pages_alloc(unsigned long count)
{
	return aligned_alloc(PAGE, count * PAGE);
}

void pv_pages_free(void *va, unsigned long count)
{
	(void)count;
	free(va);
}

uint64_t pv_time_ns(void)
{
	return 0;
}

void pv_semaphore_up(struct pv_semaphore *semaphore)
{
	semaphore->count++;
}

bool pv_semaphore_down_until(struct pv_semaphore *semaphore, uint64_t deadline)
{
	(void)deadline;
	return semaphore->count && semaphore->count--;
}

int block_do(struct block_device *device, enum block_operation operation, uint64_t sector,
	     void *buffer, uint32_t sectors)
{
	assert_int_equal(operation, BLOCK_READ);
	assert_true(sectors && sector + sectors <= device->sectors);
	if (device->driver) /* a partition */
		sector += ((struct disk *)device->driver)->first;
	if (++reads == bad_read)
		return -XEN_EIO;
	memcpy(buffer, memory + sector * BLOCK_SECTOR, (size_t)sectors * BLOCK_SECTOR);
	if (wild_read && reads == wild_read) {
		memset(memory + 1024, 0x5a, 1024);
		wild_read = 0;
	}
	return 0;
}

/* --- the disk ------------------------------------------------------------------------------- */

static struct block_device device;
static struct block_request *queue[64];
static unsigned int kicks;
static unsigned int queued, flushes, fail_at; /* the fail_at-th request fails; 0: none */

static int start(struct block_device *to, struct block_request *request)
{
	assert_ptr_equal(to, &device);
	assert_true(queued < 64);
	queue[queued++] = request;
	return 0;
}

static void kick(struct block_device *to)
{
	assert_ptr_equal(to, &device); /* its driver knows no others */
	kicks++;
}

static void move(const struct block_request *request)
{
	uint8_t *at = memory + request->sector * BLOCK_SECTOR;

	for (unsigned int i = 0; i < request->segment_count; i++) {
		void *page = (void *)(uintptr_t)request->segments[i].machine;

		memcpy(request->operation == BLOCK_READ ? page : at,
		       request->operation == BLOCK_READ ? at : page, request->segments[i].length);
		at += request->segments[i].length;
	}
}

/* Do what was started, and what that starts. Returns how many requests there were. */
static unsigned int run(void)
{
	unsigned int count = 0;

	while (queued) {
		struct block_request *request = queue[0];
		int error = ++count == fail_at ? -XEN_EIO : 0;

		memmove(queue, queue + 1, --queued * sizeof(queue[0]));
		if (request->operation == BLOCK_FLUSH)
			flushes++;
		else if (!error)
			move(request);
		block_complete(request, error);
	}
	return count;
}

static void free_disks(void)
{
	while (disks) {
		struct disk *next = disks->next;

		assert_int_equal(disks->images, 0);
		if (disks->whole)
			free(disks->device);
		free(disks);
		disks = next;
	}
}

static size_t load(const char *name, uint8_t *to, size_t most)
{
	char path[200];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file)
		fail_msg("%s is missing", path);
	size = fread(to, 1, most, file);
	fclose(file);
	return size;
}

/* A file system on disk "vda", whose blocks are of so many bytes. */
static void insert(const char *name, uint32_t block)
{
	size_t size = load(name, memory, MOST);

	free_disks();
	block_devices = NULL;
	device = (struct block_device){
		.name = "vda",
		.sectors = size / BLOCK_SECTOR,
		.logical_block = block,
		.max_segments = SEGMENTS,
		.max_sectors = 1024,
		.max_discard = 1000,
		.can_flush = true,
		.start = start,
		.kick = kick,
	};
	block_add(&device);
	/* disk_start() would look for a table; the list begins anew. */
	disks = calloc(1, sizeof(*disks));
	disks->name = device.name;
	disks->device = &device;
	reads = bad_read = flushes = fail_at = 0;
}

/* A second disk: sectors of the first, as a partition is. */
static struct disk *add_partition(const char *name, uint64_t first, uint64_t sectors)
{
	struct disk *disk = calloc(1, sizeof(*disk));

	disk->device = malloc(sizeof(*disk->device));
	*disk->device = device;
	snprintf(disk->device->name, BLOCK_NAME_LENGTH, "%s", name);
	disk->name = disk->device->name;
	disk->device->sectors = sectors;
	disk->device->driver = disk;
	disk->first = first;
	disk->whole = disks;
	disks->next = disk;
	return disk;
}

static uint32_t number_at(size_t at)
{
	uint32_t number;

	memcpy(&number, memory + at, sizeof(number));
	return number;
}

/* The root directory's tree of extents, in a file system of blocks of 4 KiB and one group. */
static uint8_t *root_map(void)
{
	return memory + (size_t)number_at(4096 + 8) * 4096 + number_at(1024 + 88) % 65536 + 40;
}

/* A node of one index. */
static void put_index(uint8_t *node, uint16_t most, uint16_t depth, uint32_t block)
{
	const uint16_t header[] = {0xf30a, 1, most, depth, 0, 0};
	const uint32_t index[] = {0, block, 0};

	memcpy(node, header, sizeof(header));
	memcpy(node + sizeof(header), index, sizeof(index));
}

static struct disk *open_disk(const char *name, bool write)
{
	memset(&problem, 0, sizeof(problem));
	return disk_open(name, write, &problem);
}

static struct disk *must_open(const char *name, bool write)
{
	struct disk *disk = open_disk(name, write);

	if (!disk)
		fail_msg("%s: %s", name, problem.text);
	return disk;
}

static void must_refuse(const char *name, bool write, const char *why)
{
	assert_null(open_disk(name, write));
	if (!strstr(problem.text, why))
		fail_msg("%s: \"%s\" has no \"%s\"", name, problem.text, why);
}

/* --- requests ------------------------------------------------------------------------------- */

static uint8_t pages[SEGMENTS * PAGE] __attribute__((aligned(PAGE)));
static struct block_segment segments[SEGMENTS];
static unsigned int completed;
static int last_error;

static void done(struct block_request *request, int error)
{
	(void)request;
	completed++;
	last_error = error;
}

/* Memory for the sectors, in segments that begin and end anywhere. */
static struct block_request request_for(enum block_operation operation, uint64_t sector,
					uint32_t sectors, uint32_t skip)
{
	struct block_request request = {
		.operation = operation,
		.sector = sector,
		.sectors = sectors,
		.segments = segments,
		.done = done,
	};
	uint32_t left = sectors * BLOCK_SECTOR, at = skip * BLOCK_SECTOR;

	while (left) {
		uint32_t length = PAGE - at % PAGE < left ? PAGE - at % PAGE : left;

		segments[request.segment_count++] =
			(struct block_segment){(uintptr_t)(pages + at), length};
		at += length;
		left -= length;
	}
	return request;
}

static int transfer(struct disk *disk, enum block_operation operation, uint64_t sector,
		    uint32_t sectors, uint32_t skip)
{
	struct block_request request = request_for(operation, sector, sectors, skip);

	completed = 0;
	assert_int_equal(block_submit(disk->device, &request), 0);
	run();
	assert_int_equal(completed, 1);
	return last_error;
}

/* Every sector of the image, by requests of many lengths, is what is in the file. */
static void compare(struct disk *disk)
{
	uint64_t sectors = disk->device->sectors;

	assert_int_equal(sectors * BLOCK_SECTOR, expected_size);
	for (uint32_t length = 1; length <= 131; length += 13)
		for (uint64_t at = 0; at < sectors; at += length) {
			uint32_t count = sectors - at < length ? (uint32_t)(sectors - at) : length;

			memset(pages, 0xaa, sizeof(pages));
			assert_int_equal(transfer(disk, BLOCK_READ, at, count, at % 8), 0);
			assert_memory_equal(pages + at % 8 * BLOCK_SECTOR,
					    expected + at * BLOCK_SECTOR, count * BLOCK_SECTOR);
		}
}

/* --- tests ---------------------------------------------------------------------------------- */

static const char *const systems[] = {"ext2.fs", "ext3.fs", "ext4.fs", "big4.fs"};

static void finds_files(void **state)
{
	struct disk *disk;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		insert(systems[i], 512);
		disk = must_open("vda:/images/web.img", false);
		assert_string_equal(disk->name, "vda:/images/web.img");
		assert_int_equal(disk->device->max_discard, 0);
		assert_true(disk->device->can_flush);
		expected_size = load("files/images/web.img", expected, MIB);
		compare(disk);
		disk_close(disk, false);
		disk = must_open("/dev/vda://images/./deep//../deep/small.img", false);
		expected_size = load("files/images/deep/small.img", expected, MIB);
		compare(disk);
		disk_close(disk, false);
	}
}

static void knows_features(void **state)
{
	static const char *const good[] = {
		"64bit",     "sparse_super2", "ea_inode",  "metadata_csum_seed", "orphan_file",
		"large_dir", "quota",	      "uninit_bg", "stable_inodes",	 "fast_commit",
		"^flex_bg",  "revision0",     "inode128",  "inode4096",		 "block65536",
	};
	struct disk *disk;
	char name[40];

	(void)state;
	for (unsigned int i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(name, sizeof(name), "good-%s.fs", good[i]);
		insert(name, 512);
		disk = must_open("vda:/images/web.img", true);
		expected_size = load("files/images/web.img", expected, MIB);
		compare(disk);
		disk_close(disk, true);
	}
}

/* Blocks of 4 KiB on the disk, and in the file system. */
static void finds_files_on_large_blocks(void **state)
{
	struct disk *disk;

	(void)state;
	insert("big4.fs", 4096);
	disk = must_open("vda:/images/web.img", true);
	assert_int_equal(disk->device->sectors, 600);
	assert_int_equal(transfer(disk, BLOCK_READ, 8, 16, 0), 0);
	expected_size = load("files/images/web.img", expected, MIB);
	assert_memory_equal(pages, expected + PAGE, 2 * PAGE);
	disk_close(disk, true);
	must_refuse("vda:/images/deep/small.img", true, "not a multiple of the disk's 4096");
	insert("ext4.fs", 4096);
	must_refuse("vda:/images/web.img", true, "mke2fs -b 4096");
}

/* Is the list "one two …"? */
static void must_list(const char *disk, const char *path, const char *expected)
{
	char names[DISK_NAMES_LENGTH], text[DISK_NAMES_LENGTH] = "";

	disk_list_files(disk, path, names);
	for (const char *name = names; *name; name += strlen(name) + 1) {
		assert_in_range(name - names, 0, sizeof(names) - 2);
		strcat(strcat(text, *text ? " " : ""), name);
	}
	assert_string_equal(text, expected);
}

static void lists_folders(void **state)
{
	struct disk *disk;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		insert(systems[i], 512);
		must_list("vda", "/", "lost+found/ images/");
		must_list("/dev/vda", "/images/deep/", "small.img");
		must_list("vda", "/images/web.img/", "");
		must_list("vda", "/links/", "");
		must_list("vda", "/none/", "");
		must_list("vdb", "/", "");
		/* not while somebody writes what describes it */
		disk = must_open("vda", true);
		must_list("vda", "/", "");
		disk_close(disk, true);
		disk = must_open("vda:/images/web.img", true);
		must_list("vda", "/images/deep", "small.img");
		disk_close(disk, true);
	}
	insert("bad-unclean.fs", 512);
	must_list("vda", "/", "");
	insert("big4.fs", 512);
	bad_read = reads + 3;
	must_list("vda", "/", "");
}

static void some_names_are_not_listed(void **state)
{
	char names[DISK_NAMES_LENGTH];
	unsigned int count = 0, bytes = 0;

	(void)state;
	insert("names.fs", 512);
	must_list("vda", "/odd/", "plain.img");
	disk_list_files("vda", "/many/", names);
	for (const char *name = names; *name; name += strlen(name) + 1, count++)
		bytes += strlen(name) + 1;
	assert_in_range(bytes, sizeof(names) - 60, sizeof(names) - 1);
	assert_in_range(count, 50, 99);
}

static void cuts_requests_up(void **state)
{
	struct disk *disk;
	uint8_t *before = malloc(MOST);
	size_t same = 0, size;

	(void)state;
	insert("plain4.fs", 512);
	size = device.sectors * BLOCK_SECTOR;
	memcpy(before, memory, size);
	expected_size = load("files/images/web.img", expected, MIB);
	disk = must_open("vda:/web.img", true);
	assert_true(disk->pieces.count > 40); /* or the test tests nothing */
	compare(disk);
	for (uint64_t at = 0; at + 75 <= 600; at += 75) {
		for (unsigned int i = 0; i < sizeof(pages); i++)
			pages[i] = (uint8_t)(i * 31 + at);
		memcpy(expected + at * BLOCK_SECTOR, pages + 3 * BLOCK_SECTOR, 75 * BLOCK_SECTOR);
		assert_int_equal(transfer(disk, BLOCK_WRITE, at, 75, 3), 0);
	}
	compare(disk);
	/* Nothing else was written. */
	for (size_t i = 0; i < size; i += 1024)
		same += !memcmp(before + i, memory + i, 1024);
	assert_int_equal(same, size / 1024 - 300);
	assert_int_equal(transfer(disk, BLOCK_FLUSH, 0, 0, 0), 0);
	assert_int_equal(flushes, 1);
	disk_close(disk, true);
	free(before);
}

/* More at once than can be cut up: the others wait. */
static void cuts_many_up(void **state)
{
	static struct block_request many[32];
	static struct block_segment all[32][SEGMENTS];
	struct disk *disk;

	(void)state;
	insert("plain4.fs", 512);
	disk = must_open("vda:/web.img", false);
	expected_size = load("files/images/web.img", expected, MIB);
	completed = 0;
	for (unsigned int i = 0; i < 32; i++) {
		/* Some fit into a piece, and go on to the disk's own queue. */
		many[i] = request_for(BLOCK_READ, 16 * i, i % 3 ? 16 : 1, 16 * i);
		memcpy(all[i], segments, sizeof(all[i]));
		many[i].segments = all[i];
		assert_int_equal(block_submit(disk->device, &many[i]), 0);
	}
	assert_true(queued < 32);
	assert_true(run() > 48);
	assert_int_equal(completed, 32);
	for (unsigned int i = 0; i < 32; i++)
		assert_memory_equal(pages + 16 * i * BLOCK_SECTOR, expected + 16 * i * BLOCK_SECTOR,
				    (i % 3 ? 16 : 1) * BLOCK_SECTOR);
	disk_close(disk, false);
}

/* Who holds an image holds the disk that it is on. */
static void holds_the_disk(void **state)
{
	struct disk *disk;

	(void)state;
	insert("plain4.fs", 512);
	block_hold(&device);
	disk = must_open("vda:/web.img", false);
	block_let_go(&device);
	kicks = 0;
	block_hold(disk->device);
	assert_int_equal(device.held, 1);
	assert_int_equal(kicks, 0);
	block_let_go(disk->device);
	assert_int_equal(device.held, 0);
	assert_int_equal(kicks, 1);
	disk_close(disk, false);
}

static void tells_of_failures(void **state)
{
	struct disk *disk;

	(void)state;
	insert("plain4.fs", 512);
	disk = must_open("vda:/web.img", false);
	for (fail_at = 1; transfer(disk, BLOCK_READ, 0, 128, 0); fail_at++)
		assert_int_equal(last_error, -XEN_EIO);
	assert_true(fail_at > 10); /* parts, each of which failed once */
	fail_at = 0;
	segments[0].length = 100;
	disk_close(disk, false);
}

static void refuses_requests(void **state)
{
	struct block_request request;
	struct disk *disk;

	(void)state;
	insert("ext4.fs", 512);
	disk = must_open("vda:/images/web.img", true);
	request = request_for(BLOCK_READ, 599, 2, 0);
	assert_int_equal(block_submit(disk->device, &request), -XEN_EINVAL);
	request = request_for(BLOCK_WRITE, 1ull << 62, 1, 0);
	assert_int_equal(block_submit(disk->device, &request), -XEN_EINVAL);
	request = (struct block_request){.operation = BLOCK_DISCARD, .sectors = 8, .done = done};
	assert_int_equal(block_submit(disk->device, &request), -XEN_EOPNOTSUPP);
	disk_close(disk, true);
	assert_int_equal(queued, 0);
}

/* --- who may use what ----------------------------------------------------------------------- */

static void shares_and_excludes(void **state)
{
	struct disk *web, *again, *small, *whole;

	(void)state;
	insert("ext4.fs", 512);
	web = must_open("vda:/images/web.img", true);
	small = must_open("vda:/images/deep/small.img", true);
	must_refuse("vda:/images/web.img", true, "vda:/images/web.img is in use (written)");
	must_refuse("vda:/images/web.img", false, "in use (written)");
	must_refuse("vda", true, "in use (by images in its file system)");
	must_refuse("vda", false, "vda:/images/");
	disk_close(web, true);
	disk_close(small, true);
	web = must_open("vda:/images/web.img", false);
	again = must_open("vda:/images/web.img", false);
	must_refuse("vda:/images/web.img", true, "in use");
	must_refuse("vda", true, "in use");
	whole = must_open("vda", false);
	disk_close(web, false);
	disk_close(again, false);
	must_refuse("vda:/images/web.img", true, "vda is in use");
	disk_close(whole, false);
	whole = must_open("vda", true);
	must_refuse("vda:/images/web.img", false, "vda is in use (written)");
	disk_close(whole, true);
	disk_close(must_open("vda:/images/web.img", true), true);
}

/* A file system on a partition: what it and the whole disk are used for. */
static void works_on_partitions(void **state)
{
	struct disk *image, *disk, *partition;
	size_t size;

	(void)state;
	insert("ext4.fs", 512);
	size = device.sectors;
	memcpy(memory + size * BLOCK_SECTOR, memory, size * BLOCK_SECTOR);
	memset(memory, 0, 2048);
	device.sectors *= 2;
	partition = add_partition("vda1", size, size);
	must_refuse("vda:/images/web.img", true, "no ext2, ext3 or ext4");
	image = must_open("vda1:/images/web.img", true);
	expected_size = load("files/images/web.img", expected, MIB);
	compare(image);
	must_refuse("vda", true, "in use");
	must_refuse("vda", false, "in use (written)");
	must_refuse("vda1", true, "in use");
	disk_close(image, true);
	disk = must_open("vda", false);
	must_refuse("vda1:/images/web.img", true, "vda is in use");
	disk_close(must_open("vda1:/images/web.img", false), false);
	disk_close(disk, false);
	disk = must_open("vda", true);
	must_refuse("vda1:/images/web.img", false, "vda is in use (written)");
	disk_close(disk, true);
	/* A disk that is a file system, and has a partition that is one as well. */
	memcpy(memory, memory + size * BLOCK_SECTOR, 2048);
	image = must_open("vda1:/images/deep/small.img", true);
	must_refuse("vda:/images/web.img", false, "vda1:/images/deep/small.img is in use");
	disk_close(image, true);
	image = must_open("vda:/images/web.img", false);
	must_refuse("vda1:/images/deep/small.img", true, "vda is in use (by images");
	disk_close(image, false);
	partition->device->read_only = true;
	must_refuse("vda1:/images/web.img", true, "read-only");
	disk_close(must_open("vda1:/images/web.img", false), false);
	strcpy(partition->label, "a:/b"); /* a label that looks like a path */
	disk_close(must_open("PARTLABEL=a:/b", false), false);
}

/* --- what is refused ------------------------------------------------------------------------ */

static void refuses_files(void **state)
{
	static const struct {
		const char *path, *why;
	} bad[] = {
		{"vda:/images/none.img", "there is no file /images/none.img"},
		{"vda:/none/web.img", "there is no file"},
		{"vda:/images/web.img/more", "not all that it names are directories"},
		{"vda:/links/web.img", "symbolic links are not followed"},
		{"vda:/images/link.img", "symbolic link: name the file itself"},
		{"vda:/images", "is not a regular file"},
		{"vda:/", "is not a regular file"},
		{"vda:/images/odd.img", "992 bytes, is not a multiple"},
		{"vda:/images/empty.img", "0 bytes, is not a multiple"},
		{"vda:/images/holes.img", "holes or blocks that were never written"},
		{"vdb:/images/web.img", "there is no disk \"vdb\""},
		{"vda:images/web.img", "there is no disk \"vda:images"},
		{":/images/web.img", "there is no disk \"\""},
	};
	char name[400] = "vda:/";

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		insert(systems[i], 512);
		for (unsigned int j = 0; j < sizeof(bad) / sizeof(bad[0]); j++)
			must_refuse(bad[j].path, false, bad[j].why);
		memset(name + 5, 'x', 300);
		must_refuse(name, false, "there is no file");
		assert_non_null(open_disk("vda", true));
		disk_close(disks, true);
	}
}

static void refuses_file_systems(void **state)
{
	static const struct {
		const char *name, *path, *why;
	} bad[] = {
		{"bad-unclean.fs", "vda:/images/web.img", "run e2fsck"},
		{"bad-errors.fs", "vda:/images/web.img", "run e2fsck"},
		{"bad-journal.fs", "vda:/images/web.img", "run e2fsck"},
		{"bad-orphan.fs", "vda:/images/web.img", "run e2fsck"},
		{"bad-inline.fs", "vda:/images/web.img", "not supported (incompat 0x8000, "},
		{"bad-shared.fs", "vda:/images/web.img", "ro_compat 0x4000)"},
		{"bad-bigalloc.fs", "vda:/images/web.img", "ro_compat 0x200)"},
		{"bad-meta_bg.fs", "vda:/images/web.img", "incompat 0x10,"},
		{"bad-inline_data.fs", "vda:/images/web.img", "incompat 0x8000,"},
		{"bad-encrypt.fs", "vda:/images/web.img", "incompat 0x10000,"},
		{"bad-casefold.fs", "vda:/images/web.img", "incompat 0x20000,"},
		{"bad-verity.fs", "vda:/images/web.img", "ro_compat 0x8000)"},
		{"bad-mmp.fs", "vda:/images/web.img", "incompat 0x100,"},
		{"bad-journal_dev.fs", "vda:/images/web.img", "incompat 0x8,"},
		{"bad-unwritten.fs", "vda:/new.img", "never written"},
		{"bad-outside.fs", "vda:/images/web.img", "damaged"},
		{"bad-twice.fs", "vda:/images/web.img", "has a block twice"},
		{"bad-endless.fs", "vda:/images/web.img", "holes"},
		{"bad-endless4.fs", "vda:/images/web.img", "holes"},
		{"bad-own-super.fs", "vda:/images/web.img", "describe the file system"},
		{"bad-own-descriptors.fs", "vda:/images/web.img", "describe the file system"},
		{"bad-own-blocks.fs", "vda:/images/web.img", "describe the file system"},
		{"bad-own-inodes.fs", "vda:/images/web.img", "describe the file system"},
		{"bad-own-table.fs", "vda:/images/web.img", "describe the file system"},
		{"bad-own-map.fs", "vda:/images/web.img", "describe the file system"},
		{"bad-own-directory.fs", "vda:/images/web.img", "describe the file system"},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		insert(bad[i].name, 512);
		must_refuse(bad[i].path, false, bad[i].why);
	}
	memset(memory, 0, MOST);
	must_refuse("vda:/images/web.img", false, "there is no ext2, ext3 or ext4 file system");
	device.sectors = 3;
	must_refuse("vda:/images/web.img", false, "there is no ext2, ext3 or ext4 file system");
	insert("ext4.fs", 512);
	device.sectors -= 8;
	must_refuse("vda:/images/web.img", false, "larger than its disk");
}

/* Directories' trees of extents are no deeper than files': libext2fs keeps a block for each level.
 */
static void refuses_deep_directories(void **state)
{
	enum { BLOCK = 4096, FIRST = MOST / 2 / BLOCK };

	(void)state;
	for (uint16_t depth = 5; depth <= 6; depth++) {
		uint8_t *root;

		insert("big4.fs", 512);
		device.sectors = MOST / BLOCK_SECTOR;
		root = root_map();
		for (uint16_t level = 0; level < depth; level++) {
			uint32_t next = FIRST + level;
			uint8_t *node = level ? memory + (next - 1) * BLOCK : root;

			if (!level)
				memcpy(memory + (FIRST + depth - 1) * BLOCK, root, 60);
			put_index(node, level ? 340 : 4, depth - level, next);
		}
		memory[(FIRST + depth - 1) * BLOCK + 4] = 340 & 0xff;
		memory[(FIRST + depth - 1) * BLOCK + 5] = 340 >> 8;
		if (depth == 5)
			disk_close(must_open("vda:/images/web.img", false), false);
		else
			must_refuse("vda:/images/web.img", false, "damaged");
	}
}

/* A directory of the same block a million times, by lists of lists. */
static void gives_up(void **state)
{
	enum { BLOCK = 4096, LISTS = 4 * MIB / BLOCK - 2, NUMBERS = BLOCK / 4 };
	uint32_t *lists = (uint32_t *)(void *)(memory + LISTS * BLOCK), *map;

	(void)state;
	insert("big4.fs", 512);
	map = (uint32_t *)(void *)root_map();
	for (unsigned int i = 0; i < NUMBERS; i++) {
		lists[i] = LISTS + 1;
		lists[NUMBERS + i] = map[5]; /* where the only extent is */
	}
	map[-2] &= ~(uint32_t)0x80000; /* not by extents, */
	memset(map, 0, 60);
	map[13] = LISTS; /* but by lists of lists */
	must_refuse("vda:/none/web.img", false, "more than 65536 blocks");
	assert_true(reads < 66000);
}

/* libext2fs does not survive that it gets none. */
static void needs_memory(void **state)
{
	(void)state;
	insert("ext4.fs", 512);
	most_memory = 8 * PAGE;
	must_refuse("vda:/images/web.img", false, "out of memory");
	most_memory = 0;
	disk_close(must_open("vda:/images/web.img", false), false);
}

/* A superblock that changes while the file is looked for is not believed. */
static void reads_the_superblock_once(void **state)
{
	struct disk *disk;

	(void)state;
	insert("big4.fs", 512);
	wild_read = 1;
	disk = must_open("vda:/images/web.img", false);
	assert_int_equal(wild_read, 0);
	disk_close(disk, false);
}

/* Each read that fails is told, and nothing stays behind. */
static void survives_bad_reads(void **state)
{
	struct disk *disk = NULL;

	(void)state;
	insert("ext3.fs", 512);
	for (unsigned int i = 1; !disk; i++) {
		reads = 0;
		bad_read = i;
		disk = open_disk("vda:/images/web.img", true);
		if (!disk)
			assert_non_null(strstr(problem.text, "reading the file system failed"));
		assert_int_equal(disks->images, !!disk);
	}
	assert_true(bad_read > 6);
	disk_close(disk, true);
}

/* Each byte of metadata that has a checksum: nothing is believed that is not right. */
static void notices_damage(void **state)
{
	unsigned int refused = 0, tried = 0;
	struct disk *disk;

	(void)state;
	insert("ext4.fs", 512);
	for (size_t i = 1024; i < 2048; i += 37, tried++) {
		memory[i] ^= 0x40;
		disk = open_disk("vda:/images/web.img", false);
		refused += !disk;
		if (disk)
			disk_close(disk, false);
		memory[i] ^= 0x40;
	}
	assert_int_equal(refused, tried);
	disk_close(must_open("vda:/images/web.img", false), false);
}

static int set_up(void **state)
{
	char command[300];

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(command, sizeof(command), "tests/image-files %s/made && mv %s/made/* %s", folder,
		 folder, folder);
	return system(command);
}

static int tear_down(void **state)
{
	char command[300];

	(void)state;
	free_disks();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_files),
		cmocka_unit_test(knows_features),
		cmocka_unit_test(finds_files_on_large_blocks),
		cmocka_unit_test(lists_folders),
		cmocka_unit_test(some_names_are_not_listed),
		cmocka_unit_test(cuts_requests_up),
		cmocka_unit_test(cuts_many_up),
		cmocka_unit_test(holds_the_disk),
		cmocka_unit_test(tells_of_failures),
		cmocka_unit_test(refuses_requests),
		cmocka_unit_test(shares_and_excludes),
		cmocka_unit_test(works_on_partitions),
		cmocka_unit_test(refuses_files),
		cmocka_unit_test(refuses_file_systems),
		cmocka_unit_test(refuses_deep_directories),
		cmocka_unit_test(gives_up),
		cmocka_unit_test(needs_memory),
		cmocka_unit_test(reads_the_superblock_once),
		cmocka_unit_test(survives_bad_reads),
		cmocka_unit_test(notices_damage),
	};

	return cmocka_run_group_tests_name("dom0_images", tests, set_up, tear_down);
}
