/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom0: starts its rooms one after the other, runs the commands of the command line, then the
 * prompt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/start.h>
#include <pv/time.h>
#include "backend/backend.h"
#include "backend/vbd.h"
#include "backend/vif.h"
#include "cli/shell.h"
#include "cli/terminal.h"
#include "cli/words.h"
#include "console/console.h"
#include "disk/disk.h"
#include "driver/drivers.h"
#include "lib/ramdisk.h"
#include "life/domains.h"
#include "store/store.h"

static void must(const char *what, int error, const struct problem *problem)
{
	if (error)
		pv_panic("dom0: starting %s failed: %s", what,
			 problem->text[0] ? problem->text : problem_reason(error));
}

/* The commands after run= on dom0's own command line, as in: run="create hello; list" */
static void run_boot_commands(void)
{
	static struct words words;
	static char line[MAX_GUEST_CMDLINE];
	const char *rest = line;
	struct problem problem;

	memcpy(line, pv_start_info->cmd_line, sizeof(line) - 1);
	while (words_next(&rest, &words, &problem) > 0)
		for (unsigned int i = 0; i < words.count; i++)
			if (!strncmp(words.word[i], "run=", 4))
				shell_run(words.word[i] + 4);
}

int main(void)
{
	struct problem problem = {""};

	if (!pv_is_dom0())
		pv_panic("dom0: this is not the initial domain: boot it as the first module");
	ramdisk.data = pv_ramdisk(&ramdisk.size);
	srand((unsigned int)(pv_time_ns() ^ pv_wallclock_ns()));
	must("the terminal", terminal_start(), &problem);
	must("the store", store_start(), &problem);
	must("the consoles", console_start(), &problem);
	must("the drivers", drivers_start(), &problem);
	disk_start();
	must("the back ends", backend_start(), &problem);
	must("the network's back ends", vifs_start(), &problem);
	must("the disks' back ends", vbds_start(), &problem);
	must("the watch for ended domains", domains_start(&problem), &problem);
	printf("Parapet dom0: help lists the commands\n");
	run_boot_commands();
	shell_loop();
}
