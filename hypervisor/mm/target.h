/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose memory a hypercall is about, and which CPUs a flush must reach. */
#ifndef MM_TARGET_H
#define MM_TARGET_H

#include <mm/frame.h>

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

/** The owner of what the hypervisor shares with the privileged. */
struct domain_memory *xen_memory(void);

/** CPUs of the vCPUs in the guest's bitmap at address `bitmap`. False: it cannot be read. */
bool flush_cpus(struct vcpu_memory *vm, u64 bitmap, struct cpumask *cpus);
/** CPUs that may hold translations of the domain. */
struct cpumask domain_cpus(const struct domain_memory *dm);

#endif
