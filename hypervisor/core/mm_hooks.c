/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mm/ asks of domains: its up-calls (mm/hooks.h). */
#include <core/domain.h>
#include <mm/hooks.h>

struct domain_memory *hook_get_domain(domid_t domid)
{
	struct domain *d = domain_get(domid);

	return d ? &d->mem : NULL;
}

void hook_put_domain(struct domain_memory *dm)
{
	domain_put(container_of(dm, struct domain, mem));
}

void hook_for_each_domain(void (*fn)(struct domain_memory *dm, void *arg), void *arg)
{
	struct domain *d;

	for_each_domain (d)
		fn(&d->mem, arg);
}

void hook_for_each_vcpu(struct domain_memory *dm, void (*fn)(struct vcpu_memory *vm, void *arg),
			void *arg)
{
	for_each_vcpu (v, container_of(dm, struct domain, mem))
		fn(&v->mem, arg);
}

struct cpumask hook_vcpu_cpus(struct domain_memory *dm, u64 vcpus)
{
	struct cpumask cpus = {0};

	for_each_vcpu (v, container_of(dm, struct domain, mem))
		if (vcpus & BIT(v->vcpu_id))
			cpus.bits |= BIT(READ_ONCE(v->cpu));
	return cpus;
}

void hook_audit_references(void (*add)(struct page *pg, bool writable, void *arg), void *arg)
{
	struct domain *d;

	for_each_domain (d) {
		if (d->pirq_eoi_map)
			add(d->pirq_eoi_map, true, arg);
		for_each_vcpu (v, d)
			if (v->info_page)
				add(v->info_page, true, arg);
		grant_audit(d, add, arg);
	}
}
