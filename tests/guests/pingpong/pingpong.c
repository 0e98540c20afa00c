/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two domains that answer each other's events: `first`, and one created right after it, which has
 * the next number. The first prints "pingpong: LEAST MEDIAN", ticks of the TSC for an event there
 * and one back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/cpu.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <xen/sched.h>

enum { ROUNDS = 15, TURNS = 20, PORTS = 64, PATIENCE_MS = 60000, STEP_MS = 100 };

static void never(evtchn_port_t port, void *argument)
{
	(void)port;
	(void)argument;
}

/* The other may not be there yet. */
static int open_channel(domid_t other)
{
	int port = pv_event_alloc_unbound(other, never, NULL);

	for (int waited = 0; port < 0 && waited < PATIENCE_MS; waited += STEP_MS) {
		pv_sleep_ms(STEP_MS);
		port = pv_event_alloc_unbound(other, never, NULL);
	}
	return port;
}

/* Of the other's ports, only the one meant for us can be bound. */
static int find_channel(domid_t other)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
		for (evtchn_port_t remote = 1; remote < PORTS; remote++) {
			int port = pv_event_bind_interdomain(other, remote, never, NULL);

			if (port > 0)
				return port;
		}
		pv_sleep_ms(STEP_MS);
	}
	return -1;
}

/* No upcalls, only polling. */
static void wait_for(evtchn_port_t port)
{
	uint64_t *word = &pv_shared_info.evtchn_pending[port / 64];
	struct sched_poll poll = {.nr_ports = 1};

	poll.ports.p = &port;
	while (!(__atomic_load_n(word, __ATOMIC_SEQ_CST) & (1UL << port % 64)))
		HYPERVISOR_sched_op(SCHEDOP_poll, &poll);
	__atomic_fetch_and(word, ~(1UL << port % 64), __ATOMIC_SEQ_CST);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void ask(evtchn_port_t port)
{
	uint64_t ticks[ROUNDS];

	wait_for(port); /* the other has bound its end */
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t start = pv_rdtsc();

		for (unsigned int turn = 0; turn < TURNS; turn++) {
			pv_event_send(port);
			wait_for(port);
		}
		ticks[round] = (pv_rdtsc() - start) / TURNS;
	}
	qsort(ticks, ROUNDS, sizeof(ticks[0]), compare);
	pv_events_enable();
	printf("pingpong: %lu %lu\n", ticks[0], ticks[ROUNDS / 2]);
}

static void answer(evtchn_port_t port)
{
	pv_event_send(port);
	for (unsigned int turn = 0; turn < ROUNDS * TURNS; turn++) {
		wait_for(port);
		pv_event_send(port);
	}
	pv_events_enable();
}

int main(int argc, char **argv)
{
	bool first = argc > 1 && !strcmp(argv[1], "first");
	domid_t self = pv_domain_id();
	int port = first ? open_channel(self + 1) : find_channel(self - 1);

	if (port < 0) {
		printf("pingpong: FAIL, no channel\n");
		return 1;
	}
	pv_event_mask((evtchn_port_t)port);
	pv_events_disable();
	if (first)
		ask((evtchn_port_t)port);
	else
		answer((evtchn_port_t)port);
	for (;;)
		pv_sleep_ms(1000);
}
