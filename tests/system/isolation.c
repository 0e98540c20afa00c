/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that tries what is forbidden harms nobody: not the hypervisor, not dom0, not a witness.
 */
#include <stdio.h>
#include "dom0.h"

static struct machine *up_with_witness(const char *name)
{
	struct machine *machine = dom0_up((struct machine_options){.name = name});

	/* Refusals are what these tests are about; and such a guest may well perish. */
	machine_allow(machine, "refused|crash|unhandled|fault");
	dom0_create(machine, "witness");
	dom0_expect_of(machine, "witness", "^witness: well, [0-9]+", 60);
	return machine;
}

/* The witness goes on counting. */
static void witness_is_well(struct machine *machine)
{
	char pattern[64];
	unsigned long last;

	dom0_console(machine, "witness");
	machine_expect(machine, "^witness: well, ([0-9]+)\n", 60);
	while (machine_sees(machine, "^witness: well, ([0-9]+)\n", 0))
		; /* what it said before */
	last = machine_number(machine, 1);
	snprintf(pattern, sizeof(pattern), "^witness: well, %lu\n", last + 2);
	machine_expect(machine, pattern, 60);
	dom0_leave_console(machine);
}

static void test_every_attempt_is_refused(void **state)
{
	struct machine *machine = up_with_witness("isolation");

	(void)state;
	dom0_create(machine, "isolation");
	dom0_expect_of(machine, "isolation", "^isolation: PASS, [0-9]+ checks", 120);
	witness_is_well(machine);
	dom0_audit(machine);
	dom0_run(machine, "destroy isolation", 90);
	dom0_run(machine, "destroy witness", 90);
	dom0_off(machine);
}

/* Several seeds; each guest runs for a while or until it perishes, then is destroyed. */
static void test_garbage(void **state)
{
	enum { SEEDS = 8, SECONDS = 4 };
	struct machine *machine = up_with_witness("garbage");
	unsigned long before = dom0_info(machine, "free_pages");
	char line[64];

	(void)state;
	for (int seed = 1; seed <= SEEDS; seed++) {
		dom0_create(machine, "garbage vcpus=%d extra=garbage=%d", seed % 2 ? 2 : 1, seed);
		snprintf(line, sizeof(line), "sleep %d", SECONDS);
		dom0_run(machine, line, 60);
		dom0_audit(machine);
		dom0_run(machine, "destroy garbage", 90);
		dom0_expect_free_pages(machine, before);
	}
	witness_is_well(machine);
	dom0_off(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_every_attempt_is_refused, machine_end_all),
		cmocka_unit_test_teardown(test_garbage, machine_end_all),
	};

	return cmocka_run_group_tests_name("isolation", tests, NULL, NULL);
}
