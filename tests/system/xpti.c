/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On a CPU that may have Meltdown guests run on roots that lack the hypervisor: QEMU's monitor
 * looks. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "dom0.h"
#include "monitor.h"

/* What a root maps of the hypervisor's slots, by what lies there (hypervisor/x86/layout.h). */
struct mapped {
	unsigned long room, other;
};

static struct mapped look(int monitor)
{
	struct mapped mapped = {0};
	unsigned long start, end;

	for (const char *line = monitor_command(monitor, "info mem"); line;
	     line = strchr(line + 1, '\n')) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2 || start < 0xffff808000000000 ||
		    start >= 0xffff880000000000)
			continue;
		if (start < 0xffff810000000000)
			mapped.room += (end - start) >> 12;
		else if (start < 0xffff818000000000 || start >= 0xffff820000000000)
			mapped.other += (end - start) >> 12;
	}
	return mapped;
}

/*
 * Stops the machine at any moment; counts the CPUs that run a guest, and those that are on a full
 * root, as the idle loop is: that shows that the monitor would tell.
 */
static void sample(int monitor, unsigned int seen[2])
{
	monitor_command(monitor, "stop");
	for (int cpu = 0; cpu < 2; cpu++) {
		monitor_command(monitor, "cpu %d", cpu);
		bool guest = strstr(monitor_command(monitor, "info registers"), "CPL=3");
		struct mapped mapped = look(monitor);

		seen[guest] += guest || mapped.other;
		assert_true(mapped.room > 0);
		if (guest) {
			assert_int_equal(mapped.other, 0);
			assert_in_range(mapped.room, 1, 16);
		}
	}
	monitor_command(monitor, "cont");
}

/* Of Intel, without a word on what it does not have: auto means yes. */
#define AFFECTED "max,vendor=GenuineIntel,-smap,-la57"

static void test_linux(void **state)
{
	static const char *const arguments[] = {"-monitor", MONITOR_AT("xpti"), NULL};
	struct machine *machine = dom0_up(
		(struct machine_options){.name = "xpti", .cpu = AFFECTED, .arguments = arguments});
	unsigned int seen[2] = {0};
	int monitor = monitor_open("xpti");

	(void)state;
	dom0_run(machine, "dmesg", 60);
	assert_int_equal(machine_count(machine, "XPTI on"), 1);
	dom0_run(machine,
		 "create linux vcpus=2 on_poweroff=preserve extra='console=hvc0 parapet.test=self'",
		 600);
	for (int tries = 0; seen[0] < 5 || seen[1] < 20; tries++) {
		assert_true(tries < 2000);
		sample(monitor, seen);
		usleep(10000);
	}
	dom0_console(machine, "linux");
	machine_expect(machine, "linux-guest: user space up, 2 cpus", 600);
	machine_expect(machine, "linux-guest: PASS", 600);
	dom0_leave_console(machine);
	dom0_audit(machine);
	dom0_run(machine, "destroy linux", 600);
	dom0_off(machine);
	close(monitor);
}

/* Two vCPUs share a root: each runs on its CPU's copy of it. */
static void test_checks(void **state)
{
	struct machine *machine =
		dom0_up((struct machine_options){.name = "xpti-checks", .cpu = AFFECTED});

	(void)state;
	dom0_create(machine, "abi-checks vcpus=2 on_poweroff=preserve on_crash=preserve");
	dom0_expect_of(machine, "abi-checks", "^abi-checks: passed, [0-9]+ checks", 300);
	dom0_run(machine, "dmesg", 60);
	assert_int_equal(machine_count(machine, "XPTI on"), 1);
	dom0_off(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_checks, machine_end_all),
		cmocka_unit_test_teardown(test_linux, machine_end_all),
	};

	return cmocka_run_group_tests_name("xpti", tests, NULL, NULL);
}
