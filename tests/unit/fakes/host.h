/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine on the host: CPUs that the test switches between, a clock that it sets, locks that
 * notice recursion, a heap that can be told to fail, guest memory that is the test's own.
 */
#ifndef FAKES_HOST_H
#define FAKES_HOST_H

#include <x86/cpu.h>

#define FAKE_CPUS 8

extern u32 fake_cpu; /* the CPU that this_cpu() is */
extern u64 fake_now; /* ns: now_ns(), and rdtsc() at 1 GHz */
/* Whenever a lock was taken, or is to be released; NULL: nothing. */
extern void (*fake_on_lock)(const struct spinlock *l);
extern void (*fake_on_clock)(void);  /* whenever now_ns() is asked; NULL: nothing */
extern u64 fake_deadline[FAKE_CPUS]; /* what timer_program() armed, ~0: nothing */
extern struct cpu_regs fake_regs;    /* guest_regs() */

/* Allocations until one fails; negative: never. */
extern int fake_heap_left;
extern int fake_heap_live; /* allocations not freed */
/* Addresses that fault: [from, to). */
extern u64 fake_fault_from, fake_fault_to;
/* Further limits on what the guest can access; NULL: none. */
extern bool (*fake_accessible)(u64 addr, size_t size);

extern char fake_log[8192]; /* what printk() printed since fake_host_reset() */

/* n CPUs, CPU 0 runs, time 0, nothing fails. */
void fake_host_reset(unsigned n);

#endif
