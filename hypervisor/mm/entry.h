/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page-table entries: bits, and the one function that writes a guest's entry. */
#ifndef MM_ENTRY_H
#define MM_ENTRY_H

#include <lib/types.h>

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
#define PTE_CACHE    (PTE_PWT | PTE_PCD | PTE_PAT)
#define PTE_ADDRESS  0x000ffffffffff000UL

/* What a guest may set in a present entry of any level, beside the address. */
#define PTE_GUEST                                                                                  \
	(PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_ACCESSED | PTE_DIRTY | PTE_SOFTWARE | PTE_NX)

#define TABLE_ENTRIES 512u

static inline mfn_t entry_frame(u64 entry)
{
	return mfn((entry & PTE_ADDRESS) >> PAGE_SHIFT);
}

/** Index in a table of this level (1..4) for a virtual address. */
static inline unsigned table_index(u64 va, unsigned level)
{
	return (va >> (PAGE_SHIFT + 9 * (level - 1))) & (TABLE_ENTRIES - 1);
}

/**
 * Write an entry of a table that guests may be using: one 64-bit store, so that no walker sees half of
 * it. keep_ad: accessed and dirty bits that the CPU has set stay set. The caller holds the page lock,
 * or the table is BUSY.
 */
static inline void entry_write(u64 *slot, u64 value, bool keep_ad)
{
	u64 old;

	if (!keep_ad) {
		WRITE_ONCE(*slot, value);
		return;
	}
	old = READ_ONCE(*slot);
	/* Lost when a CPU sets A or D meanwhile: old is fresh, try again. */
	while (!__atomic_compare_exchange_n(slot, &old,
					    value | (old & (PTE_ACCESSED | PTE_DIRTY)), false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
}

#endif
