/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world around mm/ and memory_op on the host: a machine of a few MiB with frame table, M2P and
 * direct map, domains that core/ would make, one CPU at work and some whose TLBs are modelled.
 */
#ifndef FAKES_MM_FAKES_H
#define FAKES_MM_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include <core/domain.h>
#include <mm/entry.h>
#include <mm/hooks.h>
#include <mm/table.h>
#include <mm/target.h>
#include <mm/types.h>

#define FAKE_FIRST_FRAME 0x100u
#ifndef FAKE_END_FRAME
#define FAKE_END_FRAME 0x900u /* 8 MiB of RAM */
#endif
#define FAKE_DEVICE	0x5000u /* no RAM there; fake_domain()s may not map it */
#define FAKE_M2P_FRAMES 2	/* the first frames of RAM hold the M2P table */
#define FAKE_CPUS	4

extern int fake_refusals; /* so far */
extern __thread enum refusal fake_last_refusal;
extern __thread char fake_last_text[256];
extern int fake_flushes; /* flushes of a whole TLB, by CPU */
extern struct cpumask fake_last_flush;
extern void (*fake_on_flush)(void);  /* called when CPUs are to be flushed; NULL: nothing */
extern u32 fake_flushed_at[];	     /* by CPU: changes with each flush of all of it */
extern __thread int fake_preempt_in; /* checks until hypercall_preempt_check() says yes, again and
					again; 0: never */
extern __thread u64 fake_preempt_args[6], fake_preempt_done;
extern int fake_preemptions;
extern __thread u64 fake_cr3;
extern int fake_threads;		    /* there are several: waiting is no mistake */
extern __thread void (*fake_on_wait)(void); /* called whenever this thread waits; NULL: nothing */
extern u64 fake_fault_from, fake_fault_to;  /* guest addresses that fault */
extern bool (*fake_write_faults)(u64 addr); /* those that fault for writes alone; NULL: none */
extern int fake_last_page_gone;
extern int fake_external; /* pages that hook_audit_references() reports */
extern struct {
	struct page *page;
	bool writable;
} fake_external_pages[16];

/** Before each test. The machine is booted once: what a test takes must come back. */
int fake_machine(void **state);
/** After each test: domains are killed, every page is back, the auditor is content. */
int fake_machine_clean(void **state);
#define machine_test(f) cmocka_unit_test_setup_teardown(f, fake_machine, fake_machine_clean)
/** A domain with one vCPU, which becomes the running one, and up to max_pages pages. */
struct domain *fake_domain(domid_t domid, bool privileged, u64 max_pages);
/** End of a domain: roots, pages, all. Every page must come back. */
void fake_kill(struct domain *d);
void fake_run_as(struct domain *d);
/** More vCPUs, and which one this thread's CPU runs. */
void fake_add_vcpu(struct domain *d, unsigned vcpu);
void fake_run_as_vcpu(struct domain *d, unsigned vcpu);
/** A fresh page of d, as frame number. */
u64 fake_page(struct domain *d);
u64 *fake_bytes(u64 frame);
struct page *fake_entry(u64 frame);
/** It with a reference as descriptor page, or NULL. */
struct page *fake_get_descriptor_page(struct domain *d, u64 frame);

/* A small address space: an L4 with an L3, L2 and L1 below it, and data pages at FAKE_VA. */
#define FAKE_VA	   0x400000000000UL
#define FAKE_SLOT4 128u
#define FAKE_DATA  8u
#define FAKE_L1_VA (FAKE_VA + 0x100000UL) /* the L1 table itself, read-only */
struct fake_space {
	u64 l4, l3, l2, l1, data[FAKE_DATA];
};
/** Filled in, but not validated. */
void fake_space(struct domain *d, struct fake_space *s);
/** Validated, pinned, and the running root. */
void fake_run_space(struct domain *d, struct fake_space *s);

/** Run a hypercall to its end, as exit_work() does: fake_call(mmu_update, (requests, …)). */
#define fake_call(name, args)                                                                      \
	({                                                                                         \
		this_cpu()->hypercall = __HYPERVISOR_##name;                                       \
		long rc_ = do_##name args;                                                         \
		while (rc_ == HYPERCALL_PREEMPTED)                                                 \
			rc_ = fake_resume();                                                       \
		rc_;                                                                               \
	})
long fake_resume(void);

/** The auditor finds nothing wrong. */
void fake_audit(void);

#define PAGE_RW (PTE_PRESENT | PTE_WRITABLE | PTE_USER)
#define PAGE_RO (PTE_PRESENT | PTE_USER)

static inline u64 fake_pte(u64 frame, u64 flags)
{
	return frame << PAGE_SHIFT | flags;
}

static inline u64 type_count(u64 frame)
{
	return fake_entry(frame)->type & TYPE_COUNT;
}

static inline u32 refs(u64 frame)
{
	return PAGE_REFS(fake_entry(frame)->count);
}

#endif
