/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that crashes, at whatever point, crashes alone and gives back all that it had. */
#include <stdio.h>
#include "dom0.h"

/* What `list` shows of a guest that ended as expected; see tests/guests/crasher. */
struct way {
	const char *word;
	const char *state;
};

static const struct way ways[] = {
	{"reason", "c"},    {"instruction", "c"}, {"null", "c"},    {"jump", "c"},
	{"unmapped", "c"},  {"faulty", "r"},	  {"nostack", "c"}, {"badstack", "c"},
	{"nohandler", "c"}, {"badreturn", "c"},	  {"unmap", "c"},   {"company", "c"},
	{"reboot", "s"},    {"deaf", "r"},
};

enum { NR_WAYS = sizeof(ways) / sizeof(ways[0]) };

static void wait_for_state(struct machine *machine, const char *state)
{
	char pattern[64];

	/* Memory, vCPUs, then the letters of the state. */
	snprintf(pattern, sizeof(pattern),
		 "^crasher +[0-9]+ +[0-9]+ +[0-9]+[ \t]+[-a-z]*%s|^dom0# ", state);
	for (int tries = 0; tries < 30; tries++) {
		dom0_type(machine, "list");
		machine_expect(machine, pattern, 60);
		if (machine_group(machine, 0)[0] == 'c') {
			dom0_prompt(machine, 60);
			return;
		}
		dom0_run(machine, "sleep 1", 90);
	}
	fail_msg("the guest did not come to state %s", state);
}

static void test_ways(void **state)
{
	struct machine *machine = dom0_up((struct machine_options){.name = "crash"});
	unsigned long before;
	char line[64];

	(void)state;
	machine_allow(machine, "crash|refused|unhandled|fault");
	dom0_create(machine, "stay");
	before = dom0_info(machine, "free_pages");
	for (int i = 0; i < NR_WAYS; i++) {
		dom0_create(machine, "crasher extra=%s", ways[i].word);
		snprintf(line, sizeof(line), "^crasher: %s", ways[i].word);
		dom0_expect_of(machine, "crasher", line, 90);
		wait_for_state(machine, ways[i].state);
		dom0_audit(machine);
		dom0_run(machine, "destroy crasher", 90);
		dom0_expect_free_pages(machine, before);
	}
	assert_true(dom0_lists(machine, "stay"));
	dom0_off(machine);
}

/* By configuration a crash is followed by a new start, if the guest ran for 5 seconds. */
static void test_restart(void **state)
{
	struct machine *machine = dom0_up((struct machine_options){.name = "crash-restart"});

	(void)state;
	machine_allow(machine, "crash");
	dom0_create(machine, "crasher extra=reboot on_reboot=destroy");
	dom0_wait_gone(machine, "crasher", 90);
	dom0_create(machine, "linux on_crash=restart");
	dom0_console(machine, "linux");
	machine_expect(machine, "guest# ", 120);
	machine_send(machine, "sleep 5; echo c >/proc/sysrq-trigger\r");
	dom0_prompt(machine, 60);
	for (int tries = 0; !dom0_lists(machine, "linux"); tries++)
		assert_true(tries < 100);
	dom0_expect_of(machine, "linux", "linux-guest: user space up", 120);
	dom0_run(machine, "destroy linux", 90);
	dom0_off(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_ways, machine_end_all),
		cmocka_unit_test_teardown(test_restart, machine_end_all),
	};

	return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
