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
	is_ram((entry & PTE_ADDRESS) >> PAGE_SHIFT))) ==> !(entry & (PTE_CACHE | PTE_GLOBAL));
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
/*@ requires machine && 1 <= level <= 4 && domain((struct domain_memory *)owner) &&
	domain((struct domain_memory *)dm) && (has_reference == 0 || has_reference == 1);
    assigns proof_typed, proof_general, frame_table[0 .. max_mfn - 1];
    ensures ram_kept{Pre,Post};
    ensures \result <= 0;
    ensures \result == 0 ==> allowed(entry, level, (struct domain_memory *)owner);
    ensures \result == 0 && (entry & PTE_PRESENT) && names(entry) && !is_ram{Pre}(chosen) ==>
	level == 1 && io_memory((struct domain_memory *)owner, chosen) || has_reference;
    behavior typed:
      assumes is_ram(chosen) && holds(entry, level, 1) && !has_reference;
      ensures \result == 0 ==> proof_typed == \old(proof_typed) + 1 &&
	frame_table[chosen].owner == dm->domid &&
	valid_as(frame_table[chosen].type, level > 1 ? level - 1 : TYPE_WRITABLE);
      ensures \result != 0 ==> proof_typed == \old(proof_typed);
      ensures proof_general == \old(proof_general);
    behavior general:
      assumes is_ram(chosen) && holds(entry, level, 0) && !has_reference;
      ensures \result == 0 ==> proof_general == \old(proof_general) + 1 &&
	frame_table[chosen].owner == dm->domid;
      ensures \result != 0 ==> proof_general == \old(proof_general);
      ensures proof_typed == \old(proof_typed);
    behavior nothing:
      assumes !is_ram(chosen) || !names(entry) || has_reference;
      ensures proof_typed == \old(proof_typed) && proof_general == \old(proof_general); */
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

	if (unlikely(!(entry & PTE_PRESENT) || (entry & ~(PTE_GUEST | PTE_ADDRESS)) || !pg)) {
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

/*@ requires \valid_read(e + (0 .. 7));
    assigns \nothing;
    ensures \result != 0 <==> e[0] == 0 && e[1] == 0 && e[2] == 0 && e[3] == 0 && e[4] == 0 &&
	e[5] == 0 && e[6] == 0 && e[7] == 0; */
static inline bool stride_empty(const u64 *e)
{
	return !(e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7]);
}

/*@ requires machine && 1 <= level <= 4 && domain((struct domain_memory *)dm);
    requires \valid(slot) && apart(slot) && \separated(slot, dm);
    assigns *slot, proof_typed, proof_general, frame_table[0 .. max_mfn - 1];
    ensures ram_kept{Pre,Post};
    ensures \result <= 0;
    ensures \result == 0 ==> allowed(\old(*slot), level, (struct domain_memory *)dm);
    ensures \result == 0 && (\old(*slot) & PTE_PRESENT) ==> (*slot & PTE_USER);
    ensures *slot == \old(*slot) || (\result == 0 && (\old(*slot) & PTE_PRESENT) &&
	*slot == (\old(*slot) | PTE_USER));
    ensures \result != 0 ==>
	proof_typed == \old(proof_typed) && proof_general == \old(proof_general);
    behavior typed:
      assumes is_ram(chosen) && holds(*slot, level, 1);
      ensures proof_typed == \old(proof_typed) + (\result == 0 ? 1 : 0);
      ensures proof_general == \old(proof_general);
    behavior general:
      assumes is_ram(chosen) && holds(*slot, level, 0);
      ensures proof_general == \old(proof_general) + (\result == 0 ? 1 : 0);
      ensures proof_typed == \old(proof_typed);
    behavior nothing:
      assumes !is_ram(chosen) || !names(*slot);
      ensures proof_typed == \old(proof_typed) && proof_general == \old(proof_general); */
static inline __attribute__((always_inline)) int validate_entry(u64 *slot, unsigned level,
								const struct domain_memory *dm)
{
	u64 entry = READ_ONCE(*slot);
	int rc = entry_get(entry, false, level, dm, dm);

	if (!rc && (entry & PTE_PRESENT) && !(entry & PTE_USER))
		entry_write(slot, entry | PTE_USER, ENTRY_SET, NULL);
	return rc;
}

/*@ requires machine && 1 <= level <= 4 && domain((struct domain_memory *)dm);
    requires \valid(entries + (0 .. 511)) && \valid(progress) && *progress <= 512;
    requires \separated(entries + (0 .. 511), progress, frame_table + (0 .. max_mfn - 1)) &&
	\separated(entries + (0 .. 511), dm);
    assigns entries[0 .. 511], *progress, proof_typed, proof_general,
	frame_table[0 .. max_mfn - 1];
    ensures ram_kept{Pre,Post};
    ensures \result <= 0 && \old(*progress) <= *progress <= 512;
    ensures \result == 0 <==> *progress == 512;
    ensures \forall integer j; 0 <= j < 512 ==> entries[j] == \old(entries[j]) ||
	(\old(*progress) <= j < *progress && guests_slot(level, j) &&
	 entries[j] == (\old(entries[j]) | PTE_USER));
    ensures \forall integer j; \old(*progress) <= j < *progress && guests_slot(level, j) ==>
	allowed(\old(entries[j]), level, (struct domain_memory *)dm) &&
	(!(\old(entries[j]) & PTE_PRESENT) || (entries[j] & PTE_USER));
    ensures is_ram(chosen) ==>
	proof_typed == \old(proof_typed) + refs{Pre}(entries, level, 1, *progress) -
	refs{Pre}(entries, level, 1, \old(*progress));
    ensures is_ram(chosen) ==>
	proof_general == \old(proof_general) + refs{Pre}(entries, level, 0, *progress) -
	refs{Pre}(entries, level, 0, \old(*progress));
    ensures !is_ram(chosen) ==>
	proof_typed == \old(proof_typed) && proof_general == \old(proof_general); */
static inline __attribute__((always_inline)) int
validate_entries(u64 *entries, unsigned level, const struct domain_memory *dm, unsigned *progress)
{
	unsigned i;
	int rc = 0;

	/*@ ghost none_refers(entries, level); */
	/*@ loop invariant \at(*progress, Pre) <= i <= 512 && rc == 0;
	    loop invariant *progress == \at(*progress, Pre) && ram_kept{Pre,Here};
	    loop invariant \forall integer j; (0 <= j < \at(*progress, Pre) || i <= j < 512 ||
		(0 <= j < 512 && !guests_slot(level, j))) ==>
		entries[j] == \at(entries[j], Pre);
	    loop invariant \forall integer j; \at(*progress, Pre) <= j < i ==>
		entries[j] == \at(entries[j], Pre) ||
		entries[j] == (\at(entries[j], Pre) | PTE_USER);
	    loop invariant \forall integer j; \at(*progress, Pre) <= j < i &&
		guests_slot(level, j) ==>
		allowed(\at(entries[j], Pre), level, (struct domain_memory *)dm);
	    loop invariant \forall integer j; \at(*progress, Pre) <= j < i &&
		guests_slot(level, j) ==>
		marked(\at(entries[j], Pre), entries[j]);
	    loop invariant is_ram(chosen) ==> proof_typed == \at(proof_typed, Pre) +
		refs{Pre}(entries, level, 1, i) -
		refs{Pre}(entries, level, 1, \at(*progress, Pre));
	    loop invariant is_ram(chosen) ==> proof_general == \at(proof_general, Pre) +
		refs{Pre}(entries, level, 0, i) -
		refs{Pre}(entries, level, 0, \at(*progress, Pre));
	    loop invariant !is_ram(chosen) ==> proof_typed == \at(proof_typed, Pre) &&
		proof_general == \at(proof_general, Pre);
	    loop assigns i, rc, entries[0 .. 511], proof_typed, proof_general,
		frame_table[0 .. max_mfn - 1]; */
	for (i = *progress; i < TABLE_ENTRIES; i++) {
		if (!entries[i] && i % STRIDE == 0 && stride_empty(&entries[i]))
			i += STRIDE - 1;
		/*@ assert s1: i != \at(i, LoopCurrent) ==> i == \at(i, LoopCurrent) + 7; */
		/*@ assert s1b: i < 512; */
		/*@ assert s2: i != \at(i, LoopCurrent) ==>
			entries[i - 7] == 0 && entries[i - 6] == 0 &&
			entries[i - 5] == 0 && entries[i - 4] == 0 && entries[i - 3] == 0 &&
			entries[i - 2] == 0 && entries[i - 1] == 0 && entries[i] == 0; */
		/*@ assert s3: i != \at(i, LoopCurrent) ==>
			\at(entries[\at(i, Here) - 7], Pre) == 0 &&
			\at(entries[\at(i, Here) - 6], Pre) == 0 &&
			\at(entries[\at(i, Here) - 5], Pre) == 0 &&
			\at(entries[\at(i, Here) - 4], Pre) == 0 &&
			\at(entries[\at(i, Here) - 3], Pre) == 0 &&
			\at(entries[\at(i, Here) - 2], Pre) == 0 &&
			\at(entries[\at(i, Here) - 1], Pre) == 0 &&
			\at(entries[\at(i, Here)], Pre) == 0; */
		/*@ assert s4: i != \at(i, LoopCurrent) ==>
			seven_empty{Pre}(entries, \at(i, LoopCurrent), i); */
		/*@ ghost none_between(entries, i); */
		/*@ assert z1: \forall integer j; \at(i, LoopCurrent) <= j < i ==>
			\at(entries[j], Pre) == 0; */
		/*@ assert z2: \forall u64 x, y; x == 0 ==> marked(x, y); */
		/*@ assert z3: \forall u64 x; x == 0 ==>
			allowed(x, level, (struct domain_memory *)dm); */
		/*@ assert v1: \forall integer j; \at(*progress, Pre) <= j < i &&
			guests_slot(level, j) ==>
			allowed(\at(entries[j], Pre), level, (struct domain_memory *)dm); */
		/*@ assert v2: \forall integer j; \at(*progress, Pre) <= j < i &&
			guests_slot(level, j) ==>
			marked(\at(entries[j], Pre), entries[j]); */
		/*@ assert e1: entries[i] == \at(entries[\at(i, Here)], Pre); */
		/*@ assert s6: refs{Pre}(entries, level, 1, i) ==
			refs{Pre}(entries, level, 1, \at(i, LoopCurrent)); */
		/*@ assert r1: guests_slot(level, i) && holds(\at(entries[\at(i, Here)], Pre), level, 1) ==>
			refs{Pre}(entries, level, 1, i + 1) ==
			refs{Pre}(entries, level, 1, i) + 1; */
		/*@ assert r2: !(guests_slot(level, i) && holds(\at(entries[\at(i, Here)], Pre), level, 1)) ==>
			refs{Pre}(entries, level, 1, i + 1) == refs{Pre}(entries, level, 1, i); */
		/*@ assert n1: entries[i] == 0 || !guests_slot(level, i) ==>
			refs{Pre}(entries, level, 1, i + 1) == refs{Pre}(entries, level, 1, i); */
		/*@ assert s6: refs{Pre}(entries, level, 0, i) ==
			refs{Pre}(entries, level, 0, \at(i, LoopCurrent)); */
		/*@ assert r1: guests_slot(level, i) && holds(\at(entries[\at(i, Here)], Pre), level, 0) ==>
			refs{Pre}(entries, level, 0, i + 1) ==
			refs{Pre}(entries, level, 0, i) + 1; */
		/*@ assert r2: !(guests_slot(level, i) && holds(\at(entries[\at(i, Here)], Pre), level, 0)) ==>
			refs{Pre}(entries, level, 0, i + 1) == refs{Pre}(entries, level, 0, i); */
		/*@ assert n1: entries[i] == 0 || !guests_slot(level, i) ==>
			refs{Pre}(entries, level, 0, i + 1) == refs{Pre}(entries, level, 0, i); */
		if (!entries[i] || hypervisor_slot(level, i))
			continue;
		if (level > 1 && i > *progress && hypercall_preempt_check())
			rc = -XEN_ERESTART;
		else
			rc = validate_entry(&entries[i], level, dm);
		/*@ assert u1: \forall integer j; 0 <= j < 512 && j != i ==>
			entries[j] == \at(entries[j], LoopCurrent); */
		/*@ assert u2: entries[i] == \at(entries[\at(i, Here)], Pre) || (rc == 0 &&
			entries[i] == (\at(entries[\at(i, Here)], Pre) | PTE_USER)); */
		/*@ assert u3: rc == 0 ==>
			allowed(\at(entries[\at(i, Here)], Pre), level,
				(struct domain_memory *)dm) &&
			marked(\at(entries[\at(i, Here)], Pre), entries[i]); */
		/*@ assert u4: dm->privileged == \at(dm->privileged, LoopCurrent); */
		/*@ assert u5: ram_kept{LoopCurrent,Here}; */
		/*@ assert u6: *progress == \at(*progress, LoopCurrent); */
		/*@ assert c1: is_ram(chosen) && rc == 0 && holds(\at(entries[\at(i, Here)], Pre), level, 1) ==>
			proof_typed == \at(proof_typed, LoopCurrent) + 1; */
		/*@ assert c2: !(is_ram(chosen) && rc == 0 && holds(\at(entries[\at(i, Here)], Pre), level, 1)) ==>
			proof_typed == \at(proof_typed, LoopCurrent); */
		/*@ assert t1: is_ram(chosen) && rc == 0 && guests_slot(level, i) ==>
			proof_typed == \at(proof_typed, LoopCurrent) +
			refs{Pre}(entries, level, 1, i + 1) - refs{Pre}(entries, level, 1, i); */
		/*@ assert c1: is_ram(chosen) && rc == 0 && holds(\at(entries[\at(i, Here)], Pre), level, 0) ==>
			proof_general == \at(proof_general, LoopCurrent) + 1; */
		/*@ assert c2: !(is_ram(chosen) && rc == 0 && holds(\at(entries[\at(i, Here)], Pre), level, 0)) ==>
			proof_general == \at(proof_general, LoopCurrent); */
		/*@ assert t1: is_ram(chosen) && rc == 0 && guests_slot(level, i) ==>
			proof_general == \at(proof_general, LoopCurrent) +
			refs{Pre}(entries, level, 0, i + 1) - refs{Pre}(entries, level, 0, i); */
		/*@ assert v1: \forall integer j; \at(*progress, Pre) <= j < i &&
			guests_slot(level, j) ==>
			allowed(\at(entries[j], Pre), level, (struct domain_memory *)dm); */
		/*@ assert v2: \forall integer j; \at(*progress, Pre) <= j < i &&
			guests_slot(level, j) ==>
			marked(\at(entries[j], Pre), entries[j]); */
		if (unlikely(rc))
			break;
	}
	*progress = i;
	return rc;
}

/*@ requires machine && 1 <= level <= 4 && \valid(progress) && *progress <= 512;
    requires \separated(page_content(pg) + (0 .. 511), progress,
	frame_table + (0 .. max_mfn - 1), &mm_root_changes);
    assigns page_content(pg)[0 .. 511], *progress, proof_typed, proof_general,
	frame_table[0 .. max_mfn - 1], mm_root_changes;
    ensures \result <= 0 && \old(*progress) <= *progress <= 512;
    ensures \result == 0 <==> *progress == 512;
    ensures \forall integer j; 0 <= j < 512 && guests_slot(level, j) ==>
	page_content(pg)[j] == \old(page_content(pg)[j]) ||
	(\old(*progress) <= j < *progress &&
	 page_content(pg)[j] == (\old(page_content(pg)[j]) | PTE_USER));
    ensures \forall integer j; \old(*progress) <= j < *progress && guests_slot(level, j) ==>
	(!(\old(page_content(pg)[j]) & PTE_PRESENT) || (page_content(pg)[j] & PTE_USER));
    ensures is_ram(chosen) ==>
	proof_typed == \old(proof_typed) + refs{Pre}(page_content(pg), level, 1, *progress) -
	refs{Pre}(page_content(pg), level, 1, \old(*progress));
    ensures is_ram(chosen) ==>
	proof_general == \old(proof_general) +
	refs{Pre}(page_content(pg), level, 0, *progress) -
	refs{Pre}(page_content(pg), level, 0, \old(*progress));
    ensures !is_ram(chosen) ==>
	proof_typed == \old(proof_typed) && proof_general == \old(proof_general); */
int table_validate(struct page *pg, unsigned level, unsigned *progress)
{
	const struct domain_memory *dm = mm_page_owner(pg);
	u64 *entries = page_to_virt(pg);

	if (likely(level == 1)) /* a copy of its own, for speed */
		return validate_entries(entries, 1, dm, progress);
	int rc = validate_entries(entries, level, dm, progress);
	/*@ loop invariant 256 <= i <= 272 && (i > 256 ==> level == 4 && rc == 0);
	    loop invariant \forall integer j; 0 <= j < 512 && guests_slot(level, j) ==>
		entries[j] == \at(page_content(pg)[j], Pre) ||
		(\at(*progress, Pre) <= j < *progress &&
		 entries[j] == (\at(page_content(pg)[j], Pre) | PTE_USER));
	    loop invariant \forall integer j; \at(*progress, Pre) <= j < *progress &&
		guests_slot(level, j) ==>
		(!(\at(page_content(pg)[j], Pre) & PTE_PRESENT) || (entries[j] & PTE_USER));
	    loop assigns i, entries[256 .. 271]; */
	for (unsigned i = HYPERVISOR_FIRST_SLOT; !rc && level == 4 && i <= HYPERVISOR_LAST_SLOT;
	     i++)
		entry_write(&entries[i], root_slot(dm, i), ENTRY_SET, NULL);
	if (level == 4)
		__atomic_fetch_add(&mm_root_changes, 1, __ATOMIC_SEQ_CST);
	return rc;
}

/*@ requires machine && 1 <= level <= 4;
    requires \valid_read(entries + (0 .. 511)) && \valid(progress) && *progress <= 512;
    requires \separated(entries + (0 .. 511), progress, frame_table + (0 .. max_mfn - 1));
    assigns *progress, proof_typed, proof_general, frame_table[0 .. max_mfn - 1];
    ensures \result == 0 || \result == -XEN_ERESTART;
    ensures 0 <= *progress <= \old(*progress);
    ensures \result == 0 <==> *progress == 0;
    ensures is_ram(chosen) ==>
	proof_typed == \old(proof_typed) + refs{Pre}((u64 *)entries, level, 1, *progress) -
	refs{Pre}((u64 *)entries, level, 1, \old(*progress));
    ensures is_ram(chosen) ==>
	proof_general == \old(proof_general) + refs{Pre}((u64 *)entries, level, 0, *progress) -
	refs{Pre}((u64 *)entries, level, 0, \old(*progress));
    ensures !is_ram(chosen) ==>
	proof_typed == \old(proof_typed) && proof_general == \old(proof_general); */
static inline __attribute__((always_inline)) int
invalidate_entries(const u64 *entries, unsigned level, unsigned *progress)
{
	unsigned i;
	int rc = 0;

	/*@ ghost none_refers((u64 *)entries, level); */
	/*@ loop invariant 0 <= i <= \at(*progress, Pre) && rc == 0;
	    loop invariant *progress == \at(*progress, Pre) && ram_kept{Pre,Here};
	    loop invariant \forall integer j; 0 <= j < 512 ==>
		entries[j] == \at(entries[j], Pre);
	    loop invariant is_ram(chosen) ==> proof_typed == \at(proof_typed, Pre) +
		refs{Pre}((u64 *)entries, level, 1, i) -
		refs{Pre}((u64 *)entries, level, 1, \at(*progress, Pre));
	    loop invariant is_ram(chosen) ==> proof_general == \at(proof_general, Pre) +
		refs{Pre}((u64 *)entries, level, 0, i) -
		refs{Pre}((u64 *)entries, level, 0, \at(*progress, Pre));
	    loop invariant !is_ram(chosen) ==> proof_typed == \at(proof_typed, Pre) &&
		proof_general == \at(proof_general, Pre);
	    loop assigns i, rc, proof_typed, proof_general, frame_table[0 .. max_mfn - 1]; */
	for (i = *progress; i > 0; i--) {
		if (!entries[i - 1] && i % STRIDE == 0 && stride_empty(&entries[i - STRIDE]))
			i -= STRIDE - 1;
		/*@ assert s1: i != \at(i, LoopCurrent) ==>
			i >= 1 && \at(i, LoopCurrent) == i + 7; */
		/*@ assert s2: i != \at(i, LoopCurrent) ==>
			entries[i - 1] == 0 && entries[i] == 0 &&
			entries[i + 1] == 0 && entries[i + 2] == 0 && entries[i + 3] == 0 &&
			entries[i + 4] == 0 && entries[i + 5] == 0 && entries[i + 6] == 0; */
		/*@ assert s3: i != \at(i, LoopCurrent) ==>
			\at(entries[\at(i, Here) - 1], Pre) == 0 &&
			\at(entries[\at(i, Here)], Pre) == 0 &&
			\at(entries[\at(i, Here) + 1], Pre) == 0 &&
			\at(entries[\at(i, Here) + 2], Pre) == 0 &&
			\at(entries[\at(i, Here) + 3], Pre) == 0 &&
			\at(entries[\at(i, Here) + 4], Pre) == 0 &&
			\at(entries[\at(i, Here) + 5], Pre) == 0 &&
			\at(entries[\at(i, Here) + 6], Pre) == 0; */
		/*@ assert s4: i != \at(i, LoopCurrent) ==>
			seven_empty{Pre}((u64 *)entries, i, \at(i, LoopCurrent)); */
		/*@ assert s6: refs{Pre}((u64 *)entries, level, 1, i) ==
			refs{Pre}((u64 *)entries, level, 1, \at(i, LoopCurrent)); */
		/*@ assert refs{Pre}((u64 *)entries, level, 0, i) ==
			refs{Pre}((u64 *)entries, level, 0, \at(i, LoopCurrent)); */
		u64 entry = entries[i - 1];
		/*@ assert entry == \at(entries[\at(i, Here) - 1], Pre); */
		/*@ assert guests_slot(level, i - 1) && holds(entry, level, 1) ==>
			refs{Pre}((u64 *)entries, level, 1, i) ==
			refs{Pre}((u64 *)entries, level, 1, i - 1) + 1; */
		/*@ assert !(guests_slot(level, i - 1) && holds(entry, level, 1)) ==>
			refs{Pre}((u64 *)entries, level, 1, i) ==
			refs{Pre}((u64 *)entries, level, 1, i - 1); */
		/*@ assert guests_slot(level, i - 1) && holds(entry, level, 0) ==>
			refs{Pre}((u64 *)entries, level, 0, i) ==
			refs{Pre}((u64 *)entries, level, 0, i - 1) + 1; */
		/*@ assert !(guests_slot(level, i - 1) && holds(entry, level, 0)) ==>
			refs{Pre}((u64 *)entries, level, 0, i) ==
			refs{Pre}((u64 *)entries, level, 0, i - 1); */
		/*@ assert n1: !(entry & PTE_PRESENT) || !guests_slot(level, i - 1) ==>
			refs{Pre}((u64 *)entries, level, 1, i) ==
			refs{Pre}((u64 *)entries, level, 1, i - 1); */
		/*@ assert n1: !(entry & PTE_PRESENT) || !guests_slot(level, i - 1) ==>
			refs{Pre}((u64 *)entries, level, 0, i) ==
			refs{Pre}((u64 *)entries, level, 0, i - 1); */

		if (!(entry & PTE_PRESENT) || hypervisor_slot(level, i - 1))
			continue;
		if (level > 1 && i < *progress && hypercall_preempt_check())
			rc = -XEN_ERESTART;
		else
			rc = entry_put(entry, level);
		/*@ assert u1: \forall integer j; 0 <= j < 512 ==>
			entries[j] == \at(entries[j], LoopCurrent); */
		/*@ assert u5: ram_kept{LoopCurrent,Here}; */
		/*@ assert u6: *progress == \at(*progress, LoopCurrent); */
		/*@ assert is_ram(chosen) && rc == 0 && holds(entry, level, 1) ==>
			proof_typed == \at(proof_typed, LoopCurrent) - 1; */
		/*@ assert !(is_ram(chosen) && rc == 0 && holds(entry, level, 1)) ==>
			proof_typed == \at(proof_typed, LoopCurrent); */
		/*@ assert is_ram(chosen) && rc == 0 && holds(entry, level, 0) ==>
			proof_general == \at(proof_general, LoopCurrent) - 1; */
		/*@ assert !(is_ram(chosen) && rc == 0 && holds(entry, level, 0)) ==>
			proof_general == \at(proof_general, LoopCurrent); */
		/*@ assert t1: is_ram(chosen) && rc == 0 && guests_slot(level, i - 1) ==>
			proof_typed == \at(proof_typed, LoopCurrent) +
			refs{Pre}((u64 *)entries, level, 1, i - 1) -
			refs{Pre}((u64 *)entries, level, 1, i); */
		/*@ assert t1: is_ram(chosen) && rc == 0 && guests_slot(level, i - 1) ==>
			proof_general == \at(proof_general, LoopCurrent) +
			refs{Pre}((u64 *)entries, level, 0, i - 1) -
			refs{Pre}((u64 *)entries, level, 0, i); */
		if (unlikely(rc))
			break;
	}
	*progress = i;
	return rc;
}

/*@ requires machine && 1 <= level <= 4 && \valid(progress) && *progress <= 512;
    requires \separated(page_content(pg) + (0 .. 511), progress,
	frame_table + (0 .. max_mfn - 1));
    assigns *progress, proof_typed, proof_general, frame_table[0 .. max_mfn - 1];
    ensures \result == 0 || \result == -XEN_ERESTART;
    ensures 0 <= *progress <= \old(*progress);
    ensures \result == 0 <==> *progress == 0;
    ensures is_ram(chosen) ==>
	proof_typed == \old(proof_typed) + refs{Pre}(page_content(pg), level, 1, *progress) -
	refs{Pre}(page_content(pg), level, 1, \old(*progress));
    ensures is_ram(chosen) ==>
	proof_general == \old(proof_general) +
	refs{Pre}(page_content(pg), level, 0, *progress) -
	refs{Pre}(page_content(pg), level, 0, \old(*progress));
    ensures !is_ram(chosen) ==>
	proof_typed == \old(proof_typed) && proof_general == \old(proof_general); */
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
/*@ predicate same_needs(u64 a, u64 b, integer level) = (a & PTE_PRESENT) && (level == 1 ?
	!((a ^ b) & (PTE_ADDRESS | PTE_PRESENT | PTE_WRITABLE)) :
	!((a ^ b) & (PTE_ADDRESS | PTE_PRESENT))); */
/*@ assigns \nothing;
    ensures \result == 0 || \result == 1;
    ensures level > 1 ==> (\result != 0 <==> (a & PTE_PRESENT) &&
	!((a ^ b) & (PTE_ADDRESS | PTE_PRESENT)));
    ensures level == 1 ==> (\result != 0 <==> (a & PTE_PRESENT) &&
	!((a ^ b) & (PTE_ADDRESS | PTE_PRESENT | PTE_WRITABLE))); */
static inline bool same_reference(u64 a, u64 b, unsigned level)
{
	u64 mask = PTE_PRESENT | PTE_ADDRESS | (level == 1 ? PTE_WRITABLE : 0);

	return (a & PTE_PRESENT) && !((a ^ b) & mask);
}

/*@ requires level == t->level;
    requires machine && index < 512 && 1 <= t->level <= 4;
    requires \valid_read(t) && \valid(t->entries + (0 .. 511)) && \valid(old) &&
	domain((struct domain_memory *)t->owner) && domain((struct domain_memory *)frame_owner);
    requires \separated(t, t->entries + (0 .. 511), old, frame_table + (0 .. max_mfn - 1),
	&mm_root_changes);
    requires \separated(t->entries + (0 .. 511), old, t->owner) &&
	\separated(t->entries + (0 .. 511), old, frame_owner);
    requires ENTRY_SET <= mode <= ENTRY_EXCHANGE && mode != ENTRY_SWAP;
    assigns t->entries[index], *old, proof_typed, proof_general,
	frame_table[0 .. max_mfn - 1];
    // Refused: nothing has changed.
    ensures \result <= 0;
    ensures \result != 0 ==> t->entries[index] == \old(t->entries[index]) &&
	proof_typed == \old(proof_typed) && proof_general == \old(proof_general);
    // Written: the entry, with its reference; the old one's is the caller's.
    ensures \result == 0 ==> guests_slot(\old(t->level), index) &&
	allowed(entry, \old(t->level), (struct domain_memory *)\old(t->owner));
    ensures \result == 0 && !(entry & PTE_PRESENT) ==> t->entries[index] == entry;
    ensures \result == 0 && (entry & PTE_PRESENT) ==>
	t->entries[index] == (entry | PTE_USER) || (mode == ENTRY_KEEP_AD &&
	t->entries[index] == ((entry | PTE_USER) | (\old(t->entries[index]) & PTE_AD)));
    ensures \result == 0 ==> *old == \old(t->entries[index]) ||
	(*old == 0 && same_needs(entry, \old(t->entries[index]), \old(t->level)));
    ensures \result == 0 && mode == ENTRY_EXCHANGE ==>
	\old(t->entries[index]) == \old(*old);
    behavior typed:
      assumes is_ram(chosen) && holds(entry, t->level, 1);
      ensures \result == 0 ==> proof_general == \old(proof_general) &&
	((*old == \old(t->entries[index]) && proof_typed == \old(proof_typed) + 1) ||
	 (*old == 0 && same_needs(entry, \old(t->entries[index]), \old(t->level)) &&
	  proof_typed == \old(proof_typed)));
    behavior general:
      assumes is_ram(chosen) && holds(entry, t->level, 0);
      ensures \result == 0 ==> proof_typed == \old(proof_typed) &&
	((*old == \old(t->entries[index]) && proof_general == \old(proof_general) + 1) ||
	 (*old == 0 && same_needs(entry, \old(t->entries[index]), \old(t->level)) &&
	  proof_general == \old(proof_general)));
    behavior nothing:
      assumes !is_ram(chosen) || !names(entry);
      ensures proof_typed == \old(proof_typed) && proof_general == \old(proof_general); */
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
	/*@ assert (entry & PTE_ADDRESS) == (\at(entry, Pre) & PTE_ADDRESS); */
	/*@ assert names(entry) <==> names(\at(entry, Pre)); */
	/*@ assert (entry & PTE_WRITABLE) == (\at(entry, Pre) & PTE_WRITABLE); */
	/* Only A and D can have changed since: the lock keeps everyone else out. */
	if (!entry_write(slot, entry, mode, old)) {
		if ((entry & PTE_PRESENT) && !same)
			BUG_ON(entry_put(entry, level));
		return -XEN_EAGAIN;
	}
	*old = same ? 0 : found;
	return 0;
}

/*@ requires t->level > 1;
    requires machine && index < 512 && 1 <= t->level <= 4;
    requires \valid_read(t) && \valid(t->entries + (0 .. 511)) && \valid(old) &&
	domain((struct domain_memory *)t->owner);
    requires \separated(t, t->entries + (0 .. 511), old, frame_table + (0 .. max_mfn - 1),
	&mm_root_changes);
    requires \separated(t->entries + (0 .. 511), old, t->owner);
    requires ENTRY_SET <= mode <= ENTRY_EXCHANGE && mode != ENTRY_SWAP;
    assigns t->entries[index], *old, proof_typed, proof_general,
	frame_table[0 .. max_mfn - 1], mm_root_changes;
    // Refused: nothing has changed.
    ensures \result <= 0;
    ensures \result != 0 ==> t->entries[index] == \old(t->entries[index]) &&
	proof_typed == \old(proof_typed) && proof_general == \old(proof_general);
    // Written: the entry, with its reference; the old one's is the caller's.
    ensures \result == 0 ==> guests_slot(\old(t->level), index) &&
	allowed(entry, \old(t->level), (struct domain_memory *)\old(t->owner));
    ensures \result == 0 && !(entry & PTE_PRESENT) ==> t->entries[index] == entry;
    ensures \result == 0 && (entry & PTE_PRESENT) ==>
	t->entries[index] == (entry | PTE_USER) || (mode == ENTRY_KEEP_AD &&
	t->entries[index] == ((entry | PTE_USER) | (\old(t->entries[index]) & PTE_AD)));
    ensures \result == 0 ==> *old == \old(t->entries[index]) ||
	(*old == 0 && same_needs(entry, \old(t->entries[index]), \old(t->level)));
    ensures \result == 0 && mode == ENTRY_EXCHANGE ==>
	\old(t->entries[index]) == \old(*old);
    behavior typed:
      assumes is_ram(chosen) && holds(entry, t->level, 1);
      ensures \result == 0 ==> proof_general == \old(proof_general) &&
	((*old == \old(t->entries[index]) && proof_typed == \old(proof_typed) + 1) ||
	 (*old == 0 && same_needs(entry, \old(t->entries[index]), \old(t->level)) &&
	  proof_typed == \old(proof_typed)));
    behavior general:
      assumes is_ram(chosen) && holds(entry, t->level, 0);
      ensures \result == 0 ==> proof_typed == \old(proof_typed) &&
	((*old == \old(t->entries[index]) && proof_general == \old(proof_general) + 1) ||
	 (*old == 0 && same_needs(entry, \old(t->entries[index]), \old(t->level)) &&
	  proof_general == \old(proof_general)));
    behavior nothing:
      assumes !is_ram(chosen) || !names(entry);
      ensures proof_typed == \old(proof_typed) && proof_general == \old(proof_general); */
static __attribute__((noinline)) int update_upper(struct open_table *t, unsigned index, u64 entry,
						  enum entry_mode mode, u64 *old)
{
	int rc = update(t, t->level, index, entry, mode, t->owner, old);

	if (t->level == 4)
		__atomic_fetch_add(&mm_root_changes, 1, __ATOMIC_SEQ_CST);
	return rc;
}

/*@ requires machine && index < 512 && 1 <= t->level <= 4;
    requires \valid_read(t) && \valid(t->entries + (0 .. 511)) && \valid(old) &&
	domain((struct domain_memory *)t->owner) && domain((struct domain_memory *)frame_owner);
    requires \separated(t, t->entries + (0 .. 511), old, frame_table + (0 .. max_mfn - 1),
	&mm_root_changes);
    requires \separated(t->entries + (0 .. 511), old, t->owner) &&
	\separated(t->entries + (0 .. 511), old, frame_owner);
    requires ENTRY_SET <= mode <= ENTRY_EXCHANGE && mode != ENTRY_SWAP;
    assigns t->entries[index], *old, proof_typed, proof_general,
	frame_table[0 .. max_mfn - 1], mm_root_changes;
    // Refused: nothing has changed.
    ensures \result <= 0;
    ensures \result != 0 ==> t->entries[index] == \old(t->entries[index]) &&
	proof_typed == \old(proof_typed) && proof_general == \old(proof_general);
    // Written: the entry, with its reference; the old one's is the caller's.
    ensures \result == 0 ==> guests_slot(\old(t->level), index) &&
	allowed(entry, \old(t->level), (struct domain_memory *)\old(t->owner));
    ensures \result == 0 && !(entry & PTE_PRESENT) ==> t->entries[index] == entry;
    ensures \result == 0 && (entry & PTE_PRESENT) ==>
	t->entries[index] == (entry | PTE_USER) || (mode == ENTRY_KEEP_AD &&
	t->entries[index] == ((entry | PTE_USER) | (\old(t->entries[index]) & PTE_AD)));
    ensures \result == 0 ==> *old == \old(t->entries[index]) ||
	(*old == 0 && same_needs(entry, \old(t->entries[index]), \old(t->level)));
    ensures \result == 0 && mode == ENTRY_EXCHANGE ==>
	\old(t->entries[index]) == \old(*old);
    behavior typed:
      assumes is_ram(chosen) && holds(entry, t->level, 1);
      ensures \result == 0 ==> proof_general == \old(proof_general) &&
	((*old == \old(t->entries[index]) && proof_typed == \old(proof_typed) + 1) ||
	 (*old == 0 && same_needs(entry, \old(t->entries[index]), \old(t->level)) &&
	  proof_typed == \old(proof_typed)));
    behavior general:
      assumes is_ram(chosen) && holds(entry, t->level, 0);
      ensures \result == 0 ==> proof_typed == \old(proof_typed) &&
	((*old == \old(t->entries[index]) && proof_general == \old(proof_general) + 1) ||
	 (*old == 0 && same_needs(entry, \old(t->entries[index]), \old(t->level)) &&
	  proof_general == \old(proof_general)));
    behavior nothing:
      assumes !is_ram(chosen) || !names(entry);
      ensures proof_typed == \old(proof_typed) && proof_general == \old(proof_general); */
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
