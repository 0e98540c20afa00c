/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables, version 1. */
#ifndef CORE_GRANT_H
#define CORE_GRANT_H

#include <xen/grant_table.h>
#include <core/domain.h>

int grant_domain_init(struct domain *d);
/** Unmap what d has mapped of others; preemptible (-XEN_ERESTART). */
int grant_domain_release(struct domain *d);
/** Give up the table's frames, which are shared with the domain: no pin exists or can come any
 * more. */
void grant_domain_unshare(struct domain *d);
void grant_domain_free(struct domain *d);
/** Frame `index` of d's grant table for XENMEM_acquire_resource, grown as needed; INVALID_MFN: out
 * of range. */
mfn_t grant_table_frame(struct domain *d, unsigned index);
/** References of the maptrack entries, for the auditor. */
void grant_audit(void (*add)(struct page *pg, bool writable, void *arg), void *arg);

long do_grant_table_op(u64 cmd, u64 arg, u64 count);

#endif
