/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of domctl and sysctl. The caller is privileged; domctl's lock is held. */
#ifndef CORE_DOMCTL_H
#define CORE_DOMCTL_H

#include <xen/sysctl.h>
#include <core/domain.h>

/** A copy of a bitmap in guest memory; bits beyond 64 are dropped. 0 or -XEN_EFAULT. */
int bitmap_from_guest(u64 *bits, const struct xenctl_bitmap *map);
/** All of map is written: bits beyond 64 are 0. 0 or -XEN_EFAULT. */
int bitmap_to_guest(const struct xenctl_bitmap *map, u64 bits);

void domain_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* domctl_vcpu.c: 0 or -errno, -XEN_ERESTART when preempted. */
long domctl_set_context(struct domain *d, const struct xen_domctl_vcpucontext *op);
long domctl_get_context(struct domain *d, const struct xen_domctl_vcpucontext *op);
long domctl_get_vcpu_info(struct domain *d, struct xen_domctl_getvcpuinfo *op);
long domctl_set_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *op);
long domctl_get_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *op);
long domctl_send_trigger(struct domain *d, const struct xen_domctl_sendtrigger *op);
long domctl_scheduler(struct domain *d, struct xen_domctl_scheduler_op *op);

/* domctl_memory.c */
long domctl_ioport_permission(struct domain *d, const struct xen_domctl_ioport_permission *op);
long domctl_iomem_permission(struct domain *d, const struct xen_domctl_iomem_permission *op);
long domctl_irq_permission(struct domain *d, const struct xen_domctl_irq_permission *op);
long domctl_hypercall_init(struct domain *d, const struct xen_domctl_hypercall_init *op);
long domctl_frame_types(struct domain *d, const struct xen_domctl_getpageframeinfo3 *op);

/* cpu_policy.c: leaves as v would see them, or the hardware's own (v NULL). Handles may be null. */
long cpu_policy_get(struct vcpu *v, u32 *leaves_count, u64 leaves, u32 *msrs_count);
long cpu_policy_check(struct vcpu *v, struct xen_domctl_cpu_policy *op);
long cpu_featureset_get(struct xen_sysctl_cpu_featureset *op);
/** Word `index` of the feature set (0: leaf 1 EDX …), v NULL: the hardware's. */
u32 cpu_feature_word(struct vcpu *v, unsigned index);

/* debug_keys.c */
void debug_key(char key);

#endif
