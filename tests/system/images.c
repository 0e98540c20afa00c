/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image file as a guest's disk: what the guest writes is in the file, and nowhere else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dom0.h"

#define DISK   TEST_LOGS "/images.fs"
#define BEFORE TEST_LOGS "/images-before.fs"
#define FOLDER TEST_LOGS "/images"
#define QUIET  " >" TEST_LOGS "/images.tools 2>&1"
#define TOOLS  "set -e; PATH=$PATH:/sbin:/usr/sbin; "

enum { BLOCK = 1024, BLOCKS = 48 * 1024, FILE_BLOCKS = 16 * 1024 };

static void shell(const char *command)
{
	int status = system(command);

	if (status)
		fail_msg("status %d: %s", status, command);
}

/* Blocks of 1 KiB, so that pages lie across pieces. Every other file is removed again to make room
 * for an image in pieces; the others are witnesses. */
static void make_disk(void)
{
	shell("rm -rf " FOLDER " && mkdir -p " FOLDER "/images");
	shell("for i in $(seq 20); do head -c 1101824 /dev/urandom >" FOLDER "/images/$i; done");
	shell(TOOLS "rm -f " DISK "; mke2fs -q -t ext4 -b 1024 -d " FOLDER " " DISK " 48M" QUIET);
	shell("head -c 16777216 /dev/urandom >" FOLDER "/disk");
	shell(TOOLS "{ for i in $(seq 1 2 19); do echo rm /images/$i; done; "
		    "echo write " FOLDER "/disk images/a.img; "
		    "echo symlink images/link a.img; } | debugfs -w -f - " DISK QUIET);
	shell(TOOLS "e2fsck -fn " DISK QUIET "; cp " DISK " " BEFORE);
}

/* The blocks of the image. */
static void list_blocks(bool own[BLOCKS])
{
	FILE *list = popen(TOOLS "debugfs -R 'blocks /images/a.img' " BEFORE " 2>/dev/null", "r");
	unsigned long block, last = 0, count = 0, pieces = 0;

	assert_non_null(list);
	while (fscanf(list, "%lu", &block) == 1) {
		assert_true(block < BLOCKS);
		own[block] = true;
		pieces += block != last + 1;
		last = block;
		count++;
	}
	pclose(list);
	assert_true(count >= FILE_BLOCKS && pieces > 4);
}

/* Returns how many blocks changed, all of them the image's. */
static unsigned int count_changes(void)
{
	static uint8_t before[BLOCK], after[BLOCK];
	static bool own[BLOCKS];
	FILE *old = fopen(BEFORE, "rb"), *new = fopen(DISK, "rb");
	unsigned int changes = 0;

	list_blocks(own);
	assert_true(old && new);
	for (unsigned int i = 0; i < BLOCKS; i++) {
		assert_int_equal(fread(before, BLOCK, 1, old), 1);
		assert_int_equal(fread(after, BLOCK, 1, new), 1);
		if (!memcmp(before, after, BLOCK))
			continue;
		if (!own[i])
			fail_msg("block %u is not the image's, but has changed", i);
		changes++;
	}
	fclose(old);
	fclose(new);
	return changes;
}

static void check_refusals(struct machine *machine)
{
	dom0_run_expecting(machine, "block-bench vda -w",
			   "^block-bench: disk vda is in use \\(by images", 60);
	dom0_run_expecting(machine, "block-bench vda:/images/a.img", "in use \\(written\\)", 60);
	dom0_run_expecting(machine, "block-sum vda:/images/none", "there is no file", 60);
	dom0_run_expecting(machine, "block-sum vda:/images/link", "name the file itself", 60);
	dom0_run_expecting(machine, "block-list blktest", "^xvda +51712 vda:/images/a.img +w ", 60);
	dom0_run_expecting(machine, "block-list-host", "^vda .* 1 image in use", 60);
}

/* The file that other tools see is what dom0 read: gzip's trailer has the same checksum. */
static void check_files(const char *sum)
{
	char expected[16] = "", command[300];
	FILE *crc;

	shell(TOOLS "debugfs -R 'dump /images/a.img " FOLDER "/after' " DISK QUIET);
	crc = popen("gzip -1c " FOLDER "/after | tail -c 8 | od -An -tx4 -N4", "r");
	assert_non_null(crc);
	assert_int_equal(fscanf(crc, "%8s", expected), 1);
	pclose(crc);
	assert_string_equal(sum, expected);
	for (unsigned int i = 2; i <= 20; i += 2) {
		snprintf(command, sizeof(command),
			 TOOLS "debugfs -R 'dump /images/%u " FOLDER "/witness' " DISK QUIET
			       "; cmp " FOLDER "/images/%u " FOLDER "/witness",
			 i, i);
		shell(command);
	}
}

static void test_image(void **state)
{
	static const char *const arguments[] = {"-drive", "file=" DISK ",format=raw,if=virtio",
						NULL};
	char sum[32];
	struct machine *machine;

	(void)state;
	make_disk();
	machine = dom0_up((struct machine_options){.name = "images", .arguments = arguments});
	dom0_create(machine, "blktest \"disk=['vda:/images/a.img,raw,xvda,w']\"");
	check_refusals(machine);
	dom0_expect_of(machine, "blktest", "^blktest: PASS", 600);
	dom0_run(machine, "destroy blktest", 60);
	dom0_type(machine, "block-sum vda:/images/a.img");
	machine_expect(machine, "32768 sectors from 0: CRC-32 ([0-9a-f]{8})", 600);
	snprintf(sum, sizeof(sum), "%s", machine_group(machine, 1));
	dom0_prompt(machine, 60);
	dom0_off(machine);
	shell(TOOLS "e2fsck -fn " DISK QUIET);
	assert_true(count_changes() > FILE_BLOCKS / 4);
	check_files(sum);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_image, machine_end_all),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("images", tests, NULL, NULL);
}
