/* SPDX-License-Identifier: MIT */
/* Bringing up virtual CPUs. */
#include <stdlib.h>
#include <string.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <pv/vcpu.h>
#include <xen/vcpu.h>
#include "internal.h"

#define STACK_PAGES 16

static struct pv_vcpu first;
static struct pv_vcpu *vcpus[PV_MAX_VCPUS] = {&first};

struct pv_vcpu *pv_vcpu(unsigned int id)
{
	return id < PV_MAX_VCPUS ? vcpus[id] : NULL;
}

int pv_vcpu_is_up(unsigned int id)
{
	return HYPERVISOR_vcpu_op(VCPUOP_is_up, id, NULL);
}

unsigned int pv_vcpu_count(void)
{
	unsigned int id = 0;

	while (id < PV_MAX_VCPUS && pv_vcpu_is_up(id) >= 0)
		id++;
	return id;
}

void pv_vcpu_block(void)
{
	HYPERVISOR_sched_op(SCHEDOP_block, NULL);
}

/* First code of a started vCPU. RDI and RSI were set in its context. */
static void begin(void (*function)(void *argument), void *argument)
{
	HYPERVISOR_vcpu_op(VCPUOP_stop_periodic_timer, pv_this_vcpu()->id, NULL);
	pv_events_enable();
	function(argument);
	pv_events_disable();
	HYPERVISOR_vcpu_op(VCPUOP_down, pv_this_vcpu()->id, NULL);
	pv_panic("vCPU %u went on after it was taken down", pv_this_vcpu()->id);
}

static void free_vcpu(struct pv_vcpu *vcpu)
{
	free(vcpu->current);
	free(vcpu->queue);
	free(vcpu);
}

static struct pv_vcpu *make_vcpu(unsigned int id)
{
	struct pv_vcpu *vcpu = calloc(1, sizeof(*vcpu));

	if (!vcpu)
		return NULL;
	vcpu->self = vcpu;
	vcpu->id = id;
	vcpu->info = &pv_shared_info.vcpu_info[id];
	vcpu->current = pv_thread_for_vcpu("vcpu");
	vcpu->queue = pv_mmu_queue_create();
	if (vcpu->current && vcpu->queue)
		return vcpu;
	free_vcpu(vcpu);
	return NULL;
}

/* The address space, handlers and flat segments of this vCPU, for another one. */
static void fill_context(struct vcpu_guest_context *c, const struct pv_vcpu *vcpu, uintptr_t stack)
{
	const void *root = (void *)pv_start_info->pt_base;

	c->flags = VGCF_IN_KERNEL | VGCF_failsafe_disables_events | VGCF_syscall_disables_events;
	c->user_regs.rsp = stack - 8; /* as if called */
	c->user_regs.rip = (uintptr_t)begin;
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = FLAT_KERNEL_SS;
	c->user_regs.rflags = 0x1000; /* IOPL 1 stands for the guest kernel's right */
	c->kernel_ss = FLAT_KERNEL_SS;
	c->kernel_sp = stack;
	c->ctrlreg[3] = xen_pfn_to_cr3(pv_virt_to_mfn(root));
	c->event_callback_eip = (uintptr_t)pv_entry_event;
	c->failsafe_callback_eip = (uintptr_t)pv_entry_failsafe;
	c->syscall_callback_eip = (uintptr_t)pv_entry_syscall;
	c->gs_base_kernel = (uintptr_t)vcpu;
	pv_trap_table_copy(c->trap_ctxt);
}

static long initialise(struct pv_vcpu *vcpu, void (*function)(void *argument), void *argument)
{
	struct vcpu_guest_context *c = calloc(1, sizeof(*c));
	char *stack = pv_pages_alloc(STACK_PAGES);
	long error = -XEN_ENOMEM;

	if (c && stack) {
		fill_context(c, vcpu, (uintptr_t)stack + STACK_PAGES * PV_PAGE_SIZE);
		c->user_regs.rdi = (uintptr_t)function;
		c->user_regs.rsi = (uintptr_t)argument;
		error = HYPERVISOR_vcpu_op(VCPUOP_initialise, vcpu->id, c);
	}
	free(c);
	if (error && stack)
		pv_pages_free(stack, STACK_PAGES);
	return error;
}

int pv_vcpu_start(unsigned int id, void (*function)(void *argument), void *argument)
{
	struct pv_vcpu *vcpu;
	int error;

	if (id == 0 || id >= PV_MAX_VCPUS)
		return -XEN_ENOENT;
	if (vcpus[id])
		return -XEN_EEXIST;
	vcpu = make_vcpu(id);
	if (!vcpu)
		return -XEN_ENOMEM;
	error = initialise(vcpu, function, argument);
	if (error) {
		free_vcpu(vcpu);
		return error;
	}
	vcpus[id] = vcpu;
	return HYPERVISOR_vcpu_op(VCPUOP_up, id, NULL);
}

void pv_vcpu_init_first(void)
{
	first.self = &first;
	first.queue = pv_mmu_queue_first();
	first.info = &pv_shared_info.vcpu_info[0];
	if (HYPERVISOR_set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)&first))
		__builtin_trap();
}
