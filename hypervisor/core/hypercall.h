/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercall dispatch and preemption.
 *
 * Entry code calls hypercall_table[rax](rdi, rsi, rdx, r10, r8, r9) and stores the result in the
 * guest's rax. Decode reads guest memory once into locals and checks everything; commit cannot fail
 * half-way but at named preemption points.
 *
 * Preemption: a long operation asks hypercall_preempt_check() now and then. If true it returns
 * hypercall_preempt(done, args...): the arguments still to be done are kept in the vCPU (v->call),
 * the CPU runs its pending work (interrupts, scheduler), and exit_work() calls the hypercall again
 * with those arguments before the guest gets control back. The guest sees nothing of it: neither
 * its registers nor its memory carry the progress. `done` is for the operation's own count so far
 * (mmu_update); it is 0 on a fresh call, see hypercall_done().
 */
#ifndef CORE_HYPERCALL_H
#define CORE_HYPERCALL_H

#include <lib/types.h>

#define HYPERCALLS 64

typedef long (*hypercall_fn)(u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6);
extern const hypercall_fn hypercall_table[HYPERCALLS + 1];

struct hypercall_state {
	bool active; /* arguments below are to be run again */
	u32 nr;
	u64 args[6];
	u64 done;
};

/** Returned (internally) by a preempted hypercall; never reaches a guest. */
#define HYPERCALL_PREEMPTED (-0x7001L)

/** True when the running hypercall should give way: work is pending, or its time is used up. */
bool hypercall_preempt_check(void);
/** Record what is left of the running hypercall; returns HYPERCALL_PREEMPTED. */
long hypercall_preempt(u64 done, u64 a1, u64 a2, u64 a3, u64 a4);
/** Progress kept by hypercall_preempt() if this call is a resumption, else 0. Reading clears it. */
u64 hypercall_done(void);

/** Name for messages ("mmu_update"), never NULL. */
const char *hypercall_name(u32 nr);

#endif
