/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptor pages and windows. Guests' GDTs and LDTs are read by the CPU from the windows of L4
 * slot 259, in pages that no guest can write: so a descriptor stays as it was checked.
 */
#include <mm/entry.h>
#include <mm/hooks.h>
#include <mm/root.h>
#include <mm/types.h>
#include <x86/context.h>
#include <x86/tlb.h>

#define DESC_PRESENT BIT(47)
#define DESC_DPL     (3UL << 45)
#define DESC_SEGMENT BIT(44) /* code or data, no system descriptor */
#define DESC_TYPE    (15UL << 40)

#define WINDOWS_A_TABLE (TABLE_ENTRIES / DESCRIPTOR_WINDOW_PAGES)
#define GDT_PAGES	16 /* of a window; LDT pages follow */

/*@ predicate harmless(u64 d) = !(d & DESC_PRESENT) || !(d & (DESC_SEGMENT | DESC_TYPE)) ||
	((d & DESC_SEGMENT) && (d & BIT(45)) && (d & BIT(46))); */
/*@ requires \valid(descriptor);
    assigns *descriptor;
    ensures \result != 0 ==> !(*descriptor & DESC_PRESENT) ||
	!(*descriptor & (DESC_SEGMENT | DESC_TYPE)) || ((*descriptor & DESC_SEGMENT) &&
	(*descriptor & BIT(45)) && (*descriptor & BIT(46)));
    ensures \result == 0 ==> *descriptor == \old(*descriptor); */
bool mm_descriptor_fix(u64 *descriptor)
{
	u64 d = *descriptor;

	/* Absent ones fault on use. Type 0 is the upper half of a long descriptor. */
	if (!(d & DESC_PRESENT) || !(d & (DESC_SEGMENT | DESC_TYPE)))
		return true;
	if (!(d & DESC_SEGMENT))
		return false; /* gates, TSS, LDT: the hypervisor's business */
	*descriptor = d | DESC_DPL;
	return true;
}

/*@ ensures \result == 0 ==> \forall integer i; 0 <= i < 512 ==> harmless(page_content(pg)[i]);
 */
int descriptor_page_check(struct page *pg)
{
	u64 *d = page_to_virt(pg);

	/*@ loop invariant 0 <= i <= 512;
	    loop invariant \forall integer j; 0 <= j < i ==> harmless(d[j]);
	    loop assigns i, d[0 .. 511]; */
	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*d); i++)
		if (!mm_descriptor_fix(&d[i]))
			return refuse(BAD_ENTRY,
				      "frame %lx: descriptor %u (%lx) is a system descriptor",
				      frame_mfn(pg).n, i, d[i]);
	return 0;
}

int mm_update_descriptor(struct vcpu_memory *vm, paddr_t maddr, u64 descriptor)
{
	mfn_t m = paddr_to_mfn(maddr);
	struct page *pg = frame_of_ram(m);
	enum frame_type type = TYPE_WRITABLE;

	if (maddr & 7)
		return refuse(BAD_ARGUMENT, "descriptor at %lx: misaligned", maddr);
	if (!mm_descriptor_fix(&descriptor))
		return refuse(BAD_ENTRY, "descriptor %lx is a system descriptor", descriptor);
	if (pg && type_of(type_word(pg)) == TYPE_DESCRIPTOR)
		type = TYPE_DESCRIPTOR;
	int rc = type_refuse(type_get_owned(pg, vm->domain, type), -XEN_EINVAL, m, vm->domain, type,
			     "descriptor at", maddr);
	if (rc)
		return rc;
	WRITE_ONCE(*(u64 *)(page_to_virt(pg) + (maddr & ~PAGE_MASK)), descriptor);
	return type_put(pg);
}

/* --- windows --- */

bool windows_make(struct domain_memory *dm, unsigned vcpus)
{
	unsigned tables = 2 + (vcpus + WINDOWS_A_TABLE - 1) / WINDOWS_A_TABLE;
	unsigned order = tables > 4 ? 3 : 2;
	u64 *l3 = heap_pages(order);

	if (!l3)
		return false;
	u64 first = virt_to_mfn(l3).n;

	dm->perdomain_l3 = l3;
	dm->window_tables = tables;
	l3[0] = (first + 1) << PAGE_SHIFT | PTE_TABLE;
	for (unsigned i = 2; i < tables; i++)
		l3[TABLE_ENTRIES + i - 2] = (first + i) << PAGE_SHIFT | PTE_TABLE;
	heap_free_frames(mfn(first + tables), BIT(order) - tables);
	return true;
}

void windows_free(struct domain_memory *dm)
{
	heap_free_frames(virt_to_mfn(dm->perdomain_l3), dm->window_tables);
}

void mm_window_set(struct vcpu_memory *vm, unsigned slot, mfn_t m)
{
	BUG_ON(vm->vcpu_id / WINDOWS_A_TABLE + 2 >= vm->domain->window_tables);
	BUG_ON(slot >= DESCRIPTOR_WINDOW_PAGES);
	WRITE_ONCE(*window_entry(vm->domain, vm->vcpu_id, slot),
		   mfn_eq(m, INVALID_MFN) ? 0 : mfn_to_paddr(m) | PTE_TABLE | PTE_NX);
	/* Another CPU that ran this vCPU has loaded another CR3 since. */
	if (vm == this_cpu()->current_memory)
		tlb_flush_local(GDT_WINDOW(vm->vcpu_id) + slot * PAGE_SIZE);
}

/* --- the LDT: its pages come into the window as the CPU touches them --- */

bool mm_ldt_fault(struct vcpu_memory *vm, unsigned index)
{
	unsigned entries;
	u64 base;

	hook_get_ldt(vm, &base, &entries);
	if (index >= DESCRIPTOR_WINDOW_PAGES - GDT_PAGES || index * PAGE_SIZE >= entries * 8UL)
		return false;
	if (vm->ldt_mapped & BIT(index))
		return true; /* by now: the walk that faulted was before */
	struct page *pg = frame_of_ram(paddr_to_mfn(mm_walk(vm, base + index * PAGE_SIZE)));
	if (type_get_owned(pg, vm->domain, TYPE_DESCRIPTOR))
		return false;
	vm->ldt_mapped |= BIT(index);
	mm_window_set(vm, GDT_PAGES + index, frame_mfn(pg));
	return true;
}

void mm_ldt_drop(struct vcpu_memory *vm)
{
	for (unsigned i = GDT_PAGES; i < DESCRIPTOR_WINDOW_PAGES && vm->ldt_mapped; i++) {
		u64 entry = *window_entry(vm->domain, vm->vcpu_id, i);

		if (!(vm->ldt_mapped & BIT(i - GDT_PAGES)))
			continue;
		vm->ldt_mapped &= ~BIT(i - GDT_PAGES);
		mm_window_set(vm, i, INVALID_MFN);
		type_put(mfn_to_page(entry_frame(entry)));
	}
}
