/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From power-on to the prompt and off again, on the machines that are supported. */
#include "dom0.h"

struct box {
	struct machine_options options;
	unsigned long megabytes; /* of RAM */
};

/* Every value of each row of the matrix, and those pairs that have something to do with another. */
static struct box boxes[] = {
	{{.name = "boot-tiny-bios-pc", .memory = "128M"}, 128},
	{{.name = "boot-small-bios-pc", .memory = "256M", .cpus = 1}, 256},
	{{.name = "boot-usual-bios-pc"}, 1024},
	{{.name = "boot-usual-qemu64", .cpu = "qemu64", .cpus = 1}, 1024},
	{{.name = "boot-usual-bios-q35", .type = "q35", .cpus = 8}, 1024},
	{{.name = "boot-large-bios-pc", .memory = "8G", .cpus = 8}, 8192},
	{{.name = "boot-small-uefi-pc", .memory = "256M", .cpus = 8, .uefi = true}, 256},
	{{.name = "boot-large-uefi-q35", .memory = "8G", .type = "q35", .cpus = 1, .uefi = true},
	 8192},
};

enum { NR_BOXES = sizeof(boxes) / sizeof(boxes[0]) };

static void test_box(void **state)
{
	const struct box *box = *state;
	unsigned int cpus = box->options.cpus ? box->options.cpus : 2;
	struct machine *machine = dom0_up(box->options);
	unsigned long total = dom0_info(machine, "total_memory");

	/* Firmware, the legacy hole and the like are not RAM for anyone. */
	assert_in_range(total, box->megabytes - 24, box->megabytes);
	assert_int_equal(dom0_info(machine, "nr_cpus"), cpus);
	assert_true(dom0_info(machine, "free_memory") < total);
	assert_true(dom0_lists(machine, "Domain-0"));
	dom0_off(machine);
}

int main(void)
{
	struct CMUnitTest tests[NR_BOXES];

	for (int i = 0; i < NR_BOXES; i++)
		tests[i] = (struct CMUnitTest){boxes[i].options.name, test_box, NULL,
					       machine_end_all, &boxes[i]};
	return cmocka_run_group_tests_name("boot", tests, NULL, NULL);
}
