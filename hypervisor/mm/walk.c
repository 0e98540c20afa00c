/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks of the running guest's tables, and what a page fault needs of them. A walk takes no locks:
 * another vCPU may take the tables apart meanwhile, and then the walk reads entries of a frame that
 * is something else by now. So its result is a guess that is believed only after the frame found
 * was opened as a table, or referenced, with its owner checked.
 */
#include <xen/errno.h>
#include <lib/printk.h>
#include <lib/string.h>
#include <mm/table.h>
#include <mm/types.h>
#include <x86/context.h>
#include <x86/tlb.h>

#define PF_WRITE    BIT(1)
#define PF_RESERVED BIT(3)
#define PF_FETCH    BIT(4)

#define WRITABLE_PAGETABLES BIT(VMASST_TYPE_writable_pagetables)

/** The frame that the entry for va of table m names; INVALID_MFN if there is no such table. */
static inline mfn_t walk_level(mfn_t m, u64 va, unsigned level)
{
	u64 entry;

	if (unlikely(!frame_of_ram(m)))
		return INVALID_MFN;
	entry = READ_ONCE(((u64 *)frame_virt(m))[table_index(va, level)]);
	return likely(entry & PTE_PRESENT) ? entry_frame(entry) : INVALID_MFN;
}

mfn_t walk_to_l1(u64 cr3, u64 va)
{
	mfn_t m = entry_frame(cr3);

	if (unlikely(!guest_va(va)))
		return INVALID_MFN;
	m = walk_level(m, va, 4);
	m = walk_level(m, va, 3);
	return walk_level(m, va, 2);
}

/** The L1 entry of va under root cr3, 0 if there is none. */
static u64 read_l1(u64 cr3, u64 va)
{
	mfn_t l1 = walk_to_l1(cr3, va);

	if (!frame_of_ram(l1))
		return 0;
	return READ_ONCE(((u64 *)frame_virt(l1))[table_index(va, 1)]);
}

/** The root that vm runs on: the CPU's own if it is running, else its kernel's. */
static u64 running_root(const struct vcpu_memory *vm)
{
	return vm == this_cpu()->current_memory ? read_cr3() : vm->cr3_kernel;
}

static paddr_t walk(u64 cr3, u64 va, u64 *l1_entry)
{
	u64 entry = read_l1(cr3, va);

	if (l1_entry)
		*l1_entry = entry;
	if (!(entry & PTE_PRESENT))
		return ~0UL;
	return (entry & PTE_ADDRESS) | (va & ~PAGE_MASK);
}

paddr_t mm_walk(struct vcpu_memory *vm, u64 va, u64 *l1_entry)
{
	return walk(running_root(vm), va, l1_entry);
}

paddr_t mm_walk_kernel(struct vcpu_memory *vm, u64 va)
{
	return walk(vm->cr3_kernel, va, NULL);
}

/* --- writable page tables --- */

/** The L1 table that va maps read-only, if it is one of vm's: frame of the table, or INVALID_MFN.
 */
static mfn_t mapped_table(struct vcpu_memory *vm, u64 va)
{
	u64 entry = read_l1(running_root(vm), va);

	if ((entry & (PTE_PRESENT | PTE_WRITABLE)) != PTE_PRESENT)
		return INVALID_MFN;
	return entry_frame(entry);
}

bool mm_ptwr_candidate(struct vcpu_memory *vm, u64 va)
{
	struct page *pg;
	u64 word;

	if (!(vm->domain->vm_assist & WRITABLE_PAGETABLES))
		return false;
	pg = frame_of_ram(mapped_table(vm, va));
	if (!pg || READ_ONCE(pg->owner) != vm->domain->domid)
		return false;
	word = type_word(pg);
	return (word & TYPE_VALID) && type_of(word) == TYPE_L1;
}

/** Open the L1 table that va maps. 0; -XEN_EINVAL. */
static int open_mapped(struct vcpu_memory *vm, u64 va, unsigned size, struct open_table *t)
{
	mfn_t m = mapped_table(vm, va);

	t->page = NULL;
	if (size == 0 || size > 8 || (va & 7) + size > 8)
		return refuse(BAD_ARGUMENT, "write of %u bytes at %lx is not within one entry",
			      size, va);
	if (!table_open_l1(t, m, vm->domain))
		return refuse(BAD_STATE, "%lx does not map an L1 table", va);
	return 0;
}

/** entry with its bytes [offset, offset + size) replaced. */
static u64 merge(u64 entry, u64 value, unsigned offset, unsigned size)
{
	u64 mask = (size == 8 ? ~0UL : BIT(size * 8) - 1) << (offset * 8);

	return (entry & ~mask) | ((value << (offset * 8)) & mask);
}

int mm_ptwr_cmpxchg(struct vcpu_memory *vm, u64 va, u64 *expected, u64 value, unsigned size)
{
	unsigned index = (va & ~PAGE_MASK) / sizeof(u64), offset = va & 7;
	struct open_table t;
	u64 found, old;
	int rc = open_mapped(vm, va, size, &t);

	if (rc)
		return rc;
	do {
		found = READ_ONCE(t.entries[index]);
		old = expected ? merge(found, *expected, offset, size) : found;
		rc = table_update(&t, index, merge(found, value, offset, size), ENTRY_EXCHANGE,
				  vm->domain, &old);
		/* A plain write, or one that fits but for other bytes: again, A or D was set
		 * meanwhile. */
	} while (rc == -XEN_EAGAIN && (!expected || merge(old, *expected, offset, size) == old));
	table_close(&t);
	if (rc == -XEN_EAGAIN)
		*expected = (old >> (offset * 8)) & (size == 8 ? ~0UL : BIT(size * 8) - 1);
	else if (!rc && (old & PTE_PRESENT))
		rc = entry_put(old, 1);
	return rc == -XEN_EAGAIN ? 0 : rc;
}

int mm_ptwr_write(struct vcpu_memory *vm, u64 va, u64 value, unsigned size)
{
	return mm_ptwr_cmpxchg(vm, va, NULL, value, size);
}

/* --- faults that are none any more --- */

/** Rights of va through all levels: the AND of the present and writable bits, the OR of NX. */
static u64 effective_rights(u64 cr3, u64 va)
{
	u64 rights = PTE_PRESENT | PTE_WRITABLE;
	mfn_t m = entry_frame(cr3);

	if (!guest_va(va))
		return 0;
	for (unsigned level = 4; level > 0; level--) {
		u64 entry;

		if (!frame_of_ram(m))
			return 0;
		entry = READ_ONCE(((u64 *)frame_virt(m))[table_index(va, level)]);
		rights = (rights & (entry | PTE_NX)) | (entry & PTE_NX);
		if (!(entry & PTE_PRESENT))
			return 0;
		m = entry_frame(entry);
	}
	return rights;
}

bool mm_fault_spurious(struct vcpu_memory *vm, u64 va, u32 ec)
{
	u64 rights = effective_rights(running_root(vm), va);

	if ((ec & PF_RESERVED) || !(rights & PTE_PRESENT))
		return false;
	if ((ec & PF_WRITE) && !(rights & PTE_WRITABLE))
		return false;
	if ((ec & PF_FETCH) && (rights & PTE_NX))
		return false;
	tlb_flush_local_page(va);
	return true;
}
