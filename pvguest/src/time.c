/* SPDX-License-Identifier: MIT */
/* System time from the pvclock, wallclock, and the timers of vCPU 0. */
#include <pv/cpu.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/start.h>
#include <pv/time.h>
#include <xen/vcpu.h>
#include "internal.h"

static struct pv_timer *timers; /* by deadline; changed with events masked */
static uint64_t programmed;	/* when the timer fires; 0: not at all */

static uint64_t scaled(uint64_t ticks, uint32_t mul, int8_t shift)
{
	ticks = shift >= 0 ? ticks << shift : ticks >> -shift;
	return (unsigned __int128)ticks * mul >> 32;
}

uint64_t pv_time_ns(void)
{
	const volatile struct vcpu_time_info *t = &pv_this_vcpu()->info->time;
	uint32_t version;
	uint64_t ns;

	do {
		version = t->version;
		pv_rmb();
		ns = t->system_time +
		     scaled(pv_rdtsc() - t->tsc_timestamp, t->tsc_to_system_mul, t->tsc_shift);
		pv_rmb();
	} while ((version & 1) || version != t->version);
	return ns;
}

uint64_t pv_wallclock_ns(void)
{
	const volatile struct shared_info *s = &pv_shared_info;
	uint32_t version;
	uint64_t base;

	do {
		version = s->wc_version;
		pv_rmb();
		base = ((uint64_t)s->wc_sec_hi << 32 | s->wc_sec) * PV_NS_PER_SECOND + s->wc_nsec;
		pv_rmb();
	} while ((version & 1) || version != s->wc_version);
	return base + pv_time_ns();
}

/* Only if the timer would fire too late: to be early costs nothing, to set it at each wait does. */
static void program(void)
{
	if (!timers || (programmed && programmed <= timers->deadline))
		return;
	programmed = timers->deadline;
	HYPERVISOR_set_timer_op(programmed);
}

static void unlink_timer(struct pv_timer *timer)
{
	for (struct pv_timer **at = &timers; *at; at = &(*at)->next) {
		if (*at != timer)
			continue;
		*at = timer->next;
		break;
	}
	timer->active = false;
}

void pv_timer_set(struct pv_timer *timer, uint64_t deadline, void (*function)(void *argument),
		  void *argument)
{
	bool masked = pv_events_save();
	struct pv_timer **at = &timers;

	if (timer->active)
		unlink_timer(timer);
	timer->deadline = deadline;
	timer->function = function;
	timer->argument = argument;
	timer->active = true;
	while (*at && (*at)->deadline <= deadline)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
	if (timers == timer)
		program();
	pv_events_restore(masked);
}

void pv_timer_cancel(struct pv_timer *timer)
{
	bool masked = pv_events_save();

	if (timer->active)
		unlink_timer(timer);
	pv_events_restore(masked);
}

static void expired(evtchn_port_t port, void *argument)
{
	(void)port, (void)argument;
	programmed = 0;
	while (timers && timers->deadline <= pv_time_ns()) {
		struct pv_timer *timer = timers;

		unlink_timer(timer);
		timer->function(timer->argument);
	}
	program();
}

void pv_time_init(void)
{
	int port = pv_event_bind_virq(VIRQ_TIMER, 0, expired, NULL);

	if (port < 0)
		pv_panic("no timer: error %d", port);
	/* A vCPU may be born with a periodic tick, which would wake us for nothing. */
	HYPERVISOR_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
}
