/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Validation, invalidation and update of guests' page tables, the same for L1..L4. */
#include <core/hypercall.h>
#include <mm/root.h>
#include <mm/table.h>

u64 mm_root_changes;

/*@ assigns \nothing;
    ensures \result != 0 <==> level == 4 && 256 <= index <= 271; */
static bool hypervisor_slot(unsigned level, unsigned index)
{
	return level == 4 && index >= HYPERVISOR_FIRST_SLOT && index <= HYPERVISOR_LAST_SLOT;
}

/*@ predicate io_memory(struct domain_memory *dm, integer n) = \exists integer i;
	0 <= i < dm->iomem_ranges && dm->iomem[i].first <= n <= dm->iomem[i].last; */
/*@ requires \valid_read(dm) && dm->iomem_ranges <= MAX_IOMEM_RANGES;
    assigns \nothing;
    ensures \result != 0 <==> io_memory((struct domain_memory *)dm, m.n); */
bool iomem_permitted(const struct domain_memory *dm, mfn_t m)
{
	/*@ loop invariant 0 <= i <= dm->iomem_ranges;
	    loop invariant \forall integer j; 0 <= j < i ==>
		m.n < dm->iomem[j].first || m.n > dm->iomem[j].last;
	    loop assigns i; */
	for (unsigned i = 0; i < dm->iomem_ranges; i++)
		if (m.n >= dm->iomem[i].first && m.n <= dm->iomem[i].last)
			return true;
	return false;
}

/* --- one entry: what a guest may write, and the reference that it holds --- */

/** An entry that is not like nearly all: 0 if it is allowed all the same. */
/*@ requires \valid_read(owner) && owner->iomem_ranges <= MAX_IOMEM_RANGES;
    requires \valid_read(frame_table + (0 .. max_mfn - 1));
    requires level <= 4 && 32 <= phys_addr_bits <= 52 && max_mfn <= 1UL << 40;
    assigns \nothing;
    ensures \result == 0 && (entry & PTE_PRESENT) && level == 1 && (owner->privileged ||
	!is_ram((entry & PTE_ADDRESS) >> PAGE_SHIFT)) ==> !(entry & PTE_GLOBAL);
    ensures \result == 0 && !(entry & PTE_PRESENT) ==>
	!(entry & PTE_ADDRESS & (u64)((u64)BIT(phys_addr_bits) - 1)) ||
	(entry & PTE_ADDRESS & (u64)((u64)BIT(phys_addr_bits) - 1)) >= (u64)(max_mfn << PAGE_SHIFT);
    ensures \result == 0 && (entry & PTE_PRESENT) && (level > 1 || (!owner->privileged &&
	is_ram((entry & PTE_ADDRESS) >> PAGE_SHIFT))) ==> !(entry & ~(PTE_GUEST | PTE_ADDRESS));
    ensures \result == 0 && (entry & PTE_PRESENT) && level == 1 &&
	!is_ram((entry & PTE_ADDRESS) >> PAGE_SHIFT) ==>
	io_memory((struct domain_memory *)owner, (entry & PTE_ADDRESS) >> PAGE_SHIFT);
    ensures \result == 0 || \result < 0; */
static __attribute__((noinline)) int check_unusual(u64 entry, unsigned level,
						   const struct domain_memory *owner)
{
	mfn_t m = entry_frame(entry);
	bool ram = frame_of_ram(m) != NULL;
	paddr_t address = entry & PTE_ADDRESS & (BIT(phys_addr_bits) - 1);
	u64 bits = entry & ~(PTE_GUEST | PTE_ADDRESS);

	/* Absent, it must not name cacheable memory: the L1 terminal fault would read it. */
	if (!(entry & PTE_PRESENT) && address && address < max_mfn << PAGE_SHIFT)
		return refuse(BAD_ENTRY, "L%u entry %lx refused: absent, but it names RAM (L1TF)",
			      level, entry);
	if (!(entry & PTE_PRESENT))
		return 0;
	/* Cache attributes: for device memory, and for the privileged. */
	if (level == 1 && (owner->privileged || !ram))
		bits &= ~PTE_CACHE;
	if (bits)
		return refuse(BAD_ENTRY, "L%u entry %lx refused: a guest may not set bits %lx",
			      level, entry, bits);
	if (level > 1 || ram)
		return 0;
	if (m.n >> (phys_addr_bits - PAGE_SHIFT))
		return refuse(BAD_ENTRY, "L1 entry %lx refused: physical addresses have %u bits",
			      entry, phys_addr_bits);
	if (!iomem_permitted(owner, m))
		return refuse(NOT_ALLOWED,
			      "L1 entry %lx refused: no RAM, nor permitted device memory", entry);
	return 0;
}

/**
 * May a guest write this entry (not 0) into a table of this level, which belongs to owner? Then
 * take the reference that it needs, unless the table has it already. dm: whose frame it may be.
 */
static inline __attribute__((always_inline)) int entry_get(u64 entry, bool has_reference,
							   unsigned level,
							   const struct domain_memory *owner,
							   const struct domain_memory *dm)
{
	static const char *const names[] = {"", "L1 entry", "L2 entry", "L3 entry", "L4 entry"};
	enum frame_type type = entry_type(entry, level);
	mfn_t m = entry_frame(entry);
	struct page *pg = frame_of_ram(m);
	int rc = 0;

	if (unlikely((entry & (PTE_PRESENT | ~(PTE_GUEST | PTE_ADDRESS))) != PTE_PRESENT || !pg)) {
		rc = check_unusual(entry, level, owner);
		/* no RAM: device memory */
		if (rc || !(entry & PTE_PRESENT) || (!pg && level == 1))
			return rc;
	}
	if (has_reference)
		return 0;
	if (type == TYPE_NONE)
		rc = page_get(pg, dm) ? 0 : OTHER_OWNER;
	else
		rc = type_get_owned(pg, dm, type);
	if (unlikely(rc))
		return type_refuse(rc, level == 1 ? -XEN_EBUSY : -XEN_EINVAL, m, dm, type,
				   names[level], entry);
	if (unlikely(owner != dm))
		__atomic_or_fetch(&pg->flags, PAGE_FOREIGN, __ATOMIC_SEQ_CST);
	return 0;
}

/* --- whole tables --- */

#define STRIDE 8 /* most entries of most tables are empty: look at so many together */

static inline bool stride_empty(const u64 *e)
{
	return !(e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7]);
}

static inline __attribute__((always_inline)) int validate_entry(u64 *slot, unsigned level,
								const struct domain_memory *dm)
{
	u64 entry = READ_ONCE(*slot);
	int rc = entry_get(entry, false, level, dm, dm);

	if (!rc && (entry & (PTE_PRESENT | PTE_USER)) == PTE_PRESENT)
		entry_write(slot, entry | PTE_USER, ENTRY_SET, NULL);
	return rc;
}

static inline __attribute__((always_inline)) int
validate_entries(u64 *entries, unsigned level, const struct domain_memory *dm, unsigned *progress)
{
	unsigned i;
	int rc = 0;

	for (i = *progress; i < TABLE_ENTRIES; i++) {
		if (!entries[i] && i % STRIDE == 0 && stride_empty(&entries[i]))
			i += STRIDE - 1;
		if (!entries[i] || hypervisor_slot(level, i))
			continue;
		if (level > 1 && i > *progress && hypercall_preempt_check())
			rc = -XEN_ERESTART;
		else
			rc = validate_entry(&entries[i], level, dm);
		if (unlikely(rc))
			break;
	}
	*progress = i;
	return rc;
}

int table_validate(struct page *pg, unsigned level, unsigned *progress)
{
	const struct domain_memory *dm = mm_page_owner(pg);
	u64 *entries = page_to_virt(pg);

	if (likely(level == 1)) /* a copy of its own, for speed */
		return validate_entries(entries, 1, dm, progress);
	int rc = validate_entries(entries, level, dm, progress);
	for (unsigned i = HYPERVISOR_FIRST_SLOT; !rc && level == 4 && i <= HYPERVISOR_LAST_SLOT;
	     i++)
		entry_write(&entries[i], root_slot(dm, i), ENTRY_SET, NULL);
	if (level == 4)
		__atomic_fetch_add(&mm_root_changes, 1, __ATOMIC_SEQ_CST);
	return rc;
}

static inline __attribute__((always_inline)) int
invalidate_entries(const u64 *entries, unsigned level, unsigned *progress)
{
	unsigned i;
	int rc = 0;

	for (i = *progress; i > 0; i--) {
		if (!entries[i - 1] && i % STRIDE == 0 && stride_empty(&entries[i - STRIDE]))
			i -= STRIDE - 1;
		u64 entry = entries[i - 1];

		if (!(entry & PTE_PRESENT) || hypervisor_slot(level, i - 1))
			continue;
		if (level > 1 && i < *progress && hypercall_preempt_check())
			rc = -XEN_ERESTART;
		else
			rc = entry_put(entry, level);
		if (unlikely(rc))
			break;
	}
	*progress = i;
	return rc;
}

int table_invalidate(struct page *pg, unsigned level, unsigned *progress)
{
	const u64 *entries = page_to_virt(pg);

	return likely(level == 1) ? invalidate_entries(entries, 1, progress)
				  : invalidate_entries(entries, level, progress);
}

/* --- one entry of a validated table --- */

inline bool table_open(struct open_table *t, mfn_t m, const struct domain_memory *dm,
		       unsigned levels)
{
	struct page *pg = frame_of_ram(m);

	t->page = NULL;
	if (unlikely(!pg || READ_ONCE(pg->owner) != dm->domid))
		return false;
	for (;; cpu_relax()) {
		page_lock(pg);
		u64 word = type_word(pg);
		unsigned level = type_of(word);

		/* So it stays, with its owner, until the lock is released. */
		if (likely((word & (TYPE_VALID | TYPE_BUSY)) == TYPE_VALID && level <= levels &&
			   READ_ONCE(pg->owner) == dm->domid)) {
			*t = (struct open_table){pg, frame_virt(m), level, dm};
			return true;
		}
		page_unlock(pg);
		if (!(word & TYPE_BUSY)) /* then another CPU is at work on it */
			return false;
	}
}

/** Both entries need the same reference, which the table holds already. */
/*@ assigns \nothing;
    ensures level > 1 ==> (\result != 0 <==> (a & PTE_PRESENT) &&
	!((a ^ b) & (PTE_ADDRESS | PTE_PRESENT)));
    ensures level == 1 ==> (\result != 0 <==> (a & PTE_PRESENT) &&
	!((a ^ b) & (PTE_ADDRESS | PTE_PRESENT | PTE_WRITABLE))); */
static inline bool same_reference(u64 a, u64 b, unsigned level)
{
	u64 mask = PTE_PRESENT | PTE_ADDRESS | (level == 1 ? PTE_WRITABLE : 0);

	return (a & PTE_PRESENT) && !((a ^ b) & mask);
}

static inline __attribute__((always_inline)) int
update(struct open_table *t, unsigned level, unsigned index, u64 entry, enum entry_mode mode,
       const struct domain_memory *frame_owner, u64 *old)
{
	u64 *slot = &t->entries[index], found = READ_ONCE(*slot);
	bool same = same_reference(entry, found, level);

	if (unlikely(hypervisor_slot(level, index)))
		return refuse(BAD_ENTRY, "L4 slot %u is the hypervisor's", index);
	int rc = !entry ? 0
			: entry_get(entry, same, level, t->owner,
				    level == 1 ? frame_owner : t->owner);
	if (unlikely(rc))
		return rc;
	if (entry & PTE_PRESENT)
		entry |= PTE_USER;
	else if (mode == ENTRY_KEEP_AD)
		mode = ENTRY_SET;
	/* Only A and D can have changed since: the lock keeps everyone else out. */
	if (!entry_write(slot, entry, mode, old)) {
		if ((entry & PTE_PRESENT) && !same)
			BUG_ON(entry_put(entry, level));
		return -XEN_EAGAIN;
	}
	*old = same ? 0 : found;
	return 0;
}

static __attribute__((noinline)) int update_upper(struct open_table *t, unsigned index, u64 entry,
						  enum entry_mode mode, u64 *old)
{
	int rc = update(t, t->level, index, entry, mode, t->owner, old);

	if (t->level == 4)
		__atomic_fetch_add(&mm_root_changes, 1, __ATOMIC_SEQ_CST);
	return rc;
}

inline __attribute__((always_inline)) int table_update(struct open_table *t, unsigned index,
						       u64 entry, enum entry_mode mode,
						       const struct domain_memory *frame_owner,
						       u64 *old)
{
	/* L1 has a copy of its own, for speed. */
	if (likely(t->level == 1))
		return update(t, 1, index, entry, mode, frame_owner, old);
	return update_upper(t, index, entry, mode, old);
}

int table_update_l1(struct open_table *t, unsigned index, u64 entry,
		    const struct domain_memory *frame_owner)
{
	u64 old = 0;
	int rc = table_update(t, index, entry, ENTRY_SET, frame_owner, &old);

	table_close(t);
	return !rc && (old & PTE_PRESENT) ? entry_put(old, 1) : rc;
}

int table_put_deferred(struct vcpu_memory *vm, struct page *pg)
{
	int rc = type_put(pg);

	vm->deferred = rc ? pg : NULL;
	return rc;
}
