/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose memory a hypercall is about. */
#include <xen/errno.h>
#include <lib/printk.h>
#include <mm/hooks.h>
#include <mm/target.h>
#include <x86/uaccess.h>

/* Not a domain: only its id, which owns the frames that the hypervisor shares. */
static struct domain_memory shared_by_xen = {.domid = OWNER_XEN};

struct domain_memory *xen_memory(void)
{
	return &shared_by_xen;
}

int target_get_other(domid_t domid, struct domain_memory **dm)
{
	struct domain_memory *own = current_memory()->domain;

	if (domid == own->domid || domid == DOMID_IO)
		return 0;
	if (!own->privileged)
		return refuse(NOT_ALLOWED, "no permission for memory of domain %u", domid);
	*dm = domid == DOMID_XEN ? &shared_by_xen : hook_get_domain(domid);
	if (!*dm)
		return refuse(NO_DOMAIN, "there is no domain %u", domid);
	return 0;
}

void target_put_other(struct domain_memory *dm)
{
	if (dm != &shared_by_xen)
		hook_put_domain(dm);
}

struct cpumask domain_cpus(const struct domain_memory *dm)
{
	return (struct cpumask){__atomic_load_n(&dm->dirty_cpus.bits, __ATOMIC_SEQ_CST)};
}

struct vcpu_set {
	u64 vcpus;
	struct cpumask cpus;
};

static void add_cpu(struct vcpu_memory *vm, void *arg)
{
	struct vcpu_set *set = arg;

	if (vm->vcpu_id < 64 && (set->vcpus & BIT(vm->vcpu_id)))
		set->cpus.bits |= BIT(hook_vcpu_cpu(vm));
}

bool flush_cpus(struct vcpu_memory *vm, u64 bitmap, struct cpumask *cpus)
{
	struct vcpu_set set = {0};

	if (!get_guest(set.vcpus, bitmap))
		return false;
	hook_for_each_vcpu(vm->domain, add_cpu, &set);
	*cpus = set.cpus;
	return true;
}
