/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <x86/asm.h>
#include <x86/spinlock.h>
#include <x86/tlb.h>

#define HELD	 0x0001 /* both bytes as one number */
#define HUNGRY	 0x0100
#define PATIENCE 10000

static bool take(struct spinlock *l, u16 from)
{
	return __atomic_compare_exchange_n((u16 *)l, &from, HELD, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static __attribute__((noinline)) void wait(struct spinlock *l)
{
	for (u32 waited = 0; !take(l, 0); waited++) {
		if (waited > PATIENCE) {
			if (take(l, HUNGRY)) /* who is as hungry says so again */
				return;
			WRITE_ONCE(l->hungry, 1);
		}
		cpu_relax();
	}
}

inline void spin_lock(struct spinlock *l)
{
	if (unlikely(!take(l, 0)))
		wait(l);
}

bool spin_trylock(struct spinlock *l)
{
	return take(l, 0);
}

inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

void cpu_relax(void)
{
	pause();
	tlb_serve_mailbox();
}
