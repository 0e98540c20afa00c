/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Per-CPU state, the guest's register frame, what CPUs can do, and how they are started.
 *
 * The hypervisor runs with interrupts off, except in the idle loop and in the interrupt window of
 * exit_work(). So there is no interrupt context to lock against; whoever waits (spinlock, IPI
 * acknowledgement) polls this CPU's own mailbox for TLB flushes meanwhile, see tlb.h.
 */
#ifndef X86_CPU_H
#define X86_CPU_H

#include <lib/types.h>
#include <x86/descriptors.h>
#include <x86/layout.h>

/* The frame that entry code leaves at the top of the CPU's stack. */
struct cpu_regs {
	u64 r15, r14, r13, r12, rbp, rbx;
	u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	u32 error_code;
	u32 entry_vector; /* exception or interrupt vector; ENTRY_* */
	u64 rip, cs, rflags, rsp, ss;
};

#define X86_EFLAGS_TF	0x00000100
#define X86_EFLAGS_IF	0x00000200
#define X86_EFLAGS_DF	0x00000400
#define X86_EFLAGS_IOPL 0x00003000
#define X86_EFLAGS_NT	0x00004000
#define X86_EFLAGS_RF	0x00010000
#define X86_EFLAGS_VM	0x00020000
#define X86_EFLAGS_AC	0x00040000

#define MAX_CPUS 64
_Static_assert(MAX_CPUS <= 64, "struct cpumask is one word");

/* A set of CPUs. */
struct cpumask {
	u64 bits;
};

/* Bits of struct cpu.work: what exit_work() must do before this CPU may enter the guest. */
#define WORK_SCHEDULE  BIT(0) /* choose another vCPU */
#define WORK_TIMERS    BIT(1) /* run expired timers */
#define WORK_HYPERCALL BIT(2) /* resume current's preempted hypercall */
#define WORK_EVENTS    BIT(3) /* look at current's pending events, NMI */
#define WORK_CRASH     BIT(4) /* current's domain was crashed: do not return to it */
#define WORK_NMI       BIT(5) /* tell dom0 of a hardware NMI */

struct cpu {
	struct vcpu *current;
	struct vcpu_memory *current_memory;
	u32 work; /* WORK_*; others set bits atomically: cpu_set_work() */
	u32 xpti; /* guests have roots of their own; entry.S looks at both together */
	u32 id;	  /* 0 .. cpu_count - 1 */
	u32 apic_id;
	u32 batch_index; /* index in the running hypercall's batch, for refuse() */
	u32 hypercall;	 /* number of the running hypercall: refuse(), hypercall_preempt() */
	u32 tsc_aux;	 /* what MSR_TSC_AUX holds */
	u32 tlb_flushed; /* TLB clock at the last full flush, see tlb.c */
	u64 tlb_flushes; /* of a page or all: PCIDs in use before that are stale, see tlb.c */
	u64 left_cr3;	 /* CR3 before the last change of mode … */
	u64 left_at;	 /* … and tlb_flushes then */
	u64 guest_root;	 /* xpti: CR3 of the guest that ran last … */
	u64 full_root;	 /* … and what loads the root that it stands for */
	const struct vcpu *last; /* vCPU that ran last, idle ones aside; it may be gone */
};

extern u32 cpu_count;		   /* online CPUs */
extern struct cpu *cpus[MAX_CPUS]; /* by id; from cpu_count on those that may be started yet */

static inline struct cpumask cpumask_online(void)
{
	return (struct cpumask){~0UL >> (64 - cpu_count)};
}

/** The running CPU. Every stack of a CPU lies in its window, at whose end struct cpu is. */
#if __STDC_HOSTED__ /* unit tests have their own */
struct cpu *this_cpu(void);
struct cpu_regs *guest_regs(void);
#else
_Static_assert(sizeof(struct cpu) <= WINDOW_STACK_END - WINDOW_CPU, "it fits above the stack");
static inline struct cpu *this_cpu(void)
{
	u64 stack;

	asm("mov %%rsp, %0" : "=r"(stack));
	return (struct cpu *)((stack & ~(WINDOW_SIZE - 1)) + WINDOW_CPU);
}

/** Frame of the guest context that entered the hypervisor on this CPU. */
static inline struct cpu_regs *guest_regs(void)
{
	return (struct cpu_regs *)this_cpu() - 1;
}
#endif

static inline struct vcpu *current_vcpu(void)
{
	return this_cpu()->current;
}

/** Set bits of c->work atomically; sends an IPI if c is another CPU and they were not all set. */
void cpu_set_work(struct cpu *c, u32 bits);
/** Sleep until an interrupt comes, unless work is set already. They are off again on return. */
void cpu_idle(void);
/** Take the interrupts that are pending on this CPU: sti; nop; cli. */
void cpu_interrupt_window(void);

/* --- what the CPU offers and the hypervisor uses --- */

/** Guests run on roots without the hypervisor: xpti.c. In entry code: written while that can be. */
extern bool xpti;
extern bool cpu_has_smap, cpu_has_xsave, cpu_has_x2apic, cpu_has_tsc_deadline, cpu_has_1g_pages;
extern bool cpu_has_pcid, cpu_has_ibpb, cpu_is_amd; /* AMD's or Hygon's */
/** XCR0 bits that guests may have; 0 without XSAVE. */
extern u64 xcr0_all;
/** Bytes of a vCPU's saved FPU state. */
extern u32 fpu_area_size;
/** Width of physical addresses in bits. */
extern unsigned physical_bits;

/** out: eax, ebx, ecx, edx. */
void cpuid(u32 leaf, u32 subleaf, u32 out[4]);
/** Find the features, once, after the options are known. */
void features_detect(void);
/** Set CR4, PAT and XCR0 of the running CPU for them. */
void features_enable(void);

/* --- descriptor tables --- */

/** The GDT page, for page 14 of the vCPUs' windows. */
extern mfn_t hypervisor_gdt_mfn;

/** Make the shared GDT and IDT. Once. */
void descriptors_init(void);
/** Make a CPU's window (stacks, TSS, struct cpu). Returns its struct cpu. */
struct cpu *window_create(u32 id, u32 apic_id);
/** Make a CPU's roots for guests, once its window is there. Boot only. */
void xpti_prepare(struct cpu *c);
/** The root for the guest that this CPU, on its full root, is about to enter. */
u64 xpti_root(void);
/** Load GDT, IDT, TSS and the SYSCALL/SYSENTER registers of the running CPU. */
void descriptors_load(u32 id);
/** Load the GDT register with the table at base (as if its page 0 were there). */
void load_gdt(u64 base);
/** LDT of the running CPU; 0 entries: none. */
void load_ldt(u64 base, unsigned entries);

/* --- start and end --- */

/** Windows of all CPUs that may be started (maxcpus=). Needs the early allocator. */
void smp_prepare(void);
/** Start them one after the other; each ends in cpu_main(). */
void smp_start(void);
/** Where every started CPU goes on, on its own stack: boot/init.c. */
void cpu_main(void) __attribute__((noreturn));

/** The general registers, as lines of a report. */
void print_registers(const struct cpu_regs *r);
/** Report registers, stack and callers; then stop all CPUs (or restart). */
void panic_with_regs(const struct cpu_regs *regs, const char *what) __attribute__((noreturn));
/** dom0 is about to run: until then panic() is about the machine or its configuration. */
extern bool booted;
/** A CPU has begun its last report, or switches the machine off: all others are silent. */
extern bool panicking;

#endif
