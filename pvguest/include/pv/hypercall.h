/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls: one inline function for each, under the ABI's own names.
 *
 * The call is a SYSCALL from (virtual) kernel mode: number in RAX, arguments in RDI, RSI, RDX, R10
 * and R8, result in RAX; RCX, R11 and the argument registers are lost. No hypercall page is needed.
 * Unless said otherwise the result is 0 or a negative XEN_E* number. Pointers are virtual addresses
 * of the caller; the memory must be mapped, since the hypervisor does not take guest page faults.
 */
#ifndef PV_HYPERCALL_H
#define PV_HYPERCALL_H

#include <stdint.h>
#include <xen/xen.h>
#include <xen/sched.h>

/* Any hypercall, by number. Unused arguments are ignored. */
static inline long pv_hypercall(unsigned long nr, unsigned long a1, unsigned long a2,
				unsigned long a3, unsigned long a4, unsigned long a5)
{
	register unsigned long r10 __asm__("r10") = a4;
	register unsigned long r8 __asm__("r8") = a5;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
			 : "0"(nr)
			 : "rcx", "r11", "memory");
	return ret;
}

#define PV_HYPERCALL0(name)	  pv_hypercall(__HYPERVISOR_##name, 0, 0, 0, 0, 0)
#define PV_HYPERCALL1(name, a)	  pv_hypercall(__HYPERVISOR_##name, PV_ARG(a), 0, 0, 0, 0)
#define PV_HYPERCALL2(name, a, b) pv_hypercall(__HYPERVISOR_##name, PV_ARG(a), PV_ARG(b), 0, 0, 0)
#define PV_HYPERCALL3(name, a, b, c)                                                               \
	pv_hypercall(__HYPERVISOR_##name, PV_ARG(a), PV_ARG(b), PV_ARG(c), 0, 0)
#define PV_HYPERCALL4(name, a, b, c, d)                                                            \
	pv_hypercall(__HYPERVISOR_##name, PV_ARG(a), PV_ARG(b), PV_ARG(c), PV_ARG(d), 0)
#define PV_ARG(x) ((unsigned long)(x))

/* Install exception handlers; the array ends with an entry whose address is 0. */
static inline long HYPERVISOR_set_trap_table(const struct trap_info *traps)
{
	return PV_HYPERCALL1(set_trap_table, traps);
}

/* Change page-table entries. *done (may be NULL) = number of requests carried out.
 * domain: owner of the frames named in the new entries, DOMID_SELF as a rule. */
static inline long HYPERVISOR_mmu_update(const struct mmu_update *reqs, unsigned int count,
					 unsigned int *done, unsigned int domain)
{
	return PV_HYPERCALL4(mmu_update, reqs, count, done, domain);
}

/* Machine frames (16 at most) that hold the descriptor table, and its number of entries. */
static inline long HYPERVISOR_set_gdt(const unsigned long *frames, unsigned int entries)
{
	return PV_HYPERCALL2(set_gdt, frames, entries);
}

/* The stack on which entries from user mode push their frame. */
static inline long HYPERVISOR_stack_switch(unsigned long ss, unsigned long sp)
{
	return PV_HYPERCALL2(stack_switch, ss, sp);
}

/* Addresses of the event, failsafe and syscall entry points. */
static inline long HYPERVISOR_set_callbacks(unsigned long event, unsigned long failsafe,
					    unsigned long syscall)
{
	return PV_HYPERCALL3(set_callbacks, event, failsafe, syscall);
}

/* set != 0: the next use of the FPU raises #NM (CR0.TS). */
static inline long HYPERVISOR_fpu_taskswitch(int set)
{
	return PV_HYPERCALL1(fpu_taskswitch, set);
}

static inline long HYPERVISOR_platform_op(void *op)
{
	return PV_HYPERCALL1(platform_op, op);
}

static inline long HYPERVISOR_set_debugreg(int reg, unsigned long value)
{
	return PV_HYPERCALL2(set_debugreg, reg, value);
}

/* The value itself is returned: not distinguishable from an error number. */
static inline unsigned long HYPERVISOR_get_debugreg(int reg)
{
	return PV_HYPERCALL1(get_debugreg, reg);
}

/* Write one descriptor at a machine address inside a loaded descriptor table, or plain memory. */
static inline long HYPERVISOR_update_descriptor(uint64_t maddr, uint64_t descriptor)
{
	return PV_HYPERCALL2(update_descriptor, maddr, descriptor);
}

/* op: XENMEM_* of <xen/memory.h>; the result of some commands is a count. */
static inline long HYPERVISOR_memory_op(unsigned int op, void *arg)
{
	return PV_HYPERCALL2(memory_op, op, arg);
}

/* calls[i].result receives the i-th result. */
static inline long HYPERVISOR_multicall(struct multicall_entry *calls, unsigned int count)
{
	return PV_HYPERCALL2(multicall, calls, count);
}

/* Set the L1 entry that maps va (its L1 table must exist) and flush as UVMF_* says. */
static inline long HYPERVISOR_update_va_mapping(unsigned long va, uint64_t pte, unsigned long flags)
{
	return PV_HYPERCALL3(update_va_mapping, va, pte, flags);
}

/* The same with a frame that belongs to another domain. */
static inline long HYPERVISOR_update_va_mapping_otherdomain(unsigned long va, uint64_t pte,
							    unsigned long flags, domid_t domain)
{
	return PV_HYPERCALL4(update_va_mapping_otherdomain, va, pte, flags, domain);
}

/* VIRQ_TIMER is raised on this vCPU at system time ns (absolute); 0 cancels. */
static inline long HYPERVISOR_set_timer_op(uint64_t ns)
{
	return PV_HYPERCALL1(set_timer_op, ns);
}

static inline long HYPERVISOR_xen_version(int cmd, void *arg)
{
	return PV_HYPERCALL2(xen_version, cmd, arg);
}

/* CONSOLEIO_write: count characters of buffer; CONSOLEIO_read: up to count, returns how many. */
static inline long HYPERVISOR_console_io(int cmd, int count, const char *buffer)
{
	return PV_HYPERCALL3(console_io, cmd, count, buffer);
}

static inline long HYPERVISOR_grant_table_op(unsigned int cmd, void *ops, unsigned int count)
{
	return PV_HYPERCALL3(grant_table_op, cmd, ops, count);
}

static inline long HYPERVISOR_vm_assist(unsigned int cmd, unsigned int type)
{
	return PV_HYPERCALL2(vm_assist, cmd, type);
}

static inline long HYPERVISOR_vcpu_op(int cmd, unsigned int vcpu, void *arg)
{
	return PV_HYPERCALL3(vcpu_op, cmd, vcpu, arg);
}

static inline long HYPERVISOR_set_segment_base(int which, unsigned long base)
{
	return PV_HYPERCALL2(set_segment_base, which, base);
}

/* Like mmu_update, for MMUEXT_* commands. */
static inline long HYPERVISOR_mmuext_op(struct mmuext_op *ops, unsigned int count,
					unsigned int *done, unsigned int domain)
{
	return PV_HYPERCALL4(mmuext_op, ops, count, done, domain);
}

static inline long HYPERVISOR_nmi_op(unsigned long cmd, void *arg)
{
	return PV_HYPERCALL2(nmi_op, cmd, arg);
}

static inline long HYPERVISOR_sched_op(int cmd, void *arg)
{
	return PV_HYPERCALL2(sched_op, cmd, arg);
}

static inline long HYPERVISOR_callback_op(int cmd, const void *arg)
{
	return PV_HYPERCALL2(callback_op, cmd, arg);
}

static inline long HYPERVISOR_event_channel_op(int cmd, void *arg)
{
	return PV_HYPERCALL2(event_channel_op, cmd, arg);
}

static inline long HYPERVISOR_physdev_op(int cmd, void *arg)
{
	return PV_HYPERCALL2(physdev_op, cmd, arg);
}

/* Control of the machine and of domains: dom0 only. */
static inline long HYPERVISOR_sysctl(void *op)
{
	return PV_HYPERCALL1(sysctl, op);
}

static inline long HYPERVISOR_domctl(void *op)
{
	return PV_HYPERCALL1(domctl, op);
}

#endif
