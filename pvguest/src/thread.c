/* SPDX-License-Identifier: MIT */
/* Cooperative threads of vCPU 0: the run queue, waiting, and the end of threads. */
#include <reent.h>
#include <stdlib.h>
#include <string.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <pv/time.h>
#include "internal.h"

#define DEFAULT_STACK_PAGES 16
#define NAME_SIZE	    16

struct pv_thread {
	uintptr_t sp;		      /* of a thread that does not run */
	struct pv_thread *next;	      /* in the run queue or a wait queue */
	struct pv_wait_queue *queue;  /* where it waits, or NULL */
	struct pv_wait_queue joiners; /* who waits for its end */
	struct pv_timer timer;
	void (*function)(void *argument);
	void *argument;
	uintptr_t stack; /* its guard page; 0 for those that have no stack of ours */
	unsigned int stack_pages;
	bool runnable, timed_out, ended, detached;
	char name[NAME_SIZE];
	struct _reent reent;
};

static struct pv_thread main_thread = {.name = "main"};
static struct pv_wait_queue runnable;
static struct pv_thread *corpse; /* ended and detached: freed by the next one that runs */

struct pv_thread *pv_thread_current(void)
{
	return pv_this_vcpu()->current;
}

const char *pv_thread_name(const struct pv_thread *thread)
{
	return thread->name;
}

/* errno, strtok's state and so on are the running thread's. */
struct _reent *__getreent(void)
{
	return &pv_thread_current()->reent;
}

static void enqueue(struct pv_wait_queue *queue, struct pv_thread *thread)
{
	thread->next = NULL;
	if (!queue->first)
		queue->last = &queue->first;
	*queue->last = thread;
	queue->last = &thread->next;
}

static struct pv_thread *dequeue(struct pv_wait_queue *queue)
{
	struct pv_thread *thread = queue->first;

	if (thread)
		queue->first = thread->next;
	return thread;
}

static void leave_queue(struct pv_wait_queue *queue, struct pv_thread *thread)
{
	struct pv_thread **at = &queue->first;

	while (*at && *at != thread)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = thread->next;
	if (!*at)
		queue->last = at;
}

static void make_runnable(struct pv_thread *thread)
{
	thread->queue = NULL;
	thread->runnable = true;
	enqueue(&runnable, thread);
}

static void bury(void)
{
	struct pv_thread *dead = corpse;

	corpse = NULL;
	if (!dead)
		return;
	for (unsigned int i = 1; i <= dead->stack_pages; i++) {
		uintptr_t va = dead->stack + i * PV_PAGE_SIZE;
		uint64_t entry;

		pv_pte_find(va, 1, &entry);
		pv_unmap(va, 1);
		pv_pages_free(pv_mfn_to_virt((entry & PV_PTE_FRAME) >> PV_PAGE_SHIFT), 1);
	}
	pv_va_free(dead->stack, dead->stack_pages + 1);
	_reclaim_reent(&dead->reent);
	free(dead);
}

/* Run another thread until this one is runnable. Events are masked, and stay so. */
static void schedule(void)
{
	struct pv_vcpu *me = pv_this_vcpu();
	struct pv_thread *old = me->current, *new;

	while (!(new = dequeue(&runnable))) {
		HYPERVISOR_sched_op(SCHEDOP_block,
				    NULL); /* unmasks, and the upcall wakes threads */
		pv_events_disable();
	}
	new->runnable = false;
	if (new == old)
		return;
	me->current = new;
	pv_context_switch(&old->sp, new->sp);
	bury();
}

void pv_yield(void)
{
	bool masked = pv_events_save();

	make_runnable(pv_thread_current());
	schedule();
	pv_events_restore(masked);
}

static void deadline_passed(void *argument)
{
	struct pv_thread *thread = argument;

	if (thread->runnable)
		return;
	if (thread->queue)
		leave_queue(thread->queue, thread);
	thread->timed_out = true;
	make_runnable(thread);
}

bool pv_wait_on(struct pv_wait_queue *queue, uint64_t deadline)
{
	struct pv_thread *me = pv_thread_current();

	me->timed_out = false;
	me->queue = queue;
	enqueue(queue, me);
	if (deadline != PV_FOREVER)
		pv_timer_set(&me->timer, deadline, deadline_passed, me);
	schedule();
	pv_timer_cancel(&me->timer);
	return !me->timed_out;
}

void pv_wake_one(struct pv_wait_queue *queue)
{
	bool masked = pv_events_save();
	struct pv_thread *thread = dequeue(queue);

	if (thread)
		make_runnable(thread);
	pv_events_restore(masked);
}

void pv_wake_all(struct pv_wait_queue *queue)
{
	bool masked = pv_events_save();
	struct pv_thread *thread;

	while ((thread = dequeue(queue)))
		make_runnable(thread);
	pv_events_restore(masked);
}

void pv_sleep_until(uint64_t system_time)
{
	struct pv_wait_queue nobody = {0};
	bool masked = pv_events_save();

	pv_wait_on(&nobody, system_time);
	pv_events_restore(masked);
}

void pv_sleep_ms(unsigned int ms)
{
	pv_sleep_until(pv_time_ns() + ms * PV_NS_PER_MS);
}

/* stack_pages of memory above an unmapped page; 0 without memory. */
static uintptr_t make_stack(unsigned int stack_pages)
{
	uintptr_t stack = pv_va_alloc(stack_pages + 1);

	for (unsigned int i = 1; stack && i <= stack_pages; i++) {
		void *page = pv_pages_alloc(1);

		if (page && !pv_map_range(stack + i * PV_PAGE_SIZE, pv_virt_to_mfn(page), 1, PV_RW,
					  DOMID_SELF))
			continue;
		if (page)
			pv_pages_free(page, 1);
		while (--i > 0) {
			uint64_t entry;

			pv_pte_find(stack + i * PV_PAGE_SIZE, 1, &entry);
			pv_unmap(stack + i * PV_PAGE_SIZE, 1);
			pv_pages_free(pv_mfn_to_virt((entry & PV_PTE_FRAME) >> PV_PAGE_SHIFT), 1);
		}
		pv_va_free(stack, stack_pages + 1);
		return 0;
	}
	return stack;
}

struct pv_thread *pv_thread_for_vcpu(const char *name)
{
	struct pv_thread *thread = calloc(1, sizeof(*thread));

	if (!thread)
		return NULL;
	strncpy(thread->name, name, NAME_SIZE - 1);
	_REENT_INIT_PTR(&thread->reent);
	return thread;
}

/* What pv_context_switch() pops before it returns into pv_thread_begin. */
struct first_frame {
	uint32_t mxcsr, fpu_control;
	uint64_t r15, r14, r13, argument, function, rbp, return_to;
};

static void begin(void *argument)
{
	struct pv_thread *me = argument;

	bury();
	pv_events_enable();
	me->function(me->argument);
}

struct pv_thread *pv_thread_create(const char *name, void (*function)(void *argument),
				   void *argument, unsigned int stack_pages)
{
	struct pv_thread *thread = pv_thread_for_vcpu(name);
	struct first_frame *frame;
	bool masked;

	if (!thread)
		return NULL;
	thread->stack_pages = stack_pages ? stack_pages : DEFAULT_STACK_PAGES;
	thread->stack = make_stack(thread->stack_pages);
	if (!thread->stack) {
		free(thread);
		return NULL;
	}
	thread->function = function;
	thread->argument = argument;
	frame = (void *)(thread->stack + (thread->stack_pages + 1) * PV_PAGE_SIZE - sizeof(*frame));
	*frame = (struct first_frame){
		.mxcsr = 0x1f80,
		.fpu_control = 0x37f,
		.argument = (uint64_t)thread,
		.function = (uint64_t)begin,
		.return_to = (uint64_t)pv_thread_begin,
	};
	thread->sp = (uintptr_t)frame;
	masked = pv_events_save();
	make_runnable(thread);
	pv_events_restore(masked);
	return thread;
}

void pv_thread_exit(void)
{
	struct pv_thread *me = pv_thread_current();

	pv_events_disable();
	me->ended = true;
	if (me->detached)
		corpse = me;
	pv_wake_all(&me->joiners);
	schedule();
	__builtin_unreachable();
}

void pv_thread_detach(struct pv_thread *thread)
{
	thread->detached = true;
	if (thread->ended) {
		corpse = thread;
		bury();
	}
}

int pv_thread_start(const char *name, void (*function)(void *argument), void *argument,
		    unsigned int stack_pages)
{
	struct pv_thread *thread = pv_thread_create(name, function, argument, stack_pages);

	if (!thread)
		return -XEN_ENOMEM;
	pv_thread_detach(thread);
	return 0;
}

void pv_thread_join(struct pv_thread *thread)
{
	pv_wait_event(&thread->joiners, thread->ended);
	corpse = thread;
	bury();
}

void pv_thread_init(void)
{
	_REENT_INIT_PTR(&main_thread.reent);
	pv_this_vcpu()->current = &main_thread;
}
