/* SPDX-License-Identifier: MIT */
/*
 * The ways from a process into the kernel.
 *
 * SYSCALL in user mode traps into the hypervisor, which changes the root to the kernel's, pushes a
 * frame on the kernel's stack and jumps to the syscall callback; exceptions come likewise through
 * the trap table. The SDK's stubs complete the frame and call the functions below.
 */
#include <stdio.h>
#include <pv/console.h>
#include "kernel.h"
#include "user/user.h"

#define MAX_WRITE 256

static long write_text(uintptr_t text, size_t length)
{
	char copy[MAX_WRITE];

	/* A pointer from a process is only a number: what it points to is looked up in its own
	 * tables, under its own rights. */
	if (length > sizeof(copy) || !space_read(&current->space, copy, text, length))
		return -1;
	pv_console_write(copy, length);
	return length;
}

static long counter(unsigned int which)
{
	const long values[] = {
		[COUNT_ZERO_FILLS] = memory_counters.zero_fills,
		[COUNT_COPIES] = memory_counters.copies,
		[COUNT_REUSES] = memory_counters.reuses,
		[COUNT_PREEMPTIONS] = preemptions,
		[COUNT_FREE_PAGES] = pv_pages_free_count(),
	};

	return which < PV_ARRAY_SIZE(values) ? values[which] : -1;
}

/* RAX: number, then result. RDI, RSI: arguments. */
bool syscall_entry(struct pv_regs *regs)
{
	uint64_t number = regs->rax, a = regs->rdi, b = regs->rsi;
	bool yield = false;

	regs->rax = 0;
	switch (number) {
	case SYS_WRITE:
		regs->rax = write_text(a, b);
		break;
	case SYS_FORK:
		regs->rax = process_fork(regs);
		break;
	case SYS_EXEC:
		if (!process_exec(regs, a, b))
			regs->rax = -1;
		break;
	case SYS_EXIT:
		process_exit(a);
		break;
	case SYS_WAIT:
		regs->rax = process_wait();
		break;
	case SYS_GETPID:
		regs->rax = current->pid;
		break;
	case SYS_YIELD:
		yield = true;
		break;
	case SYS_SLEEP:
		process_sleep(a);
		break;
	case SYS_COUNTER:
		regs->rax = counter(a);
		break;
	default:
		regs->rax = -1;
	}
	process_schedule(regs, yield);
	return true;
}

/* A process that does wrong dies; status tells its parent of what. The kernel itself must not. */
static bool kill_current(struct pv_regs *regs)
{
	if (!pv_from_user(regs))
		return false; /* the SDK reports it and ends the machine */
	printf("process %d ended: vector %lu at %#lx\n", current->pid, (unsigned long)regs->vector,
	       (unsigned long)regs->rip);
	process_exit(KILLED | regs->vector);
	process_schedule(regs, false);
	return true;
}

bool exception_entry(struct pv_regs *regs)
{
	return kill_current(regs);
}

bool page_fault_entry(struct pv_regs *regs)
{
	/* Text is there from the start, so a fetch that faults is never the process's right. */
	if (pv_from_user(regs) && !(regs->error & PV_FAULT_FETCH) &&
	    space_fault(&current->space, pv_fault_address(), regs->error & PV_FAULT_WRITE))
		return true; /* the instruction runs again, and now succeeds */
	return kill_current(regs);
}
