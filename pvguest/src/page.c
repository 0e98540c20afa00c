/* SPDX-License-Identifier: MIT */
/* The linear map of all frames, and the allocator of its pages. */
#include <string.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/cpu.h>
#include "internal.h"

#define ENTRIES 512

pv_mfn_t *pv_p2m;
unsigned long pv_nr_pfns;

/* Until the bitmap exists, pages come one by one from early.next, below early.mapped. */
static struct {
	pv_pfn_t next, mapped;
} early;
static struct pv_bitmap pages;

void *pv_pages_alloc(unsigned long count)
{
	unsigned long pfn;

	if (!pages.words) {
		if (early.next + count > early.mapped)
			return NULL;
		pfn = early.next;
		early.next += count;
		return pv_pfn_to_virt(pfn);
	}
	pfn = pv_bitmap_take(&pages, count);
	return pfn == PV_BITMAP_NONE ? NULL : pv_pfn_to_virt(pfn);
}

void *pv_page_alloc(void)
{
	void *page = pv_pages_alloc(1);

	return page ? memset(page, 0, PV_PAGE_SIZE) : NULL;
}

void pv_pages_free(void *va, unsigned long count)
{
	pv_bitmap_give(&pages, pv_virt_to_pfn(va), count);
}

unsigned long pv_pages_free_count(void)
{
	return pages.free;
}

static uintptr_t max(uintptr_t a, uintptr_t b)
{
	return a > b ? a : b;
}

/* End of everything that the domain builder put into the linear map, but for its small stack. */
static uintptr_t end_of_start_data(void)
{
	const struct start_info *si = pv_start_info;
	uintptr_t end = max((uintptr_t)pv_image_end, (uintptr_t)(si + 1));

	end = max(end, si->pt_base + (si->nr_pt_frames << PV_PAGE_SHIFT));
	end = max(end, si->mfn_list + si->nr_pages * sizeof(pv_mfn_t));
	if (si->mod_len && !(si->flags & SIF_MOD_START_PFN))
		end = max(end, si->mod_start + si->mod_len);
	if (!pv_is_dom0()) {
		end = max(end, (uintptr_t)pv_mfn_to_virt(si->console.domU.mfn) + 1);
		end = max(end, (uintptr_t)pv_mfn_to_virt(si->store_mfn) + 1);
	}
	return (end + PV_PAGE_SIZE - 1) & PV_PAGE_MASK;
}

/* Map the frames of the 2 MiB around pfn, from pfn on, by one new L1 table. */
static void extend_by_table(pv_pfn_t pfn)
{
	uintptr_t va = (uintptr_t)pv_pfn_to_virt(pfn);
	unsigned int slot = va >> PV_PAGE_SHIFT & (ENTRIES - 1);
	uint64_t entry, *table;
	int error;

	for (unsigned int level = 4; level > 2; level--) {
		pv_pte_find(va, level, &entry);
		if (entry & PV_PTE_PRESENT)
			continue;
		table = pv_page_alloc();
		if (!table || pv_table_hook(va, level, table))
			pv_panic("cannot map the memory: level %u", level);
	}
	table = pv_page_alloc();
	if (!table)
		pv_panic("the initial mapping leaves no room for page tables");
	for (; slot < ENTRIES && pfn < pv_nr_pfns; slot++, pfn++)
		if (pv_p2m[pfn] != PV_NO_FRAME)
			table[slot] = pv_pte(pv_p2m[pfn], PV_RW);
	error = pv_table_hook(va, 2, table);
	if (error)
		pv_panic("cannot map the memory from %#lx: error %d", va, error);
	early.mapped = pfn;
}

/* The L1 table around pfn exists already: write single entries to its end. */
static void extend_within_table(pv_pfn_t pfn)
{
	do {
		uintptr_t va = (uintptr_t)pv_pfn_to_virt(pfn);

		if (pv_p2m[pfn] != PV_NO_FRAME)
			pv_mmu_queue(pv_pte_find(va, 1, NULL), pv_pte(pv_p2m[pfn], PV_RW),
				     DOMID_SELF);
		pfn++;
	} while (pfn < pv_nr_pfns && (uintptr_t)pv_pfn_to_virt(pfn) % (PV_PAGE_SIZE * ENTRIES));
	if (pv_mmu_flush())
		pv_panic("cannot complete the initial mapping");
	early.mapped = pfn;
}

static void map_everything(void)
{
	uint64_t entry;

	early.next = pv_virt_to_pfn((void *)end_of_start_data());
	early.mapped = early.next;
	while (early.mapped < pv_nr_pfns &&
	       pv_pte_find((uintptr_t)pv_pfn_to_virt(early.mapped), 1, &entry) &&
	       (entry & PV_PTE_PRESENT))
		early.mapped++;
	while (early.mapped < pv_nr_pfns) {
		if (pv_pte_find((uintptr_t)pv_pfn_to_virt(early.mapped), 1, NULL))
			extend_within_table(early.mapped);
		else
			extend_by_table(early.mapped);
	}
}

static bool in_ramdisk(pv_pfn_t pfn)
{
	const struct start_info *si = pv_start_info;

	return (si->flags & SIF_MOD_START_PFN) && pfn >= si->mod_start &&
	       pfn < si->mod_start + pv_pages(si->mod_len);
}

static void start_allocator(void)
{
	unsigned long bytes = (pv_nr_pfns + 63) / 64 * sizeof(uint64_t);
	uint64_t *words = pv_pages_alloc(pv_pages(bytes));

	if (!words)
		pv_panic("no room for the page bitmap");
	pv_bitmap_init(&pages, words, pv_nr_pfns);
	for (pv_pfn_t pfn = early.next; pfn < pv_nr_pfns; pfn++)
		if (pv_p2m[pfn] != PV_NO_FRAME && !in_ramdisk(pfn))
			pv_bitmap_give(&pages, pfn, 1);
}

/* No page of the image is both writable and executable, and the first stack has a guard page. */
static void protect_image(void)
{
	uintptr_t text = (uintptr_t)pv_text_start, rodata = (uintptr_t)pv_text_end;
	uintptr_t data = (uintptr_t)pv_rodata_end, end = (uintptr_t)pv_image_end;

	if (pv_protect(text, pv_pages(rodata - text), PV_RX) ||
	    pv_protect(rodata, pv_pages(data - rodata), PV_RO))
		pv_panic("cannot protect the image");
	if (pv_pte_nx) {
		uintptr_t shared = (uintptr_t)&pv_shared_info;

		pv_protect(data, pv_pages(shared - data), PV_RW);
		pv_protect(shared + PV_PAGE_SIZE, pv_pages(end - shared) - 1, PV_RW);
	}
	pv_unmap((uintptr_t)pv_stack_guard, 1);
}

void pv_mm_init(void)
{
	struct pv_cpuid extended;

	pv_cpuid(0x80000001, 0, &extended);
	pv_pte_nx = extended.edx & (1u << 20) ? PV_PTE_NX : 0;
	pv_p2m = (pv_mfn_t *)pv_start_info->mfn_list;
	pv_nr_pfns = pv_start_info->nr_pages;
	map_everything();
	start_allocator();
	protect_image();
	pv_vmap_init();
}
