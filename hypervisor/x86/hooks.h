/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The up-calls of x86/ entry code and interrupts. pv/pv.h and core/domain.h implement them. */
#ifndef X86_HOOKS_H
#define X86_HOOKS_H

#include <x86/cpu.h>

void pv_trap(struct cpu_regs *regs);
void pv_syscall_from_user(void);
void pv_syscall32_from_user(void);
void pv_sysenter(void);
void exit_work(void);
/** IRETQ to the guest's frame (in guest_regs()) faulted: the guest has the exception, as if it were
 * there already. */
void pv_iret_failed(unsigned vector, u32 error_code);
/**
 * The hypervisor's own instruction read the running vCPU's LDT window where no page is. True if it
 * is there now.
 */
bool pv_window_fault(u64 va);
/** External interrupt vector, this CPU's frame in guest_regs() or from idle. dev/irq.c implements
 * it. */
void irq_dispatch(unsigned vector);

#endif
