/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines under Bochs, for what QEMU's CPUs do not have: see bochs-machine. Test guests as the
 * dom0 kernel, and dom0 itself, whose commands are in its command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "machine.h"

struct run {
	const char *name, *iso, *cpu;
	unsigned int cpus;
	const char *lines[5]; /* that come, in this order */
};

/* By default with xpti, as that CPU has Meltdown; "plain" without. */
static const struct run runs[] = {
	{"abi-checks", "parapet-plain/abi-checks", "broadwell_ult", 1, {"^abi-checks: passed"}},
	{"isolation", "parapet/isolation", "broadwell_ult", 2, {"^isolation: PASS, [0-9]+ checks"}},
	{"smp", "parapet-plain/smp", "broadwell_ult", 4, {"^smp: passed"}},
	{"apic-timer", "parapet-plain/smp", "core2_penryn_t9600", 2, {"^smp: passed"}},
	{"dom0", "bochs", "broadwell_ult", 2, {"^hello: done", "^smp: passed", "^audit: ok"}},
};

enum { NR_RUNS = sizeof(runs) / sizeof(runs[0]) };

static void test_run(void **state)
{
	const struct run *run = *state;
	char image[300], name[64];
	struct machine_options options = {
		.name = name, .image = image, .cpu = run->cpu, .cpus = run->cpus, .memory = "512M"};
	struct machine *machine;

	snprintf(image, sizeof(image), TEST_FOLDER "/%s.iso", run->iso);
	snprintf(name, sizeof(name), "bochs-%s", run->name);
	machine = machine_boot(&options);
	/* Refusals are what some guests are after: their verdict is what counts. */
	machine_allow(machine, "^\\(PPT\\) d[0-9]");
	/* The older CPU has none of that, and its timer is the APIC's own. */
	if (strcmp(run->cpu, "broadwell_ult")) {
		machine_expect(machine, "\\(PPT\\) CPU: .*SMAP off.*x2APIC off, PCID off", 600);
		machine_expect(machine, "\\(PPT\\) time: .* APIC timer [0-9.]+ MHz.?$", 600);
	} else {
		machine_expect(machine, "\\(PPT\\) CPU: .*SMAP on.*x2APIC on, PCID on", 600);
		machine_expect(machine, "\\(PPT\\) time: .* by TSC deadline", 600);
	}
	for (const char *const *line = run->lines; *line; line++)
		machine_expect(machine, *line, 600);
	machine_wait_off(machine, 600);
	machine_end(machine);
}

int main(void)
{
	struct CMUnitTest tests[NR_RUNS];

	setenv("QEMU", "tests/system/bochs-machine", 1);
	for (int i = 0; i < NR_RUNS; i++)
		tests[i] = (struct CMUnitTest){runs[i].name, test_run, NULL, machine_end_all,
					       (void *)&runs[i]};
	return cmocka_run_group_tests_name("bochs", tests, NULL, NULL);
}
