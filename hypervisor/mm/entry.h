/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page-table entries: bits, and the one function that writes a guest's entry. */
#ifndef MM_ENTRY_H
#define MM_ENTRY_H

#include <lib/types.h>
#include <x86/uaccess.h>

#define PTE_PRESENT  BIT(0)
#define PTE_WRITABLE BIT(1)
#define PTE_USER     BIT(2)
#define PTE_PWT	     BIT(3)
#define PTE_PCD	     BIT(4)
#define PTE_ACCESSED BIT(5)
#define PTE_DIRTY    BIT(6)
#define PTE_PAT	     BIT(7) /* in L1; elsewhere the same bit is PSE */
#define PTE_GLOBAL   BIT(8)
#define PTE_SOFTWARE 0x7ff0000000000e00UL /* bits 9..11 and 52..62 */
#define PTE_NX	     BIT(63)
#define PTE_AD	     (PTE_ACCESSED | PTE_DIRTY)
#define PTE_CACHE    (PTE_PWT | PTE_PCD | PTE_PAT)
#define PTE_ADDRESS  0x000ffffffffff000UL

/* What a guest may set in a present entry of any level, beside the address. */
#define PTE_GUEST (PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_AD | PTE_SOFTWARE | PTE_NX)

/* Of tables that are the hypervisor's own. */
#define PTE_TABLE (PTE_PRESENT | PTE_WRITABLE | PTE_AD)

#define TABLE_ENTRIES 512u

/*@ assigns \nothing;
    ensures \result.n == (entry & PTE_ADDRESS) >> PAGE_SHIFT; */
static inline mfn_t entry_frame(u64 entry)
{
	return mfn((entry & PTE_ADDRESS) >> PAGE_SHIFT);
}

/** Index in a table of this level (1..4) for a virtual address. */
static inline unsigned table_index(u64 va, unsigned level)
{
	return (va >> (PAGE_SHIFT + 9 * (level - 1))) & (TABLE_ENTRIES - 1);
}

enum entry_mode {
	ENTRY_SET,	/* whatever was there */
	ENTRY_KEEP_AD,	/* accessed and dirty bits that the CPU has set stay set */
	ENTRY_SWAP,	/* *old: what was there */
	ENTRY_EXCHANGE, /* only if it is still *old */
};

/**
 * The setter: every write of an entry that a guest may be using goes through here, as one 64-bit
 * store, so that no walker sees half of it. The caller holds the page lock, or the table is BUSY.
 * *old: for ENTRY_EXCHANGE what is expected, and on false what was found instead.
 */
/*@ requires \valid(slot) && (mode == ENTRY_SWAP || mode == ENTRY_EXCHANGE ==>
	\valid(old) && \separated(old, slot));
    assigns *slot, *old;
    ensures mode == ENTRY_SET || mode == ENTRY_SWAP ==> \result != 0 && *slot == value;
    ensures mode == ENTRY_SWAP ==> *old == \old(*slot);
    ensures mode == ENTRY_EXCHANGE && \result != 0 ==> *slot == value && \old(*slot) == \old(*old);
    ensures mode == ENTRY_EXCHANGE && \result == 0 ==> *slot == \old(*slot) == *old;
    ensures mode == ENTRY_KEEP_AD ==> \result != 0 && *slot == (value | (\old(*slot) & PTE_AD)); */
static inline bool entry_write(u64 *slot, u64 value, enum entry_mode mode, u64 *old)
{
	if (mode == ENTRY_SET) {
		WRITE_ONCE(*slot, value);
		return true;
	}
	if (mode == ENTRY_SWAP) {
		*old = __atomic_exchange_n(slot, value, __ATOMIC_SEQ_CST);
		return true;
	}
	if (mode == ENTRY_EXCHANGE)
		return __atomic_compare_exchange_n(slot, old, value, false, __ATOMIC_SEQ_CST,
						   __ATOMIC_RELAXED);
	u64 found = READ_ONCE(*slot);
	/* Lost when a CPU sets A or D meanwhile: found is fresh, try again. */
	/*@ loop invariant *slot == found == \at(*slot, Pre);
	    loop assigns found, *slot; */
	while (!__atomic_compare_exchange_n(slot, &found, value | (found & PTE_AD), false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	return true;
}

#endif
