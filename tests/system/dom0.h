/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom0's prompt, as a user at the machine's console drives it. */
#ifndef TESTS_SYSTEM_DOM0_H
#define TESTS_SYSTEM_DOM0_H

#include "machine.h"

/* Boots the ISO of the tests and waits for the prompt. @options may leave the image out. */
struct machine *dom0_up(struct machine_options options);

/* Creates and destroys a guest, so that what is allocated once for all is, before pages are
 * counted. */
void dom0_warm_up(struct machine *machine);

/* Types a command and sees its echo; what it says, then the prompt after it, can be expected. */
void dom0_type(struct machine *machine, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void dom0_prompt(struct machine *machine, unsigned int seconds);

/* Both in one: all of the command's output is passed over. */
void dom0_run(struct machine *machine, const char *command, unsigned int seconds);

/* A command whose output must hold a line that matches. */
void dom0_run_expecting(struct machine *machine, const char *command, const char *pattern,
			unsigned int seconds);

/* `create` with these words; fails if it does not succeed. Linux takes its time to be unpacked. */
void dom0_create(struct machine *machine, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The figure that `info` gives for a key. */
unsigned long dom0_info(struct machine *machine, const char *key);

/* Fails unless as many pages are free, at once or within seconds. */
void dom0_expect_free_pages(struct machine *machine, unsigned long expected);

/* Whether `list` shows the guest. */
bool dom0_lists(struct machine *machine, const char *guest);

/* Waits until `list` does not show it any more. */
void dom0_wait_gone(struct machine *machine, const char *guest, unsigned int seconds);

/* Attaches to a guest's console and leaves it again. */
void dom0_console(struct machine *machine, const char *guest);
void dom0_leave_console(struct machine *machine);

/* The console of a guest shows a line that matches; leaves the console again. */
void dom0_expect_of(struct machine *machine, const char *guest, const char *pattern,
		    unsigned int seconds);

/* The hypervisor's own recount of all frames agrees with its books. */
void dom0_audit(struct machine *machine);

/* Audits, powers off, and ends the machine with all its checks. */
void dom0_off(struct machine *machine);

#endif
