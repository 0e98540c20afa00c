/* SPDX-License-Identifier: MIT */
/* Semaphores, mutexes and conditions for threads. */
#include <pv/event.h>
#include <pv/start.h>
#include <pv/thread.h>

bool pv_semaphore_down_until(struct pv_semaphore *semaphore, uint64_t deadline)
{
	bool masked = pv_events_save(), in_time = true;

	while (!semaphore->count && in_time)
		in_time = deadline && pv_wait_on(&semaphore->waiters, deadline);
	if (semaphore->count) {
		semaphore->count--;
		in_time = true;
	}
	pv_events_restore(masked);
	return in_time;
}

void pv_semaphore_down(struct pv_semaphore *semaphore)
{
	pv_semaphore_down_until(semaphore, PV_FOREVER);
}

void pv_semaphore_up(struct pv_semaphore *semaphore)
{
	bool masked = pv_events_save();

	semaphore->count++;
	pv_wake_one(&semaphore->waiters);
	pv_events_restore(masked);
}

bool pv_mutex_try(struct pv_mutex *mutex)
{
	if (mutex->owner)
		return false;
	mutex->owner = pv_thread_current();
	return true;
}

void pv_mutex_lock(struct pv_mutex *mutex)
{
	if (mutex->owner == pv_thread_current())
		pv_panic("thread %s locks a mutex twice", pv_thread_name(mutex->owner));
	pv_wait_event(&mutex->waiters, pv_mutex_try(mutex));
}

void pv_mutex_unlock(struct pv_mutex *mutex)
{
	mutex->owner = NULL;
	pv_wake_one(&mutex->waiters);
}

bool pv_condition_wait(struct pv_condition *condition, struct pv_mutex *mutex, uint64_t deadline)
{
	bool masked = pv_events_save(), in_time;

	pv_mutex_unlock(mutex);
	in_time = pv_wait_on(&condition->waiters, deadline);
	pv_events_restore(masked);
	pv_mutex_lock(mutex);
	return in_time;
}

void pv_condition_signal(struct pv_condition *condition)
{
	pv_wake_one(&condition->waiters);
}

void pv_condition_broadcast(struct pv_condition *condition)
{
	pv_wake_all(&condition->waiters);
}
