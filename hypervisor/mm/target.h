/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the memory hypercalls share: whose memory they are about, flushes, the ends of batches. */
#ifndef MM_TARGET_H
#define MM_TARGET_H

#include <core/hypercall.h>
#include <mm/table.h>
#include <x86/uaccess.h>

/** The running vCPU's memory. */
static inline struct vcpu_memory *current_memory(void)
{
	return this_cpu()->current_memory;
}

/**
 * The domain that domid names for the caller: itself (DOMID_SELF, its own id, DOMID_IO: device
 * frames are nobody's); for the privileged any domain, and DOMID_XEN: what the hypervisor shares
 * read-only. 0 with a reference; -XEN_EPERM, -XEN_ESRCH (refused).
 */
int target_get_other(domid_t domid, struct domain_memory **dm);
void target_put_other(struct domain_memory *dm);

static inline int target_get(domid_t domid, struct domain_memory **dm)
{
	*dm = current_memory()->domain;
	return likely(domid == DOMID_SELF) ? 0 : target_get_other(domid, dm);
}

static inline void target_put(struct domain_memory *dm)
{
	if (unlikely(dm != current_memory()->domain))
		target_put_other(dm);
}

/**
 * Flush one page (at va; nothing if no guest can map that) or everything (TLB_ALL), where the
 * UVMF_* say: UVMF_LOCAL, UVMF_ALL, or on the CPUs of the caller's vCPUs in the bitmap at guest
 * address `where`. 0 or -XEN_EFAULT (refused).
 */
int target_flush(struct vcpu_memory *vm, u64 va, u64 where);

/**
 * A hypercall on `count` requests of `size` bytes from guest address `list` on: run() does them
 * from *next on and counts *next up. What run() returns (0, -errno; -XEN_ERESTART: call again for
 * the rest), the hypercall does. Inline, so that run() is. *done_ptr receives how many were done;
 * it is left alone, as on Xen, if all are refused: the list is not the guest's, or *next is
 * NO_TARGET.
 */
#define NO_TARGET (~0u)
static inline __attribute__((always_inline)) long
run_batch(size_t size, int (*run)(u64 list, u32 count, u32 *next, u64 domain), u64 list, u32 count,
	  u64 done_ptr, u64 domain)
{
	u32 done = hypercall_done(), next = 0;

	this_cpu()->batch_index = done;
	long rc = mm_drain(current_memory());
	if (!rc)
		rc = run(list, count, &next, domain);
	if (rc == -XEN_ERESTART)
		return hypercall_preempt(done + next, list + next * size, count - next, done_ptr,
					 domain);
	if (unlikely(rc)) {
		bool all = next == NO_TARGET || !guest_va(list);

		if (all && !done)
			return rc;
		next = all ? 0 : next;
	}
	done += next;
	if (done_ptr && !put_guest(done_ptr, done))
		rc = -XEN_EFAULT;
	return rc;
}

#endif
