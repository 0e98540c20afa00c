/* SPDX-License-Identifier: MIT */
/*
 * parapet_op(unsigned int cmd, void *arg): Parapet's own hypercall, for its tools and tests. dom0.
 * Other hypervisors answer -XEN_ENOSYS to the number. Conventions: see xen.h.
 */
#ifndef PARAPET_PUBLIC_H
#define PARAPET_PUBLIC_H

#include "xen.h"

#define __HYPERVISOR_parapet_op __HYPERVISOR_arch_7

/* Recount the whole machine from page tables, grants and domain lists. The machine stands still
 * meanwhile. Returns 0, also when a difference was found (kind is not 0 then). */
#define PARAPET_audit 0
/* How often each kind of request was refused to a domain. ESRCH: no such domain. */
#define PARAPET_refusals 1

#define PARAPET_NR_REFUSALS 64

#ifndef __ASSEMBLY__
struct parapet_audit {
	uint64_t frames; /* OUT: frames that were checked */
	uint64_t mfn;	 /* OUT: machine frame of the first difference */
	uint32_t kind;	 /* OUT: what differs; 0 = nothing */
	uint32_t pad;
	char text[128]; /* OUT: the same as a line of text, ended by 0 */
};

struct parapet_refusals {
	domid_t domid; /* IN */
	uint16_t pad[3];
	uint64_t counts[PARAPET_NR_REFUSALS]; /* OUT: by reason */
};
#endif

#endif
