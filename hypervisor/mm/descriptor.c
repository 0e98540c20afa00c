/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptor pages and windows. Guests' GDTs and LDTs are read by the CPU from the windows of L4
 * slot 259, in pages that no guest can write: so a descriptor stays as it was checked.
 */
#include <xen/errno.h>
#include <lib/printk.h>
#include <mm/descriptor.h>
#include <mm/entry.h>
#include <mm/hooks.h>
#include <mm/types.h>
#include <x86/context.h>
#include <x86/tlb.h>

#define DESC_PRESENT BIT(47)
#define DESC_DPL     (3UL << 45)
#define DESC_SEGMENT BIT(44) /* code or data, no system descriptor */
#define DESC_TYPE    (15UL << 40)

#define WINDOW_FLAGS (PTE_PRESENT | PTE_WRITABLE | PTE_ACCESSED | PTE_DIRTY | PTE_NX)
#define TABLE_FLAGS  (PTE_PRESENT | PTE_WRITABLE | PTE_ACCESSED | PTE_DIRTY)

bool mm_descriptor_fix(u64 *descriptor)
{
	u64 d = *descriptor;

	/* Absent ones fault on use. Type 0 is what GDTs have in the upper half of long descriptors.
	 */
	if (!(d & DESC_PRESENT) || !(d & (DESC_SEGMENT | DESC_TYPE)))
		return true;
	if (!(d & DESC_SEGMENT))
		return false; /* gates, TSS, LDT: the hypervisor's business */
	*descriptor = d | DESC_DPL;
	return true;
}

int descriptor_page_check(struct page *pg)
{
	u64 *d = page_to_virt(pg);

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*d); i++)
		if (!mm_descriptor_fix(&d[i]))
			return refuse(BAD_ENTRY,
				      "frame %lx: descriptor %u (%lx) is a system descriptor",
				      frame_mfn(pg).n, i, d[i]);
	return 0;
}

int mm_update_descriptor(struct vcpu_memory *vm, paddr_t maddr, u64 descriptor)
{
	struct page *pg = mm_get_page(paddr_to_mfn(maddr), vm->domain);
	enum frame_type type;
	u64 *slot;
	int rc;

	if (!pg)
		return refuse(NOT_OWNED, "descriptor at %lx: not the domain's memory", maddr);
	slot = (u64 *)((char *)page_to_virt(pg) + (maddr & ~PAGE_MASK & ~7UL));
	if (maddr & 7)
		rc = refuse(BAD_ARGUMENT, "descriptor at %lx: misaligned", maddr);
	else if (!mm_descriptor_fix(&descriptor))
		rc = refuse(BAD_ENTRY, "descriptor %lx is a system descriptor", descriptor);
	else {
		type = type_of(type_word(pg)) == TYPE_DESCRIPTOR ? TYPE_DESCRIPTOR : TYPE_WRITABLE;
		rc = type_refuse(type_get(pg, type), -XEN_EINVAL, frame_mfn(pg), vm->domain, type,
				 "descriptor at", maddr);
		if (!rc) {
			WRITE_ONCE(*slot, descriptor);
			rc = type_put(pg);
		}
	}
	mm_put_page(pg);
	return rc;
}

/* --- windows --- */

static u64 *next_table(const u64 *table, unsigned index)
{
	return table[index] & PTE_PRESENT ? mfn_to_virt(entry_frame(table[index])) : NULL;
}

u64 *window_entry(const struct domain_memory *dm, unsigned vcpu_id, unsigned slot)
{
	u64 va = GDT_WINDOW(vcpu_id) + slot * PAGE_SIZE;
	u64 *l2 = next_table(page_to_virt(dm->perdomain_l3), table_index(va, 3));
	u64 *l1 = l2 ? next_table(l2, table_index(va, 2)) : NULL;

	return l1 ? &l1[table_index(va, 1)] : NULL;
}

static u64 *make_table(u64 *table, unsigned index)
{
	if (!(table[index] & PTE_PRESENT)) {
		void *fresh = heap_pages(0);

		if (!fresh)
			return NULL;
		table[index] = mfn_to_paddr(virt_to_mfn(fresh)) | TABLE_FLAGS;
	}
	return next_table(table, index);
}

int mm_vcpu_init(struct vcpu_memory *vm, struct domain_memory *dm, unsigned vcpu_id)
{
	u64 va = GDT_WINDOW(vcpu_id);
	u64 *l2, *l1 = NULL;

	vm->domain = dm;
	vm->vcpu_id = vcpu_id;
	l2 = make_table(page_to_virt(dm->perdomain_l3), table_index(va, 3));
	if (l2)
		l1 = make_table(l2, table_index(va, 2));
	return l1 ? 0 : -XEN_ENOMEM;
}

void windows_free(struct domain_memory *dm)
{
	u64 *l3 = page_to_virt(dm->perdomain_l3);
	u64 *l2 = next_table(l3, 0);

	for (unsigned i = 0; l2 && i < WINDOW_TABLES; i++)
		if (next_table(l2, i))
			heap_pages_free(next_table(l2, i), 0);
	if (l2)
		heap_pages_free(l2, 0);
	heap_pages_free(l3, 0);
}

void mm_window_set(struct vcpu_memory *vm, unsigned slot, mfn_t m)
{
	u64 *entry = window_entry(vm->domain, vm->vcpu_id, slot);

	BUG_ON(!entry || slot >= DESCRIPTOR_WINDOW_PAGES);
	WRITE_ONCE(*entry, mfn_eq(m, INVALID_MFN) ? 0 : mfn_to_paddr(m) | WINDOW_FLAGS);
	/* Another CPU that ran this vCPU has loaded another CR3 since. */
	if (vm == this_cpu()->current_memory)
		tlb_flush_local_page(GDT_WINDOW(vm->vcpu_id) + slot * PAGE_SIZE);
}

/* --- the LDT: its pages come into the window as the CPU touches them --- */

bool mm_ldt_fault(struct vcpu_memory *vm, unsigned index)
{
	struct page *pg;
	unsigned entries;
	paddr_t address;
	u64 base;

	hook_get_ldt(vm, &base, &entries);
	if (index >= DESCRIPTOR_WINDOW_PAGES - GDT_PAGES || index * PAGE_SIZE >= entries * 8UL)
		return false;
	if (vm->ldt_mapped & BIT(index))
		return true; /* by now: the walk that faulted was before */
	address = mm_walk_kernel(vm, base + index * PAGE_SIZE);
	if (address == ~0UL)
		return false;
	pg = mm_get_descriptor_page(paddr_to_mfn(address), vm->domain);
	if (!pg)
		return false;
	vm->ldt_mapped |= BIT(index);
	mm_window_set(vm, GDT_PAGES + index, frame_mfn(pg));
	return true;
}

void mm_ldt_drop(struct vcpu_memory *vm)
{
	for (unsigned i = 0; vm->ldt_mapped; i++) {
		u64 entry;

		if (!(vm->ldt_mapped & BIT(i)))
			continue;
		vm->ldt_mapped &= ~BIT(i);
		entry = *window_entry(vm->domain, vm->vcpu_id, GDT_PAGES + i);
		mm_window_set(vm, GDT_PAGES + i, INVALID_MFN);
		mm_put_descriptor_page(mfn_to_page(entry_frame(entry)));
	}
}
