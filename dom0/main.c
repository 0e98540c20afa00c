/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom0: starts its rooms one after the other, runs the commands of the command line, then the
 * prompt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <pv/trap.h>
#include "backend/backend.h"
#include "backend/vbd.h"
#include "backend/vif.h"
#include "cli/operator.h"
#include "cli/shell.h"
#include "cli/terminal.h"
#include "cli/words.h"
#include "console/console.h"
#include "disk/disk.h"
#include "driver/drivers.h"
#include "ip/ip.h"
#include "lib/ramdisk.h"
#include "life/domains.h"
#include "store/store.h"

static char own_address[2 * IP_TEXT]; /* after ip= on the command line */

static void must(const char *what, int error, const struct problem *problem)
{
	if (error)
		pv_panic("dom0: starting %s failed: %s", what,
			 problem->text[0] ? problem->text : problem_reason(error));
}

/* Call take() with what follows each KEY= on dom0's own command line. */
static void for_each_option(const char *key, void (*take)(const char *value))
{
	static struct words words;
	static char line[MAX_GUEST_CMDLINE];
	const char *rest = line;
	struct problem problem;

	memcpy(line, pv_start_info->cmd_line, sizeof(line) - 1);
	while (words_next(&rest, &words, &problem) > 0)
		for (unsigned int i = 0; i < words.count; i++)
			if (!strncmp(words.word[i], key, strlen(key)))
				take(words.word[i] + strlen(key));
}

/* run="create hello; list" */
static void run_boot_commands(const char *line)
{
	shell_run(line);
}

/* ip=10.0.0.1/24,10.0.0.254; the last one counts. */
static void note_address(const char *text)
{
	snprintf(own_address, sizeof(own_address), "%s", text);
}

/* A mistake is no reason not to start: there is the console. */
static void take_address(void)
{
	struct problem problem = {""};

	for_each_option("ip=", note_address);
	if (ip_set(own_address[0] ? own_address : NULL, &problem))
		printf("ip=%s: %s\n", own_address, problem.text);
}

/* Hardware complains, or somebody pressed the button for it: told, and no reason to end. */
static volatile unsigned int nmis;

static bool nmi_came(struct pv_regs *regs)
{
	(void)regs;
	nmis++; /* no more: it may have come at any point, in the console's lock too */
	return !strstr((const char *)pv_start_info->cmd_line, "nmi=panic");
}

static void tell_nmis(void *argument)
{
	(void)argument;
	for (unsigned int told = 0;; pv_sleep_ms(1000))
		if (nmis != told)
			operator_note("%u non-maskable interrupts have come", told = nmis);
}

static int nmis_start(void)
{
	pv_trap_handle(PV_TRAP_NMI, nmi_came);
	return pv_thread_start("nmis", tell_nmis, NULL, 0);
}

int main(void)
{
	struct problem problem = {""};

	if (!pv_is_dom0())
		pv_panic("dom0: this is not the initial domain: boot it as the first module");
	ramdisk.data = pv_ramdisk(&ramdisk.size);
	srand((unsigned int)(pv_time_ns() ^ pv_wallclock_ns()));
	must("the terminal", terminal_start(), &problem);
	must("the watch for NMIs", nmis_start(), &problem);
	must("the store", store_start(), &problem);
	must("the consoles", console_start(), &problem);
	must("the drivers", drivers_start(), &problem);
	disk_start();
	must("the back ends", backend_start(), &problem);
	must("the network's back ends", vifs_start(), &problem);
	must("the disks' back ends", vbds_start(), &problem);
	take_address();
	must("the watch for ended domains", domains_start(&problem), &problem);
	printf("Parapet dom0: help lists the commands, config-list what can be created\n");
	for_each_option("run=", run_boot_commands);
	shell_loop();
}
