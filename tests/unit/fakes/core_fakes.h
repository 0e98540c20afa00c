/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world around event channels and grants, on the machine of host.h: domains, frames that are
 * host pages, counted wake-ups.
 */
#ifndef FAKES_CORE_FAKES_H
#define FAKES_CORE_FAKES_H

#include <xen/errno.h>
#include <core/domain.h>
#include "fakes/host.h"

extern int fake_refusals;
extern enum refusal fake_last_refusal;
extern int fake_kicks, fake_unblocks, fake_flushes;
extern int fake_referenced_at_flush; /* fake_pages_referenced() then */
/* hypercall_preempt_check() says yes when this reaches 0; negative: never. */
extern int fake_preempt_in;
extern u64 fake_preempt_args[6];
#define FAKE_DOMAINS 4
extern struct domain *fake_domains[FAKE_DOMAINS];

/* A domain with vCPUs, shared_info and vcpu_info; event channels and grants are the test's to make.
 */
struct domain *fake_domain(domid_t domid, unsigned vcpus);
void fake_domain_free(struct domain *d);
/* Run as this vCPU. */
void fake_run_as(struct vcpu *v);

/* --- frames: a page is one of these --- */
#define FAKE_FRAMES 64
struct page {
	struct domain_memory *owner;
	int refs, writable_refs;
	bool no_write; /* in use as something that may not be written */
	bool shared;
	int mapped; /* entries made by mm_grant_map */
	char *bytes;
};
extern struct page fake_frames[FAKE_FRAMES];
/* Give frame n to a domain, with memory. */
void fake_own_frame(unsigned n, struct domain *d);
int fake_pages_referenced(void); /* sum of all refs but those of sharing */
extern int fake_map_status;	 /* what mm_grant_map answers */

/* Reset all of the above. */
void fake_reset(void);

#endif
