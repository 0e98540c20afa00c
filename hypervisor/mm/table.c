/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Validation, invalidation and update of guests' page tables, the same for L1..L4. */
#include <xen/errno.h>
#include <core/hypercall.h>
#include <lib/printk.h>
#include <mm/root.h>
#include <mm/table.h>
#include <mm/types.h>

static bool hypervisor_slot(unsigned level, unsigned index)
{
	return level == 4 && index >= HYPERVISOR_FIRST_SLOT && index <= HYPERVISOR_LAST_SLOT;
}

bool iomem_permitted(const struct domain_memory *dm, mfn_t m)
{
	for (unsigned i = 0; i < dm->iomem_ranges; i++)
		if (m.n >= dm->iomem[i].first && m.n <= dm->iomem[i].last)
			return true;
	return false;
}

/* --- one entry: what a guest may write --- */

static int refuse_bits(unsigned level, u64 entry, u64 bits)
{
	return refuse(BAD_ENTRY, "L%u entry %lx refused: a guest may not set bits %lx", level,
		      entry, bits);
}

/** An absent entry must not name cacheable memory: the L1 terminal fault would read through it. */
static int check_absent(unsigned level, u64 entry)
{
	paddr_t address = entry & PTE_ADDRESS & (BIT(phys_addr_bits) - 1);

	if (likely(!address || address >= max_mfn << PAGE_SHIFT))
		return 0;
	return refuse(BAD_ENTRY,
		      "L%u entry %lx refused: absent, but its address is that of RAM (L1TF)", level,
		      entry);
}

static int get_device_frame(u64 entry, const struct domain_memory *dm)
{
	mfn_t m = entry_frame(entry);

	if (m.n >> (phys_addr_bits - PAGE_SHIFT))
		return refuse(BAD_ENTRY, "L1 entry %lx refused: physical addresses have %u bits",
			      entry, phys_addr_bits);
	if (!iomem_permitted(dm, m))
		return refuse(
			NOT_ALLOWED,
			"L1 entry %lx refused: no RAM at frame %lx, and no permission for it as device memory",
			entry, m.n);
	return 0;
}

/** owner: of the table; dm: whose frame it may be. */
static inline __attribute__((always_inline)) int
get_l1_frame(u64 entry, const struct domain_memory *owner, const struct domain_memory *dm)
{
	mfn_t m = entry_frame(entry);
	struct page *pg = frame_of_ram(m);
	u64 bits = entry & ~(PTE_GUEST | PTE_ADDRESS);
	int rc;

	/* Cache attributes: for device memory, and for the privileged. */
	if (unlikely(bits) && ((bits & ~PTE_CACHE) || (pg && !owner->privileged)))
		return refuse_bits(1, entry, bits);
	if (unlikely(!pg))
		return get_device_frame(entry, owner);
	if (entry & PTE_WRITABLE)
		rc = type_get_frame(m, dm, TYPE_WRITABLE, &pg);
	else
		rc = page_get(pg, dm) ? 0 : OTHER_OWNER;
	if (unlikely(rc))
		return type_refuse(rc, -XEN_EBUSY, m, dm, TYPE_WRITABLE, "L1 entry", entry);
	if (unlikely(owner != dm))
		__atomic_or_fetch(&pg->flags, PAGE_FOREIGN, __ATOMIC_SEQ_CST);
	return 0;
}

static int get_table_frame(u64 entry, unsigned level, const struct domain_memory *dm)
{
	static const char *const names[] = {"", "", "L2 entry", "L3 entry", "L4 entry"};
	mfn_t m = entry_frame(entry);
	u64 bits = entry & ~(PTE_GUEST | PTE_ADDRESS);
	enum frame_type type = level - 1;
	struct page *pg;

	if (bits)
		return refuse_bits(level, entry, bits);
	return type_refuse(type_get_frame(m, dm, type, &pg), -XEN_EINVAL, m, dm, type, names[level],
			   entry);
}

static int entry_get(u64 entry, unsigned level, const struct domain_memory *owner,
		     const struct domain_memory *frame_owner)
{
	return level == 1 ? get_l1_frame(entry, owner, frame_owner)
			  : get_table_frame(entry, level, owner);
}

int entry_put(u64 entry, unsigned level)
{
	struct page *pg = frame_of_ram(entry_frame(entry));

	if (!pg) /* device memory */
		return 0;
	if (level > 1 || (entry & PTE_WRITABLE))
		return type_put(pg);
	mm_put_page(pg);
	return 0;
}

/* --- whole tables --- */

int table_validate(struct page *pg, unsigned level, unsigned *progress)
{
	const struct domain_memory *dm = mm_page_owner(pg);
	u64 *entries = page_to_virt(pg);

	if (!dm)
		return refuse(NOT_OWNED, "frame %lx belongs to no domain", frame_mfn(pg).n);
	for (unsigned i = *progress; i < TABLE_ENTRIES; i++) {
		u64 entry = entries[i];
		int rc = 0;

		if (unlikely(hypervisor_slot(level, i)))
			continue;
		if (!(entry & PTE_PRESENT)) {
			if (unlikely(entry) && (rc = check_absent(level, entry))) {
				*progress = i;
				return rc;
			}
			continue;
		}
		rc = entry_get(entry, level, dm, dm);
		if (unlikely(rc)) {
			*progress = i;
			return rc;
		}
		if (!(entry & PTE_USER))
			entry_write(&entries[i], entry | PTE_USER, ENTRY_SET, NULL);
		if (level > 1 && i + 1 < TABLE_ENTRIES && hypercall_preempt_check()) {
			*progress = i + 1;
			return -XEN_ERESTART;
		}
	}
	if (level == 4)
		root_install_slots(entries, dm);
	*progress = TABLE_ENTRIES;
	return 0;
}

int table_invalidate(struct page *pg, unsigned level, unsigned *progress)
{
	u64 *entries = page_to_virt(pg);

	for (unsigned i = *progress; i > 0; i--) {
		u64 entry = entries[i - 1];

		if (!(entry & PTE_PRESENT) || hypervisor_slot(level, i - 1))
			continue;
		if (unlikely(entry_put(entry, level))) {
			*progress = i;
			return -XEN_ERESTART;
		}
		if (level > 1 && i > 1 && hypercall_preempt_check()) {
			*progress = i - 1;
			return -XEN_ERESTART;
		}
	}
	*progress = 0;
	return 0;
}

/* --- one entry of a validated table --- */

/** The lock is held, and the word says that it may be updated. */
static int opened(struct open_table *t, struct page *pg, u64 word, const struct domain_memory *dm)
{
	t->page = pg;
	t->entries = frame_virt(frame_mfn(pg));
	t->level = type_of(word);
	t->owner = dm;
	return 0;
}

/** It may be updated as soon as one has the lock: it stays valid, and its owner's, until that is
 * released. */
static bool updatable(const struct page *pg, u64 word, const struct domain_memory *dm)
{
	return (word & (TYPE_VALID | TYPE_BUSY)) == TYPE_VALID && type_of(word) <= TYPE_L4 &&
	       READ_ONCE(pg->owner) == dm->domid;
}

/** Not so at once: wait while another CPU is at work on it. */
static __attribute__((noinline)) int open_slowly(struct open_table *t, struct page *pg,
						 const struct domain_memory *dm)
{
	u64 word;

	for (;; cpu_relax()) {
		page_lock(pg);
		word = type_word(pg);
		if (updatable(pg, word, dm))
			return opened(t, pg, word, dm);
		page_unlock(pg);
		if (!(word & TYPE_BUSY))
			return READ_ONCE(pg->owner) == dm->domid ? 1 : -XEN_EINVAL;
	}
}

int table_open(struct open_table *t, mfn_t m, const struct domain_memory *dm)
{
	struct page *pg = frame_of_ram(m);
	u64 word;

	t->page = NULL;
	if (unlikely(!pg || READ_ONCE(pg->owner) != dm->domid))
		return -XEN_EINVAL;
	page_lock(pg);
	word = type_word(pg);
	if (likely(updatable(pg, word, dm)))
		return opened(t, pg, word, dm);
	page_unlock(pg);
	return open_slowly(t, pg, dm);
}

void table_close(struct open_table *t)
{
	if (t->page)
		page_unlock(t->page);
	t->page = NULL;
}

bool table_open_l1(struct open_table *t, mfn_t m, const struct domain_memory *dm)
{
	if (likely(!table_open(t, m, dm) && t->level == 1))
		return true;
	table_close(t);
	return false;
}

/** Both entries need the same reference, which the table holds already. */
static bool same_reference(u64 a, u64 b, unsigned level)
{
	u64 mask = PTE_PRESENT | PTE_ADDRESS | (level == 1 ? PTE_WRITABLE : 0);

	return (a & PTE_PRESENT) && !((a ^ b) & mask);
}

/** The bits of an entry whose reference is held. */
static int check_bits(u64 entry, unsigned level, const struct domain_memory *owner)
{
	u64 bits = entry & ~(PTE_GUEST | PTE_ADDRESS);

	if (level == 1 && (owner->privileged || !frame_of_ram(entry_frame(entry))))
		bits &= ~PTE_CACHE;
	return unlikely(bits) ? refuse_bits(level, entry, bits) : 0;
}

int table_update(struct open_table *t, unsigned index, u64 entry, enum entry_mode mode,
		 const struct domain_memory *frame_owner, u64 *old)
{
	u64 *slot = &t->entries[index], found = READ_ONCE(*slot);
	bool same = same_reference(entry, found, t->level);
	int rc;

	if (unlikely(hypervisor_slot(t->level, index)))
		return refuse(BAD_ENTRY, "L4 slot %u is the hypervisor's", index);
	if (mode == ENTRY_EXCHANGE && *old != found) {
		*old = found;
		return -XEN_EAGAIN;
	}
	if (!(entry & PTE_PRESENT))
		rc = unlikely(entry) ? check_absent(t->level, entry) : 0;
	else if (same)
		rc = check_bits(entry, t->level, t->owner);
	else
		rc = entry_get(entry, t->level, t->owner, frame_owner);
	if (unlikely(rc))
		return rc;
	if (entry & PTE_PRESENT)
		entry |= PTE_USER;
	else if (mode == ENTRY_KEEP_AD)
		mode = ENTRY_SET;
	/* Only A and D can have changed since: the lock keeps everyone else out. */
	if (!entry_write(slot, entry, mode, old)) {
		if ((entry & PTE_PRESENT) && !same)
			BUG_ON(entry_put(entry, t->level));
		return -XEN_EAGAIN;
	}
	*old = same ? 0 : found;
	return 0;
}

u64 table_swap(struct open_table *t, unsigned index, u64 entry)
{
	u64 old = t->entries[index];

	while (!entry_write(&t->entries[index], entry, ENTRY_EXCHANGE, &old))
		; /* a CPU has set A or D meanwhile: old is fresh */
	return old;
}

/* --- references whose put is preempted --- */

int table_put_deferred(struct vcpu_memory *vm, struct page *pg)
{
	int rc = type_put(pg);

	vm->deferred = rc ? pg : NULL;
	return rc;
}

int entry_put_deferred(struct vcpu_memory *vm, u64 entry, unsigned level)
{
	if (level > 1)
		return table_put_deferred(vm, frame_of_ram(entry_frame(entry)));
	return entry_put(entry, level);
}
