/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's terminal: the machine's console, by way of the hypervisor. */
#ifndef DOM0_CLI_TERMINAL_H
#define DOM0_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Start to take input. Called once. Returns 0, or -XEN_ENOMEM. */
int terminal_start(void);

/* Write all of it, after what stdout still holds. A new line is CR LF, or LF alone. Any thread. */
void terminal_write(const char *text, size_t size);

/*
 * Wait up to `milliseconds` (negative: for ever) for input. Returns how many bytes were taken, 0
 * when the time is over or another thread called terminal_wake. The prompt's thread only.
 */
size_t terminal_read(char *bytes, size_t size, int milliseconds);

/*
 * Wait up to `milliseconds` for the operator to type Ctrl-C or, before anything else, q. True: it
 * is taken, with what was typed before it. All other input stays. The prompt's thread only.
 */
bool terminal_interrupted(int milliseconds);

/* Let the thread in terminal_read return at once. Any thread. */
void terminal_wake(void);

#endif
