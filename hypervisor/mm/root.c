/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Roots of vCPUs. A root that may be in a CR3 holds a type reference, so it cannot be taken apart.
 */
#include <xen/errno.h>
#include <lib/printk.h>
#include <mm/descriptor.h>
#include <mm/root.h>
#include <mm/table.h>
#include <mm/types.h>
#include <x86/context.h>

#define PERDOMAIN_SLOT	 259
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

/** A new root in place of *root; frame number 0: none. */
static int replace_root(struct vcpu_memory *vm, mfn_t m, struct page **root, u64 *cr3)
{
	struct page *pg = NULL, *old = *root;
	int rc = mm_drain(vm);

	if (!rc && m.n)
		rc = type_get_frame(m, vm->domain, TYPE_L4, &pg);
	if (unlikely(rc))
		return type_refuse(rc, -XEN_EINVAL, m, vm->domain, TYPE_L4, "root", m.n);
	*root = pg;
	*cr3 = mfn_to_paddr(m);
	/* Hypercalls come from the guest's kernel mode: this CPU is on the old root until now. */
	if (cr3 == &vm->cr3_kernel && vm == this_cpu()->current_memory)
		write_cr3(*cr3);
	return old ? table_put_deferred(vm, old) : 0;
}

int mm_set_kernel_root(struct vcpu_memory *vm, mfn_t m)
{
	if (!m.n)
		return refuse(BAD_ARGUMENT, "no root");
	return replace_root(vm, m, &vm->root_kernel, &vm->cr3_kernel);
}

int mm_set_user_root(struct vcpu_memory *vm, mfn_t m)
{
	return replace_root(vm, m, &vm->root_user, &vm->cr3_user);
}

int mm_vcpu_drop_roots(struct vcpu_memory *vm)
{
	struct page *kernel;
	int rc = mm_set_user_root(vm, mfn(0));

	mm_ldt_drop(vm);
	if (rc)
		return rc;
	kernel = vm->root_kernel;
	vm->root_kernel = NULL;
	vm->cr3_kernel = 0;
	return kernel ? table_put_deferred(vm, kernel) : 0;
}
