/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start-up of time keeping. */
#ifndef X86_CLOCK_H
#define X86_CLOCK_H

#include <lib/types.h>

/** Calibrate TSC and APIC timer, read the RTC. Boot CPU, after apic_init(). */
void time_init(void);
/** The real-time clock: ns since 1970 UTC. */
u64 rtc_read(void);
/** Busy wait; for device delays at boot. */
void delay_us(u32 us);

#endif
