/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <x86/asm.h>
#include <x86/spinlock.h>
#include <x86/tlb.h>

inline void spin_lock(struct spinlock *l)
{
	u16 ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket)
		cpu_relax();
}

bool spin_trylock(struct spinlock *l)
{
	/* Both halves in one word: the exchange succeeds only while nobody holds or waits. */
	u16 ticket = __atomic_load_n(&l->owner, __ATOMIC_RELAXED);
	u32 idle = ticket | (u32)ticket << 16, taken = ticket | (u32)(u16)(ticket + 1) << 16;

	return __atomic_compare_exchange_n((u32 *)l, &idle, taken, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->owner, l->owner + 1, __ATOMIC_RELEASE);
}

void cpu_relax(void)
{
	pause();
	tlb_serve_mailbox();
}
