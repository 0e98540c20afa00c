/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Local APIC: interrupts between CPUs, end of interrupt, the one-shot timer. */
#ifndef X86_APIC_H
#define X86_APIC_H

#include <lib/types.h>

/** Find and map it. Boot CPU, once. */
void apic_init(void);
/** Enable the running CPU's, timer masked. */
void apic_enable(void);
u32 apic_id(void);
void apic_eoi(void);

/* Commands: a fixed interrupt of that vector, or one of these. */
#define APIC_NMI     0x400
#define APIC_INIT    0x500
#define APIC_STARTUP 0x600 /* at the real-mode page in the low byte */
void apic_send(u32 to_apic_id, u32 command);
/** Halt all other CPUs by NMI: they say nothing more. Harmless before apic_init(). */
void apic_stop_others(void);
void apic_report_error(void);

/** The timer counts down from ticks to its interrupt; 0 stops it. */
void apic_timer_set(u32 ticks);
u32 apic_timer_left(void);
/** The timer fires at an absolute TSC value. Only with cpu_has_tsc_deadline. */
void apic_timer_deadline(u64 tsc);

#endif
