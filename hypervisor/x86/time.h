/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System time: nanoseconds since boot, from the TSC (calibrated at boot against the PIT). */
#ifndef X86_TIME_H
#define X86_TIME_H

#include <lib/types.h>

/** Calibrate TSC and APIC timer, read the RTC. Boot CPU, after apic_init(). */
void time_init(void);
/** Busy wait; for device delays at boot. */
void delay_us(u32 us);

/** Nanoseconds since boot; monotonic on each CPU, same base on all. */
u64 now_ns(void);
u64 rdtsc(void);

/** What pvclock publishes: ns = ((tsc - tsc_base) << shift) * mul >> 32 + ns_base. */
struct time_scale {
	u64 tsc_base, ns_base;
	u32 mul;
	s8 shift;
};
extern struct time_scale time_scale;
extern u32 tsc_khz;

/** Wall clock (RTC) at boot: nanoseconds since 1970 UTC. */
extern u64 wallclock_boot_ns;

/**
 * Have WORK_TIMERS set on this CPU at the deadline (~0: none), or earlier: the device is left alone
 * while it will fire before that. To be called again whenever it has fired.
 */
void timer_program(u64 deadline_ns);
/** Have this CPU's timer fire once in so many ns, below an hour, or earlier; timer_fired() puts it
 * right again. From an NMI too. */
void timer_arm(u64 ns);
/** On the timer's interrupt. */
void timer_fired(void);

#endif
