/* SPDX-License-Identifier: MIT */
/*
 * Memory: frames, the address space, and page tables through batched hypercalls.
 *
 * A guest numbers its frames 0..nr_pages-1 (pfn); the machine has its own numbers (mfn), and page
 * tables hold the machine's. The p2m list leads from pfn to mfn, the hypervisor's read-only m2p
 * table back. Tables themselves are readable but never writable: every change of an entry is asked
 * of the hypervisor, which checks it.
 *
 * Layout of the address space:
 *   below 4 MiB           nothing: NULL faults
 *   PV_LINEAR_BASE        every frame of the domain, linearly (image, start data, free pages)
 *   PV_MAP_BASE, 1 GiB    mappings made at run time: foreign frames, grants, MMIO, stacks
 *   PV_HEAP_BASE          what malloc gets its memory from
 *   PV_HEAP_END and above free for the guest's own use (a kernel's processes, tests)
 *
 * Functions may be called from threads and other vCPUs; not from event handlers. Errors are
 * negative XEN_E* numbers.
 */
#ifndef PV_MM_H
#define PV_MM_H

#include <pv/types.h>

#define PV_LINEAR_BASE 0x400000UL
#define PV_MAP_BASE    (1UL << 39)
#define PV_MAP_PAGES   (1UL << 18)
#define PV_HEAP_BASE   (2UL << 39)
#define PV_HEAP_END    (3UL << 39)

/* Page-table entry bits. */
#define PV_PTE_PRESENT	0x001ULL
#define PV_PTE_WRITE	0x002ULL
#define PV_PTE_USER	0x004ULL
#define PV_PTE_PWT	0x008ULL
#define PV_PTE_PCD	0x010ULL
#define PV_PTE_ACCESSED 0x020ULL
#define PV_PTE_DIRTY	0x040ULL
#define PV_PTE_LARGE	0x080ULL
#define PV_PTE_GLOBAL	0x100ULL
#define PV_PTE_NX	(1ULL << 63)
#define PV_PTE_FRAME	0x000ffffffffff000ULL

/* What a mapping permits. A guest kernel runs in ring 3 too, so each has the user bit. */
#define PV_RO	    (PV_PTE_PRESENT | PV_PTE_USER | PV_PTE_ACCESSED | pv_pte_nx)
#define PV_RW	    (PV_RO | PV_PTE_WRITE | PV_PTE_DIRTY)
#define PV_RX	    (PV_PTE_PRESENT | PV_PTE_USER | PV_PTE_ACCESSED)
#define PV_UNCACHED (PV_PTE_PWT | PV_PTE_PCD)

/* The no-execute bit if the CPU has it, else 0. */
extern uint64_t pv_pte_nx;

/* Entry for a machine frame. */
static inline uint64_t pv_pte(pv_mfn_t mfn, uint64_t bits)
{
	return ((uint64_t)mfn << PV_PAGE_SHIFT) | bits;
}

/* --- frames ------------------------------------------------------------------------------ */

/* The p2m list: pv_p2m[pfn] is the machine frame or PV_NO_FRAME; pv_nr_pfns entries. */
extern pv_mfn_t *pv_p2m;
extern unsigned long pv_nr_pfns;

static inline void *pv_pfn_to_virt(pv_pfn_t pfn)
{
	return (void *)(PV_LINEAR_BASE + (pfn << PV_PAGE_SHIFT));
}

/* Only for addresses of the linear map. */
static inline pv_pfn_t pv_virt_to_pfn(const void *va)
{
	return ((uintptr_t)va - PV_LINEAR_BASE) >> PV_PAGE_SHIFT;
}

static inline pv_mfn_t pv_pfn_to_mfn(pv_pfn_t pfn)
{
	return pv_p2m[pfn];
}

/* Only meaningful for frames that the domain owns; other values come back for foreign ones. */
static inline pv_pfn_t pv_mfn_to_pfn(pv_mfn_t mfn)
{
	return machine_to_phys_mapping[mfn];
}

static inline pv_mfn_t pv_virt_to_mfn(const void *va)
{
	return pv_pfn_to_mfn(pv_virt_to_pfn(va));
}

/* The linear address of an owned machine frame. */
static inline void *pv_mfn_to_virt(pv_mfn_t mfn)
{
	return pv_pfn_to_virt(pv_mfn_to_pfn(mfn));
}

/* --- page allocator ---------------------------------------------------------------------- */

/* count consecutive pages (in the linear map, not in the machine), contents undefined; NULL if
 * there are none. The caller owns them. */
void *pv_pages_alloc(unsigned long count);

/* One zeroed page or NULL. */
void *pv_page_alloc(void);

/* Give back pages, which must be mapped writable in the linear map, as they were handed out. */
void pv_pages_free(void *va, unsigned long count);

/* Free pages at this moment. */
unsigned long pv_pages_free_count(void);

/* 2^order pages that are consecutive in the machine too, below 2^address_bits (0: anywhere), for
 * devices. The hypervisor exchanges the frames. NULL if it has none. Free with pv_pages_free(). */
void *pv_contiguous_alloc(unsigned int order, unsigned int address_bits);

/* --- page tables ------------------------------------------------------------------------- */

/* Queue one entry write: ptr is the machine address of the entry plus an MMU_* command in its low
 * bits. A full queue is sent by itself. domain: owner of the frame named, usually DOMID_SELF. */
int pv_mmu_queue(uint64_t ptr, uint64_t val, domid_t domain);

/* Send what is queued. The first error since the last flush, or 0. */
int pv_mmu_flush(void);

/* Machine address of the entry of va at level (1..4) in the running tables, or 0 if an upper entry
 * is missing. *entry (may be NULL) receives its present value. */
uint64_t pv_pte_find(uintptr_t va, unsigned int level, uint64_t *entry);

/* Build the tables above the L1 entries of count pages from va. */
int pv_tables_prepare(uintptr_t va, unsigned long count);

/* Map count frames at va (page-aligned, in an area that the caller owns), mfns[i] in order, with
 * PV_RO, PV_RW... domain owns them: DOMID_SELF, a domain that we may map, or DOMID_IO for MMIO.
 * On an error nothing stays mapped. Replaces what was there. */
int pv_map(uintptr_t va, const pv_mfn_t *mfns, unsigned long count, uint64_t prot, domid_t domain);

/* The same for consecutive machine frames. */
int pv_map_range(uintptr_t va, pv_mfn_t first, unsigned long count, uint64_t prot, domid_t domain);

/* Remove count mappings from va, and every TLB entry of them. Missing ones are skipped. */
int pv_unmap(uintptr_t va, unsigned long count);

/* Change the permission bits of count present mappings, keeping their frames; flushes. */
int pv_protect(uintptr_t va, unsigned long count, uint64_t prot);

/* Forget cached translations on all vCPUs of the domain. */
void pv_tlb_flush(void);

/* --- address ranges for run-time mappings -------------------------------------------------- */

/* Reserve count pages of address space (with tables, without mappings); 0 if there is none. */
uintptr_t pv_va_alloc(unsigned long count);

/* Give a range back; nothing may be mapped in it. */
void pv_va_free(uintptr_t va, unsigned long count);

/* pv_va_alloc() and pv_map() in one; NULL on an error, with its number in *error (may be NULL). */
void *pv_map_foreign(const pv_mfn_t *mfns, unsigned long count, uint64_t prot, domid_t domain,
		     int *error);

/* bytes of device memory at machine address maddr (any alignment), uncached. dom0 only. */
void *pv_map_mmio(uint64_t maddr, size_t bytes);

/* Undo either: count pages. */
void pv_unmap_free(void *va, unsigned long count);

/* --- the size of the domain ---------------------------------------------------------------- */

/* Give count pages back to the hypervisor; returns how many it took. */
unsigned long pv_balloon_release(unsigned long count);

/* Ask for up to count pages back into empty p2m slots; returns how many came. */
unsigned long pv_balloon_claim(unsigned long count);

#endif
