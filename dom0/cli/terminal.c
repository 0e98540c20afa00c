/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <pv/console.h>
#include <pv/thread.h>
#include <pv/time.h>
#include "cli/terminal.h"

#define CTRL_C 3
#define RING   4096u /* what is typed ahead; a power of two */

/* The console's characters come to a thread of their own, so that others can wait with a time
 * limit. */
static struct {
	char ring[RING];
	unsigned int head, tail; /* free-running */
	bool woken;
	struct pv_semaphore ready; /* at least 1 while there may be something to see */
} input;

static void read_console(void *unused)
{
	char bytes[128];

	(void)unused;
	for (;;) {
		size_t count = pv_console_read(bytes, sizeof(bytes));

		/* What does not fit is lost, as on any serial line without flow control. */
		for (size_t i = 0; i < count && input.head - input.tail < RING; i++)
			input.ring[input.head++ % RING] = bytes[i];
		if (!input.ready.count)
			pv_semaphore_up(&input.ready);
	}
}

int terminal_start(void)
{
	return pv_thread_start("terminal", read_console, NULL, 4);
}

void terminal_write(const char *text, size_t size)
{
	fflush(stdout);
	pv_console_write(text, size);
}

static size_t take(char *bytes, size_t size)
{
	size_t count = 0;

	while (count < size && input.tail != input.head)
		bytes[count++] = input.ring[input.tail++ % RING];
	return count;
}

size_t terminal_read(char *bytes, size_t size, int milliseconds)
{
	uint64_t deadline = PV_FOREVER;

	fflush(stdout);
	if (milliseconds >= 0)
		deadline = pv_time_ns() + (uint64_t)milliseconds * PV_NS_PER_MS;
	for (;;) {
		size_t count = take(bytes, size);
		bool woken = input.woken;

		input.woken = false;
		if (count || woken)
			return count;
		if (!pv_semaphore_down_until(&input.ready, deadline))
			return take(bytes, size);
	}
}

/* Take an interrupting key out of the input, if one is there. */
static bool take_interrupt(void)
{
	for (unsigned int at = input.tail; at != input.head; at++) {
		char key = input.ring[at % RING];

		if (key == CTRL_C || (at == input.tail && (key == 'q' || key == 'Q'))) {
			input.tail = at + 1;
			return true;
		}
	}
	return false;
}

bool terminal_interrupted(int milliseconds)
{
	uint64_t deadline = pv_time_ns() + (uint64_t)milliseconds * PV_NS_PER_MS;

	fflush(stdout);
	do {
		if (take_interrupt())
			return true;
	} while (pv_semaphore_down_until(&input.ready, deadline));
	return false;
}

void terminal_wake(void)
{
	input.woken = true;
	if (!input.ready.count)
		pv_semaphore_up(&input.ready);
}
