/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dom0's drivers: what the prompt says of disks and cards, and the drivers alone, as a guest in
 * dom0's place that writes its disks all over, on QEMU's devices old and new.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dom0.h"

enum { IMAGE_BYTES = 16 << 20, SECTOR = 512, SLOTS = 128, SLOT = 128, HEADER = 92 };

static uint8_t image[IMAGE_BYTES];

static void save(const char *name)
{
	FILE *file = fopen(name, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(image, 1, sizeof(image), file), sizeof(image));
	assert_int_equal(fclose(file), 0);
}

static void load(const char *name)
{
	FILE *file = fopen(name, "rb");

	assert_non_null(file);
	assert_int_equal(fread(image, 1, sizeof(image), file), sizeof(image));
	fclose(file);
}

/* CRC-32, bit by bit: as zlib's. */
static uint32_t crc(const uint8_t *bytes, size_t size)
{
	uint32_t sum = ~0u;

	while (size--) {
		sum ^= *bytes++;
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
	}
	return ~sum;
}

/* --- partition tables --- */

struct partition {
	const char *label;
	uint64_t first, last; /* blocks */
};

static void put(uint8_t *at, uint64_t value, unsigned int bytes)
{
	memcpy(at, &value, bytes);
}

static void put_header(uint32_t block, uint64_t at, uint64_t other, uint64_t entries)
{
	uint64_t blocks = IMAGE_BYTES / block, table = SLOTS * SLOT / block;
	uint8_t *h = image + at * block;

	memset(h, 0, block);
	memcpy(h, "EFI PART", 8);
	put(h + 8, 0x10000, 4);
	put(h + 12, HEADER, 4);
	put(h + 24, at, 8);
	put(h + 32, other, 8);
	put(h + 40, 2 + table, 8);
	put(h + 48, blocks - 2 - table, 8);
	put(h + 72, entries, 8);
	put(h + 80, SLOTS, 4);
	put(h + 84, SLOT, 4);
	put(h + 88, crc(image + entries * block, SLOTS * SLOT), 4);
	put(h + 16, crc(h, HEADER), 4);
}

static void put_entry(uint8_t *entry, unsigned int number, const struct partition *partition)
{
	memset(entry, 0x11, 16);
	memset(entry + 16, (int)number, 16);
	put(entry + 32, partition->first, 8);
	put(entry + 40, partition->last, 8);
	for (size_t i = 0; partition->label[i]; i++)
		entry[56 + 2 * i] = (uint8_t)partition->label[i];
}

/* A disk full of noise, with these partitions. */
static void make_image(uint32_t block, const struct partition *partitions, unsigned int count)
{
	uint64_t last = IMAGE_BYTES / block - 1, table = SLOTS * SLOT / block;

	srand(7);
	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)(rand() >> 7);
	memset(image, 0, SECTOR);
	image[446 + 4] = 0xee;
	put(image + 510, 0xaa55, 2);
	memset(image + 2 * block, 0, SLOTS * SLOT);
	for (unsigned int i = 0; i < count; i++)
		put_entry(image + 2 * block + i * SLOT, i + 1, &partitions[i]);
	memcpy(image + (last - table) * block, image + 2 * block, SLOTS * SLOT);
	put_header(block, 1, last, 2);
	put_header(block, last, 1, last - table);
}

static void expect_sum(struct machine *machine, const char *disk, const char *name, uint64_t first,
		       uint64_t bytes)
{
	char command[80], pattern[120];

	snprintf(command, sizeof(command), "block-sum %s", disk);
	snprintf(pattern, sizeof(pattern), "^%s: [0-9]+ sectors from 0: CRC-32 %08x\r?\n", name,
		 crc(image + first, bytes));
	dom0_run_expecting(machine, command, pattern, 60);
}

/* --- dom0 --- */

#define IMAGE TEST_LOGS "/devices.img"
#define DRIVE "if=none,id=disk,format=raw,file=" IMAGE

static const struct partition two[] = {{"alpha", 2048, 4095}, {"my root", 4096, 20479}};

static void test_virtio(void **state)
{
	static const char *const arguments[] = {
		"-boot",   "d",
		"-drive",  DRIVE,
		"-device", "virtio-blk-pci,drive=disk",
		"-netdev", "user,id=net",
		"-device", "virtio-net-pci,netdev=net,mac=52:54:00:aa:bb:cc",
		NULL,
	};
	struct machine *machine;

	(void)state;
	make_image(SECTOR, two, 2);
	save(IMAGE);
	machine =
		dom0_up((struct machine_options){.name = "devices-virtio", .arguments = arguments});
	dom0_type(machine, "block-list-host");
	machine_expect(machine, "^vda +16 MiB +512 wfd +virtio +GPT", 30);
	machine_expect(machine, "^vda1 +1024 KiB +512 wfd +partition +alpha", 30);
	machine_expect(machine, "^vda2 +8192 KiB +512 wfd +partition +my root", 30);
	machine_expect(machine, "^1 disk, 2 partitions", 30);
	dom0_prompt(machine, 30);
	expect_sum(machine, "vda", "vda", 0, IMAGE_BYTES);
	expect_sum(machine, "/dev/vda1", "vda1", 2048 * SECTOR, 2048 * SECTOR);
	expect_sum(machine, "'PARTLABEL=my root'", "vda2", 4096 * SECTOR, 16384 * SECTOR);
	dom0_run_expecting(machine, "block-sum vda 32760 9",
			   "^block-sum: \"9\": expected sectors up to the disk's end", 30);
	dom0_run_expecting(machine, "block-sum vdb", "^block-sum: there is no disk \"vdb\"", 30);
	dom0_run_expecting(machine, "net-list-host", "^eth0 +52:54:00:aa:bb:cc +1500 +up +virtio ",
			   30);
	dom0_off(machine);
}

/* Blocks of 4 KiB, and a first copy of the table that is damaged. */
static void test_nvme(void **state)
{
	static const struct partition one[] = {{"four", 256, 511}};
	static const char *const arguments[] = {
		"-boot",
		"d",
		"-drive",
		DRIVE,
		"-device",
		"nvme,drive=disk,serial=x,logical_block_size=4096,physical_block_size=4096",
		NULL,
	};
	struct machine *machine;

	(void)state;
	make_image(4096, one, 1);
	image[4096 + 60] ^= 1;
	save(IMAGE);
	machine = dom0_up((struct machine_options){.name = "devices-nvme", .arguments = arguments});
	assert_int_equal(machine_count(machine,
				       "^disk nvme0n1: the GPT header in block 1 has a wrong "
				       "checksum; the table at its end is good"),
			 1);
	dom0_type(machine, "block-list-host");
	machine_expect(machine, "^nvme0n1 +16 MiB +4096 wfd +NVMe +GPT \\(from its copy", 30);
	machine_expect(machine, "^nvme0n1p1 +1024 KiB +4096 wfd +partition +four", 30);
	dom0_prompt(machine, 30);
	expect_sum(machine, "nvme0n1", "nvme0n1", 0, IMAGE_BYTES);
	expect_sum(machine, "PARTLABEL=four", "nvme0n1p1", 256 * 4096, 256 * 4096);
	dom0_off(machine);
}

/* Nothing else asks anything of the disk by then: what QEMU says is of the flush. */
static void test_flush_at_the_end(void **state)
{
	static const char *const arguments[] = {
		"-boot",   "d",
		"-drive",  DRIVE,
		"-device", "virtio-blk-pci,drive=disk",
		"-trace",  "virtio_blk_req_complete",
		NULL,
	};
	struct machine *machine;

	(void)state;
	make_image(SECTOR, two, 2);
	save(IMAGE);
	machine =
		dom0_up((struct machine_options){.name = "devices-flush", .arguments = arguments});
	dom0_type(machine, "poweroff");
	machine_expect(machine, "^virtio_blk_req_complete .* status 0", 30);
	machine_expect(machine, "^powering off", 30);
	machine_wait_off(machine, 30);
	machine_end(machine);
}

/* --- the drivers alone --- */

struct setting {
	const char *name;
	const char *type; /* of the machine */
	const char *disk, *card;
	const char *lines[2]; /* that the guest says of its devices */
};

static struct setting settings[] = {
	{"devices-modern",
	 "pc",
	 "virtio-blk-pci,drive=disk",
	 "virtio-net-pci,netdev=net",
	 {"vda, virtio, 32768 sectors, blocks of 512", "eth0, virtio"}},
	{"devices-legacy",
	 "pc",
	 "virtio-blk-pci,drive=disk,disable-modern=on,disable-legacy=off",
	 "virtio-net-pci,netdev=net,disable-modern=on,disable-legacy=off",
	 {"vda, virtio \\(legacy\\)", "eth0, virtio \\(legacy\\)"}},
	/* On this machine, devices 4 and 8 share a line. */
	{"devices-legacy-line",
	 "pc",
	 "virtio-blk-pci,drive=disk,disable-modern=on,disable-legacy=off,vectors=0,addr=4,"
	 "indirect_desc=off",
	 "virtio-net-pci,netdev=net,disable-modern=on,disable-legacy=off,vectors=0,addr=8",
	 {"vda, virtio \\(legacy\\)", "eth0, virtio \\(legacy\\)"}},
	{"devices-modern-line",
	 "q35",
	 "virtio-blk-pci,drive=disk,vectors=0,indirect_desc=off,logical_block_size=4096,"
	 "physical_block_size=4096",
	 "virtio-net-pci,netdev=net,vectors=0",
	 {"vda, virtio, 32768 sectors, blocks of 4096", "eth0, virtio"}},
	{"devices-nvme-alone",
	 "q35",
	 "nvme,drive=disk,serial=x",
	 "virtio-net-pci,netdev=net",
	 {"nvme0n1, NVMe, 32768 sectors, blocks of 512", "eth0, virtio"}},
	{"devices-e1000",
	 "pc",
	 "virtio-blk-pci,drive=disk,vectors=0,addr=4",
	 "e1000,netdev=net,addr=8",
	 {"vda, virtio, 32768 sectors", "eth0, e1000"}},
	{"devices-nvme-4k",
	 "pc",
	 "nvme,drive=disk,serial=x,logical_block_size=4096,physical_block_size=4096,mdts=2",
	 "virtio-net-pci,netdev=net",
	 {"nvme0n1, NVMe, 32768 sectors, blocks of 4096", "eth0, virtio"}},
};

enum { NR_SETTINGS = sizeof(settings) / sizeof(settings[0]), AREA = 8192, ROUND = 3 };

/* What the guest wrote last into each sector of the disk's first half. */
static void check_image(void)
{
	load(IMAGE);
	for (uint64_t sector = 0; sector < AREA; sector++) {
		uint64_t words[SECTOR / 8];

		memcpy(words, image + sector * SECTOR, SECTOR);
		for (uint64_t w = 0; w < SECTOR / 8; w++)
			assert_int_equal(words[w], sector << 32 | ROUND << 16 | w);
	}
}

static void test_setting(void **state)
{
	const struct setting *setting = *state;
	const char *arguments[] = {"-boot",   "d",	     "-drive",	DRIVE,
				   "-device", setting->disk, "-netdev", "user,id=net",
				   "-device", setting->card, NULL};
	struct machine_options options = {
		.name = setting->name,
		.image = TEST_DRIVERS_ISO,
		.type = setting->type,
		.arguments = arguments,
	};
	struct machine *machine;

	memset(image, 0, sizeof(image));
	save(IMAGE);
	machine = machine_boot(&options);
	for (int i = 0; i < 2; i++) {
		char pattern[100];

		snprintf(pattern, sizeof(pattern), "^drivers: %s", setting->lines[i]);
		machine_expect(machine, pattern, 90);
	}
	machine_expect(machine, "^drivers: PASS, [0-9]+ checks", 90);
	machine_wait_off(machine, 30);
	machine_end(machine);
	check_image();
}

/* A sector of the disk's file cannot be read, and what is written cannot be made durable. */
#define STRING(x) #x
#define NUMBER(x) STRING(x)
#define BAD_IMAGE                                                                                   \
	"{\"driver\":\"blkdebug\",\"node-name\":\"disk\","                                          \
	"\"image\":{\"driver\":\"file\",\"filename\":\"" IMAGE "\"},"                               \
	"\"inject-error\":[{\"event\":\"none\",\"iotype\":\"read\",\"errno\":5,\"sector\":" NUMBER( \
		TEST_BAD_SECTOR) "},"                                                               \
				 "{\"event\":\"none\",\"iotype\":\"flush\",\"errno\":5}]}"

static const char *const bad_disks[] = {
	"virtio-blk-pci,drive=disk,request-merging=off",
	"nvme,drive=disk,serial=x",
};

static void test_bad_sector(void **state)
{
	const char *arguments[] = {
		"-boot", "d", "-blockdev", BAD_IMAGE, "-device", *(const char **)*state, NULL};
	struct machine_options options = {
		.name = "devices-bad",
		.image = TEST_BAD_ISO,
		.arguments = arguments,
	};
	struct machine *machine;

	memset(image, 0, sizeof(image));
	save(IMAGE);
	machine = machine_boot(&options);
	machine_expect(machine, "^drivers: PASS, [0-9]+ checks", 90);
	machine_end(machine);
}

int main(void)
{
	struct CMUnitTest tests[3 + NR_SETTINGS + 2] = {
		cmocka_unit_test_teardown(test_virtio, machine_end_all),
		cmocka_unit_test_teardown(test_nvme, machine_end_all),
		cmocka_unit_test_teardown(test_flush_at_the_end, machine_end_all),
	};
	struct CMUnitTest *next = tests + 3;

	for (int i = 0; i < NR_SETTINGS; i++)
		*next++ = (struct CMUnitTest){settings[i].name, test_setting, NULL, machine_end_all,
					      &settings[i]};
	for (int i = 0; i < 2; i++)
		*next++ = (struct CMUnitTest){bad_disks[i], test_bad_sector, NULL, machine_end_all,
					      (void *)&bad_disks[i]};
	return cmocka_run_group_tests_name("devices", tests, NULL, NULL);
}
