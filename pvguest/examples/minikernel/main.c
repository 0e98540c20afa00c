/* SPDX-License-Identifier: MIT */
/* Start of the teaching kernel: set the entries, start process 1, judge how it ended. */
#include <stdio.h>
#include <stdlib.h>
#include <pv/console.h>
#include <pv/event.h>
#include <pv/start.h>
#include "kernel.h"

#define STACK_SIZE 16 /* pages of the kernel's stack */

static unsigned long free_at_start;

void machine_end(int status)
{
	/* Everything but process 1 is gone, so its space is all that the kernel has not got back.
	 */
	unsigned long before = free_at_start, after;

	if (current) {
		space_use(NULL);
		space_destroy(&current->space);
	}
	after = pv_pages_free_count();
	printf("minikernel: %lu pages zero-filled, %lu copied on write, %lu reused, %lu preemptions\n",
	       memory_counters.zero_fills, memory_counters.copies, memory_counters.reuses,
	       preemptions);
	if (before != after)
		printf("FAIL minikernel: %ld pages lost\n", (long)(before - after));
	if (status)
		printf("FAIL minikernel: process 1 ended with status %d\n", status);
	printf("minikernel: %s\n", status || before != after ? "FAILED" : "passed");
	exit(status || before != after);
}

int main(void)
{
	char *stack = pv_pages_alloc(STACK_SIZE);

	memory_init();
	/* Where entries from user mode push their frames: the kernel's one and only stack. */
	pv_trap_stack(stack + STACK_SIZE * PV_PAGE_SIZE);
	pv_events_disable(); /* the kernel runs with events masked; processes do not */
	for (unsigned int vector = 0; vector < 32; vector++)
		pv_trap_handle(vector, exception_entry);
	pv_trap_handle(PV_TRAP_PAGE_FAULT, page_fault_entry);
	pv_trap_handle(PV_VECTOR_SYSCALL, syscall_entry);
	pv_trap_handle(PV_VECTOR_EVENT, process_on_event);
	printf("minikernel: %lu KiB of memory\n", pv_start_info->nr_pages * 4);
	free_at_start = pv_pages_free_count();
	process_start_first();
}
