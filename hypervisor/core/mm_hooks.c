/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mm/ asks of domains: its up-calls (mm/hooks.h). */
#include <core/domain.h>
#include <core/grant.h>
#include <mm/hooks.h>

static struct domain *domain_of(struct domain_memory *dm)
{
	return container_of(dm, struct domain, mem);
}

struct domain_memory *hook_get_domain(domid_t domid)
{
	struct domain *d = domain_get(domid);

	return d ? &d->mem : NULL;
}

void hook_put_domain(struct domain_memory *dm)
{
	domain_put(domain_of(dm));
}

struct each_domain {
	void (*fn)(struct domain_memory *dm, void *arg);
	void *arg;
};

static void call_with_memory(struct domain *d, void *arg)
{
	const struct each_domain *each = arg;

	each->fn(&d->mem, each->arg);
}

void hook_for_each_domain(void (*fn)(struct domain_memory *dm, void *arg), void *arg)
{
	struct each_domain each = {fn, arg};

	domain_for_each(call_with_memory, &each);
}

void hook_for_each_vcpu(struct domain_memory *dm, void (*fn)(struct vcpu_memory *vm, void *arg),
			void *arg)
{
	struct domain *d = domain_of(dm);

	for (unsigned i = 0; i < MAX_VCPUS; i++)
		if (d->vcpus[i])
			fn(&d->vcpus[i]->mem, arg);
}

u32 hook_vcpu_cpu(struct vcpu_memory *vm)
{
	return READ_ONCE(container_of(vm, struct vcpu, mem)->cpu);
}

struct each_reference {
	void (*add)(struct page *pg, bool writable, void *arg);
	void *arg;
};

static void domain_references(struct domain *d, void *arg)
{
	const struct each_reference *each = arg;

	if (d->pirq_eoi_map)
		each->add(d->pirq_eoi_map, true, each->arg);
	for (unsigned i = 0; i < MAX_VCPUS; i++) {
		const struct vcpu *v = d->vcpus[i];

		if (v && v->info_page)
			each->add(v->info_page, true, each->arg);
	}
}

void hook_audit_references(void (*add)(struct page *pg, bool writable, void *arg), void *arg)
{
	struct each_reference each = {add, arg};

	domain_for_each(domain_references, &each);
	grant_audit(add, arg);
}
