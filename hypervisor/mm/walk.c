/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks of the running guest's tables, and what a page fault needs of them. A walk takes no locks:
 * another vCPU may take the tables apart meanwhile, and then the walk reads entries of a frame that
 * is something else by now. So its result is a guess that is believed only after the frame found
 * was opened as a table, or referenced, with its owner checked.
 */
#include <mm/table.h>
#include <x86/context.h>
#include <x86/tlb.h>

#define PF_WRITE  BIT(1)
#define PF_FETCH  BIT(4)
#define PF_OTHERS ~0x17u /* reserved bits, protection keys …: no table says whether it stays so */

/** The entry for va in the table of this level that `above` refers to; 0 if that is no RAM. */
static inline u64 read_entry(u64 above, u64 va, unsigned level)
{
	mfn_t table = mfn((above & PTE_ADDRESS) >> PAGE_SHIFT);

	if (unlikely(!frame_of_ram(table)))
		return 0;
	return READ_ONCE(((u64 *)frame_virt(table))[table_index(va, level)]);
}

static inline u64 next_entry(u64 above, u64 va, unsigned level)
{
	return likely(above & PTE_PRESENT) ? read_entry(above, va, level) : 0;
}

static inline u64 walk_to_l2(u64 cr3, u64 va)
{
	if (unlikely(!guest_va(va)))
		return 0;
	return next_entry(next_entry(read_entry(cr3, va, 4), va, 3), va, 2);
}

mfn_t walk_to_l1(u64 cr3, u64 va)
{
	u64 entry = walk_to_l2(cr3, va);

	return likely(entry & PTE_PRESENT) ? entry_frame(entry) : INVALID_MFN;
}

paddr_t mm_walk(struct vcpu_memory *vm, u64 va)
{
	u64 entry = next_entry(walk_to_l2(vm->cr3_kernel, va), va, 1);

	return entry & PTE_PRESENT ? (entry & PTE_ADDRESS) | (va & ~PAGE_MASK) : ~0UL;
}

/** The root that vm runs on: the CPU's own if it is running, else its kernel's. */
static u64 running_root(const struct vcpu_memory *vm)
{
	return vm == this_cpu()->current_memory ? read_cr3() : vm->cr3_kernel;
}

/* --- writable page tables --- */

/** The L1 table that va maps read-only, if it is one of vm's: frame of the table, or INVALID_MFN.
 */
static mfn_t mapped_table(struct vcpu_memory *vm, u64 va)
{
	u64 entry = next_entry(walk_to_l2(running_root(vm), va), va, 1);

	return (entry & (PTE_PRESENT | PTE_WRITABLE)) == PTE_PRESENT ? entry_frame(entry)
								     : INVALID_MFN;
}

bool mm_ptwr_candidate(struct vcpu_memory *vm, u64 va)
{
	if (!(vm->domain->vm_assist & BIT(VMASST_TYPE_writable_pagetables)))
		return false;
	const struct page *pg = frame_of_ram(mapped_table(vm, va));
	if (!pg || READ_ONCE(pg->owner) != vm->domain->domid)
		return false;
	return (type_word(pg) & (TYPE_VALID | TYPE_MASK)) ==
	       (TYPE_VALID | (u64)TYPE_L1 << TYPE_SHIFT);
}

int mm_ptwr_write(struct vcpu_memory *vm, u64 va, u64 *expected, u64 value, unsigned size)
{
	unsigned index = (va & ~PAGE_MASK) / sizeof(u64), shift = (va & 7) * 8;
	struct open_table t;
	u64 old;
	int rc;

	if (size == 0 || size > 8 || (va & 7) + size > 8)
		return refuse(BAD_ARGUMENT, "write of %u bytes at %lx is not within one entry",
			      size, va);
	if (!table_open(&t, mapped_table(vm, va), vm->domain, 1))
		return refuse(BAD_STATE, "%lx does not map an L1 table", va);
	u64 bytes = ~0UL >> (64 - size * 8) << shift;
	do {
		old = READ_ONCE(t.entries[index]);
		if (expected && ((old ^ *expected << shift) & bytes)) {
			*expected = (old & bytes) >> shift;
			old = rc = 0;
			break;
		}
		rc = table_update(&t, index, (old & ~bytes) | (value << shift & bytes),
				  ENTRY_EXCHANGE, vm->domain, &old);
	} while (rc == -XEN_EAGAIN); /* A or D was set meanwhile: twice at most */
	table_close(&t);
	return !rc && (old & PTE_PRESENT) ? entry_put(old, 1) : rc;
}

/* --- faults that are none any more --- */

bool mm_fault_spurious(struct vcpu_memory *vm, u64 va, u32 ec)
{
	u64 all = ~0UL, any = 0; /* bits of the entries of all levels */
	u64 entry = running_root(vm);

	if ((ec & PF_OTHERS) || !guest_va(va))
		return false;
	for (unsigned level = 4; level > 0; level--) {
		entry = read_entry(entry, va, level);
		all &= entry;
		any |= entry;
	}
	if (!(all & PTE_PRESENT) || ((ec & PF_WRITE) && !(all & PTE_WRITABLE)) ||
	    ((ec & PF_FETCH) && (any & PTE_NX)))
		return false;
	tlb_flush_local(va);
	return true;
}
