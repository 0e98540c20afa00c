/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of granted frames in a guest's L1 tables. */
#include <xen/grant_table.h>
#include <mm/table.h>

/** Open the L1 table with the entry for host_addr. GNTST_okay, or refused. */
static int open_entry(struct vcpu_memory *vm, u64 host_addr, bool contains_pte,
		      struct open_table *t, unsigned *index)
{
	mfn_t m = contains_pte ? paddr_to_mfn(host_addr) : walk_to_l1(vm->cr3_kernel, host_addr);

	*index = contains_pte ? (host_addr & ~PAGE_MASK) / sizeof(u64) : table_index(host_addr, 1);
	if (!(contains_pte && (host_addr & 7)) && table_open(t, m, vm->domain, 1))
		return GNTST_okay;
	refuse(BAD_STATE, "no L1 entry of d%u %s %lx", vm->domain->domid,
	       contains_pte ? "at machine address" : "for virtual address", host_addr);
	return contains_pte ? GNTST_general_error : GNTST_bad_virt_addr;
}

int mm_grant_map(struct vcpu_memory *vm, u64 host_addr, bool contains_pte, mfn_t frame,
		 bool writable, u64 flags)
{
	const struct domain_memory *granter = mm_page_owner(mfn_to_page(frame));
	u64 entry = mfn_to_paddr(frame) | PTE_PRESENT | PTE_ACCESSED | flags |
		    (writable ? PTE_WRITABLE | PTE_DIRTY : 0);
	struct open_table t;
	unsigned index;
	int status = open_entry(vm, host_addr, contains_pte, &t, &index);

	if (status != GNTST_okay)
		return status;
	if (granter && !table_update_l1(&t, index, entry, granter))
		return GNTST_okay;
	table_close(&t);
	return GNTST_general_error;
}

int mm_grant_unmap(struct vcpu_memory *vm, u64 host_addr, bool contains_pte, mfn_t frame,
		   bool writable, u64 new_addr)
{
	struct open_table t = {0};
	u64 moved = 0, found;
	unsigned index;
	int status = GNTST_okay;

	if (new_addr)
		status = open_entry(vm, new_addr, false, &t, &index);
	if (t.page)
		entry_write(&t.entries[index], 0, ENTRY_SWAP, &moved); /* with its reference */
	table_close(&t);
	if (status == GNTST_okay)
		status = open_entry(vm, host_addr, contains_pte, &t, &index);
	if (status == GNTST_okay) {
		found = READ_ONCE(t.entries[index]);
		if ((found & PTE_PRESENT) && mfn_eq(entry_frame(found), frame) &&
		    !(found & PTE_WRITABLE) == !writable) {
			entry_write(&t.entries[index], moved, ENTRY_SWAP, &moved);
		} else {
			refuse(BAD_STATE, "entry %lx does not map granted frame %lx %s", found,
			       frame.n, writable ? "writable" : "read-only");
			status = GNTST_general_error;
		}
		table_close(&t);
	}
	/* What is in no table now: the granted frame's entry, or (on failure) the one for it. */
	if (moved & PTE_PRESENT)
		entry_put(moved, 1);
	return status;
}
