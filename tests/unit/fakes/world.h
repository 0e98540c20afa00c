/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world around the life of domains, on the machine of host.h: a small mm with pages that have
 * an owner and references, vCPUs without registers, a machine that can be switched off.
 */
#ifndef FAKES_WORLD_H
#define FAKES_WORLD_H

#include <setjmp.h>
#include <core/domain.h>
#include "fakes/host.h"

struct page {
	u64 type; /* first, as in mm/frame.h: domctl looks at it */
	struct domain_memory *owner;
	int refs;
	bool shared;
	void *bytes;
};

#define WORLD_FRAME 7 /* number of world_page's frame; no other has one */

extern int world_pages;		/* not freed */
extern struct page *world_page; /* the one page of the domain that has any; NULL: none has */
/* hypercall_preempt_check() says yes when this reaches 0; negative: never. */
extern int world_preempt_in;
extern int world_preempted; /* calls of hypercall_preempt() */
extern int world_refusals;
/* Where machine_poweroff() and the like go, and what they were. */
extern jmp_buf world_stopped;
extern const char *world_machine_did;

extern struct domain *world_dom0;

struct page *world_new_page(struct domain_memory *dm, bool shared);
/* Let every CPU do its work, as its exit path would. */
void world_run_cpus(void);
/* Two CPUs and dom0 with a vCPU that is down. */
int world_set_up(void **state);
/* Fails if anything is left. */
int world_tear_down(void **state);
/* domain_kill(): the CPUs are told to let go before. */
int world_kill(struct domain *d);
/* The whole end of d. */
void world_end(struct domain *d);

#endif
