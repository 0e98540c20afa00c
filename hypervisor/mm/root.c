/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Roots of vCPUs. What may be in a CR3 has a type reference, so it cannot be taken apart. */
#include <mm/root.h>
#include <mm/table.h>
#include <x86/context.h>

static const u64 *master_root; /* set once at boot */

void mm_boot_root(const u64 *l4)
{
	master_root = l4;
}

u64 root_slot(const struct domain_memory *dm, unsigned slot)
{
	if (slot == PERDOMAIN_SLOT)
		return mfn_to_paddr(virt_to_mfn(dm->perdomain_l3)) | PTE_TABLE;
	return master_root[slot];
}

/** A new root in place of the old; frame number 0: none. */
static int replace_root(struct vcpu_memory *vm, mfn_t m, bool user)
{
	struct page **root = user ? &vm->root_user : &vm->root_kernel, *old = *root;
	struct page *pg = m.n ? frame_of_ram(m) : NULL;
	int rc = mm_drain(vm);

	if (!rc && m.n)
		rc = type_get_owned(pg, vm->domain, TYPE_L4);
	if (unlikely(rc))
		return type_refuse(rc, -XEN_EINVAL, m, vm->domain, TYPE_L4, "root", m.n);
	*root = pg;
	*(user ? &vm->cr3_user : &vm->cr3_kernel) = mfn_to_paddr(m);
	this_cpu()->tlb_flushes++; /* a user root's PCID: stale */
	/* Hypercalls come from the guest's kernel mode: this CPU is on the old root until now. */
	if (m.n && !user && vm == this_cpu()->current_memory)
		write_cr3(vm->cr3_kernel);
	return old ? table_put_deferred(vm, old) : 0;
}

int mm_set_root(struct vcpu_memory *vm, mfn_t m, bool user)
{
	return m.n || user ? replace_root(vm, m, user) : refuse(BAD_ARGUMENT, "no root");
}

int mm_vcpu_drop_roots(struct vcpu_memory *vm)
{
	int rc = replace_root(vm, mfn(0), true);

	mm_ldt_drop(vm);
	return rc ? rc : replace_root(vm, mfn(0), false);
}
