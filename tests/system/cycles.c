/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creating and destroying guests leaves nothing behind: free memory is the same to the page. */
#include "dom0.h"

enum { CYCLES = 200 };

static void test_two_hundred(void **state)
{
	struct machine *machine = dom0_up((struct machine_options){.name = "cycles"});
	unsigned long before;

	(void)state;
	dom0_warm_up(machine);
	before = dom0_info(machine, "free_pages");
	for (int i = 0; i < CYCLES; i++) {
		dom0_create(machine, "stay");
		/* At different points of the guest's life: some have run for a while, some not. */
		if (i % 20 == 0)
			dom0_expect_of(machine, "stay", "Hello", 90);
		dom0_run(machine, "destroy stay", 90);
	}
	dom0_expect_free_pages(machine, before);
	assert_false(dom0_lists(machine, "stay"));
	dom0_off(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_two_hundred, machine_end_all),
	};

	return cmocka_run_group_tests_name("cycles", tests, NULL, NULL);
}
