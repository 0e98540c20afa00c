/* SPDX-License-Identifier: MIT */
/*
 * Address spaces.
 *
 * On bare hardware a kernel owns its page tables: it writes an entry and the CPU believes it. Here
 * the hypervisor has to be sure that no entry leads to memory that is not ours, so
 *   - a page that serves as a table must not be writable by anybody, us included;
 *   - every change of an entry in such a page is asked for by hypercall, and checked.
 * Two habits keep that cheap. Tables of a new space are filled while they are still ordinary
 * memory, and handed over ("pinned") all at once: the hypervisor then checks the whole tree. And
 * changes of tables in use are queued, and sent many at a time.
 */
#include <stdlib.h>
#include <string.h>
#include <pv/hypercall.h>
#include "kernel.h"

#define ENTRIES 512

/* The CPU ignores this bit of an entry; for us it means: read-only because shared, copy on write.
 */
#define PTE_COPY 0x200ULL

#define PTE_TABLE (PV_PTE_PRESENT | PV_PTE_WRITE | PV_PTE_USER | PV_PTE_ACCESSED)

/* The programs: their pages in the image, see guest.ld. */
extern char pv_user_start[], pv_user_end[];

struct memory_counters memory_counters;

/* How many spaces map a frame, by its number. Text pages are not counted, they are never freed. */
static uint16_t *users;

void memory_init(void)
{
	users = calloc(pv_nr_pfns, sizeof(*users));
}

static void *below(uint64_t entry)
{
	return pv_mfn_to_virt((entry & PV_PTE_FRAME) >> PV_PAGE_SHIFT);
}

static unsigned int slot_of(uintptr_t va, unsigned int level)
{
	return va >> (PV_PAGE_SHIFT + 9 * (level - 1)) & (ENTRIES - 1);
}

/* --- building a space that the hypervisor does not know yet --------------------------------- */

/* The L1 entry of va. Missing tables are made: plain memory, so plain writes do. */
static uint64_t *build_entry(uint64_t *table, uintptr_t va)
{
	for (unsigned int level = 4; level > 1; level--) {
		uint64_t *entry = &table[slot_of(va, level)];

		if (!*entry) {
			void *page = pv_page_alloc();

			if (!page)
				return NULL;
			*entry = pv_pte(pv_virt_to_mfn(page), PTE_TABLE);
		}
		table = below(*entry);
	}
	return &table[slot_of(va, 1)];
}

/* Call visit for every table of the tree under table, the lowest first. */
static void visit_tables(uint64_t *table, unsigned int level, void (*visit)(void *table))
{
	/* The upper half of a root is the kernel's or the hypervisor's affair: ours is empty. */
	unsigned int count = level == 4 ? ENTRIES / 2 : ENTRIES;

	for (unsigned int i = 0; level > 1 && i < count; i++)
		if (table[i] & PV_PTE_PRESENT)
			visit_tables(below(table[i]), level - 1, visit);
	visit(table);
}

static void make_readonly(void *table)
{
	pv_mmu_queue(pv_pte_find((uintptr_t)table, 1, NULL), pv_pte(pv_virt_to_mfn(table), PV_RO),
		     DOMID_SELF);
}

static void free_table(void *table)
{
	pv_protect((uintptr_t)table, 1, PV_RW);
	pv_pages_free(table, 1);
}

static long extended(unsigned int cmd, uint64_t argument)
{
	struct mmuext_op op = {.cmd = cmd};

	op.arg1.linear_addr = argument;
	return HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

/* Hand the finished tree over: first give up our right to write to the tables, then pin the root.
 */
static bool seal(struct space *space)
{
	visit_tables(space->root, 4, make_readonly);
	return !pv_mmu_flush() && !extended(MMUEXT_PIN_L4_TABLE, pv_virt_to_mfn(space->root));
}

static bool build_page(struct space *space, uintptr_t va, uint64_t value)
{
	uint64_t *entry = build_entry(space->root, va);

	if (entry)
		*entry = value;
	return entry != NULL;
}

static bool build_text(struct space *space)
{
	bool good = true;

	for (char *page = pv_user_start; page < pv_user_end && good; page += PV_PAGE_SIZE)
		good = build_page(space, (uintptr_t)page, pv_pte(pv_virt_to_mfn(page), PV_RX));
	/* The tables of the other areas, so that a page fault need never make one. */
	for (unsigned int i = 0; i < DATA_PAGES && good; i++)
		good = build_entry(space->root, DATA_START + i * PV_PAGE_SIZE);
	for (unsigned int i = 1; i <= STACK_PAGES && good; i++)
		good = build_entry(space->root, STACK_END - i * PV_PAGE_SIZE);
	return good;
}

bool space_create(struct space *space)
{
	space->root = pv_page_alloc();
	if (!space->root)
		return false;
	if (build_text(space) && seal(space))
		return true;
	visit_tables(space->root, 4, free_table);
	return false;
}

/* --- a space in use ------------------------------------------------------------------------- */

void space_use(const struct space *space)
{
	extended(MMUEXT_NEW_USER_BASEPTR, space ? pv_virt_to_mfn(space->root) : 0);
}

static bool in_area(uintptr_t va)
{
	return (va >= DATA_START && va < DATA_START + DATA_PAGES * PV_PAGE_SIZE) ||
	       (va >= STACK_END - STACK_PAGES * PV_PAGE_SIZE && va < STACK_END);
}

/* Tables can be read directly; only writing needs the hypervisor. */
static uint64_t *find_entry(const struct space *space, uintptr_t va)
{
	uint64_t *table = space->root;

	for (unsigned int level = 4; level > 1; level--) {
		uint64_t entry = table[slot_of(va, level)];

		if (va >= 1UL << 47 || !(entry & PV_PTE_PRESENT))
			return NULL;
		table = below(entry);
	}
	return &table[slot_of(va, 1)];
}

static void queue_entry(uint64_t *entry, uint64_t value)
{
	uint64_t table = (uint64_t)pv_virt_to_mfn((void *)((uintptr_t)entry & PV_PAGE_MASK))
			 << PV_PAGE_SHIFT;

	pv_mmu_queue(table | ((uintptr_t)entry & ~PV_PAGE_MASK), value, DOMID_SELF);
}

/* Change one entry, and make the CPU forget the old one. */
static bool set_entry(uintptr_t va, uint64_t *entry, uint64_t value)
{
	queue_entry(entry, value);
	return !pv_mmu_flush() && !extended(MMUEXT_INVLPG_LOCAL, va);
}

static void put_frame(void *page)
{
	if (--users[pv_virt_to_pfn(page)] == 0)
		pv_pages_free(page, 1);
}

/* First touch: memory that was never written reads as zero, and costs nothing until now. */
static bool fill_with_zero(uintptr_t va, uint64_t *entry)
{
	void *page = pv_page_alloc();

	if (!page)
		return false;
	users[pv_virt_to_pfn(page)] = 1;
	memory_counters.zero_fills++;
	return set_entry(va, entry, pv_pte(pv_virt_to_mfn(page), PV_RW));
}

/* First write to a shared page: take a copy, or the page itself if the others have left. */
static bool copy_on_write(uintptr_t va, uint64_t *entry)
{
	void *old = below(*entry), *page;

	if (users[pv_virt_to_pfn(old)] == 1) {
		memory_counters.reuses++;
		return set_entry(va, entry, pv_pte(pv_virt_to_mfn(old), PV_RW));
	}
	page = pv_pages_alloc(1);
	if (!page)
		return false;
	memcpy(page, old, PV_PAGE_SIZE);
	users[pv_virt_to_pfn(page)] = 1;
	memory_counters.copies++;
	if (!set_entry(va, entry, pv_pte(pv_virt_to_mfn(page), PV_RW)))
		return false;
	put_frame(old);
	return true;
}

bool space_fault(struct space *space, uintptr_t va, bool write)
{
	uint64_t *entry = find_entry(space, va);

	if (!entry)
		return false;
	if (!(*entry & PV_PTE_PRESENT))
		return in_area(va) && fill_with_zero(va, entry);
	if (!write || (*entry & PV_PTE_WRITE))
		return true; /* resolved already, or a right that the entry gives */
	return (*entry & PTE_COPY) && copy_on_write(va, entry);
}

bool space_read(struct space *space, void *to, uintptr_t from, size_t length)
{
	while (length > 0) {
		size_t offset = from % PV_PAGE_SIZE, part = PV_PAGE_SIZE - offset;
		uint64_t *entry;

		if (part > length)
			part = length;
		if (!space_fault(space, from, false))
			return false;
		entry = find_entry(space, from);
		memcpy(to, (char *)below(*entry) + offset, part);
		to = (char *)to + part;
		from += part;
		length -= part;
	}
	return true;
}

/* --- fork and death ------------------------------------------------------------------------- */

/* Share one page. The child's table is plain memory still; the parent's is in use, so its entry
 * goes into the queue. A hundred pages thus cost one hypercall and one TLB flush, not a hundred. */
static bool share_page(struct space *child, uintptr_t va, uint64_t *parent_entry)
{
	uint64_t value = *parent_entry;

	if (value & (PV_PTE_WRITE | PTE_COPY)) {
		value = (value & ~PV_PTE_WRITE) | PTE_COPY;
		users[pv_virt_to_pfn(below(value))]++;
		queue_entry(parent_entry, value);
	}
	return build_page(child, va, value);
}

static bool share_area(struct space *child, struct space *parent, uintptr_t start,
		       unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++) {
		uintptr_t va = start + i * PV_PAGE_SIZE;
		uint64_t *entry = find_entry(parent, va);

		if ((*entry & PV_PTE_PRESENT) && !share_page(child, va, entry))
			return false;
	}
	return true;
}

/* Free what a space holds: pages that nobody else uses, then its tables. It is not pinned. */
static void release(struct space *space, uintptr_t start, unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++) {
		uint64_t *entry = find_entry(space, start + i * PV_PAGE_SIZE);

		if (entry && (*entry & PV_PTE_PRESENT))
			put_frame(below(*entry));
	}
}

static void release_all(struct space *space)
{
	release(space, DATA_START, DATA_PAGES);
	release(space, STACK_END - STACK_PAGES * PV_PAGE_SIZE, STACK_PAGES);
	visit_tables(space->root, 4, free_table);
	space->root = NULL;
}

bool space_fork(struct space *child, struct space *parent)
{
	bool good;

	child->root = pv_page_alloc();
	if (!child->root)
		return false;
	good = build_text(child) && share_area(child, parent, DATA_START, DATA_PAGES) &&
	       share_area(child, parent, STACK_END - STACK_PAGES * PV_PAGE_SIZE, STACK_PAGES);
	/* From here on the parent cannot write to what it shares; forget what the TLB knows. */
	good &= !pv_mmu_flush() && !extended(MMUEXT_TLB_FLUSH_LOCAL, 0);
	if (good && seal(child))
		return true;
	release_all(child);
	return false;
}

void space_destroy(struct space *space)
{
	/* Unpinned and not in use, the tree is plain memory again, entries and all. */
	extended(MMUEXT_UNPIN_TABLE, pv_virt_to_mfn(space->root));
	release_all(space);
}
