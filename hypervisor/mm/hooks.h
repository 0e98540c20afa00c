/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The up-calls of mm/: implemented by core/ (by fakes in unit tests). */
#ifndef MM_HOOKS_H
#define MM_HOOKS_H

#include <mm/memory.h>

/** Domain by id (DOMID_SELF: the caller's) with a reference, or NULL. Put with hook_put_domain().
 */
struct domain_memory *hook_get_domain(domid_t domid);
void hook_put_domain(struct domain_memory *dm);
/**
 * The domain's last page has gone: a dying domain is freed in this call, so the caller holds no
 * lock and does not touch it afterwards.
 */
void hook_last_page_gone(struct domain_memory *dm);
/** Any page references held outside mm/ (shared_info, vcpu_info, runstate, grants): for the
 * auditor. Calls add() for each. */
void hook_audit_references(void (*add)(struct page *pg, bool writable, void *arg), void *arg);
/** Every domain, for the auditor and debug output. */
void hook_for_each_domain(void (*fn)(struct domain_memory *dm, void *arg), void *arg);
/** Every vCPU of a domain. */
void hook_for_each_vcpu(struct domain_memory *dm, void (*fn)(struct vcpu_memory *vm, void *arg),
			void *arg);
/** The vCPU's LDT: guest linear address and number of entries (0: none). Setting reloads LDTR of
 * the running vCPU. */
void hook_get_ldt(struct vcpu_memory *vm, u64 *base, unsigned *entries);
void hook_set_ldt(struct vcpu_memory *vm, u64 base, unsigned entries);
/** CPUs on which the domain's vCPUs of this bitmap run or last ran. */
struct cpumask hook_vcpu_cpus(struct domain_memory *dm, u64 vcpus);
/** Stop and release the other CPUs, for the auditor. */
void hook_quiesce(bool stop);

#endif
