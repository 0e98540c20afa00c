/* SPDX-License-Identifier: MIT */
/*
 * Virtual CPUs. vCPU 0 runs start-of-day, main() and all threads. The others stay down until
 * pv_vcpu_start(); they run one function each, with traps and events of their own.
 */
#ifndef PV_VCPU_H
#define PV_VCPU_H

#include <pv/types.h>

#define PV_MAX_VCPUS 32 /* those with a vcpu_info in shared_info */

struct pv_thread;

/* Found through GS; one for each vCPU that ever ran. */
struct pv_vcpu {
	struct pv_vcpu *self;
	unsigned int id;
	bool in_event; /* an event handler runs here */
	struct vcpu_info *info;
	struct pv_thread *current;
	struct pv_mmu_queue *queue; /* page-table changes not sent yet: of pagetable.c */
	uint64_t bound[64];	    /* ports that this vCPU is notified of */
};

/* The vCPU that executes this. */
static inline struct pv_vcpu *pv_this_vcpu(void)
{
	struct pv_vcpu *me;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(me));
	return me;
}

/* vCPU number id, which must be 0 or have been started. */
struct pv_vcpu *pv_vcpu(unsigned int id);

/* How many vCPUs the domain has, up or down: the first that vcpu_op does not know ends the count.
 */
unsigned int pv_vcpu_count(void);

/* Start vCPU id (1..) at function(argument) on a stack of its own, events unmasked. When function
 * returns, the vCPU goes down. -XEN_EEXIST if it is up; others from the hypercall. */
int pv_vcpu_start(unsigned int id, void (*function)(void *argument), void *argument);

/* Whether it is up: 1, 0, or -XEN_ENOENT if the domain has no such vCPU. */
int pv_vcpu_is_up(unsigned int id);

/* Hold this vCPU until an event for it is pending. Unmasks events. */
void pv_vcpu_block(void);

#endif
