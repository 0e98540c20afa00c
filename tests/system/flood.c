/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that writes without end keeps nobody from working, and its lines come in order. */
#include "dom0.h"

#define LINE "^flood: line ([0-9]+) the quick"

static void test_guest_console(void **state)
{
	struct machine *machine = dom0_up((struct machine_options){.name = "flood"});
	unsigned long first;

	(void)state;
	dom0_create(machine, "flood");
	assert_true(dom0_lists(machine, "flood")); /* answered within its bound */
	dom0_run_expecting(machine, "vcpu-list", "^flood +", 60);
	dom0_console(machine, "flood");
	machine_expect(machine, LINE, 90);
	first = machine_number(machine, 1);
	for (unsigned long next = first + 1; next < first + 1000; next++) {
		machine_expect(machine, LINE, 90);
		if (machine_number(machine, 1) != next)
			break;
	}
	/* From the scrollback to what comes now a piece may be missing; from then on none. */
	first = machine_number(machine, 1);
	for (unsigned long next = first + 1; next < first + 2000; next++) {
		machine_expect(machine, LINE, 90);
		assert_int_equal(machine_number(machine, 1), next);
	}
	dom0_leave_console(machine);
	dom0_run(machine, "destroy flood", 90);
	assert_false(dom0_lists(machine, "flood"));
	dom0_off(machine);
}

/* Lines to the hypervisor's own console are rationed. */
static void test_hypervisor_console(void **state)
{
	struct machine *machine = dom0_up((struct machine_options){.name = "flood-hypervisor"});

	(void)state;
	dom0_create(machine, "flood extra=hypervisor");
	for (int i = 0; i < 5; i++) {
		dom0_run(machine, "sleep 1", 90);
		assert_true(dom0_lists(machine, "flood"));
	}
	dom0_run(machine, "destroy flood", 90);
	assert_in_range(machine_count(machine, "flood: line"), 0, 2000);
	dom0_off(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_guest_console, machine_end_all),
		cmocka_unit_test_teardown(test_hypervisor_console, machine_end_all),
	};

	return cmocka_run_group_tests_name("flood", tests, NULL, NULL);
}
