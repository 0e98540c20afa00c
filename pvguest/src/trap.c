/* SPDX-License-Identifier: MIT */
/* Trap table, callbacks, dispatch to handlers, and the report of what nobody handled. */
#include <pv/console.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/start.h>
#include <pv/trap.h>
#include <pv/vcpu.h>
#include <xen/callback.h>
#include "internal.h"

#define VECTORS	   256
#define EXCEPTIONS 32

#define MASK_EVENTS                                                                                \
	4 /* in trap_info.flags; the low two bits are the lowest ring that may INT n               \
	   */

static pv_trap_handler handlers[VECTORS + 3];
static struct trap_info table[VECTORS + 1];

static const char *const names[] = {
	"divide error",
	"debug",
	"NMI",
	"breakpoint",
	"overflow",
	"bound",
	"invalid opcode",
	"no FPU",
	"double fault",
	"",
	"invalid TSS",
	"segment not present",
	"stack fault",
	"general protection",
	"page fault",
	"",
	"x87 error",
	"alignment",
	"machine check",
	"SIMD error",
};

void pv_trap_handle(unsigned int vector, pv_trap_handler handler)
{
	handlers[vector] = handler;
}

uintptr_t pv_fault_address(void)
{
	return pv_this_vcpu()->info->arch.cr2;
}

static struct trap_info entry_of(unsigned int vector, unsigned int dpl)
{
	return (struct trap_info){
		.vector = vector,
		.flags = dpl | MASK_EVENTS,
		.cs = FLAT_KERNEL_CS,
		.address = (unsigned long)pv_entry_vectors + vector * PV_ENTRY_STUB,
	};
}

int pv_trap_software(unsigned int vector, unsigned int dpl, pv_trap_handler handler)
{
	struct trap_info one[2] = {entry_of(vector, dpl)};

	handlers[vector] = handler;
	for (struct trap_info *t = table; t < table + VECTORS; t++) {
		if (t->address && t->vector != vector)
			continue;
		*t = one[0];
		break;
	}
	return HYPERVISOR_set_trap_table(one);
}

int pv_trap_stack(void *top)
{
	return HYPERVISOR_stack_switch(FLAT_KERNEL_SS, (unsigned long)top);
}

void pv_trap_table_copy(struct trap_info *copy)
{
	for (unsigned int i = 0; table[i].address; i++)
		copy[table[i].vector] = table[i];
}

void pv_regs_print(const struct pv_regs *r)
{
	const char *name = r->vector < PV_ARRAY_SIZE(names) ? names[r->vector] : "";
	const uint64_t *stack = (const uint64_t *)r->rsp;

	pv_printk("vCPU %u: vector %lu (%s), error code %#lx, %s mode\n", pv_this_vcpu()->id,
		  (unsigned long)r->vector, name, (unsigned long)r->error,
		  pv_from_user(r) ? "user" : "kernel");
	pv_printk(" rip %016lx cs %04x rflags %08lx rsp %016lx ss %04lx\n", (long)r->rip, r->cs,
		  (long)r->rflags, (long)r->rsp, (long)r->ss);
	pv_printk(" rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", (long)r->rax, (long)r->rbx,
		  (long)r->rcx, (long)r->rdx);
	pv_printk(" rsi %016lx rdi %016lx rbp %016lx cr2 %016lx\n", (long)r->rsi, (long)r->rdi,
		  (long)r->rbp, (long)pv_fault_address());
	pv_printk(" r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", (long)r->r8, (long)r->r9,
		  (long)r->r10, (long)r->r11);
	pv_printk(" r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", (long)r->r12, (long)r->r13,
		  (long)r->r14, (long)r->r15);
	if (!pv_from_user(r) && r->rsp % 8 == 0)
		pv_printk(" stack %lx %lx %lx %lx\n", (long)stack[0], (long)stack[1],
			  (long)stack[2], (long)stack[3]);
}

void pv_trap_dispatch(struct pv_regs *regs)
{
	static bool reporting;

	if (handlers[regs->vector] && handlers[regs->vector](regs))
		return;
	if (regs->vector == PV_VECTOR_EVENT) {
		pv_event_upcall();
		return;
	}
	if (reporting) /* the report itself failed */
		pv_shutdown(SHUTDOWN_crash);
	reporting = true;
	pv_regs_print(regs);
	pv_panic("nobody handled vector %lu", (unsigned long)regs->vector);
}

void pv_regs_resume(const struct pv_regs *regs)
{
	struct pv_regs copy __attribute__((aligned(16))) = *regs;

	pv_this_vcpu()->info->evtchn_upcall_mask = 1; /* the iret sets it from RFLAGS */
	pv_regs_return(&copy);
}

static void callback(unsigned int type, const char *entry)
{
	struct callback_register reg = {
		.type = type,
		.flags = CALLBACKF_mask_events,
		.address = (unsigned long)entry,
	};

	if (HYPERVISOR_callback_op(CALLBACKOP_register, &reg))
		pv_panic("callback %u refused", type);
}

void pv_trap_init(void)
{
	for (unsigned int v = 0; v < EXCEPTIONS; v++)
		table[v] = entry_of(v, v == 3 || v == 4 ? 3 : 0);
	if (HYPERVISOR_set_trap_table(table))
		pv_panic("trap table refused");
	callback(CALLBACKTYPE_event, pv_entry_event);
	callback(CALLBACKTYPE_failsafe, pv_entry_failsafe);
	callback(CALLBACKTYPE_syscall, pv_entry_syscall);
}
