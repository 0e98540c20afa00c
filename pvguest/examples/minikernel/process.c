/* SPDX-License-Identifier: MIT */
/*
 * Processes and the CPU.
 *
 * The kernel has one stack: it is always entered from user mode (or from its own idling), runs to
 * the end with events masked, and leaves. So a process that does not run is just its saved
 * registers, and switching is: copy the entry's frame away, copy another one in, change the root.
 */
#include <pv/event.h>
#include <pv/time.h>
#include "kernel.h"
#include "user/user.h"

#define TICK (5 * PV_NS_PER_MS)

struct process *current;
unsigned long preemptions;

static struct process processes[MAX_PROCESSES];
static int last_pid;
static struct pv_timer timer;
static volatile bool time_is_up;

/* --- creation ------------------------------------------------------------------------------- */

static struct process *unused_process(void)
{
	for (struct process *p = processes; p < processes + MAX_PROCESSES; p++)
		if (p->state == UNUSED)
			return p;
	return NULL;
}

/* Registers of a program's beginning, in user mode: selectors of ring 3, events on. */
static void set_start(struct pv_regs *regs, unsigned int program, uint64_t argument)
{
	static const uint8_t fpu[26] = {[0] = 0x7f, [1] = 0x03, [24] = 0x80, [25] = 0x1f};

	*regs = (struct pv_regs){
		.rip = (uintptr_t)user_start,
		.cs = FLAT_USER_CS,
		.ss = FLAT_USER_SS,
		.rflags = PV_FLAGS_IF,
		.rsp = STACK_END,
		.rdi = (uintptr_t)user_programs[program],
		.rsi = argument,
	};
	for (unsigned int i = 0; i < sizeof(fpu); i++)
		regs->fpu[i] = fpu[i];
}

static void tick(void *argument)
{
	(void)argument;
	time_is_up = true;
	pv_timer_set(&timer, pv_time_ns() + TICK, tick, NULL);
}

void process_start_first(void)
{
	struct process *p = &processes[0];

	if (!space_create(&p->space))
		machine_end(-1);
	p->state = RUNNABLE;
	p->pid = ++last_pid;
	set_start(&p->regs, 0, 0);
	current = p;
	space_use(&p->space);
	tick(NULL);
	pv_regs_resume(&p->regs);
}

/* fork: the child is the parent's twin but for what the system call returns. */
long process_fork(const struct pv_regs *regs)
{
	struct process *child = unused_process();

	if (!child || !space_fork(&child->space, &current->space))
		return -1;
	child->regs = *regs;
	child->regs.rax = 0;
	child->parent = current;
	child->pid = ++last_pid;
	child->state = RUNNABLE;
	return child->pid;
}

/* exec: the process stays, its memory and registers are new. */
bool process_exec(struct pv_regs *regs, unsigned int program, uint64_t argument)
{
	struct space fresh;

	if (program >= NR_PROGRAMS || !space_create(&fresh))
		return false;
	space_use(&fresh);
	space_destroy(&current->space);
	current->space = fresh;
	set_start(regs, program, argument);
	return true;
}

/* --- sharing the CPU ------------------------------------------------------------------------ */

static void wake_sleepers(void)
{
	for (struct process *p = processes; p < processes + MAX_PROCESSES; p++)
		if (p->state == SLEEPING && p->wake_time <= pv_time_ns())
			p->state = RUNNABLE;
}

/* Round robin: the next runnable one behind the current one, itself last. */
static struct process *next_process(void)
{
	size_t start = current - processes;

	for (size_t i = 1; i <= MAX_PROCESSES; i++) {
		struct process *p = &processes[(start + i) % MAX_PROCESSES];

		if (p->state == RUNNABLE)
			return p;
	}
	return NULL;
}

void process_schedule(struct pv_regs *regs, bool want)
{
	struct process *next;

	if (!want && current->state == RUNNABLE)
		return;
	wake_sleepers();
	while (!(next = next_process())) {
		/* Nobody can run: hold the vCPU until an event (the tick) comes. Blocking unmasks
		 * events, so the upcall happens right here, on our stack, and returns here. */
		pv_vcpu_block();
		pv_events_disable();
		wake_sleepers();
	}
	if (next == current)
		return;
	current->regs = *regs;
	current = next;
	*regs = next->regs;
	space_use(&next->space);
}

/* An event. If it interrupted a process and its time is up, another one gets the CPU: the process
 * need not cooperate, and does not notice. */
bool process_on_event(struct pv_regs *regs)
{
	pv_event_upcall();
	if (pv_from_user(regs) && time_is_up) {
		struct process *before = current;

		time_is_up = false;
		process_schedule(regs, true);
		preemptions += current != before;
	}
	return true;
}

void process_sleep(unsigned int ms)
{
	current->wake_time = pv_time_ns() + ms * PV_NS_PER_MS;
	current->state = SLEEPING;
}

/* --- death ---------------------------------------------------------------------------------- */

/* What wait() returns; the zombie's place becomes free. */
static long reap(struct process *child)
{
	long result = (long)child->pid << 8 | (child->status & 0xff);

	child->state = UNUSED;
	return result;
}

long process_wait(void)
{
	bool any = false;

	for (struct process *p = processes; p < processes + MAX_PROCESSES; p++) {
		if (p->state == UNUSED || p->parent != current)
			continue;
		if (p->state == ZOMBIE)
			return reap(p);
		any = true;
	}
	if (!any)
		return -1;
	current->state = WAITING; /* process_exit() of a child will set RAX */
	return 0;
}

void process_exit(int status)
{
	struct process *parent = current->parent;

	if (current->pid == 1)
		machine_end(status);
	for (struct process *p = processes; p < processes + MAX_PROCESSES; p++)
		if (p->parent == current)
			p->parent = &processes[0]; /* orphans go to the first process */
	space_use(NULL);
	space_destroy(&current->space);
	current->status = status;
	current->state = ZOMBIE;
	if (parent->state == WAITING) {
		parent->regs.rax = reap(current);
		parent->state = RUNNABLE;
	}
}
