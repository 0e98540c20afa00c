/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Local APIC: interrupts between CPUs, end of interrupt, the one-shot timer. */
#ifndef X86_APIC_H
#define X86_APIC_H

#include <x86/cpu.h>

/** Find and map it, by machine.lapic_address. Boot CPU, once. */
void apic_init(void);
/** Enable the running CPU's, timer masked. */
void apic_enable(void);
u32 apic_id(void);
void apic_eoi(void);
void apic_send_ipi(const struct cpu *to, unsigned vector);
/** INIT and start-up at `page` (real-mode page number below 256). */
void apic_send_init(u32 apic_id);
void apic_send_startup(u32 apic_id, unsigned page);
/** Halt all other CPUs by NMI: for the last report. Harmless before apic_init(). */
void apic_stop_others(void);
/** The same when the machine is to be switched off: they say nothing more. */
void apic_stop_others_for_good(void);
void apic_report_error(void);

/** The timer counts down from ticks to its interrupt; 0 stops it. */
void apic_timer_set(u32 ticks);
u32 apic_timer_left(void);
/** The timer fires at an absolute TSC value; 0 stops it. Only with cpu_has_tsc_deadline. */
void apic_timer_deadline(u64 tsc);

#endif
