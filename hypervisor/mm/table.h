/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables of guests: one routine validates, one invalidates, one updates an entry, for L1..L4.
 */
#ifndef MM_TABLE_H
#define MM_TABLE_H

#include <mm/entry.h>
#include <mm/types.h>

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

/** Open dm's table m of level 1..levels for updates; false: it is not dm's, or no such validated
 * table. No messages. */
bool table_open(struct open_table *t, mfn_t m, const struct domain_memory *dm, unsigned levels);

static inline void table_close(struct open_table *t) /* also if none is open */
{
	if (t->page)
		page_unlock(t->page);
	t->page = NULL;
}

/**
 * Replace one entry. The new one is checked and its reference taken, then it is written, and the
 * caller drops *old (if present) with entry_put(). frame_owner: whose frames an L1 entry may name.
 * *old is in for ENTRY_EXCHANGE, as read since the table is open: -XEN_EAGAIN, and what was found,
 * if the CPU has set A or D in it. 0; a negative errno after which nothing has changed
 * (-XEN_ERESTART: preempted).
 */
int table_update(struct open_table *t, unsigned index, u64 entry, enum entry_mode mode,
		 const struct domain_memory *frame_owner, u64 *old);
/** Replace an entry of an open L1 table, close it, and drop what the old one referred to. */
int table_update_l1(struct open_table *t, unsigned index, u64 entry,
		    const struct domain_memory *frame_owner);

/** The type that a present entry needs of its frame; TYPE_NONE: any. */
/*@ assigns \nothing;
    ensures level > 1 ==> \result == level - 1;
    ensures level <= 1 ==> \result == (entry & PTE_WRITABLE ? TYPE_WRITABLE : TYPE_NONE); */
static inline enum frame_type entry_type(u64 entry, unsigned level)
{
	if (level > 1)
		return level - 1;
	return entry & PTE_WRITABLE ? TYPE_WRITABLE : TYPE_NONE;
}

/** Drop the reference that a present entry of frame pg held. 0; -XEN_ERESTART: still to be
 * dropped. */
/*@ requires machine && (pg == \null || \valid(pg));
    assigns proof_typed, proof_general, frame_table[0 .. max_mfn - 1];
    ensures ram_kept{Pre,Post};
    ensures \result == 0 || \result == -XEN_ERESTART;
    ensures proof_typed == \old(proof_typed) - (\result == 0 &&
	pg != \null && pg == frame_table + chosen && (level > 1 || (entry & PTE_WRITABLE) != 0) ? 1
   : 0); ensures level <= 1 && !(entry & PTE_WRITABLE) ==> \result == 0; ensures proof_general ==
   \old(proof_general) - (pg != \null && pg == frame_table + chosen && (level <= 1 && (entry &
   PTE_WRITABLE) == 0) ? 1 : 0); */
static inline int entry_put_page(u64 entry, unsigned level, struct page *pg)
{
	if (!pg) /* device memory */
		return 0;
	if (entry_type(entry, level) != TYPE_NONE)
		return type_put(pg);
	mm_put_page(pg);
	return 0;
}

/** The same for an entry that no table holds any more. */
/*@ requires machine && (entry & PTE_PRESENT);
    assigns proof_typed, proof_general, frame_table[0 .. max_mfn - 1];
    ensures ram_kept{Pre,Post};
    ensures \result == 0 || \result == -XEN_ERESTART;
    ensures \result != 0 ==>
	proof_typed == \old(proof_typed) && proof_general == \old(proof_general);
    behavior typed:
      assumes is_ram(chosen) && holds(entry, level, 1);
      ensures proof_typed == \old(proof_typed) - (\result == 0 ? 1 : 0);
      ensures proof_general == \old(proof_general);
    behavior general:
      assumes is_ram(chosen) && holds(entry, level, 0);
      ensures proof_typed == \old(proof_typed);
      ensures proof_general == \old(proof_general) - 1 && \result == 0;
    behavior nothing:
      assumes !is_ram(chosen) || !names(entry);
      ensures proof_typed == \old(proof_typed) && proof_general == \old(proof_general); */
static inline int entry_put(u64 entry, unsigned level)
{
	return entry_put_page(entry, level, frame_of_ram(entry_frame(entry)));
}

/** Put a typed reference on a table; what is left goes to vm->deferred, which is empty. */
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
