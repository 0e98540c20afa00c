/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLB flushes. A global clock counts flushes: a frame remembers the clock when its last use as a
 * type or by an owner ended, and a CPU remembers when it last flushed everything; a CPU that
 * flushed later than the frame's stamp needs no flush for it.
 */
#ifndef X86_TLB_H
#define X86_TLB_H

#include <x86/cpu.h>

/* In a page's place; a guest that means it as an address gets more than that. */
#define TLB_ALL ~0UL
/** Flush one page, or all non-global (guest) translations, of this CPU. */
void tlb_flush_local(u64 page);
/** The same on every CPU of the mask, this one included if in it; returns when all have done so. */
void tlb_flush_mask(struct cpumask mask, u64 page);
/** Stamp for a frame whose use has just ended. */
u32 tlb_clock_now(void);
/** Drop from the mask the CPUs that have flushed since stamp. */
struct cpumask tlb_filter(struct cpumask mask, u32 stamp);

/** Write back and invalidate this CPU's caches. */
void cache_flush_all(void);

/** Do what other CPUs have asked of this one. Cheap when they have not. Every busy wait calls it.
 */
void tlb_serve_mailbox(void);

#endif
