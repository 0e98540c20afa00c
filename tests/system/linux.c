/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The distribution's kernel as a guest, untouched. */
#include <stdio.h>
#include <unistd.h>
#include "dom0.h"

/* Tests itself from user space and powers off; it stays for its console. */
static void self_test(unsigned int cpus)
{
	struct machine *machine;
	char line[160];

	snprintf(line, sizeof(line), "linux-self-%u", cpus);
	machine = dom0_up((struct machine_options){.name = line});
	snprintf(
		line, sizeof(line),
		"create linux vcpus=%u on_poweroff=preserve extra='console=hvc0 parapet.test=self'",
		cpus);
	dom0_run(machine, line, 600);
	dom0_console(machine, "linux");
	snprintf(line, sizeof(line), "linux-guest: user space up, %u cpus", cpus);
	machine_expect(machine, line, 600);
	machine_expect(machine, "linux-guest: PASS", 600);
	dom0_leave_console(machine);
	dom0_run(machine, "destroy linux", 60);
	assert_false(dom0_lists(machine, "linux"));
	dom0_off(machine);
}

static void test_one_vcpu(void **state)
{
	(void)state;
	self_test(1);
}

static void test_two_vcpus(void **state)
{
	(void)state;
	self_test(2);
}

/* What the README promises: the shipped configuration, a shell, and the commands around it. */
static void test_interactive(void **state)
{
	struct machine *machine = dom0_up((struct machine_options){.name = "linux-shell"});

	(void)state;
	dom0_create(machine, "linux");
	dom0_console(machine, "linux");
	machine_expect(machine, "linux-guest: user space up", 600);
	machine_expect(machine, "guest# ", 60);
	machine_send(machine, "echo $((6 * 7)) from $(uname -s)\r");
	machine_expect(machine, "^42 from Linux", 60);
	machine_send(machine, "sleep 1000 &\r");
	machine_expect(machine, "guest# ", 60);
	machine_send(machine, "jobs\r");
	machine_expect(machine, "Running +sleep 1000", 60);
	machine_send(machine, "sleep 2000\r");
	machine_expect(machine, "sleep 2000\n", 60);
	sleep(2); /* the shell needs a moment to give the terminal to its job */
	machine_send(machine, "\x03"); /* Ctrl-C goes to the guest's job, not to dom0 */
	machine_expect(machine, "guest# ", 60);
	dom0_leave_console(machine);
	dom0_run(machine, "pause linux", 60);
	dom0_run(machine, "unpause linux", 60);
	dom0_console(machine, "linux");
	machine_send(machine, "echo still $((40 + 3))\r");
	machine_expect(machine, "^still 43", 60);
	machine_send(machine, "poweroff\r");
	dom0_prompt(machine, 60); /* the console goes away with its guest */
	dom0_wait_gone(machine, "linux", 90);
	dom0_off(machine);
}

static void test_reboot(void **state)
{
	struct machine *machine = dom0_up((struct machine_options){.name = "linux-reboot"});

	(void)state;
	dom0_create(machine, "linux");
	dom0_console(machine, "linux");
	machine_expect(machine, "guest# ", 600);
	machine_send(machine, "sleep 5; reboot\r"); /* sooner it would not be started again */
	dom0_prompt(machine, 60);
	for (int tries = 0; !dom0_lists(machine, "linux"); tries++)
		assert_true(tries < 60);
	dom0_expect_of(machine, "linux", "linux-guest: user space up", 600);
	dom0_run(machine, "destroy linux", 60);
	dom0_off(machine);
}

/* Five at once; each has its own name, console and answer. */
static void test_five(void **state)
{
	struct machine *machine =
		dom0_up((struct machine_options){.name = "linux-five", .memory = "2G", .cpus = 2});
	unsigned long before;
	char line[60];

	(void)state;
	dom0_warm_up(machine);
	before = dom0_info(machine, "free_pages");
	for (int i = 1; i <= 5; i++) {
		dom0_create(machine, "linux name=five%d memory=192", i);
	}
	for (int i = 1; i <= 5; i++) {
		snprintf(line, sizeof(line), "five%d", i);
		dom0_console(machine, line);
		machine_expect(machine, "linux-guest: user space up", 300);
		machine_send(machine, "\r");
		machine_expect(machine, "guest# ", 60);
		snprintf(line, sizeof(line), "echo answer $((%d * 1001))\r", i);
		machine_send(machine, line);
		snprintf(line, sizeof(line), "^answer %d", i * 1001);
		machine_expect(machine, line, 60);
		dom0_leave_console(machine);
	}
	dom0_audit(machine);
	for (int i = 1; i <= 5; i++) {
		snprintf(line, sizeof(line), "destroy five%d", i);
		dom0_run(machine, line, 60);
	}
	dom0_expect_free_pages(machine, before);
	dom0_off(machine);
}

/* Without Parapet's dom0: the same kernel file, a bzImage, is what GRUB loads as dom0's. */
static void test_as_dom0(void **state)
{
	/* With a thread for each CPU, QEMU itself crashes now and then while Linux sizes BARs. */
	struct machine *machine = machine_boot(&(struct machine_options){
		.name = "linux-dom0", .image = TEST_LINUX_ISO, .one_thread = true});

	(void)state;
	machine_allow(machine, "^\\(PPT\\) d0"); /* it probes what a PV domain does not have */
	machine_expect(machine, "linux-guest: user space up, 2 cpus", 180);
	machine_expect(machine, "linux-guest: PASS", 180);
	machine_wait_off(machine, 60);
	machine_end(machine);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_one_vcpu, machine_end_all),
		cmocka_unit_test_teardown(test_two_vcpus, machine_end_all),
		cmocka_unit_test_teardown(test_interactive, machine_end_all),
		cmocka_unit_test_teardown(test_reboot, machine_end_all),
		cmocka_unit_test_teardown(test_five, machine_end_all),
		cmocka_unit_test_teardown(test_as_dom0, machine_end_all),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("linux", tests, NULL, NULL);
}
