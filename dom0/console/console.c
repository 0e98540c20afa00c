/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thread empties the guests' rings into their scrollbacks; whoever is attached prints from the
 * scrollback on the prompt's thread. A guest that floods is left waiting on its full ring.
 */
#include <stdlib.h>
#include <string.h>
#include <pv/time.h>
#include <xen/io/console.h>
#include "cli/terminal.h"
#include "console/console.h"
#include "console/scrollback.h"
#include "lib/guest_link.h"

#define LEAVE 0x1d /* Ctrl-] */
/* What one guest may print in one window before it waits for the next. */
#define WINDOW_NS    100000000ULL
#define WINDOW_BYTES 65536

struct guest_console {
	struct guest_console *next;
	struct guest_link link;
	struct scrollback scrollback;
	uint64_t window_start;
	size_t window_bytes;
	char last; /* byte shown last, to give a bare line feed its carriage return */
	uint64_t shown;
};

static struct pv_semaphore work;
static struct guest_console *consoles;
static struct guest_console *attached; /* NULL when its guest goes */

static struct guest_console *find(domid_t domid)
{
	struct guest_console *console = consoles;

	while (console && console->link.domid != domid)
		console = console->next;
	return console;
}

/* Take what the ring holds; returns how much. The guest's index is read once, and may be anything.
 */
static size_t drain(struct guest_console *console)
{
	struct xencons_interface *ring = console->link.page;
	uint32_t cons = ring->out_cons, prod = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);
	size_t length = prod - cons, i;
	char bytes[sizeof(ring->out)] = {0};

	if (length > sizeof(ring->out)) { /* nonsense: skip it, as the console daemon of Xen does */
		__atomic_store_n(&ring->out_cons, prod, __ATOMIC_SEQ_CST);
		return 0;
	}
	for (i = 0; i < length; i++)
		bytes[i] = ring->out[MASK_XENCONS_IDX(cons + i, ring->out)];
	scrollback_add(&console->scrollback, bytes, length);
	__atomic_store_n(&ring->out_cons, prod, __ATOMIC_SEQ_CST);
	if (length)
		guest_link_notify(&console->link);
	return length;
}

/* Returns when the guest may go on if it has used its window up, otherwise PV_FOREVER. */
static uint64_t serve(struct guest_console *console)
{
	uint64_t now = pv_time_ns();

	if (now - console->window_start >= WINDOW_NS) {
		console->window_start = now;
		console->window_bytes = 0;
	}
	if (console->window_bytes >= WINDOW_BYTES)
		return console->window_start + WINDOW_NS;
	console->window_bytes += drain(console);
	if (console == attached)
		terminal_wake();
	return console->window_bytes < WINDOW_BYTES ? PV_FOREVER
						    : console->window_start + WINDOW_NS;
}

static void console_thread(void *unused)
{
	struct guest_console *console;
	uint64_t deadline = PV_FOREVER, next;

	(void)unused;
	for (;;) {
		pv_semaphore_down_until(&work, deadline);
		while (pv_semaphore_down_until(&work, 0))
			; /* one round serves all that has come */
		deadline = PV_FOREVER;
		for (console = consoles; console; console = console->next) {
			next = serve(console);
			deadline = next < deadline ? next : deadline;
		}
		pv_yield();
	}
}

int console_start(void)
{
	return pv_thread_start("console", console_thread, NULL, 0);
}

int console_connect(domid_t domid, unsigned long mfn, evtchn_port_t port)
{
	struct guest_console *console;
	int rc;

	if (find(domid))
		return -XEN_EBUSY;
	console = calloc(1, sizeof(*console));
	if (!console)
		return -XEN_ENOMEM;
	rc = guest_link_open(&console->link, domid, mfn, port, &work);
	if (rc) {
		free(console);
		return rc;
	}
	console->next = consoles;
	consoles = console;
	pv_semaphore_up(&work);
	return 0;
}

/* Show what is new, each bare line feed as CR LF. */
static void show_new(struct guest_console *console)
{
	char in[512], out[2 * sizeof(in)];
	size_t length, n, i;

	while ((length = scrollback_read(&console->scrollback, &console->shown, in, sizeof(in)))) {
		for (n = i = 0; i < length; i++) {
			if (in[i] == '\n' && console->last != '\r')
				out[n++] = '\r';
			out[n++] = console->last = in[i];
		}
		terminal_write(out, n);
	}
}

void console_disconnect(domid_t domid)
{
	struct guest_console **link = &consoles, *console;

	while (*link && (*link)->link.domid != domid)
		link = &(*link)->next;
	console = *link;
	if (!console)
		return;
	*link = console->next;
	drain(console);
	if (console == attached) {
		show_new(console);
		attached = NULL;
		terminal_wake();
	}
	guest_link_close(&console->link);
	free(console);
}

/* Hand on one typed byte; false while the ring is full. */
static bool type(struct guest_console *console, char byte)
{
	struct xencons_interface *ring = console->link.page;
	uint32_t prod = ring->in_prod, cons = __atomic_load_n(&ring->in_cons, __ATOMIC_ACQUIRE);

	if (prod - cons >= sizeof(ring->in))
		return false;
	ring->in[MASK_XENCONS_IDX(prod, ring->in)] = byte;
	__atomic_store_n(&ring->in_prod, prod + 1, __ATOMIC_SEQ_CST);
	return true;
}

/* Returns whether Ctrl-] was among the bytes. What a guest does not take in is lost, as on a UART.
 */
static bool type_all(struct guest_console *console, const char *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length && bytes[i] != LEAVE; i++)
		type(console, bytes[i]);
	if (i)
		guest_link_notify(&console->link);
	return i < length;
}

int console_attach(domid_t domid)
{
	struct guest_console *console = find(domid);
	char typed[64];
	size_t length;

	if (!console)
		return -XEN_ENOENT;
	console->shown = scrollback_tail(&console->scrollback, 0);
	console->last = 0;
	attached = console;
	for (;;) {
		show_new(console);
		length = terminal_read(typed, sizeof(typed), -1);
		if (attached != console)
			return 1;
		if (type_all(console, typed, length))
			break;
	}
	attached = NULL;
	return 0;
}

int console_show(domid_t domid, unsigned int lines)
{
	struct guest_console *console = find(domid);

	if (!console)
		return -XEN_ENOENT;
	console->shown = scrollback_tail(&console->scrollback, lines);
	console->last = 0;
	show_new(console);
	return 0;
}
