/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hardware that complains, and a dom0 that ends: what can go on does, the rest is reported. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "dom0.h"
#include "monitor.h"

#define MONITOR(name)                                                                              \
	(const char *const[])                                                                      \
	{                                                                                          \
		"-monitor", MONITOR_AT(name), NULL                                                 \
	}

/* As the CPU's manual has it: valid, uncorrected, enabled, address valid, context corrupt. */
#define CORRECTED   "0x8000000000000136 0x0"
#define UNCORRECTED "0xb600000000000136 0x5"

/* As hardware may do it at worst: at any moment, in dom0, in guests, on the ways in and out. */
static void storm(struct machine_options options, const char *roots)
{
	struct machine *machine = dom0_up(options);
	int monitor = monitor_open(options.name);

	dom0_run_expecting(machine, "dmesg", roots, 600);
	dom0_create(machine, "witness");
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 25; i++)
			monitor_command(monitor, "nmi");
		dom0_run(machine, "list", 600);
	}
	dom0_run(machine, "sleep 1", 600); /* in which dom0 says how many it has seen */
	assert_true(machine_count(machine, "[0-9]+ non-maskable interrupts have come") > 0);
	dom0_expect_of(machine, "witness", "^witness: well, [0-9]+", 600);
	dom0_off(machine);
	close(monitor);
}

static void test_nmis(void **state)
{
	(void)state;
	storm((struct machine_options){.name = "nmi", .arguments = MONITOR("nmi")}, "XPTI off");
}

/* The ways in and out are longer, and change the root in between. */
static void test_nmis_on_roots_without_the_hypervisor(void **state)
{
	(void)state;
	storm((struct machine_options){.name = "nmi-xpti",
				       .cpu = "max,vendor=GenuineIntel,-smap,-la57",
				       .arguments = MONITOR("nmi-xpti")},
	      "XPTI on");
}

/* Errors that the hardware has mended need nobody's attention. */
static void test_corrected_errors(void **state)
{
	struct machine *machine =
		dom0_up((struct machine_options){.name = "mce", .arguments = MONITOR("mce")});
	int monitor = monitor_open("mce");

	(void)state;
	for (int i = 0; i < 200; i++)
		monitor_command(monitor, "mce %d %d " CORRECTED " 0x1000 0x0", i % 2, i % 4);
	dom0_off(machine);
	close(monitor);
}

/* All CPUs at once: one report, which can be read, and the machine stops. */
static void test_machine_check(void **state)
{
	struct machine *machine = dom0_up(
		(struct machine_options){.name = "mce-stop", .arguments = MONITOR("mce-stop")});
	int monitor = monitor_open("mce-stop");

	(void)state;
	machine_allow(machine, "\\*\\*\\* Parapet has hit a fault");
	dom0_create(machine, "witness");
	dom0_console(machine, "witness"); /* whose lines are whole, so that the report's are */
	machine_expect(machine, "^witness: well, [0-9]+\n", 600);
	monitor_command(monitor, "mce -b 0 1 " UNCORRECTED " 0x1000 0x0");
	machine_expect(machine, "#MC, vector 18, error code 0", 600);
	machine_expect(machine, "rip [0-9a-f]{4}:[0-9a-f]{16} ss [0-9a-f]{4} rflags", 600);
	machine_expect(machine, "cr0 [0-9a-f]{16} cr2 [0-9a-f]{16}", 600);
	machine_wait_off(machine, 600);
	assert_int_equal(machine_count(machine, "\\*\\*\\* Parapet"), 1);
	machine_end(machine);
	close(monitor);
}

/* --- dom0 ends --- */

enum { MEGABYTES = 256, PAGE = 4096 };
static const size_t memory_size = (size_t)MEGABYTES << 20;

/* All of the machine's memory, as a file that is mapped; its name goes at once. */
static const char *memory_of(int monitor)
{
	static const char path[] = TEST_LOGS "/memory";

	monitor_command(monitor, "pmemsave 0 %zu %s", memory_size, path);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	const char *memory = mmap(NULL, memory_size, PROT_READ, MAP_PRIVATE, file, 0);

	assert_true(memory != MAP_FAILED);
	close(file);
	unlink(path);
	return memory;
}

/* Whether the page is one of those that tests/guests/witness fills, whatever the round. */
static bool of_witness(const char *page)
{
	const uint64_t *words = (const uint64_t *)page;

	for (uint64_t word = 8; word < PAGE / sizeof(*words); word += 8)
		if ((words[word] ^ words[0]) != word * 0xc2b2ae3d27d4eb4f)
			return false;
	return true;
}

/* How many of them there are; all are as they were. */
static unsigned int unchanged(const char *before, const char *after)
{
	unsigned int pages = 0;

	for (size_t page = 0; page < memory_size; page += PAGE) {
		if (!of_witness(before + page))
			continue;
		assert_memory_equal(before + page, after + page, PAGE);
		pages++;
	}
	return pages;
}

static void test_dom0_panics(void **state)
{
	struct machine *machine =
		dom0_up((struct machine_options){.name = "dom0-panic",
						 .image = TEST_PANIC_ISO,
						 .memory = "256M",
						 .arguments = MONITOR("dom0-panic")});
	int monitor = monitor_open("dom0-panic");
	const char *before, *after;

	(void)state;
	machine_allow(machine, "dom0 has crashed");
	dom0_create(machine, "witness");
	dom0_expect_of(machine, "witness", "^witness: well, [0-9]+", 600);
	dom0_run(machine, "pause witness", 600);
	before = memory_of(monitor);
	monitor_command(monitor, "nmi");
	machine_expect(machine, "vCPU 0: vector 2 \\(NMI\\)", 600);
	machine_expect(machine, "^ rip [0-9a-f]{16} cs [0-9a-f]{4}", 600);
	machine_expect(machine, "dom0 has crashed: halting, because of the option 'noreboot'", 600);
	after = memory_of(monitor);
	/* one may be half filled */
	assert_in_range(unchanged(before, after), 1023, 1024);
	machine_end(machine);
	close(monitor);
}

/* A dom0 whose fault handlers fault: the hypervisor's report of it. */
static void test_dom0_faults_in_its_handler(void **state)
{
	struct machine *machine = machine_boot(
		&(struct machine_options){.name = "dom0-crash", .image = TEST_CRASHER_ISO});

	(void)state;
	machine_allow(machine, "crash");
	machine_expect(machine, "^crasher: nohandler", 600);
	machine_expect(machine, "d0v0 crashed: ", 600);
	machine_expect(machine, "rip", 600);
	machine_expect(machine, "dom0 has crashed: rebooting", 600);
	machine_wait_off(machine, 600);
	machine_end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_nmis, machine_end_all),
		cmocka_unit_test_teardown(test_nmis_on_roots_without_the_hypervisor,
					  machine_end_all),
		cmocka_unit_test_teardown(test_corrected_errors, machine_end_all),
		cmocka_unit_test_teardown(test_machine_check, machine_end_all),
		cmocka_unit_test_teardown(test_dom0_panics, machine_end_all),
		cmocka_unit_test_teardown(test_dom0_faults_in_its_handler, machine_end_all),
	};

	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
