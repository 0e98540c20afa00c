/* SPDX-License-Identifier: MIT */
/* Locks between vCPUs. Held for short times only, with events masked. */
#ifndef PV_SPINLOCK_H
#define PV_SPINLOCK_H

#include <pv/cpu.h>
#include <pv/event.h>
#include <pv/hypercall.h>

/* Zero-initialised means free. */
struct pv_spinlock {
	volatile int taken;
};

/* Masks events; returns what to give to pv_spin_unlock(). A holder may not be running, so a
 * waiter soon gives its CPU away. */
static inline bool pv_spin_lock(struct pv_spinlock *lock)
{
	bool masked = pv_events_save();

	for (unsigned int tries = 1; __atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE);
	     tries++) {
		pv_pause();
		if (tries % 256 == 0)
			HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	}
	return masked;
}

static inline void pv_spin_unlock(struct pv_spinlock *lock, bool masked)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
	pv_events_restore(masked);
}

#endif
