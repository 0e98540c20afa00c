/* SPDX-License-Identifier: MIT */
/*
 * Threads: cooperative, all on vCPU 0. A thread runs until it waits, sleeps, yields or ends, so
 * data shared between threads needs a lock only across such a point; data shared with an event
 * handler needs events masked. Each thread has its own errno. When all wait, the vCPU blocks.
 */
#ifndef PV_THREAD_H
#define PV_THREAD_H

#include <pv/types.h>

struct pv_thread;

#define PV_FOREVER (~0ULL)

/* Threads waiting for one thing; zero-initialised. */
struct pv_wait_queue {
	struct pv_thread *first, **last;
};

/* A new runnable thread with stack_pages (0: 16) of stack and a guard page below; name is copied
 * (up to 15 characters). NULL without memory. Its memory is freed by pv_thread_join(). */
struct pv_thread *pv_thread_create(const char *name, void (*function)(void *argument),
				   void *argument, unsigned int stack_pages);

/* The same for a thread that nobody joins: its memory is freed when it ends. 0 or -XEN_ENOMEM. */
int pv_thread_start(const char *name, void (*function)(void *argument), void *argument,
		    unsigned int stack_pages);

/* Wait until thread has ended, and free it. */
void pv_thread_join(struct pv_thread *thread);

/* Nobody will join thread: it is freed when it ends. */
void pv_thread_detach(struct pv_thread *thread);

void pv_thread_exit(void) __attribute__((noreturn));
struct pv_thread *pv_thread_current(void);
const char *pv_thread_name(const struct pv_thread *thread);

/* Let the other runnable threads run. */
void pv_yield(void);

void pv_sleep_ms(unsigned int ms);
void pv_sleep_until(uint64_t system_time);

/* Wait on the queue until woken or until system time deadline (PV_FOREVER: none). Call it with
 * events masked, having found the condition false: no wake-up is lost. Events are masked again
 * when it returns; false means the deadline passed. */
bool pv_wait_on(struct pv_wait_queue *queue, uint64_t deadline);

/* Make the longest waiting thread, or all of them, runnable. Callable from event handlers. */
void pv_wake_one(struct pv_wait_queue *queue);
void pv_wake_all(struct pv_wait_queue *queue);

/* Wait until condition is true; it is evaluated with events masked. */
#define pv_wait_event(queue, condition)                                                            \
	do {                                                                                       \
		bool masked_ = pv_events_save();                                                   \
		while (!(condition))                                                               \
			pv_wait_on(queue, PV_FOREVER);                                             \
		pv_events_restore(masked_);                                                        \
	} while (0)

/* Counts; zero-initialised means 0. */
struct pv_semaphore {
	unsigned int count;
	struct pv_wait_queue waiters;
};

void pv_semaphore_down(struct pv_semaphore *semaphore);
/* False if deadline passed first; with deadline 0 it never waits. */
bool pv_semaphore_down_until(struct pv_semaphore *semaphore, uint64_t deadline);
/* Callable from event handlers. */
void pv_semaphore_up(struct pv_semaphore *semaphore);

/* Not recursive; zero-initialised means free. Not from event handlers. */
struct pv_mutex {
	struct pv_thread *owner;
	struct pv_wait_queue waiters;
};

void pv_mutex_lock(struct pv_mutex *mutex);
bool pv_mutex_try(struct pv_mutex *mutex);
void pv_mutex_unlock(struct pv_mutex *mutex);

/* A condition to wait for while a mutex is let go; zero-initialised. */
struct pv_condition {
	struct pv_wait_queue waiters;
};

/* Wake-ups are never spurious, but the condition may have changed again: loop. False: deadline. */
bool pv_condition_wait(struct pv_condition *condition, struct pv_mutex *mutex, uint64_t deadline);
void pv_condition_signal(struct pv_condition *condition);
void pv_condition_broadcast(struct pv_condition *condition);

#endif
