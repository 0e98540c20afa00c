/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C side of exceptions and interrupts: what entry.S calls. */
#include <xen/errno.h>
#include <lib/printk.h>
#include <lib/string.h>
#include <mm/memory.h>
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/context.h>
#include <x86/hooks.h>
#include <x86/time.h>
#include <x86/tlb.h>
#include <x86/uaccess.h>

#define VECTOR_PAGE_FAULT 14
#define VECTOR_NMI	  2

extern const struct exception_entry {
	u64 instruction, fixup;
} exception_table[], exception_table_end[];
extern char guest_iret[], entry_page[];

static void interrupt(unsigned vector)
{
	if (vector < VECTOR_IPI) {
		irq_dispatch(vector);
		return;
	}
	if (vector != VECTOR_SPURIOUS)
		apic_eoi();
	if (vector == VECTOR_IPI)
		tlb_serve_mailbox();
	else if (vector == VECTOR_TIMER)
		timer_fired();
	else if (vector == VECTOR_APIC_ERROR)
		apic_report_error();
}

/* True if the hypervisor can go on after its own exception. */
static bool recover(struct cpu_regs *regs)
{
	if (regs->entry_vector == VECTOR_PAGE_FAULT && this_cpu()->current &&
	    read_cr2() - PERDOMAIN_VIRT_START < 1UL << 39 && pv_window_fault(read_cr2()))
		return true;
	/*
	 * The last IRETQ to the guest faulted: its CS, SS or address is bad. The general registers
	 * held the guest's values; the frame that IRETQ read is still in place.
	 */
	if (regs->rip == (u64)guest_iret ||
	    regs->rip == ENTRY_CODE_VA + (guest_iret - entry_page)) {
		memmove(guest_regs(), regs, offsetof(struct cpu_regs, rip));
		pv_iret_failed(guest_regs()->entry_vector, guest_regs()->error_code);
		context_enter();
	}
	for (const struct exception_entry *e = exception_table; e < exception_table_end; e++)
		if (e->instruction == regs->rip) {
			/*
			 * Nobody need flush where an entry allows more than before: again, then.
			 * That ends: user pages are open to these instructions (SMAP), protection
			 * keys are off, and all else that the CPU may object to the tables tell.
			 */
			if (regs->entry_vector != VECTOR_PAGE_FAULT ||
			    !mm_fault_spurious(this_cpu()->current_memory, read_cr2(),
					       regs->error_code))
				regs->rip = e->fixup;
			return true;
		}
	return false;
}

static void __attribute__((noreturn)) die(const struct cpu_regs *regs)
{
	static const char names[20][4] = {"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD",
					  "#NM", "#DF", "9",   "#TS", "#NP", "#SS", "#GP",
					  "#PF", "15",	"#MF", "#AC", "#MC", "#XM"};
	unsigned vector = regs->entry_vector;

	panic_with_regs(regs, vector < ARRAY_SIZE(names) ? names[vector] : "unexpected vector");
}

void trap_entry(struct cpu_regs *regs)
{
	unsigned vector = regs->entry_vector;

	guest_close(); /* the guest's AC flag must not open its pages to stray accesses */
	if (vector >= VECTOR_PIC && vector != VECTOR_INT80)
		interrupt(vector);
	else if (regs->cs & 3)
		pv_trap(regs);
	else if (!recover(regs))
		die(regs);
}

/* A frame on one of the extra stacks, if it is a guest's, moves to where guests' frames belong. */
static struct cpu_regs *to_main_stack(struct cpu_regs *regs)
{
	if (!(regs->cs & 3))
		return regs;
	return memcpy(guest_regs(), regs, sizeof(*regs));
}

struct cpu_regs *debug_entry(struct cpu_regs *regs)
{
	/*
	 * In the hypervisor: a breakpoint of the guest's that was held back over MOV SS, or hit by
	 * an access for the guest, or single-stepping into SYSENTER. Not the hypervisor's business.
	 */
	if (!(regs->cs & 3)) {
		write_dr6(0xffff0ff0);
		regs->rflags &= ~(u64)X86_EFLAGS_TF;
	}
	return to_main_stack(regs);
}

struct cpu_regs *machine_entry(struct cpu_regs *regs)
{
	guest_close(); /* a guest's NMI goes on to exit_work() */
	if (regs->entry_vector != VECTOR_NMI)
		die(regs);
	if (panicking)
		halt_forever();
	/* No lock and no IPI in here: the CPU looks at it when it next leaves. In the hypervisor it
	 * may have looked for the last time: an interrupt has it look again. */
	if (this_cpu() == cpus[0])
		__atomic_fetch_or(&this_cpu()->work, WORK_NMI, __ATOMIC_SEQ_CST);
	if (this_cpu() == cpus[0] && booted && !(regs->cs & 3))
		timer_arm(0);
	return to_main_stack(regs);
}
