/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests' disks: Linux with its own front end, plugging, and ends in the middle of transfers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dom0.h"

#define WRITTEN	  TEST_LOGS "/block-written.img"
#define READ_ONLY TEST_LOGS "/block-read-only.img"

enum { MIB = 1 << 20, WRITTEN_MIB = 256, READ_ONLY_MIB = 4, PLUGS = 100, DESTROYS = 4 };

/* Two disks: one to write, of which nothing is kept, and one of noise. */
static const char *const disks[] = {"-drive",  "file=" WRITTEN ",format=raw,if=none,id=d0",
				    "-device", "virtio-blk-pci,drive=d0",
				    "-drive",  "file=" READ_ONLY ",format=raw,if=none,id=d1",
				    "-device", "virtio-blk-pci,drive=d1",
				    NULL};

/* The same as NVMe: nvme0n1, nvme1n1. */
static const char *const nvme_disks[] = {"-drive",  "file=" WRITTEN ",format=raw,if=none,id=d0",
					 "-device", "nvme,serial=one,drive=d0",
					 "-drive",  "file=" READ_ONLY ",format=raw,if=none,id=d1",
					 "-device", "nvme,serial=two,drive=d1",
					 NULL};

static void make_images(void)
{
	static uint8_t noise[READ_ONLY_MIB * MIB];
	FILE *file = fopen(READ_ONLY, "wb");

	srand(11);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(rand() >> 5);
	assert_non_null(file);
	assert_int_equal(fwrite(noise, sizeof(noise), 1, file), 1);
	assert_int_equal(fclose(file), 0);
	file = fopen(WRITTEN, "wb");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(truncate(WRITTEN, (off_t)WRITTEN_MIB * MIB), 0);
}

static struct machine *up_with(const char *name, const char *const *arguments)
{
	make_images();
	return dom0_up((struct machine_options){.name = name, .arguments = arguments});
}

static struct machine *up(const char *name)
{
	return up_with(name, disks);
}

/* A line in the guest's shell, whose output must match. */
static void guest(struct machine *machine, const char *command, const char *pattern,
		  unsigned int seconds)
{
	machine_send(machine, command);
	machine_send(machine, "\r");
	machine_expect(machine, pattern, seconds);
	machine_expect(machine, "guest# ", 60);
}

static void enter_guest(struct machine *machine)
{
	dom0_console(machine, "disks");
	machine_expect(machine, "guest# ", 120);
}

#define SUM "md5sum </dev/xvda | sed 's/ .*//;s/^/sum=/'"

static void test_linux(void **state)
{
	struct machine *machine = up("block-linux");
	char sum[64];

	(void)state;
	dom0_create(machine, "disks");
	enter_guest(machine);
	guest(machine, "md5sum </dev/xvdb; md5sum </dev/xvdb", "^([0-9a-f]{32})  -", 60);
	guest(machine, "cat /sys/block/xvdb/ro; echo x >/dev/xvdb && echo written",
	      "xvdb: (Permission|Operation|Read-only)|not permitted", 60);
	/* The noise again and again, each time from another place on. */
	guest(machine,
	      "for i in $(seq 0 63); do dd if=/dev/xvdb of=/dev/xvda bs=64k skip=$i "
	      "seek=$((i * 64)) 2>/dev/null || break; done; sync; echo written=$i,$?",
	      "^written=63,0", 600);
	guest(machine, SUM, "^sum=([0-9a-f]{32})", 600);
	snprintf(sum, sizeof(sum), "^sum=%s", machine_group(machine, 1));
	machine_send(machine, "reboot\r");
	dom0_prompt(machine, 60);
	for (int tries = 0; !dom0_lists(machine, "disks"); tries++)
		assert_true(tries < 60);
	enter_guest(machine);
	guest(machine, SUM, sum, 600);
	guest(machine, "blkdiscard -o 1048576 -l 1048576 /dev/xvda; echo discarded=$?",
	      "^discarded=0", 60);
	dom0_leave_console(machine);
	dom0_run_expecting(machine, "block-list disks", "^xvda +51712 vda +w +Connected", 60);
	dom0_run_expecting(machine, "block-list disks", "^xvdb +51728 vdb +r +Connected", 60);
	dom0_run(machine, "destroy disks", 60);
	dom0_off(machine);
}

/* Plugged in and out under a running guest, which reads the disk each time. */
static void test_plugging(void **state)
{
	struct machine *machine = up("block-plugging");
	unsigned long before = 0;

	(void)state;
	dom0_create(machine, "disks");
	enter_guest(machine);
	machine_send(machine, "sum=$(md5sum </dev/xvdb); while :; do [ -b /dev/xvdc ] && "
			      "md5sum </dev/xvdc 2>/dev/null | grep -q \"$sum\" && echo same; "
			      "usleep 20000; done\r");
	dom0_leave_console(machine);
	dom0_run(machine, "block-detach disks xvda", 60);
	for (int i = 0; i < PLUGS; i++) {
		dom0_run_expecting(machine, "block-attach disks phy:vdb,xvdc,r",
				   "^attached xvdc to disks", 60);
		if (i % 10 == 0) {
			dom0_console(machine, "disks");
			machine_expect(machine, "^same", 60);
			dom0_leave_console(machine);
		}
		dom0_run_expecting(machine, "block-detach disks xvdc", "^detached xvdc from disks",
				   60);
		if (i == 1) /* what the first ones made dom0 and the hypervisor allocate stays */
			before = dom0_info(machine, "free_pages");
	}
	dom0_audit(machine);
	dom0_expect_free_pages(machine, before);
	dom0_run_expecting(machine, "block-list disks", "^1 disks? of disks", 60);
	dom0_run_expecting(machine, "block-detach disks xvdc", "no disk xvdc", 60);
	dom0_run_expecting(machine, "block-attach disks phy:vdb,xvdc,w", "in use", 60);
	dom0_run_expecting(machine, "block-attach disks phy:nothing,xvdc,w", "no disk", 60);
	dom0_run_expecting(machine, "block-attach disks file:/x,xvdc,w", "is missing", 60);
	dom0_run(machine, "destroy disks", 60);
	dom0_off(machine);
}

/* Destroyed, and unplugged by force, while requests are under way. */
static void test_in_transfer(void **state)
{
	struct machine *machine = up("block-transfer");
	unsigned long before = 0;

	(void)state;
	for (int i = 0; i < DESTROYS; i++) {
		dom0_create(machine, "disks");
		enter_guest(machine);
		machine_send(machine,
			     "while dd if=/dev/zero of=/dev/xvda bs=1M count=200 oflag=direct; do "
			     ":; done & while dd if=/dev/xvdb of=/dev/null bs=64k iflag=direct; do "
			     ":; done &\r");
		machine_expect(machine, "records", 60);
		dom0_leave_console(machine);
		if (i % 2)
			dom0_run(machine, "block-detach disks xvda -f", 60);
		dom0_run(machine, "destroy disks", 60);
		dom0_audit(machine);
		if (i == 0)
			before = dom0_info(machine, "free_pages");
	}
	dom0_expect_free_pages(machine, before);
	dom0_off(machine);
}

/* The SDK's front end; then one that breaks the protocol, and ends with requests under way. */
static void test_sdk(void **state)
{
	struct machine *machine = up("block-sdk");

	(void)state;
	dom0_create(machine, "blktest");
	dom0_expect_of(machine, "blktest", "^blktest: PASS", 180);
	dom0_run(machine, "destroy blktest", 60);
	dom0_create(machine, "blktorture");
	dom0_expect_of(machine, "blktorture", "^blktorture: PASS", 180);
	dom0_run(machine, "destroy blktorture", 60);
	dom0_audit(machine);
	for (int i = 0; i < 5; i++) {
		dom0_create(machine, "blktorture extra=vanish");
		dom0_wait_gone(machine, "blktorture", 60);
	}
	dom0_create(machine, "blktest");
	dom0_expect_of(machine, "blktest", "^blktest: PASS", 180);
	dom0_run(machine, "destroy blktest", 60);
	dom0_off(machine);
}

/* The same on NVMe: the SDK's front end and the torture, then Linux, destroyed in mid-transfer. */
static void test_nvme(void **state)
{
	struct machine *machine = up_with("block-nvme", nvme_disks);

	(void)state;
	dom0_create(machine, "blktest \"disk=['phy:nvme0n1,xvda,w']\"");
	dom0_expect_of(machine, "blktest", "^blktest: PASS", 600);
	dom0_run(machine, "destroy blktest", 60);
	dom0_create(machine, "blktorture \"disk=['phy:nvme0n1,xvda,w']\"");
	dom0_expect_of(machine, "blktorture", "^blktorture: PASS", 600);
	dom0_run(machine, "destroy blktorture", 60);
	dom0_create(machine, "disks \"disk=['phy:nvme0n1,xvda,w','phy:nvme1n1,xvdb,r']\"");
	enter_guest(machine);
	guest(machine, "dd if=/dev/xvdb of=/dev/xvda bs=64k conv=fsync; echo written=$?",
	      "^written=0", 600);
	guest(machine, "echo 3 >/proc/sys/vm/drop_caches; md5sum </dev/xvdb", "^([0-9a-f]{32})  -",
	      60);
	machine_send(machine, "sum=$(md5sum </dev/xvdb)\r");
	guest(machine,
	      "head -c $(blockdev --getsize64 /dev/xvdb) /dev/xvda | md5sum | "
	      "grep -q \"$sum\" && echo the same $((6 * 7))",
	      "the same 42", 600);
	machine_send(machine, "while dd if=/dev/zero of=/dev/xvda bs=1M count=200 oflag=direct; do "
			      ":; done &\r");
	machine_expect(machine, "records", 60);
	dom0_leave_console(machine);
	dom0_run(machine, "destroy disks", 60);
	dom0_off(machine);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_linux, machine_end_all),
		cmocka_unit_test_teardown(test_sdk, machine_end_all),
		cmocka_unit_test_teardown(test_nvme, machine_end_all),
		cmocka_unit_test_teardown(test_plugging, machine_end_all),
		cmocka_unit_test_teardown(test_in_transfer, machine_end_all),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("block", tests, NULL, NULL);
}
