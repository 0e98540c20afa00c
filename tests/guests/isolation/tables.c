/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts on the page tables, and through them on memory that is not the guest's. */
#include <string.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include "isolation.h"

enum { FIRST_RESERVED_SLOT = 256, LAST_RESERVED_SLOT = 271 };

/* Bits that an entry cannot have: above what any CPU so far can address. */
#define RESERVED_FRAME_BITS (0xfUL << 48)

/* One write, at once, whose result is returned. */
static long update(uint64_t ptr, uint64_t val)
{
	struct mmu_update request = {ptr, val};

	return HYPERVISOR_mmu_update(&request, 1, NULL, DOMID_SELF);
}

static long extended(unsigned int cmd, unsigned long argument)
{
	struct mmuext_op op = {.cmd = cmd, .arg1 = {argument}};

	return HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static pv_mfn_t root(void)
{
	return pv_virt_to_mfn((void *)pv_start_info->pt_base);
}

/* The frame of the table that holds the entry of @va at @level. */
static pv_mfn_t table_of(uintptr_t va, unsigned int level)
{
	return pv_pte_find(va, level, NULL) >> PV_PAGE_SHIFT;
}

static void map_tables_writable(void *page)
{
	uint64_t entry = pv_pte_find((uintptr_t)page, 1, NULL);

	for (unsigned int level = 1; level <= 4; level++) {
		pv_mfn_t table = table_of((uintptr_t)page, level);

		refused(update(entry, pv_pte(table, PV_RW)), "mapping a level-%u table writable",
			level);
		refused(HYPERVISOR_update_va_mapping((uintptr_t)page, pv_pte(table, PV_RW),
						     UVMF_INVLPG),
			"the same through update_va_mapping, level %u", level);
	}
	works(update(entry, pv_pte(table_of((uintptr_t)page, 1), PV_RO)) == 0,
	      "mapping a table read-only");
	works(update(entry, pv_pte(pv_virt_to_mfn(page), PV_RW)) == 0, "mapping the page again");
	pv_tlb_flush();
}

static void write_reserved_slots(void *page)
{
	uint64_t top = (uint64_t)root() << PV_PAGE_SHIFT;

	for (unsigned int slot = FIRST_RESERVED_SLOT; slot <= LAST_RESERVED_SLOT; slot++) {
		refused(update(top + slot * 8, pv_pte(pv_virt_to_mfn(page), PV_RW)),
			"writing slot %u", slot);
		refused(HYPERVISOR_update_va_mapping(0xffff000000000000UL | (uintptr_t)slot << 39,
						     pv_pte(pv_virt_to_mfn(page), PV_RW),
						     UVMF_INVLPG),
			"mapping a page in slot %u", slot);
	}
}

static void forbidden_bits(void *page)
{
	pv_mfn_t mfn = pv_virt_to_mfn(page);
	uint64_t l1 = pv_pte_find((uintptr_t)page, 1, NULL);
	uint64_t l2, l2_value;

	l2 = pv_pte_find((uintptr_t)page, 2, &l2_value);
	refused(update(l1, pv_pte(mfn, PV_RW) | RESERVED_FRAME_BITS), "a frame beyond the machine");
	refused(update(l2, l2_value | PV_PTE_LARGE), "a large page");
	refused(update(l2, pv_pte(mfn, PV_RX | PV_PTE_WRITE)), "a page in place of a table");
	refused(update(l2, pv_pte(root(), PV_RX | PV_PTE_WRITE)), "the root as a level-1 table");
	refused(update(l1 + 4, pv_pte(mfn, PV_RW)), "an entry between two entries");
}

static void pin_garbage(void)
{
	uint64_t *page = pv_page_alloc();
	pv_mfn_t mfn = pv_virt_to_mfn(page);

	for (unsigned int i = 0; i < 512; i++)
		page[i] = 0x123456789abcdef7UL * (i + 1) | PV_PTE_PRESENT;
	for (unsigned int level = 0; level < 4; level++)
		refused(extended(MMUEXT_PIN_L1_TABLE + level, mfn),
			"pinning a writable page as level %u", level + 1);
	pv_protect((uintptr_t)page, 1, PV_RO);
	for (unsigned int level = 0; level < 4; level++)
		refused(extended(MMUEXT_PIN_L1_TABLE + level, mfn), "pinning nonsense as level %u",
			level + 1);
	refused(extended(MMUEXT_UNPIN_TABLE, mfn), "unpinning what is not pinned");
	refused(extended(MMUEXT_NEW_BASEPTR, mfn), "running on nonsense");
	refused(extended(MMUEXT_NEW_USER_BASEPTR, mfn), "running user mode on nonsense");
	pv_protect((uintptr_t)page, 1, PV_RW);
	pv_pages_free(page, 1);
}

/* A table that refers to itself, or to a wrong level, as a whole. */
static void pin_wrong_shapes(void)
{
	uint64_t *page = pv_page_alloc();
	pv_mfn_t mfn = pv_virt_to_mfn(page);

	page[0] = pv_pte(mfn, PV_RX | PV_PTE_WRITE);
	pv_protect((uintptr_t)page, 1, PV_RO);
	refused(extended(MMUEXT_PIN_L2_TABLE, mfn),
		"a level-2 table that is its own level-1 table");
	refused(extended(MMUEXT_PIN_L1_TABLE, mfn), "a level-1 table that maps itself writable");
	pv_protect((uintptr_t)page, 1, PV_RW);
	memset(page, 0, PV_PAGE_SIZE);
	pv_protect((uintptr_t)page, 1, PV_RO);
	if (works(extended(MMUEXT_PIN_L1_TABLE, mfn) == 0, "pinning an empty level-1 table")) {
		refused(extended(MMUEXT_PIN_L2_TABLE, mfn), "pinning it as another level too");
		refused(extended(MMUEXT_CLEAR_PAGE, mfn), "clearing a pinned table");
		refused(extended(MMUEXT_NEW_BASEPTR, mfn), "running on a level-1 table");
		refused(HYPERVISOR_update_va_mapping((uintptr_t)page, pv_pte(mfn, PV_RW),
						     UVMF_INVLPG),
			"making a pinned table writable");
		works(extended(MMUEXT_UNPIN_TABLE, mfn) == 0, "unpinning it");
	}
	refused(extended(MMUEXT_UNPIN_TABLE, mfn), "unpinning it twice");
	pv_protect((uintptr_t)page, 1, PV_RW);
	pv_pages_free(page, 1);
}

static void copy_over_tables(void *page)
{
	struct mmuext_op copy = {.cmd = MMUEXT_COPY_PAGE,
				 .arg1 = {table_of((uintptr_t)page, 1)},
				 .arg2 = {.src_mfn = pv_virt_to_mfn(page)}};

	refused(HYPERVISOR_mmuext_op(&copy, 1, NULL, DOMID_SELF), "copying over a table");
	refused(extended(MMUEXT_CLEAR_PAGE, root()), "clearing the root");
}

void attack_tables(void)
{
	void *page = pv_page_alloc();

	if (!works(page, "a page to begin with"))
		return;
	map_tables_writable(page);
	write_reserved_slots(page);
	forbidden_bits(page);
	pin_garbage();
	pin_wrong_shapes();
	copy_over_tables(page);
	pv_pages_free(page, 1);
}

/* Is the frame one of those that this guest has? */
static bool own(pv_mfn_t mfn)
{
	pv_pfn_t pfn = pv_mfn_to_pfn(mfn);

	return pfn < pv_nr_pfns && pv_p2m[pfn] == mfn;
}

enum { SHARED_MAX = 65 };

/* The hypervisor's frames that are the guest's to map, though no pfn names them. Returns how many.
 */
static unsigned int find_shared(xen_pfn_t shared[SHARED_MAX])
{
	struct gnttab_query_size size = {.dom = DOMID_SELF};
	struct gnttab_setup_table table = {.dom = DOMID_SELF};

	shared[0] = pv_start_info->shared_info >> PV_PAGE_SHIFT;
	HYPERVISOR_grant_table_op(GNTTABOP_query_size, &size, 1);
	table.nr_frames = size.nr_frames < SHARED_MAX ? size.nr_frames : 0;
	set_xen_guest_handle(table.frame_list, shared + 1);
	HYPERVISOR_grant_table_op(GNTTABOP_setup_table, &table, 1);
	works(table.nr_frames && !table.status, "the grant table's frames are told");
	return 1 + table.nr_frames;
}

/* Every so many frames of the machine, all that are not ours: none can be mapped or pinned. */
void attack_foreign_frames(void)
{
	enum { STRIDE = 13 };
	unsigned long last = HYPERVISOR_memory_op(XENMEM_maximum_ram_page, NULL), let_in = 0;
	void *page = pv_page_alloc();
	uint64_t entry = pv_pte_find((uintptr_t)page, 1, NULL);
	xen_pfn_t shared[SHARED_MAX];
	unsigned int i, count = find_shared(shared);

	/* Below 1 MiB are frames that were never anybody's RAM; and one behind the last. */
	for (pv_mfn_t mfn = 0; mfn <= last + STRIDE; mfn += STRIDE) {
		for (i = 0; i < count && shared[i] != mfn; i++)
			;
		if (i < count || (mfn <= last && own(mfn)))
			continue;
		let_in += update(entry, pv_pte(mfn, mfn % 2 ? PV_RW : PV_RO)) >= 0;
		if (mfn % 17 == 0)
			let_in += extended(MMUEXT_PIN_L1_TABLE + mfn % 4, mfn) >= 0;
		if (mfn % 19 == 0)
			let_in += update((uint64_t)mfn << PV_PAGE_SHIFT, 0) >= 0;
		if (mfn % 23 == 0)
			let_in += update((uint64_t)mfn << PV_PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 1) >=
				  0;
	}
	works(let_in == 0, "%lu frames of others were let in", let_in);
	update(entry, pv_pte(pv_virt_to_mfn(page), PV_RW));
	pv_tlb_flush();
	pv_pages_free(page, 1);
}
