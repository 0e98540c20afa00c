/* SPDX-License-Identifier: MIT */
/* Time and timers. All times are in nanoseconds. */
#ifndef PV_TIME_H
#define PV_TIME_H

#include <pv/types.h>

#define PV_NS_PER_SECOND 1000000000ULL
#define PV_NS_PER_MS	 1000000ULL

/* Time since the machine started, from this vCPU's pvclock; never goes back on one vCPU. */
uint64_t pv_time_ns(void);

/* Time since 1970-01-01 UTC. */
uint64_t pv_wallclock_ns(void);

/* A one-shot timer. The caller owns the struct, which must stay until the timer ran or was
 * cancelled. */
struct pv_timer {
	struct pv_timer *next;
	uint64_t deadline;
	void (*function)(void *argument);
	void *argument;
	bool active;
};

/* Call function(argument) as an event handler (pv/event.h) on vCPU 0 at deadline (system time).
 * Only from vCPU 0. An active timer moves. */
void pv_timer_set(struct pv_timer *timer, uint64_t deadline, void (*function)(void *argument),
		  void *argument);

void pv_timer_cancel(struct pv_timer *timer);

#endif
