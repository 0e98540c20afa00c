/* SPDX-License-Identifier: MIT */
/* newlib's locks (malloc, stdio...): recursive, between threads and between vCPUs. */
#include <stdlib.h>
#include <sys/lock.h>
#include <pv/hypercall.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <pv/vcpu.h>
#include "internal.h"

struct __lock {
	struct pv_thread *owner;
	unsigned int depth;
};

struct __lock __lock___sinit_recursive_mutex;
struct __lock __lock___sfp_recursive_mutex;
struct __lock __lock___atexit_recursive_mutex;
struct __lock __lock___at_quick_exit_mutex;
struct __lock __lock___malloc_recursive_mutex;
struct __lock __lock___env_recursive_mutex;
struct __lock __lock___tz_mutex;
struct __lock __lock___dd_hash_mutex;
struct __lock __lock___arc4random_mutex;

static bool try_lock(_LOCK_T lock)
{
	struct pv_thread *me = pv_thread_current(), *nobody = NULL;

	if (pv_this_vcpu()->in_event)
		pv_panic("an event handler uses malloc or stdio");
	if (lock->owner != me && !__atomic_compare_exchange_n(&lock->owner, &nobody, me, false,
							      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	lock->depth++;
	return true;
}

void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
	while (!try_lock(lock)) {
		/* The owner may be another thread, or on another vCPU that does not run. */
		if (pv_this_vcpu()->id == 0)
			pv_yield();
		HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	}
}

int __retarget_lock_try_acquire_recursive(_LOCK_T lock)
{
	return try_lock(lock);
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
	if (--lock->depth == 0)
		__atomic_store_n(&lock->owner, NULL, __ATOMIC_RELEASE);
}

void __retarget_lock_acquire(_LOCK_T lock)
{
	__retarget_lock_acquire_recursive(lock);
}

int __retarget_lock_try_acquire(_LOCK_T lock)
{
	return try_lock(lock);
}

void __retarget_lock_release(_LOCK_T lock)
{
	__retarget_lock_release_recursive(lock);
}

void __retarget_lock_init_recursive(_LOCK_T *lock)
{
	*lock = calloc(1, sizeof(struct __lock));
	if (!*lock)
		pv_panic("no memory for a lock");
}

void __retarget_lock_init(_LOCK_T *lock)
{
	__retarget_lock_init_recursive(lock);
}

void __retarget_lock_close_recursive(_LOCK_T lock)
{
	free(lock);
}

void __retarget_lock_close(_LOCK_T lock)
{
	free(lock);
}
