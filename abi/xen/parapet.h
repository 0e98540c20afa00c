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

/* Reasons, as positions in parapet_refusals.counts. */
#define PARAPET_REFUSED_ARGUMENT   0 /* value out of range, reserved bits set, misaligned */
#define PARAPET_REFUSED_FAULT	   1 /* guest address not accessible */
#define PARAPET_REFUSED_PERMISSION 2 /* needs a privilege that the caller lacks */
#define PARAPET_REFUSED_OWNER	   3 /* the frame belongs to someone else */
#define PARAPET_REFUSED_TYPE	   4 /* the frame is in use as another type */
#define PARAPET_REFUSED_ENTRY                                                                      \
	5 /* page-table entry with bits or a slot that a guest may not set                         \
	   */
#define PARAPET_REFUSED_LIMIT	    6  /* quota or count exceeded, table full */
#define PARAPET_REFUSED_MEMORY	    7  /* out of memory */
#define PARAPET_REFUSED_STATE	    8  /* the object is not in the state that the call needs */
#define PARAPET_REFUSED_UNKNOWN	    9  /* no such operation, domain, vCPU, port */
#define PARAPET_REFUSED_INSTRUCTION 10 /* privileged instruction that is not emulated */

#ifndef __ASSEMBLY__
struct parapet_audit {
	uint64_t frames; /* OUT: frames that were checked */
	uint64_t mfn;	 /* OUT: machine frame of the first difference */
	uint32_t kind;	 /* OUT: 0: nothing differs; 1: text says what */
	uint32_t pad;
	char text[128]; /* OUT: a line of text, ended by 0 */
};

struct parapet_refusals {
	domid_t domid; /* IN */
	uint16_t pad[3];
	uint64_t counts[PARAPET_NR_REFUSALS]; /* OUT: by PARAPET_REFUSED_*, rest 0 */
};
#endif

#endif
