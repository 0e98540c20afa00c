/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of granted frames in a guest's L1 tables. */
#include <xen/errno.h>
#include <xen/grant_table.h>
#include <lib/printk.h>
#include <mm/table.h>
#include <mm/types.h>

/** Open the L1 table with the entry for host_addr. GNTST_okay, or refused. */
static int open_entry(struct vcpu_memory *vm, u64 host_addr, bool contains_pte,
		      struct open_table *t, unsigned *index)
{
	mfn_t m = contains_pte ? paddr_to_mfn(host_addr) : walk_to_l1(vm->cr3_kernel, host_addr);

	*index = contains_pte ? (host_addr & ~PAGE_MASK) / sizeof(u64) : table_index(host_addr, 1);
	if (!(contains_pte && (host_addr & 7)) && table_open_l1(t, m, vm->domain))
		return GNTST_okay;
	refuse(BAD_STATE, "no L1 entry of d%u %s %lx", vm->domain->domid,
	       contains_pte ? "at machine address" : "for virtual address", host_addr);
	return contains_pte ? GNTST_general_error : GNTST_bad_virt_addr;
}

int mm_grant_map(struct vcpu_memory *vm, u64 host_addr, bool contains_pte, mfn_t frame,
		 bool writable, u64 flags)
{
	const struct domain_memory *granter = mm_page_owner(mfn_to_page(frame));
	u64 entry = mfn_to_paddr(frame) | PTE_PRESENT | PTE_ACCESSED | flags, old;
	struct open_table t;
	unsigned index;
	int status = open_entry(vm, host_addr, contains_pte, &t, &index);

	if (status != GNTST_okay)
		return status;
	if (writable)
		entry |= PTE_WRITABLE | PTE_DIRTY;
	if (!granter || table_update(&t, index, entry, ENTRY_SET, granter, &old))
		status = GNTST_general_error;
	table_close(&t);
	if (status == GNTST_okay && (old & PTE_PRESENT))
		entry_put(old, 1);
	return status;
}

/** Take the entry at new_addr out of its table, with its reference. */
static int take_entry(struct vcpu_memory *vm, u64 new_addr, u64 *entry)
{
	struct open_table t;
	unsigned index;
	int status;

	*entry = 0;
	if (!new_addr)
		return GNTST_okay;
	status = open_entry(vm, new_addr, false, &t, &index);
	if (status != GNTST_okay)
		return status;
	*entry = table_swap(&t, index, 0);
	table_close(&t);
	return GNTST_okay;
}

/** The open entry still maps the frame: put `entry` in its place. */
static int replace_entry(struct open_table *t, unsigned index, mfn_t frame, bool writable,
			 u64 entry, u64 *old)
{
	u64 found = READ_ONCE(t->entries[index]);

	if (!(found & PTE_PRESENT) || !mfn_eq(entry_frame(found), frame) ||
	    !(found & PTE_WRITABLE) != !writable) {
		refuse(BAD_STATE, "entry %lx does not map granted frame %lx %s", found, frame.n,
		       writable ? "writable" : "read-only");
		return GNTST_general_error;
	}
	*old = table_swap(t, index, entry);
	return GNTST_okay;
}

int mm_grant_unmap(struct vcpu_memory *vm, u64 host_addr, bool contains_pte, mfn_t frame,
		   bool writable, u64 new_addr)
{
	struct open_table t;
	unsigned index;
	u64 entry, old = 0;
	int status = take_entry(vm, new_addr, &entry);

	if (status == GNTST_okay)
		status = open_entry(vm, host_addr, contains_pte, &t, &index);
	if (status == GNTST_okay) {
		status = replace_entry(&t, index, frame, writable, entry, &old);
		table_close(&t);
	}
	/* What now is in no table: the granted frame's entry, or (on failure) the one taken for it.
	 */
	if (status != GNTST_okay)
		old = entry;
	if (old & PTE_PRESENT)
		entry_put(old, 1);
	return status;
}
