/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine loses its power while Linux writes files to an ext4 on its disk, each with fsync, and
 * says on its console which are safe. Whatever the disk has of it afterwards, the file system must
 * be sound once its journal was replayed, and hold those files.
 *
 * QEMU is killed. That loses what only guest, dom0 and QEMU know; but what was handed to the host
 * stays in the host's memory, flushed or not. So QEMU notes writes and flushes in order, and the
 * disk is made anew from that as one with a cache that lost its contents (writelog.h): as it was
 * when QEMU was killed, and at moments before.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dom0.h"
#include "writelog.h"

#define BASE  TEST_LOGS "/powercut-base.img" /* the file system, empty */
#define IMAGE TEST_LOGS "/powercut.img"
#define LOG   TEST_LOGS "/powercut.writes"
#define FILES TEST_LOGS "/powercut.files"
#define FSCK  "PATH=$PATH:/sbin:/usr/sbin; e2fsck"
#define QUIET " >>" TEST_LOGS "/powercut.fsck 2>&1"

enum {
	FILES_MAX = 1000,
	FILES_AT_KILL = 60,
	EARLIER_CUTS = 6,
	UNSURE = 40, /* entries at the log's end that QEMU may not have written in full */
};

static struct {
	char sum[33];		/* of its contents; "" if it was not seen to be safe */
	unsigned long recorded; /* entries of the log that make it safe, and maybe more */
} files[FILES_MAX];

static void shell(const char *command)
{
	int status = system(command);

	if (status)
		fail_msg("status %d: %s", status, command);
}

static void make_disk(void)
{
	memset(files, 0, sizeof(files));
	unlink(BASE);
	unlink(LOG);
	unlink(TEST_LOGS "/powercut.fsck");
	shell("for file in " BASE ":96M " LOG ":4G; do truncate -s ${file#*:} ${file%:*}; done");
	shell("PATH=$PATH:/sbin:/usr/sbin; mke2fs -q -t ext4 -b 4096 -F " BASE QUIET);
	shell("cp --sparse=always " BASE " " IMAGE);
}

static struct machine *up(const char *name, const char *device, bool logged)
{
	const char *const arguments[] = {
		"-blockdev",
		"driver=file,filename=" IMAGE ",node-name=file",
		"-blockdev",
		logged ? "driver=file,filename=" LOG ",node-name=log"
		       : "driver=null-co,node-name=none",
		"-blockdev",
		logged ? "driver=blklogwrites,file=file,log=log,node-name=d0"
		       : "driver=raw,file=file,node-name=d0",
		"-device",
		device,
		NULL,
	};

	return dom0_up((struct machine_options){.name = name, .arguments = arguments});
}

/* Linux with the file system at /mnt. */
static void enter_guest(struct machine *machine, const char *disk)
{
	dom0_create(machine, "powercut \"disk=['phy:%s,xvda,w']\"", disk);
	dom0_console(machine, "powercut");
	machine_expect(machine, "guest# ", 600);
	machine_send(machine,
		     "while read -r m; do insmod /lib/$m; done </lib/modules 2>/dev/null; "
		     "mkdir /mnt; mount -t ext4 /dev/xvda /mnt && echo mounted $((6*7))\r");
	machine_expect(machine, "^mounted 42", 600);
	machine_expect(machine, "guest# ", 60);
}

/* --- until the power fails ----------------------------------------------------------------------
 */

/* Files of 1 to 200 KiB that are safe before they are named; others, that nobody waits for,
 * between them. */
static void write_files(struct machine *machine)
{
	unsigned int count = 0;

	machine_send(machine,
		     "while :; do dd if=/dev/zero of=/mnt/noise bs=64k count=32; usleep 300000; "
		     "done 2>/dev/null & i=0; while :; do i=$((i+1)); dd if=/dev/urandom "
		     "of=/mnt/f$i bs=1k count=$((i*37%200+1)) conv=fsync 2>/dev/null && "
		     "echo safe=$i=$(md5sum </mnt/f$i); done\r");
	while (count < FILES_AT_KILL) {
		machine_expect(machine, "^safe=([0-9]+)=([0-9a-f]{32}) ", 600);
		count = (unsigned int)machine_number(machine, 1);
		assert_true(count < FILES_MAX);
		strcpy(files[count].sum, machine_group(machine, 2));
		files[count].recorded = writelog_entries(LOG);
	}
}

/* --- what is left -------------------------------------------------------------------------------
 */

static bool is_safe(unsigned int number, unsigned long cut)
{
	return files[number].sum[0] && files[number].recorded <= cut;
}

static unsigned int count_safe(unsigned long cut)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < FILES_MAX; i++)
		count += is_safe(i, cut);
	return count;
}

/* On the host: replay, which may also deal with files that were being deleted; then nothing may be
 * wrong any more. */
static void check_image(void)
{
	shell(FSCK " -f -p " IMAGE QUIET "; [ $? -le 1 ]");
	shell(FSCK " -f -n " IMAGE QUIET);
}

static void check_file(unsigned int number)
{
	char command[200], sum[40] = "";
	FILE *output;

	snprintf(command, sizeof(command), "md5sum <" FILES "/f%u", number);
	output = popen(command, "r");
	assert_non_null(output);
	assert_non_null(fgets(sum, 33, output));
	pclose(output);
	if (strcmp(sum, files[number].sum))
		fail_msg("f%u was safe, and is another", number);
}

static void check_files(unsigned long cut)
{
	shell("rm -rf " FILES "; mkdir " FILES
	      "; PATH=$PATH:/sbin:/usr/sbin; debugfs -R 'rdump / " FILES "' " IMAGE QUIET);
	for (unsigned int i = 0; i < FILES_MAX; i++)
		if (is_safe(i, cut))
			check_file(i);
}

static void make_cut(unsigned long cut)
{
	shell("cp --sparse=always " BASE " " IMAGE);
	writelog_cut(LOG, IMAGE, cut);
}

static void check_earlier_cuts(unsigned long entries)
{
	for (unsigned int i = 1; i <= EARLIER_CUTS; i++) {
		unsigned long cut = writelog_flushed(LOG, entries * i / (EARLIER_CUTS + 1));

		make_cut(cut);
		check_image();
		check_files(cut);
		printf("a cut behind entry %lu of %lu: %u files are there\n", cut, entries,
		       count_safe(cut));
	}
}

/* The machine boots again, with what is left. */
static void check_in_guest(const char *name, const char *device, const char *disk,
			   unsigned long cut)
{
	struct machine *machine = up(name, device, false);
	char command[80], pattern[80];

	enter_guest(machine, disk);
	for (unsigned int i = 0; i < FILES_MAX; i++) {
		if (!is_safe(i, cut))
			continue;
		snprintf(command, sizeof(command), "md5sum </mnt/f%u\r", i);
		snprintf(pattern, sizeof(pattern), "^%.32s ", files[i].sum);
		machine_send(machine, command);
		machine_expect(machine, pattern, 60);
	}
	machine_send(machine, "umount /mnt && echo unmounted $((6*7))\r");
	machine_expect(machine, "^unmounted 42", 600);
	machine_expect(machine, "guest# ", 60);
	dom0_leave_console(machine);
	dom0_run(machine, "destroy powercut", 60);
	dom0_off(machine);
	shell(FSCK " -f -n " IMAGE QUIET);
}

/* Returns the last moment that the log tells for certain: entries of it. */
static unsigned long cut_power(const char *name, const char *device, const char *disk)
{
	struct machine *machine;
	unsigned long entries;

	make_disk();
	machine = up(name, device, true);
	enter_guest(machine, disk);
	write_files(machine);
	machine_kill(machine);
	check_image(); /* as QEMU left it */
	check_files(ULONG_MAX);
	entries = writelog_entries(LOG);
	assert_true(entries > UNSURE);
	entries -= UNSURE;
	check_earlier_cuts(entries);
	return writelog_flushed(LOG, entries);
}

static void test_virtio(void **state)
{
	const char *device = "virtio-blk-pci,drive=d0";
	unsigned long cut = cut_power("powercut-virtio", device, "vda");

	(void)state;
	make_cut(cut);
	check_in_guest("powercut-again", device, "vda", cut);
	assert_true(count_safe(cut) > FILES_AT_KILL / 2);
}

static void test_nvme(void **state)
{
	(void)state;
	cut_power("powercut-nvme", "nvme,serial=one,drive=d0", "nvme0n1");
	shell("rm -rf " BASE " " IMAGE " " LOG " " FILES);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_virtio, machine_end_all),
		cmocka_unit_test_teardown(test_nvme, machine_end_all),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("powercut", tests, NULL, NULL);
}
