/* SPDX-License-Identifier: MIT */
/*
 * A teaching kernel on a paravirtual machine.
 *
 * Kernel and processes both run in ring 3 of the CPU. What makes the kernel a kernel is the
 * hypervisor's idea of two virtual modes: in kernel mode the vCPU uses the kernel's page-table
 * root, in user mode the process's, and only kernel mode may make hypercalls. A process gets back
 * into the kernel by a system call, an exception or an event; the kernel gets into a process by the
 * iret hypercall. Read the files in this order:
 *
 *   memory.c   address spaces: building tables, demand-zero pages, copy on write
 *   process.c  processes: creation, switching, preemption, sleeping, death
 *   syscall.c  system calls, and what happens to a process that does wrong
 *   main.c     start, the first process, the verdict
 *   user/      the programs, which see nothing of all this but the system calls
 */
#ifndef MINIKERNEL_H
#define MINIKERNEL_H

#include <pv/mm.h>
#include <pv/trap.h>

/* --- memory.c ------------------------------------------------------------------------------ */

/* A process sees its program's text at the address it is linked for, and two areas to write to. */
#define DATA_START  0x40000000UL
#define DATA_PAGES  256
#define STACK_END   0x80000000UL
#define STACK_PAGES 16

/* An address space: the root of its page tables, in the kernel's linear map. */
struct space {
	uint64_t *root;
};

extern struct memory_counters {
	unsigned long zero_fills, copies, reuses; /* page faults, by what resolved them */
} memory_counters;

void memory_init(void);
/* A space with the programs' text and nothing else; false without memory. */
bool space_create(struct space *space);
/* A copy of parent: both share all pages, and whoever writes gets a page of its own. */
bool space_fork(struct space *child, struct space *parent);
void space_destroy(struct space *space);
/* Make it the one of user mode. */
void space_use(const struct space *space);
/* Deal with a page fault; false if the process had no right to the access. */
bool space_fault(struct space *space, uintptr_t va, bool write);
/* Copy from the process's memory; false if it may not read all of it itself. */
bool space_read(struct space *space, void *to, uintptr_t from, size_t length);

/* --- process.c ----------------------------------------------------------------------------- */

#define MAX_PROCESSES 16

enum state { UNUSED, RUNNABLE, SLEEPING, WAITING, ZOMBIE };

struct process {
	enum state state;
	int pid;
	struct process *parent;
	struct space space;
	struct pv_regs regs; /* its registers while it is not running */
	uint64_t wake_time;  /* of a SLEEPING one */
	int status;	     /* of a ZOMBIE */
};

extern struct process *current;
extern unsigned long preemptions;

/* The first process: runs program number 0. Does not return. */
void process_start_first(void) __attribute__((noreturn));
/* Give the CPU to another process if want is set or the current one cannot run. regs is the frame
 * of the present entry: the current process's registers are taken from it, the next one's put in.
 */
void process_schedule(struct pv_regs *regs, bool want);
/* The bodies of system calls; results are for RAX. */
long process_fork(const struct pv_regs *regs);
long process_wait(void);
bool process_exec(struct pv_regs *regs, unsigned int program, uint64_t argument);
void process_sleep(unsigned int ms);
void process_exit(int status);
/* Entry from the timer and all other events. */
bool process_on_event(struct pv_regs *regs);

/* --- syscall.c ----------------------------------------------------------------------------- */

bool syscall_entry(struct pv_regs *regs);
bool exception_entry(struct pv_regs *regs);
bool page_fault_entry(struct pv_regs *regs);

/* --- main.c -------------------------------------------------------------------------------- */

/* Process 1 has ended with status: so does the machine. */
void machine_end(int status) __attribute__((noreturn));

#endif
