/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The prompt: reads lines, runs their commands, one after the other. */
#ifndef DOM0_CLI_SHELL_H
#define DOM0_CLI_SHELL_H

/* Run the commands of a line, up to the first that fails. Returns 0 or that one's negative number.
 */
int shell_run(const char *line);

/* Run the prompt. Does not return. */
void shell_loop(void) __attribute__((noreturn));

#endif
