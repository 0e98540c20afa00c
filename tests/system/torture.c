/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two guests whose vCPUs fire hypercalls at once, on as many CPUs: each comes to its end, the books
 * are right while they run and afterwards, and every page comes back.
 */
#include <stdio.h>
#include <stdlib.h>
#include "dom0.h"

static struct machine_options machines[] = {
	{.name = "torture-4", .cpus = 4},
	{.name = "torture-8", .cpus = 8},
};

enum { NR_MACHINES = sizeof(machines) / sizeof(machines[0]) };

static void end_guest(struct machine *machine, const char *name)
{
	char line[64];

	dom0_console(machine, name);
	machine_expect(machine,
		       "^torture: PASS, ([0-9]+) operations \\(([0-9]+) done\\)|^guest panic", 600);
	if (!machine_group(machine, 1)[0])
		fail_msg("%s has come to grief", name);
	printf("%s: %s: %lu hypercalls, %lu of them accepted\n", machine_group(machine, 0), name,
	       machine_number(machine, 1), machine_number(machine, 2));
	dom0_leave_console(machine);
	snprintf(line, sizeof(line), "destroy %s", name);
	dom0_run(machine, line, 600);
}

static void test_machine(void **state)
{
	struct machine_options *options = *state;
	struct machine *machine = dom0_up(*options);
	const char *ops = getenv("TORTURE_OPS");
	unsigned long before;

	/* a flush waits for every CPU, and the host runs few of them at a time */
	if (!ops)
		ops = options->cpus > 4 ? "1500" : "10000";

	machine_allow(machine, "refused");
	dom0_warm_up(machine);
	before = dom0_info(machine, "free_pages");
	for (unsigned int seed = 1; seed <= 2; seed++)
		dom0_create(machine, "torture name=torture%u vcpus=%u extra=\"%s seed=%u ops=%s\"",
			    seed, options->cpus, seed == 1 ? "first" : "second", seed, ops);
	dom0_audit(machine);
	end_guest(machine, "torture1");
	dom0_audit(machine);
	end_guest(machine, "torture2");
	dom0_expect_free_pages(machine, before);
	dom0_off(machine);
}

int main(void)
{
	struct CMUnitTest tests[NR_MACHINES];

	for (int i = 0; i < NR_MACHINES; i++)
		tests[i] = (struct CMUnitTest){machines[i].name, test_machine, NULL,
					       machine_end_all, &machines[i]};
	return cmocka_run_group_tests_name("torture", tests, NULL, NULL);
}
