/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands at dom0's prompt, and the errors that they explain. */
#include "dom0.h"

static struct machine *machine;

static void says(const char *command, const char *pattern)
{
	dom0_run_expecting(machine, command, pattern, 90);
}

static void test_looking(void **state)
{
	(void)state;
	machine = dom0_up((struct machine_options){.name = "cli-looking"});
	says("help", "^create ");
	says("help create", "CONFIG");
	says("pause --help", "^pause DOMAIN");
	says("xl list", "^Domain-0 +0 ");
	says("list", "^Domain-0 +0 ");
	says("info", "^xen_caps +: .*xen-3.0-x86_64");
	says("info", "^total_memory +: [0-9]+");
	says("info", "^free_memory +: [0-9]+");
	says("info", "^free_pages +: [0-9]+");
	says("dmesg", "^\\(PPT\\)");
	says("vcpu-list", "^Domain-0 +0 +0 ");
	says("sched", "Domain-0");
	dom0_off(machine);
}

static void test_life_of_a_guest(void **state)
{
	(void)state;
	machine = dom0_up((struct machine_options){.name = "cli-life"});
	says("create stay", "created stay as domain [0-9]+");
	says("list", "^stay +[0-9]+ ");
	says("list stay", "^stay +[0-9]+ ");
	says("pause stay", "stay");
	says("list", "^stay +[0-9]+ +[0-9]+ +[0-9]+[ \t]+[-a-z]*p");
	says("unpause stay", "stay");
	says("vcpu-pin stay 0 1", "CPUs 1");
	says("vcpu-list stay", "1 / all");
	says("sched stay -w 512", "512");
	says("rename stay other", "other");
	says("list", "^other +[0-9]+ ");
	says("list; echo both on one line", "^both on one line");
	says("destroy other", "destroyed other");
	assert_false(dom0_lists(machine, "other"));
	dom0_off(machine);
}

static void test_explained_errors(void **state)
{
	(void)state;
	machine = dom0_up((struct machine_options){.name = "cli-errors"});
	says("nonsense", "^nonsense: no such command.*help");
	says("create", "^create: .* expected create CONFIG");
	says("pause", "^pause: .* missing: expected pause DOMAIN");
	says("info now", "^info: too many words: expected info \\(see help");
	says("create nowhere", "nowhere.*config-list");
	says("create stay no_such_key=1", "no_such_key");
	says("create stay memory=1000000", "create: .*memory");
	says("create stay kernel=initrd.gz", "create: ");
	says("destroy nobody", "nobody");
	says("console nobody", "nobody");
	says("console 0", "^console: Domain-0");
	says("ls nowhere", "^ls: .*nowhere");
	says("store-rm /", "^store-rm: the root");
	says("create stay memory=lots", "^create: memory: expected a number");
	says("create stay disk=['vda,xvda']", "^create: disk: quotes");
	says("pause 77", "77");
	says("create stay", "created stay");
	says("create stay", "stay.*(exists|taken|already|in use)");
	says("destroy Domain-0", "destroy: ");
	says("destroy stay", "destroyed");
	dom0_off(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_looking, machine_end_all),
		cmocka_unit_test_teardown(test_life_of_a_guest, machine_end_all),
		cmocka_unit_test_teardown(test_explained_errors, machine_end_all),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
