/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that begin, end and hold guests. */
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <pv/time.h>
#include <xen/errno.h>
#include "cli/command.h"
#include "cli/terminal.h"
#include "console/console.h"
#include "hyp/domctl.h"
#include "lib/ramdisk.h"
#include "life/domains.h"

#define SHUTDOWN_PATIENCE 60 /* seconds */

/* Where a file says nothing of a name: that of the file. */
static void name_after_file(struct guest_config *config, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t length = strlen(base);

	if (length > 4 && !strcmp(base + length - 4, ".cfg"))
		length -= 4;
	snprintf(config->name, sizeof(config->name), "%.*s", (int)length, base);
}

static int read_config(const struct words *words, struct guest_config *config,
		       struct problem *problem)
{
	struct cpio_file file;
	int error = ramdisk_find_config(words->word[1], &file);

	if (error)
		return problem_note(problem, -error,
				    "no configuration \"%.64s\" in dom0's ramdisk: see config-list",
				    words->word[1]);
	struct config_source source = {file.name, (const char *)file.data, file.size, 0, 1};

	guest_config_init(config);
	error = guest_config_read(config, &source, problem);
	for (unsigned int i = 2; i < words->count && !error; i++)
		error = guest_config_word(config, words->word[i], problem);
	if (!error && !config->name[0])
		name_after_file(config, file.name);
	return error ? error : guest_config_finish(config, problem);
}

static int attach(domid_t domid, struct problem *problem)
{
	printf("(Ctrl-] leaves the console)\n");
	fflush(stdout);
	int result = console_attach(domid);

	if (result < 0)
		return problem_note(problem, -result, "domain %u has no console: see list", domid);
	printf("\n%s\n",
	       result ? "the console was closed: its domain has ended" : "left the console");
	return 0;
}

static int run_create(struct words *words, struct problem *problem)
{
	bool paused = words_flag(words, "-p"), console = words_flag(words, "-c");
	int error = command_words(words, 1, WORDS_MAX, problem);
	struct guest_config *config;
	domid_t domid;

	if (error)
		return error;
	config = malloc(sizeof(*config));
	if (!config)
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	error = read_config(words, config, problem);
	if (!error) {
		printf("building %s from %s …\n", config->name, config->kernel);
		fflush(stdout);
		error = domains_create(config, paused, &domid, problem);
	}
	if (!error)
		printf("created %s as domain %u%s\n", config->name, domid,
		       paused ? ", paused" : "");
	free(config);
	return error || !console ? error : attach(domid, problem);
}

static int run_destroy(struct words *words, struct problem *problem)
{
	char name[GUEST_NAME_LENGTH];
	domid_t domid;
	int error = command_domain(words, 1, 1, &domid, problem);

	if (error)
		return error;
	domains_name(domid, name);
	error = domains_destroy(domid, problem);
	if (!error)
		printf("destroyed %s (domain %u)\n", name, domid);
	return error;
}

/* Wait for the end in short steps, so that the operator can give up. */
static int wait_for_end(domid_t domid, const char *name, struct problem *problem)
{
	for (int step = 0; step < SHUTDOWN_PATIENCE * 5; step++) {
		if (domains_wait(domid, pv_time_ns() + 200 * PV_NS_PER_MS))
			return 0;
		if (terminal_interrupted(0))
			return problem_note(problem, XEN_EINTR, "stopped waiting for %s", name);
	}
	return problem_note(problem, XEN_ETIMEDOUT, "%s did not end within %d s: use destroy", name,
			    SHUTDOWN_PATIENCE);
}

static int ask(struct words *words, const char *request, struct problem *problem)
{
	bool wait = words_flag(words, "-w");
	char name[GUEST_NAME_LENGTH];
	domid_t domid;
	int error = command_domain(words, 1, 1, &domid, problem);

	if (error)
		return error;
	domains_name(domid, name);
	error = domains_ask(domid, request, problem);
	if (!error && wait)
		error = wait_for_end(domid, name, problem);
	if (!error)
		printf(wait ? "%s (domain %u) has ended\n" : "asked %s (domain %u) to end\n", name,
		       domid);
	return error;
}

static int run_shutdown(struct words *words, struct problem *problem)
{
	return ask(words, "poweroff", problem);
}

static int run_reboot(struct words *words, struct problem *problem)
{
	return ask(words, "reboot", problem);
}

static int hold(struct words *words, int (*action)(domid_t), const char *done,
		struct problem *problem)
{
	char name[GUEST_NAME_LENGTH];
	domid_t domid;
	int error = command_domain(words, 1, 1, &domid, problem);

	if (error)
		return error;
	if (!domid)
		return problem_note(problem, XEN_EPERM,
				    "Domain-0 is this system: it cannot hold itself");
	domains_name(domid, name);
	error = action(domid);
	if (error)
		return problem_note(problem, -error, "%s: %s", name, problem_reason(error));
	printf("%s %s (domain %u)\n", done, name, domid);
	return 0;
}

static int run_pause(struct words *words, struct problem *problem)
{
	return hold(words, domctl_pause, "paused", problem);
}

static int run_unpause(struct words *words, struct problem *problem)
{
	return hold(words, domctl_unpause, "unpaused", problem);
}

static int run_console(struct words *words, struct problem *problem)
{
	const char *lines = words_option(words, "-n");
	uint64_t count = 0;
	domid_t domid;
	int error = command_domain(words, 1, 1, &domid, problem);

	if (!error && lines)
		error = words_number(lines, "lines", 0, 100000, &count, problem);
	if (error)
		return error;
	if (!domid)
		return problem_note(problem, XEN_EINVAL,
				    "Domain-0's console is this one: name a guest");
	if (!lines)
		return attach(domid, problem);
	error = console_show(domid, (unsigned int)count);
	if (error)
		return problem_note(problem, -error, "domain %u has no console: see list", domid);
	printf("end of the console's output so far\n");
	return 0;
}

static int run_rename(struct words *words, struct problem *problem)
{
	char name[GUEST_NAME_LENGTH];
	domid_t domid;
	int error = command_domain(words, 2, 2, &domid, problem);

	if (error)
		return error;
	domains_name(domid, name);
	error = domains_rename(domid, words->word[2], problem);
	if (!error)
		printf("%s (domain %u) is now %s\n", name, domid, words->word[2]);
	return error;
}

#define CREATE_HELP                                                                                    \
	"    CONFIG is a file in dom0's ramdisk, or the name of one in configs/ (see config-list).\n"  \
	"    key=value words override it: kernel ramdisk cmdline root extra memory maxmem vcpus\n"     \
	"    maxvcpus cpus cpu_weight cap name uuid vif disk type builder pae on_poweroff on_reboot\n" \
	"    on_crash on_watchdog (destroy, restart, rename-restart, preserve).\n"                     \
	"    Quotes in a value want others around it: disk=\"['phy:vda,xvda,r']\".\n"                  \
	"    -p leaves the guest paused, -c opens its console.\n"

const struct command guest_commands[] = {
	{"create", "CONFIG [key=value]… [-p] [-c]", "create a guest", CREATE_HELP, COMPLETE_CONFIG,
	 run_create},
	{"destroy", "DOMAIN", "end a guest at once and free it", NULL, COMPLETE_DOMAIN,
	 run_destroy},
	{"shutdown", "DOMAIN [-w]", "ask a guest to power off",
	 "    -w waits until it has (60 s; q gives up)\n", COMPLETE_DOMAIN, run_shutdown},
	{"reboot", "DOMAIN [-w]", "ask a guest to reboot",
	 "    on_reboot= says what happens then; -w waits for it (60 s; q gives up)\n",
	 COMPLETE_DOMAIN, run_reboot},
	{"pause", "DOMAIN", "stop a guest's CPUs", NULL, COMPLETE_DOMAIN, run_pause},
	{"unpause", "DOMAIN", "let a guest run again", NULL, COMPLETE_DOMAIN, run_unpause},
	{"console", "DOMAIN [-n LINES]", "open a guest's console; Ctrl-] leaves",
	 "    -n shows its last lines instead (0: all that are kept)\n", COMPLETE_DOMAIN,
	 run_console},
	{"rename", "DOMAIN NAME", "give a guest another name", NULL, COMPLETE_DOMAIN, run_rename},
	{0},
};
