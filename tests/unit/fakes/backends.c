/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>
#include "fakes/backends.h"
#include "lib/guest_link.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

unsigned int mapped, bound;
bool locked;

static void (*thread_body)(void *);
static jmp_buf idle;

int pv_thread_start(const char *name, void (*function)(void *argument), void *argument,
		    unsigned int stack_pages)
{
	(void)argument, (void)stack_pages;
	if (!strcmp(name, "backends"))
		thread_body = function;
	return 0;
}

bool settle_ready(void)
{
	return thread_body;
}

void settle(void)
{
	if (!setjmp(idle))
		thread_body(NULL);
}

void pv_semaphore_up(struct pv_semaphore *semaphore)
{
	semaphore->count++;
}

bool pv_semaphore_down_until(struct pv_semaphore *semaphore, uint64_t deadline)
{
	(void)deadline;
	return semaphore->count && semaphore->count--;
}

void pv_semaphore_down(struct pv_semaphore *semaphore)
{
	if (!semaphore->count)
		longjmp(idle, 1);
	semaphore->count--;
}

void pv_yield(void)
{
}

void pv_mutex_lock(struct pv_mutex *mutex)
{
	(void)mutex;
	CHECK(!locked);
	locked = true;
}

void pv_mutex_unlock(struct pv_mutex *mutex)
{
	(void)mutex;
	CHECK(locked);
	locked = false;
}

bool pv_condition_wait(struct pv_condition *condition, struct pv_mutex *mutex, uint64_t deadline)
{
	bool in_time;

	(void)condition, (void)deadline;
	pv_mutex_unlock(mutex);
	in_time = while_waiting();
	pv_mutex_lock(mutex);
	return in_time;
}

void pv_condition_broadcast(struct pv_condition *condition)
{
	(void)condition;
}

int guest_link_open(struct guest_link *link, domid_t domid, unsigned long mfn, evtchn_port_t port,
		    struct pv_semaphore *semaphore)
{
	(void)link, (void)domid, (void)mfn, (void)port, (void)semaphore;
	return -XEN_EINVAL;
}

void guest_link_close(struct guest_link *link)
{
	(void)link;
}

void guest_link_notify(const struct guest_link *link)
{
	(void)link;
}

int pv_grant_map(struct pv_grant_map *map, domid_t domid, const grant_ref_t *refs,
		 unsigned int count, bool readonly)
{
	CHECK(domid == GUEST && !readonly && count <= BACKEND_RING_PAGES);
	for (unsigned int i = 0; i < count; i++)
		if (!good_ref(refs[i]))
			return GNTST_bad_gntref;
	map->count = count;
	mapped += count;
	return 0;
}

int pv_event_bind_interdomain(domid_t domid, evtchn_port_t remote, pv_event_handler handler,
			      void *argument)
{
	(void)handler, (void)argument;
	CHECK(domid == GUEST);
	if (!good_port(remote))
		return -XEN_EINVAL;
	bound++;
	return 33;
}
