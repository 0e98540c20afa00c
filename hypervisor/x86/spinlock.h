/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks that go to whoever comes while they are free, whoever else waits: below another hypervisor,
 * a CPU first in a queue may not be running at all. One that has waited long turns hungry, and
 * newcomers leave it the lock. While one spins it serves this CPU's TLB-flush mailbox, so that the
 * owner may send flushes under its lock. Not recursive. Lock order (outer first):
 *   domain control (domctl) -> context -> page (type lock bit) -> domain memory -> heap
 *   grant table -> page; maptrack -> heap
 *   event channels (binding lock) -> interrupts -> event channels (domains')
 *     -> scheduler run queue -> timer
 *   domain list: innermost, nothing is taken under it
 */
#ifndef X86_SPINLOCK_H
#define X86_SPINLOCK_H

#include <lib/types.h>

struct spinlock {
	u8 held, hungry;
} __attribute__((aligned(2)));

#define SPINLOCK_INIT ((struct spinlock){0, 0})

void spin_lock(struct spinlock *l);
bool spin_trylock(struct spinlock *l);
void spin_unlock(struct spinlock *l);

/** Pause, and serve this CPU's mailbox: the body of every busy wait. */
void cpu_relax(void);

#endif
