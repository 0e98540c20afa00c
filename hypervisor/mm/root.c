/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Roots of vCPUs. A root that may be in a CR3 holds a type reference, so it cannot be taken apart. */
#include <xen/errno.h>
#include <lib/printk.h>
#include <mm/descriptor.h>
#include <mm/root.h>
#include <mm/table.h>
#include <mm/types.h>
#include <x86/context.h>

#define PERDOMAIN_SLOT 259
#define HYPERVISOR_TABLE (PTE_PRESENT | PTE_WRITABLE | PTE_ACCESSED | PTE_DIRTY)

static const u64 *master_root; /* set once at boot */

void mm_boot_root(const u64 *l4)
{
	master_root = l4;
}

u64 root_slot(const struct domain_memory *dm, unsigned slot)
{
	if (slot == PERDOMAIN_SLOT)
		return mfn_to_paddr(frame_mfn(dm->perdomain_l3)) | HYPERVISOR_TABLE;
	return master_root[slot];
}

void root_install_slots(u64 *l4, const struct domain_memory *dm)
{
	for (unsigned i = HYPERVISOR_FIRST_SLOT; i <= HYPERVISOR_LAST_SLOT; i++)
		entry_write(&l4[i], root_slot(dm, i), ENTRY_SET, NULL);
}

/** A new root's type reference. */
static int get_root(struct vcpu_memory *vm, mfn_t m, struct page **pg)
{
	int rc = type_get_frame(m, vm->domain, TYPE_L4, pg);

	return likely(!rc) ? 0 : type_refuse(rc, -XEN_EINVAL, m, vm->domain, TYPE_L4, "root", m.n);
}

int mm_set_kernel_root(struct vcpu_memory *vm, mfn_t m)
{
	struct page *pg, *old = vm->root_kernel;
	int rc = mm_drain(vm);

	if (!rc)
		rc = get_root(vm, m, &pg);
	if (rc)
		return rc;
	vm->root_kernel = pg;
	vm->cr3_kernel = mfn_to_paddr(m);
	/* Hypercalls come from the guest's kernel mode: this CPU is on the old root until now. */
	if (vm == this_cpu()->current_memory)
		write_cr3(vm->cr3_kernel);
	return old ? table_put_deferred(vm, old) : 0;
}

int mm_set_user_root(struct vcpu_memory *vm, mfn_t m)
{
	struct page *pg = NULL, *old = vm->root_user;
	int rc = mm_drain(vm);

	if (!rc && m.n)
		rc = get_root(vm, m, &pg);
	if (rc)
		return rc;
	vm->root_user = pg;
	vm->cr3_user = mfn_to_paddr(m);
	return old ? table_put_deferred(vm, old) : 0;
}

static struct page *take_root(struct vcpu_memory *vm)
{
	struct page *pg = vm->root_user;

	if (pg) {
		vm->root_user = NULL;
		vm->cr3_user = 0;
		return pg;
	}
	pg = vm->root_kernel;
	vm->root_kernel = NULL;
	vm->cr3_kernel = 0;
	return pg;
}

int mm_vcpu_drop_roots(struct vcpu_memory *vm)
{
	struct page *pg;
	int rc = mm_drain(vm);

	mm_ldt_drop(vm);
	while (!rc && (pg = take_root(vm)))
		rc = table_put_deferred(vm, pg);
	return rc;
}
