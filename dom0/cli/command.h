/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of the prompt.
 *
 * A command prints what it has to say with printf, ends with one line of success, and returns 0; or
 * it prints nothing more and returns a negative XEN_E… number with the problem, which the shell
 * shows.
 */
#ifndef DOM0_CLI_COMMAND_H
#define DOM0_CLI_COMMAND_H

#include <xen/xen.h>
#include "cli/words.h"
#include "lib/problem.h"

enum completion {
	COMPLETE_NOTHING,
	COMPLETE_DOMAIN,
	COMPLETE_CONFIG,
	COMPLETE_COMMAND,
	COMPLETE_DISK,
	COMPLETE_DOMAIN_DISK
};

struct command {
	const char *name;
	const char *usage;   /* what follows the name */
	const char *summary; /* a few words */
	const char *help;    /* more, or NULL */
	enum completion completion;
	int (*run)(struct words *words, struct problem *problem);
};

/* Lists of commands, each ended by one without a name. */
extern const struct command guest_commands[], view_commands[], tune_commands[], host_commands[],
	device_commands[], file_commands[], store_commands[], network_commands[], block_commands[],
	ip_commands[], shell_commands[];

/* The index-th of all commands, and one by its name; or NULL. */
const struct command *command_at(unsigned int index);
const struct command *command_find(const char *name);

/* Refuse words that are too few, too many or unknown options. Returns 0, or negative with the
 * problem. */
int command_words(const struct words *words, unsigned int least, unsigned int most,
		  struct problem *problem);

/* The same where the first word names a domain: its number. */
int command_domain(const struct words *words, unsigned int least, unsigned int most, domid_t *domid,
		   struct problem *problem);

/* The same where it names a guest, dom0 being none: name (GUEST_NAME_LENGTH bytes) receives its. */
int command_guest(const struct words *words, unsigned int least, unsigned int most, domid_t *domid,
		  char *name, struct problem *problem);

#endif
