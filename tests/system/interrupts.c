/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts of devices reach the privileged domain: the guest `interrupts` as the dom0 kernel. */
#include "machine.h"

static const char *const cards[] = {"-device", "e1000,addr=8", "-device", "e1000e,addr=9", NULL};

static struct machine_options machines[] = {
	{.name = "interrupts-pc", .arguments = cards},
	{.name = "interrupts-one-cpu", .cpu = "qemu64", .cpus = 1, .arguments = cards},
	{.name = "interrupts-q35", .type = "q35", .arguments = cards},
};

enum { NR_MACHINES = sizeof(machines) / sizeof(machines[0]) };

static void test_machine(void **state)
{
	struct machine_options *options = *state;
	struct machine *machine;

	options->image = TEST_INTERRUPTS_ISO;
	machine = machine_boot(options);
	machine_expect(machine, "^interrupts: PASS, [0-9]+ checks", 60);
	machine_end(machine);
}

int main(void)
{
	struct CMUnitTest tests[NR_MACHINES];

	for (int i = 0; i < NR_MACHINES; i++)
		tests[i] = (struct CMUnitTest){machines[i].name, test_machine, NULL,
					       machine_end_all, &machines[i]};
	return cmocka_run_group_tests_name("interrupts", tests, NULL, NULL);
}
