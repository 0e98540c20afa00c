/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entry room: one window of 64 KiB for each CPU, aligned to its size, so that any stack pointer
 * in it leads to the CPU's struct cpu by a mask. Pages that are not named are not mapped: guards.
 *
 *   page  0      guard
 *   page  1..4   main stack; at its top struct cpu, below that the guest's frame
 *   page  6      the entry page (code), one physical page aliased into every window
 *   page  8      #DF stack        page 13  #MC stack
 *   page 10..11  NMI stack        page 15  #DB stack
 *   page  5      TSS (its limit ends with it)
 */
#ifndef X86_WINDOW_H
#define X86_WINDOW_H

#include <x86/cpu.h>
#include <x86/layout.h>

#define WINDOW_SIZE	0x10000UL
#define WINDOW_BASE(id) (ENTRY_ROOM_START + (id)*WINDOW_SIZE)

#define WINDOW_STACK	 0x1000UL
#define WINDOW_STACK_END 0x5000UL
#define WINDOW_CPU	 (WINDOW_STACK_END - 512) /* struct cpu */
#define WINDOW_TSS	 0x5000UL
#define WINDOW_ENTRY	 0x6000UL
#define WINDOW_DF	 0x8000UL
#define WINDOW_NMI	 0xa000UL
#define WINDOW_MC	 0xd000UL
#define WINDOW_DB	 0xf000UL

#define IST_DF	1
#define IST_NMI 2
#define IST_MC	3
#define IST_DB	4

_Static_assert(sizeof(struct cpu) <= 512, "struct cpu fits above the stack");
#if !__STDC_HOSTED__
_Static_assert(CPU_WINDOW_SIZE == WINDOW_SIZE && CPU_OFFSET == WINDOW_CPU, "this_cpu() finds it");
#endif

#endif
