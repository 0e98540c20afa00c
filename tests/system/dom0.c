/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See dom0.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "dom0.h"

#define PROMPT	      "^dom0# "
#define LEAVE_CONSOLE "\x1d" /* Ctrl-] */

struct machine *dom0_up(struct machine_options options)
{
	struct machine *machine;

	if (!options.image)
		options.image = TEST_ISO;
	machine = machine_boot(&options);
	dom0_prompt(machine, 600);
	return machine;
}

void dom0_warm_up(struct machine *machine)
{
	for (int i = 0; i < 2; i++) {
		dom0_create(machine, "stay");
		dom0_run(machine, "destroy stay", 90);
	}
}

/* The command as a pattern for its own echo: what follows it is what the command says. */
static void escape(char *pattern, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\.[](){}*+?^$|", *text))
			*pattern++ = '\\';
		*pattern++ = *text;
	}
	*pattern++ = '$';
	*pattern = '\0';
}

void dom0_type(struct machine *machine, const char *format, ...)
{
	char line[256], echo[sizeof(line) * 2 + 2];
	va_list list;

	va_start(list, format);
	vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	escape(echo, line);
	machine_send(machine, line);
	machine_send(machine, "\r");
	machine_expect(machine, echo, 60);
}

void dom0_prompt(struct machine *machine, unsigned int seconds)
{
	machine_expect(machine, PROMPT, seconds);
}

void dom0_run(struct machine *machine, const char *command, unsigned int seconds)
{
	dom0_type(machine, "%s", command);
	dom0_prompt(machine, seconds);
}

void dom0_run_expecting(struct machine *machine, const char *command, const char *pattern,
			unsigned int seconds)
{
	dom0_type(machine, "%s", command);
	machine_expect(machine, pattern, seconds);
	dom0_prompt(machine, seconds);
}

void dom0_create(struct machine *machine, const char *format, ...)
{
	char words[200];
	va_list list;

	va_start(list, format);
	vsnprintf(words, sizeof(words), format, list);
	va_end(list);
	dom0_type(machine, "create %s", words);
	machine_expect(machine, "^(created .* as domain|create: .*)", 120);
	if (machine_group(machine, 1)[6] != 'd')
		fail_msg("%s", machine_group(machine, 1));
	dom0_prompt(machine, 60);
}

unsigned long dom0_info(struct machine *machine, const char *key)
{
	char pattern[80];
	unsigned long value;

	snprintf(pattern, sizeof(pattern), "^%s *: *([0-9]+)\n", key);
	dom0_type(machine, "info");
	machine_expect(machine, pattern, 60);
	value = machine_number(machine, 1);
	dom0_prompt(machine, 60);
	return value;
}

/* What a dead guest had may take a moment to be counted as free. */
void dom0_expect_free_pages(struct machine *machine, unsigned long expected)
{
	unsigned long free = dom0_info(machine, "free_pages");

	for (int tries = 0; free != expected && tries < 5; tries++) {
		dom0_run(machine, "sleep 1", 90);
		free = dom0_info(machine, "free_pages");
	}
	if (free != expected)
		fail_msg("%lu pages are free, not %lu", free, expected);
}

/* One row or, behind all rows, the prompt: whichever comes first. */
bool dom0_lists(struct machine *machine, const char *guest)
{
	char pattern[120];
	bool listed;

	snprintf(pattern, sizeof(pattern), "^(%s) +[0-9]+ |%s", guest, PROMPT);
	dom0_type(machine, "list");
	machine_expect(machine, pattern, 60);
	listed = machine_group(machine, 1)[0] != '\0';
	if (listed)
		dom0_prompt(machine, 60);
	return listed;
}

void dom0_wait_gone(struct machine *machine, const char *guest, unsigned int seconds)
{
	for (unsigned int tries = 0; dom0_lists(machine, guest); tries++) {
		if (tries == seconds * 2)
			fail_msg("%s is still there after %u s", guest, seconds);
		usleep(500000);
	}
}

void dom0_console(struct machine *machine, const char *guest)
{
	dom0_type(machine, "console %s", guest);
}

void dom0_leave_console(struct machine *machine)
{
	machine_send(machine, LEAVE_CONSOLE);
	dom0_prompt(machine, 60);
}

void dom0_expect_of(struct machine *machine, const char *guest, const char *pattern,
		    unsigned int seconds)
{
	dom0_console(machine, guest);
	machine_expect(machine, pattern, seconds);
	dom0_leave_console(machine);
}

void dom0_audit(struct machine *machine)
{
	dom0_run_expecting(machine, "audit", "audit: ok, [0-9]+ frames", 60);
}

void dom0_off(struct machine *machine)
{
	dom0_audit(machine);
	dom0_type(machine, "poweroff");
	machine_wait_off(machine, 90);
	machine_end(machine);
}
