/* SPDX-License-Identifier: MIT */
/* The console: console_io for dom0, else the shared ring. */
#include <stdarg.h>
#include <stdio.h>
#include <pv/console.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/spinlock.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <xen/io/console.h>
#include "internal.h"

static struct pv_spinlock output;
static struct pv_wait_queue readers;
static volatile struct xencons_interface *ring; /* NULL until known, and for dom0 */

static evtchn_port_t ring_port(void)
{
	return pv_start_info->console.domU.evtchn;
}

static bool ring_full(void)
{
	return ring->out_prod - ring->out_cons >= sizeof(ring->out);
}

/* Give the daemon the CPU until it has taken something, or some milliseconds have passed. */
static void let_daemon_run(void)
{
	evtchn_port_t port = ring_port();
	struct sched_poll poll = {.nr_ports = 1, .timeout = pv_time_ns() + 2 * PV_NS_PER_MS};

	set_xen_guest_handle(poll.ports, &port);
	pv_event_send(port);
	HYPERVISOR_sched_op(SCHEDOP_poll, &poll);
}

static void ring_put(char c)
{
	while (ring_full())
		let_daemon_run();
	ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = c;
	pv_wmb();
	ring->out_prod++;
}

static void ring_write(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			ring_put('\r');
		ring_put(text[i]);
	}
	pv_event_send(ring_port());
}

void pv_console_write(const char *text, size_t length)
{
	bool masked = pv_spin_lock(&output);

	if (ring)
		ring_write(text, length);
	else
		HYPERVISOR_console_io(CONSOLEIO_write, length, text);
	pv_spin_unlock(&output, masked);
}

/* Wait, for a second at most, until the daemon has taken everything: before the domain ends. */
void pv_console_drain(void)
{
	uint64_t limit = pv_time_ns() + PV_NS_PER_SECOND;

	while (ring && ring->out_prod != ring->out_cons && pv_time_ns() < limit)
		let_daemon_run();
}

size_t pv_console_poll(char *buffer, size_t length)
{
	size_t count = 0;
	long got;

	if (!ring) {
		got = HYPERVISOR_console_io(CONSOLEIO_read, length, buffer);
		return got > 0 ? got : 0;
	}
	while (count < length && ring->in_cons != ring->in_prod) {
		pv_rmb();
		buffer[count++] = ring->in[MASK_XENCONS_IDX(ring->in_cons, ring->in)];
		pv_mb();
		ring->in_cons++;
	}
	if (count)
		pv_event_send(ring_port());
	return count;
}

size_t pv_console_read(char *buffer, size_t length)
{
	size_t count = 0;

	pv_wait_event(&readers, (count = pv_console_poll(buffer, length)));
	return count;
}

void pv_printk(const char *format, ...)
{
	char line[512];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	pv_console_write(line, length < (int)sizeof(line) ? length : (int)sizeof(line) - 1);
}

static void something_came(evtchn_port_t port, void *argument)
{
	(void)port, (void)argument;
	pv_wake_all(&readers);
}

/* The ring's page is an ordinary frame of ours, so it lies in the linear map. */
void pv_console_find(void)
{
	if (!pv_is_dom0())
		ring = pv_mfn_to_virt(pv_start_info->console.domU.mfn);
}

void pv_console_init(void)
{
	if (pv_is_dom0())
		pv_event_bind_virq(VIRQ_CONSOLE, 0, something_came, NULL);
	else
		pv_event_attach(ring_port(), something_came, NULL);
}
