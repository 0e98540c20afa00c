/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Per-CPU state.
 *
 * The hypervisor runs with interrupts off, except in the idle loop and in the interrupt window of
 * exit_work(). So there is no interrupt context to lock against; whoever waits (spinlock, IPI
 * acknowledgement) polls this CPU's own mailbox for TLB flushes meanwhile, see tlb.h.
 */
#ifndef X86_CPU_H
#define X86_CPU_H

#include <lib/types.h>
#include <x86/regs.h>

#define MAX_CPUS 64

struct vcpu;
struct vcpu_memory;

/* Bits of struct cpu.work: what exit_work() must do before this CPU may enter the guest. */
#define WORK_SCHEDULE  BIT(0) /* choose another vCPU */
#define WORK_TIMERS    BIT(1) /* run expired timers */
#define WORK_HYPERCALL BIT(2) /* resume current's preempted hypercall */
#define WORK_EVENTS    BIT(3) /* look at current's pending events, NMI */
#define WORK_NMI       BIT(5) /* tell dom0 of a hardware NMI */
#define WORK_CRASH     BIT(4) /* current's domain was crashed: do not return to it */

struct cpu {
	struct cpu *self;
	struct vcpu *current;
	struct vcpu_memory *current_memory;
	u32 work; /* WORK_*; others set bits atomically: cpu_set_work() */
	u32 id;	  /* 0 .. cpu_count - 1 */
	u32 apic_id;
	u32 batch_index;      /* index in the running hypercall's batch, for refuse() */
	u32 hypercall;	      /* number of the running hypercall, for refuse() */
	u32 tlb_flushed;      /* TLB clock at the last full flush, see tlb.c */
};

extern u32 cpu_count;		   /* online CPUs */
extern struct cpu *cpus[MAX_CPUS]; /* by id; NULL where none */

/** The running CPU. Every stack of a CPU lies in its window (x86/window.h), at whose end struct cpu
 * is. */
#if __STDC_HOSTED__ /* unit tests have their own */
struct cpu *this_cpu(void);
#else
#define CPU_WINDOW_SIZE 0x10000UL
#define CPU_OFFSET	0x4e00UL
static inline struct cpu *this_cpu(void)
{
	return (struct cpu *)(((u64)__builtin_frame_address(0) & ~(CPU_WINDOW_SIZE - 1)) +
			      CPU_OFFSET);
}
#endif

/** Frame of the guest context that entered the hypervisor on this CPU. */
struct cpu_regs *guest_regs(void);

/** Set bits of c->work atomically; sends an IPI if c is another CPU and they were not all set. */
void cpu_set_work(struct cpu *c, u32 bits);

/**
 * Sleep until an interrupt comes, unless work is set already. Interrupts are off again on return.
 */
void cpu_idle(void);
/** Take the interrupts that are pending on this CPU: sti; nop; cli. */
void cpu_interrupt_window(void);

static inline struct vcpu *current_vcpu(void)
{
	return this_cpu()->current;
}

/* A set of CPUs. */
struct cpumask {
	u64 bits;
};

_Static_assert(MAX_CPUS <= 64, "struct cpumask is one word");

#endif
