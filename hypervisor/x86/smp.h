/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processors: the first, and how the others are started. */
#ifndef X86_SMP_H
#define X86_SMP_H

#include <x86/cpu.h>

/** Make the boot CPU's window; afterwards init() goes on on its stack. */
struct cpu *cpu_init_first(void);
/** Windows of all CPUs that may be started (maxcpus=). Needs the early allocator. */
void smp_prepare(void);
/** Start them one after the other; each ends in cpu_main(). */
void smp_start(void);
/** Where every started CPU goes on, on its own stack: boot/init.c. */
void cpu_main(void) __attribute__((noreturn));
/** Switch stacks and call fn, which does not return. */
void stack_switch_call(u64 stack, void (*fn)(void)) __attribute__((noreturn));

#endif
