/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels, timers, waiting, and two vCPUs that answer each other. */
#include <pv/event.h>
#include <pv/start.h>
#include <pv/time.h>
#include <pv/vcpu.h>
#include <xen/callback.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include "bench.h"

#define TURNS 20

extern const char bench_event[], pv_entry_event[];
void bench_clear_event(void);

static evtchn_port_t ours, theirs; /* the two ends of a channel to ourselves */
static evtchn_port_t handled[2];   /* by vCPU: the port that an upcall clears */
static struct {
	evtchn_port_t to, from;
} player[2];
static volatile unsigned int turn;
static volatile bool blocking;

static void clear(evtchn_port_t port)
{
	__atomic_fetch_and(&pv_shared_info.evtchn_pending[port / 64], ~(1UL << port % 64),
			   __ATOMIC_SEQ_CST);
}

void bench_clear_event(void)
{
	struct vcpu_info *info = pv_this_vcpu()->info;

	info->evtchn_upcall_pending = 0;
	info->evtchn_pending_sel = 0;
	clear(handled[pv_this_vcpu()->id]);
}

static void never(evtchn_port_t port, void *argument)
{
	(void)port;
	(void)argument;
}

static void set_event_entry(const char *address)
{
	struct callback_register event = {
		.type = CALLBACKTYPE_event,
		.flags = CALLBACKF_mask_events,
		.address = (uintptr_t)address,
	};

	check("callback", HYPERVISOR_callback_op(CALLBACKOP_register, &event), 0);
}

static void open_channel(void)
{
	ours = pv_event_alloc_unbound(DOMID_SELF, never, NULL);
	theirs = pv_event_bind_interdomain(pv_domain_id(), ours, never, NULL);
	handled[0] = ours;
	pv_event_mask(ours);
}

static void send(void)
{
	check("send", pv_event_send(theirs), 0);
}

static void let_events_in(void)
{
	clear(ours);
	set_event_entry(pv_entry_event);
	pv_event_unmask(ours);
	set_event_entry(bench_event);
}

static void keep_events_out(void)
{
	pv_event_mask(ours);
	set_event_entry(pv_entry_event);
}

/* From here on: no upcalls, only polling. */
static void wait_for(evtchn_port_t port)
{
	struct sched_poll poll = {.nr_ports = 1};

	poll.ports.p = &port;
	check("poll", HYPERVISOR_sched_op(SCHEDOP_poll, &poll), 0);
	clear(port);
}

static void mask_events(void)
{
	pv_events_disable();
}

static void poll_pending(void)
{
	send();
	wait_for(ours);
}

/* Hand over to the other vCPU: 0 or 1. */
static void pass_to(unsigned int id)
{
	turn = id;
	check("send", pv_event_send(player[!id].to), 0);
}

/* An upcall ends the blocking. Between the look at whose turn it is and that, none can come. */
static void block_until(unsigned int id)
{
	while (turn != id) {
		HYPERVISOR_sched_op(SCHEDOP_block, NULL);
		pv_events_disable();
	}
}

/* vCPU 1: polls, until it is told to block instead. */
static void answer(void *argument)
{
	(void)argument;
	pv_events_disable();
	while (!blocking) {
		wait_for(player[1].from);
		check("send", pv_event_send(player[1].to), 0);
	}
	set_event_entry(bench_event);
	for (;;) {
		block_until(1);
		pass_to(0);
	}
}

static void connect(unsigned int from, unsigned int to)
{
	player[to].from = pv_event_alloc_unbound(DOMID_SELF, never, NULL);
	player[from].to = pv_event_bind_interdomain(pv_domain_id(), player[to].from, never, NULL);
	check("bind_vcpu", pv_event_bind_vcpu(player[to].from, to), 0);
}

static void start_player(void)
{
	connect(0, 1);
	connect(1, 0);
	check("vCPU 1", pv_vcpu_start(1, answer, NULL), 0);
	pv_events_disable();
}

static void ping_pong_once(void)
{
	check("send", pv_event_send(player[0].to), 0);
	wait_for(player[0].from);
}

static void ping_pong(void)
{
	for (unsigned int i = 0; i < TURNS; i++)
		ping_pong_once();
}

static void let_both_block(void)
{
	handled[0] = player[0].from;
	handled[1] = player[1].from;
	blocking = true;
	pv_events_disable();
	ping_pong_once();
	set_event_entry(bench_event);
}

static void block_and_wake(void)
{
	for (unsigned int i = 0; i < TURNS; i++) {
		pass_to(1);
		block_until(0);
	}
}

static void stop_blocking(void)
{
	set_event_entry(pv_entry_event);
	pv_events_enable();
}

/* Forget what nobody handled while events were masked. */
static void forget_all(void)
{
	struct vcpu_info *info = pv_this_vcpu()->info;

	for (unsigned int i = 0; i < 64; i++)
		__atomic_store_n(&pv_shared_info.evtchn_pending[i], 0, __ATOMIC_SEQ_CST);
	info->evtchn_pending_sel = 0;
	info->evtchn_upcall_pending = 0;
}

/* A one-shot timer that is over at once. */
static void set_and_fire(void)
{
	const volatile uint8_t *pending = &pv_this_vcpu()->info->evtchn_upcall_pending;

	check("set_timer_op", HYPERVISOR_set_timer_op(pv_time_ns() + 1), 0);
	while (!*pending)
		HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
}

const struct row event_rows[] = {
	{"event to a masked port", 1, .prepare = open_channel, .run = send},
	{"event with upcall", 1, .prepare = let_events_in, .run = send, .finish = keep_events_out},
	{"event and poll for it", 1, .prepare = mask_events, .run = poll_pending},
	{"timer: set and fire", 1, .before = forget_all, .run = set_and_fire,
	 .finish = pv_events_enable},
	{"ping-pong of two vCPUs", TURNS, .prepare = start_player, .run = ping_pong,
	 .finish = pv_events_enable},
	{"block and wake", 2 * TURNS, .prepare = let_both_block, .run = block_and_wake,
	 .finish = stop_blocking},
	{0},
};
