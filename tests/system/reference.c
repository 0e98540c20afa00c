/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests as the dom0 kernel, without a toolstack: reference FOLDER boots FOLDER/NAME.iso for each
 * guest. The same guest files and the same verdicts, whether the ISOs hold Parapet or Xen.
 */
#include <stdio.h>
#include <string.h>
#include "machine.h"

struct guest {
	const char *name;
	const char *verdict;
	unsigned int seconds;
};

static const struct guest guests[] = {
	{"hello", "^hello: done", 30},
	{"isolation", "^isolation: PASS, [0-9]+ checks", 60},
	{"smp", "^smp: passed", 30},
	{"minikernel", "^minikernel: passed", 60},
	{"answers", "^answers: PASS, [0-9]+ checks", 30},
	{"abi-checks", "^abi-checks: passed", 60},
};

enum { NR_GUESTS = sizeof(guests) / sizeof(guests[0]) };

static const char *folder;

static void test_guest(void **state)
{
	const struct guest *guest = *state;
	char image[300], name[64];
	const char *base = strrchr(folder, '/');
	/* qemu64 is what Xen 4.17 runs on without trouble under QEMU 7.2: see CAVEATS.md. */
	struct machine_options options = {.name = name, .image = image, .cpu = "qemu64"};
	struct machine *machine;

	snprintf(image, sizeof(image), "%s/%s.iso", folder, guest->name);
	snprintf(name, sizeof(name), "%s-%s", base ? base + 1 : folder, guest->name);
	machine = machine_boot(&options);
	/* Refusals are what some guests are after: their verdict is what counts. */
	machine_allow(machine, "^\\(PPT\\) d[0-9]");
	machine_expect(machine, guest->verdict, guest->seconds);
	machine_end(machine);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[NR_GUESTS];

	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	folder = argv[1];
	for (int i = 0; i < NR_GUESTS; i++)
		tests[i] = (struct CMUnitTest){guests[i].name, test_guest, NULL, machine_end_all,
					       (void *)&guests[i]};
	return cmocka_run_group_tests_name(folder, tests, NULL, NULL);
}
