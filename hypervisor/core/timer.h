/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers in nanoseconds of system time. Callbacks run from exit_work() or idle, interrupts off, no
 * lock held.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include <lib/list.h>

struct timer {
	struct list link;
	u64 expires; /* ns; meaningful while active */
	void (*fn)(void *arg);
	void *arg;
	u32 cpu; /* queue it is on */
	bool active;
};

static inline void timer_init(struct timer *t, void (*fn)(void *arg), void *arg)
{
	*t = (struct timer){.fn = fn, .arg = arg};
}

/** Let it fire on a CPU, once; re-arms if active. */
void timer_set(struct timer *t, u32 cpu, u64 expires_ns);
/** After it the callback does not run (on another CPU it has ended). */
void timer_stop(struct timer *t);
/** Run what has expired on this CPU and program the hardware for the next. */
void timers_run(void);
void timers_init_cpu(void);

#endif
