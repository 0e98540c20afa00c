/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control of domains: one function for each domctl that dom0 uses. Each returns 0, or a negative
 * XEN_E… number as the hypervisor gave it (in particular -XEN_ESRCH: no such domain).
 */
#ifndef DOM0_HYP_DOMCTL_H
#define DOM0_HYP_DOMCTL_H

#include <stdint.h>
#include <xen/xen.h>
#include <xen/domctl.h>
#include "lib/cpumask.h"

/* Create an empty, paused PV domain. The hypervisor chooses *domid. uuid: 16 bytes. */
int domctl_create(const uint8_t *uuid, unsigned int max_vcpus, domid_t *domid);

/* End a domain and free all of it, however many calls that takes. */
int domctl_destroy(domid_t domid);

int domctl_pause(domid_t domid);
int domctl_unpause(domid_t domid);

/* Make room for vCPUs 0..count-1; none runs yet. */
int domctl_max_vcpus(domid_t domid, unsigned int count);

/* The most memory that the domain may have, in KiB. */
int domctl_max_mem(domid_t domid, uint64_t kib);

/* State of exactly this domain. */
int domctl_info(domid_t domid, struct xen_domctl_getdomaininfo *info);

int domctl_vcpu_info(domid_t domid, unsigned int vcpu, struct xen_domctl_getvcpuinfo *info);
int domctl_set_vcpu_context(domid_t domid, unsigned int vcpu, struct vcpu_guest_context *context);

/* The CPUs on which a vCPU must run. */
int domctl_get_affinity(domid_t domid, unsigned int vcpu, cpumask_t *mask);
int domctl_set_affinity(domid_t domid, unsigned int vcpu, cpumask_t mask);

/* Weight, and cap in per cent of one CPU (0: none). scheduler: XEN_SCHEDULER_*. */
int domctl_get_share(domid_t domid, uint32_t scheduler, uint16_t *weight, uint16_t *cap);
int domctl_set_share(domid_t domid, uint32_t scheduler, uint16_t weight, uint16_t cap);

/* Fill the domain's frame with hypercall stubs. */
int domctl_hypercall_page(domid_t domid, uint64_t mfn);

#endif
