/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include "config/guest.h"

static struct guest_config config;
static struct problem problem;

static int read_text(const char *text)
{
	struct config_source source = {"test.cfg", text, strlen(text), 0, 1};

	problem.text[0] = '\0';
	guest_config_init(&config);
	return guest_config_read(&config, &source, &problem);
}

static void accepts_a_whole_file(void **state)
{
	(void)state;
	assert_int_equal(read_text("# a guest\n"
				   "name = \"web-1\"\n"
				   "kernel='vmlinuz' ; ramdisk = \"initrd.gz\"\n"
				   "\textra = \"console=hvc0 quiet\" # comment\r\n"
				   "root = \"/dev/ram\"\n"
				   "memory = 0x100\nmaxmem = 512\nvcpus = 2\nmaxvcpus=4\n"
				   "cpus = [ \"0\",\n 1, # second\n \"^0,2-3\" ]\n"
				   "cpu_weight = 512\ncap = 50\n"
				   "on_crash = 'preserve'\non_reboot=\"rename-restart\"\n"
				   "type = \"pv\"\nbuilder='linux'\npae = 1\n"
				   "uuid = \"00112233-4455-6677-8899-aabbccddeeff\"\n"),
			 0);
	assert_int_equal(guest_config_finish(&config, &problem), 0);
	assert_string_equal(config.name, "web-1");
	assert_string_equal(config.kernel, "vmlinuz");
	assert_string_equal(config.ramdisk, "initrd.gz");
	assert_string_equal(config.cmdline, "root=/dev/ram console=hvc0 quiet");
	assert_int_equal(config.memory, 256);
	assert_int_equal(config.maxmem, 512);
	assert_int_equal(config.vcpus, 2);
	assert_int_equal(config.maxvcpus, 4);
	assert_int_equal(config.affinity[0], 1);
	assert_int_equal(config.affinity[1], 2);
	assert_int_equal(config.affinity[2], 0xc);
	assert_int_equal(config.affinity[3], 0);
	assert_int_equal(config.weight, 512);
	assert_int_equal(config.cap, 50);
	assert_int_equal(config.on_crash, ACTION_PRESERVE);
	assert_int_equal(config.on_reboot, ACTION_RENAME_RESTART);
	assert_int_equal(config.uuid[15], 0xff);
}

static void own_cmdline_wins(void **state)
{
	(void)state;
	assert_int_equal(read_text("name='a';kernel='k';cmdline='x';extra='y'"), 0);
	assert_int_equal(guest_config_finish(&config, &problem), 0);
	assert_string_equal(config.cmdline, "x");
	assert_int_equal(config.memory, 64);
	assert_int_equal(config.vcpus, 1);
	assert_int_equal(config.maxmem, 64);
}

static void mistakes_name_their_line(void **state)
{
	static const struct {
		const char *text, *problem;
	} mistakes[] = {
		{"name='a'\nvnc = 1\n", "test.cfg:2: vnc: unknown key"},
		{"name='a'\n\n  = 1\n", "test.cfg:3: expected a key"},
		{"memory 3", "test.cfg:1: expected ="},
		{"memory = ", "test.cfg:1: expected a value"},
		{"memory = 12x", "test.cfg:1: expected a value"},
		{"memory = 99999999999999999999999", "test.cfg:1: expected a value"},
		{"memory = 0", "test.cfg:1: memory: expected a number from 1"},
		{"memory = \"64\"", "test.cfg:1: memory: expected a number"},
		{"name = \"x\n", "test.cfg:1: a string lacks"},
		{"name = 'x' 'y'", "test.cfg:1: something follows"},
		{"name = 7", "test.cfg:1: name: expected a name"},
		{"name = '7'", "test.cfg:1: name: expected a name"},
		{"name = 'a b'", "test.cfg:1: name: expected a name"},
		{"kernel = [ 'x' ]", "test.cfg:1: kernel: expected a \"string\""},
		{"cpus = [ '0',\n'x' 'y' ]", "test.cfg:2: a list's items"},
		{"cpus = [ '0'", "test.cfg:1: a list's items"},
		{"cpus = 'a'", "test.cfg:1: cpus: expected CPUs"},
		{"cpus = '^1'", "test.cfg:1: cpus: expected CPUs"},
		{"cpus = '3-1'", "test.cfg:1: cpus: expected CPUs"},
		{"cpus = '64'", "test.cfg:1: cpus: expected CPUs"},
		{"on_crash = 'explode'", "test.cfg:1: on_crash: expected destroy"},
		{"type = 'hvm'", "test.cfg:1: type: only paravirtualized"},
		{"uuid = '12'", "test.cfg:1: uuid: expected 32"},
		{"vcpus = 33", "test.cfg:1: vcpus: expected a number from 1 to 32"},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		assert_int_equal(read_text(mistakes[i].text), -XEN_EINVAL);
		if (strncmp(problem.text, mistakes[i].problem, strlen(mistakes[i].problem)))
			fail_msg("%s: got \"%s\"", mistakes[i].text, problem.text);
	}
}

/* As xl has them. */
static void accepts_disks(void **state)
{
	static const struct {
		const char *text, *target, *vdev;
		unsigned int number;
		bool write;
	} good[] = {
		{"phy:vda,xvda,w", "vda", "xvda", 51712, true},
		{"phy:debian,xvda1,r", "debian", "xvda1", 51713, false},
		{"phy:PARTLABEL=debian,xvdb", "PARTLABEL=debian", "xvdb", 51728, true},
		{"vda,raw,xvdc,rw", "vda", "xvdc", 51744, true},
		{"/dev/vda2,,xvdp15,ro", "/dev/vda2", "xvdp15", 51967, false},
		{" vda , raw , xvdc , r ", "vda", "xvdc", 51744, false},
		{"vdev=xvda, access=r, target=vda1", "vda1", "xvda", 51712, false},
		{"format=raw,vdev=xvdq,backendtype=phy,target=/dev/disk/by-partlabel/a,b=c",
		 "/dev/disk/by-partlabel/a,b=c", "xvdq", 0x10001000, true},
		{"vda,vdev=xvda16,access=rw,devtype=disk", "vda", "xvda16", 0x10000010, true},
		{"raw:nvme0n1p2,xvdaa,mode=ro", "nvme0n1p2", "xvdaa", 0x10001a00, false},
	};
	char line[200];

	(void)state;
	for (unsigned int i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(line, sizeof(line), "disk = [ 'phy:x,xvdz,r', '%s' ]", good[i].text);
		if (read_text(line))
			fail_msg("%s: %s", line, problem.text);
		assert_int_equal(config.disks, 2);
		assert_string_equal(config.disk[1].target, good[i].target);
		assert_string_equal(config.disk[1].vdev, good[i].vdev);
		assert_int_equal(config.disk[1].number, good[i].number);
		assert_int_equal(config.disk[1].write, good[i].write);
	}
}

static void refuses_bad_disks(void **state)
{
	static const struct {
		const char *text, *problem;
	} bad[] = {
		{"", "the name of the disk is missing"},
		{"vda", "no vdev is named"},
		{"target=vda,vdev=xvda", "target= takes all that follows"},
		{"vda,xvda,w",
		 "only format=raw is offered: an image file is DISK:/PATH, and raw, not \"xvda\""},
		{"vdev=xvda", "no target is named"},
		{"phy:,xvda,w", "the name of the disk is missing"},
		{"phy:vda,hda,w", "expected vdev=xvda"},
		{"phy:vda,xvd,w", "expected vdev=xvda"},
		{"phy:vda,xvda01,w", "expected vdev=xvda"},
		{"phy:vda,xvda256,w", "expected vdev=xvda"},
		{"phy:vda,xvdzzzzzzz,w", "expected vdev=xvda"},
		{"phy:vda,xvda:cdrom,r", "expected vdev=xvda"},
		{"phy:vda,xvda,x", "expected access r, ro, w or rw"},
		{"phy:vda,xvda,w,more", "nothing is expected behind"},
		{"vda,qcow2,xvda,w", "only format=raw is offered: an image file"},
		{"file:/root/disk.img,xvda,w", "file: what the file is on is missing"},
		{"tap:aio:/root/disk.img,xvda,w", "this prefix is not known"},
		{"vdev=xvda,backendtype=qdisk,target=x", "only backendtype=phy is offered"},
		{"vdev=xvda,devtype=cdrom,target=x", "only devtype=disk is offered"},
		{"vdev=xvda,speed=9,target=x", "unknown key of a disk"},
	};
	char line[200];

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "disk = [ '%s' ]", bad[i].text);
		assert_int_equal(read_text(line), -XEN_EINVAL);
		if (strncmp(problem.text, "test.cfg:1: disk: ", 18) ||
		    strncmp(problem.text + 18, bad[i].problem, strlen(bad[i].problem)))
			fail_msg("%s: got \"%s\"", line, problem.text);
	}
	assert_int_equal(read_text("disk = 'phy:vda,xvda,w'"), -XEN_EINVAL);
}

static void limits_of_length(void **state)
{
	static char text[2048];

	(void)state;
	memset(text, 0, sizeof(text));
	memset(text, 'k', 40);
	assert_int_equal(read_text(text), -XEN_EINVAL);
	strcpy(text, "extra='");
	memset(text + 7, 'x', 1100);
	strcpy(text + 1107, "'");
	assert_int_equal(read_text(text), -XEN_EINVAL);
	strcpy(text + 7 + 1023, "'");
	assert_int_equal(read_text(text), 0);
	strcat(text, ";root='y';name='n';kernel='k'");
	assert_int_equal(read_text(text), 0);
	assert_int_equal(guest_config_finish(&config, &problem), -XEN_EINVAL);
	strcpy(text, "cpus=[");
	for (int i = 0; i < 33; i++)
		strcat(text, "0,");
	strcat(text, "]");
	assert_int_equal(read_text(text), -XEN_EINVAL);
}

static void whole_is_checked(void **state)
{
	static const char *const wrong[] = {
		"kernel='k'",
		"name='n'",
		"name='n';kernel='k';memory=8;maxmem=4",
		"name='n';kernel='k';vcpus=4;maxvcpus=2",
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(read_text(wrong[i]), 0);
		assert_int_equal(guest_config_finish(&config, &problem), -XEN_EINVAL);
		assert_true(problem.text[0]);
	}
}

static int read_word(const char *word)
{
	problem.text[0] = '\0';
	return guest_config_word(&config, word, &problem);
}

static void words_of_the_command_line(void **state)
{
	(void)state;
	guest_config_init(&config);
	assert_int_equal(read_word("memory=128"), 0);
	assert_int_equal(read_word("name=other"), 0);
	assert_int_equal(read_word("extra=a=b \"c\""), 0);
	assert_int_equal(read_word("cpus=0-1"), 0);
	assert_int_equal(read_word("on_crash=\"restart\""), 0);
	assert_int_equal(config.memory, 128);
	assert_string_equal(config.name, "other");
	assert_string_equal(config.extra, "a=b \"c\"");
	assert_int_equal(config.affinity[31], 3);
	assert_int_equal(config.on_crash, ACTION_RESTART);
	assert_int_equal(read_word("memory"), -XEN_EINVAL);
	assert_int_equal(read_word("memory=x"), -XEN_EINVAL);
	assert_string_equal(problem.text, "memory: expected a number, not \"x\"");
	assert_int_equal(read_word("disk=[vda,xvda]"), -XEN_EINVAL);
	assert_non_null(strstr(problem.text, "disk: quotes in a value want others around it"));
	assert_int_equal(read_word("nothing=1"), -XEN_EINVAL);
	assert_int_equal(read_word("=1"), -XEN_EINVAL);
}

static void cpu_sets_as_text(void **state)
{
	char text[64];
	cpumask_t mask;

	(void)state;
	assert_int_equal(cpumask_parse("all,^3", &mask), 0);
	assert_true(mask == ~(cpumask_t)8);
	assert_int_equal(cpumask_parse("0-2, 5", &mask), 0);
	cpumask_format(mask, 8, text, sizeof(text));
	assert_string_equal(text, "0-2,5");
	cpumask_format(3, 2, text, sizeof(text));
	assert_string_equal(text, "all");
	cpumask_format(0, 2, text, sizeof(text));
	assert_string_equal(text, "none");
	cpumask_format(0x5555555555555555, 64, text, 16);
	assert_int_equal(strlen(text), 15);
	assert_int_equal(cpumask_parse("", &mask), -XEN_EINVAL);
	assert_int_equal(cpumask_parse("1,", &mask), -XEN_EINVAL);
}

/* Any bytes give an answer; the sanitizers watch. */
static void survives_noise(void **state)
{
	static const char alphabet[] = "name=\"'[],;#\n 0x9ak\\\377memory cpus";

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t size = (size_t)rand() % 64;
		char *text = malloc(size + 1);

		for (size_t i = 0; i < size; i++)
			text[i] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
		struct config_source source = {"noise", text, size, 0, 1};

		problem.text[0] = '\0';
		guest_config_init(&config);
		if (guest_config_read(&config, &source, &problem))
			assert_true(problem.text[0]);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_a_whole_file),
		cmocka_unit_test(own_cmdline_wins),
		cmocka_unit_test(mistakes_name_their_line),
		cmocka_unit_test(limits_of_length),
		cmocka_unit_test(whole_is_checked),
		cmocka_unit_test(accepts_disks),
		cmocka_unit_test(refuses_bad_disks),
		cmocka_unit_test(words_of_the_command_line),
		cmocka_unit_test(cpu_sets_as_text),
		cmocka_unit_test(survives_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
