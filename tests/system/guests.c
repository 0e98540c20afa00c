/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SDK's examples and its own test, each created from the prompt. */
#include <stdio.h>
#include "dom0.h"

struct guest {
	const char *name;
	const char *verdict; /* on its console */
	unsigned int seconds;
};

static const struct guest guests[] = {
	{"hello", "^hello: done", 30},
	{"smp", "^smp: passed", 60},
	{"minikernel", "^minikernel: passed", 120},
	{"sdk", "^sdk: passed, [0-9]+ checks", 60},
	{"answers", "^answers: PASS, [0-9]+ checks", 60},
	{"abi-checks", "^abi-checks: passed, [0-9]+ checks", 60},
};

enum { NR_GUESTS = sizeof(guests) / sizeof(guests[0]) };

/* Kept after its end, so that its console can be read; then all that it had comes back. */
static void test_guest(void **state)
{
	const struct guest *guest = *state;
	char name[64], line[128];
	unsigned long before;
	struct machine *machine;

	snprintf(name, sizeof(name), "guest-%s", guest->name);
	machine = dom0_up((struct machine_options){.name = name});
	dom0_warm_up(machine);
	before = dom0_info(machine, "free_pages");
	dom0_create(machine, "%s on_poweroff=preserve on_crash=preserve", guest->name);
	dom0_expect_of(machine, guest->name, guest->verdict, guest->seconds);
	snprintf(line, sizeof(line), "destroy %s", guest->name);
	dom0_run(machine, line, 60);
	dom0_expect_free_pages(machine, before);
	dom0_off(machine);
}

/* As the shipped configuration says: it powers off, and is gone. */
static void test_power_off_frees(void **state)
{
	struct machine *machine = dom0_up((struct machine_options){.name = "guest-gone"});
	unsigned long before;

	(void)state;
	dom0_warm_up(machine);
	before = dom0_info(machine, "free_pages");
	dom0_create(machine, "hello");
	dom0_wait_gone(machine, "hello", 90);
	dom0_expect_free_pages(machine, before);
	dom0_off(machine);
}

int main(void)
{
	struct CMUnitTest tests[NR_GUESTS + 1] = {
		[NR_GUESTS] = cmocka_unit_test_teardown(test_power_off_frees, machine_end_all),
	};

	for (int i = 0; i < NR_GUESTS; i++)
		tests[i] = (struct CMUnitTest){guests[i].name, test_guest, NULL, machine_end_all,
					       (void *)&guests[i]};
	return cmocka_run_group_tests_name("guests", tests, NULL, NULL);
}
