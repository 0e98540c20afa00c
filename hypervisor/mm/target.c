/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the memory hypercalls share. */
#include <mm/hooks.h>
#include <mm/target.h>
#include <x86/tlb.h>

/* Not a domain: only its id, which owns the frames that the hypervisor shares. */
static struct domain_memory shared_by_xen = {.domid = OWNER_XEN};

int target_get_other(domid_t domid, struct domain_memory **dm)
{
	struct domain_memory *own = current_memory()->domain;

	if (domid == own->domid || domid == DOMID_IO)
		return 0;
	if (!own->privileged)
		return refuse(NOT_ALLOWED, "no permission for memory of domain %u", domid);
	*dm = domid == DOMID_XEN ? &shared_by_xen : hook_get_domain(domid);
	return *dm ? 0 : refuse(NO_DOMAIN, "there is no domain %u", domid);
}

void target_put_other(struct domain_memory *dm)
{
	if (dm != &shared_by_xen)
		hook_put_domain(dm);
}

int target_flush(struct vcpu_memory *vm, u64 va, u64 where)
{
	struct cpumask cpus = domain_cpus(vm->domain);
	u64 vcpus;

	if (va != TLB_ALL && !guest_va(va))
		return 0;
	if (where != UVMF_LOCAL && where != UVMF_ALL) {
		if (!get_guest(vcpus, where))
			return refuse(BAD_ADDRESS, "vCPU bitmap at %lx", where);
		cpus = hook_vcpu_cpus(vm->domain, vcpus);
	}
	if (where == UVMF_LOCAL)
		tlb_flush_local(va);
	else
		tlb_flush_mask(cpus, va);
	return 0;
}
