/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables of guests: one routine validates, one invalidates, one updates an entry, for L1..L4.
 */
#ifndef MM_TABLE_H
#define MM_TABLE_H

#include <mm/entry.h>
#include <mm/frame.h>

/**
 * Take references for the present entries from *progress on. The table is BUSY. 0: all are held;
 * -XEN_ERESTART: preempted, *progress tells how far; else a bad entry (refused): entries below
 * *progress are held.
 */
int table_validate(struct page *pg, unsigned level, unsigned *progress);
/** Drop the references of entries below *progress, downwards. The table is BUSY. 0 or
 * -XEN_ERESTART. */
int table_invalidate(struct page *pg, unsigned level, unsigned *progress);

/* A table whose entries are to be updated: locked, and valid as long as it is. */
struct open_table {
	struct page *page; /* NULL: none */
	u64 *entries;
	unsigned level;
	const struct domain_memory *owner;
};

/** Open table m of dm for updates. 0; -XEN_EINVAL: not dm's RAM; 1: dm's, but no validated table.
 * No messages. */
int table_open(struct open_table *t, mfn_t m, const struct domain_memory *dm);
/** Same, L1 tables only: true if open. */
bool table_open_l1(struct open_table *t, mfn_t m, const struct domain_memory *dm);
void table_close(struct open_table *t); /* also if none is open */

/**
 * Replace one entry. The new one is checked and its reference taken, then it is written, and the
 * caller drops *old (if present) with entry_put(). frame_owner: whose frames an L1 entry may name.
 * *old is in for ENTRY_EXCHANGE: -XEN_EAGAIN, and what was found, if it is not that. 0; a negative
 * errno after which nothing has changed (-XEN_ERESTART: preempted).
 */
int table_update(struct open_table *t, unsigned index, u64 entry, enum entry_mode mode,
		 const struct domain_memory *frame_owner, u64 *old);
/** Exchange an L1 entry together with the reference that it holds. */
u64 table_swap(struct open_table *t, unsigned index, u64 entry);
/** Drop the reference of a present entry that no table holds any more. 0; -XEN_ERESTART: still to
 * be dropped. */
int entry_put(u64 entry, unsigned level);
/** Same, and what is left of it goes to vm->deferred (which is empty). */
int entry_put_deferred(struct vcpu_memory *vm, u64 entry, unsigned level);
/** Put a typed reference on a table; what is left goes to vm->deferred. */
int table_put_deferred(struct vcpu_memory *vm, struct page *pg);
/** Go on with vm->deferred. 0 or -XEN_ERESTART. */
static inline int mm_drain(struct vcpu_memory *vm)
{
	return likely(!vm->deferred) ? 0 : table_put_deferred(vm, vm->deferred);
}

/** Frame of the L1 table in which va has its entry, under root cr3; INVALID_MFN: none. Not locked:
 * open and check it. */
mfn_t walk_to_l1(u64 cr3, u64 va);

/** May dm map this frame, which is no RAM? */
bool iomem_permitted(const struct domain_memory *dm, mfn_t m);

#endif
