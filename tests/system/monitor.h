/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's own monitor: what a machine's hardware does that nobody in it asked for. */
#ifndef TESTS_SYSTEM_MONITOR_H
#define TESTS_SYSTEM_MONITOR_H

/* QEMU's argument after "-monitor", for a socket of that name among the logs. */
#define MONITOR_AT(name) "unix:" TEST_LOGS "/" name ".monitor,server=on,wait=off"

/* Connects to the monitor of a machine that runs; the test fails if that is not possible. */
int monitor_open(const char *name);

/* One command, and what it answers, which is waited for, for at most a minute; ours until the next.
 */
const char *monitor_command(int monitor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
