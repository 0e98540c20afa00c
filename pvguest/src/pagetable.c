/* SPDX-License-Identifier: MIT */
/* Page tables: every change goes through a queue of mmu_update requests. */
#include <stdlib.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/spinlock.h>
#include <pv/start.h>
#include "internal.h"

#define ENTRIES	    512
#define QUEUE_LIMIT 128

uint64_t pv_pte_nx;

/* Each vCPU has one, so that none sends or spoils what another has queued. */
struct pv_mmu_queue {
	struct mmu_update reqs[QUEUE_LIMIT];
	unsigned int count;
	domid_t domain;
	int error;
};

static struct pv_spinlock building; /* held while an upper entry is looked at and filled */

struct pv_mmu_queue *pv_mmu_queue_first(void)
{
	static struct pv_mmu_queue first;

	return &first;
}

struct pv_mmu_queue *pv_mmu_queue_create(void)
{
	return calloc(1, sizeof(struct pv_mmu_queue));
}

static void send_queue(struct pv_mmu_queue *queue)
{
	unsigned int done = 0;
	long error;

	if (!queue->count)
		return;
	error = HYPERVISOR_mmu_update(queue->reqs, queue->count, &done, queue->domain);
	if (error && !queue->error)
		queue->error = error;
	queue->count = 0;
}

int pv_mmu_queue(uint64_t ptr, uint64_t val, domid_t domain)
{
	struct pv_mmu_queue *queue = pv_this_vcpu()->queue;

	if (queue->count == QUEUE_LIMIT || queue->domain != domain)
		send_queue(queue);
	queue->domain = domain;
	queue->reqs[queue->count++] = (struct mmu_update){.ptr = ptr, .val = val};
	return queue->error;
}

int pv_mmu_flush(void)
{
	struct pv_mmu_queue *queue = pv_this_vcpu()->queue;
	int error;

	send_queue(queue);
	error = queue->error;
	queue->error = 0;
	return error;
}

void pv_tlb_flush(void)
{
	struct mmuext_op op = {.cmd = MMUEXT_TLB_FLUSH_ALL};

	HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

uint64_t pv_pte_find(uintptr_t va, unsigned int level, uint64_t *entry)
{
	const uint64_t *table = (const void *)pv_start_info->pt_base;

	for (unsigned int at = 4;; at--) {
		unsigned int slot = va >> (PV_PAGE_SHIFT + 9 * (at - 1)) & (ENTRIES - 1);

		if (at == level) {
			if (entry)
				*entry = table[slot];
			return ((uint64_t)pv_virt_to_mfn(table) << PV_PAGE_SHIFT) + slot * 8;
		}
		if (!(table[slot] & PV_PTE_PRESENT))
			return 0;
		table = pv_mfn_to_virt((table[slot] & PV_PTE_FRAME) >> PV_PAGE_SHIFT);
	}
}

int pv_table_hook(uintptr_t va, unsigned int level, void *table)
{
	pv_mfn_t mfn = pv_virt_to_mfn(table);
	int error;

	/* A table has no writable mapping: take ours away before the frame becomes one. */
	pv_mmu_queue(pv_pte_find((uintptr_t)table, 1, NULL), pv_pte(mfn, PV_RO), DOMID_SELF);
	pv_mmu_queue(pv_pte_find(va, level, NULL),
		     pv_pte(mfn, PV_PTE_PRESENT | PV_PTE_WRITE | PV_PTE_USER | PV_PTE_ACCESSED),
		     DOMID_SELF);
	error = pv_mmu_flush();
	if (error) {
		pv_mmu_queue(pv_pte_find((uintptr_t)table, 1, NULL), pv_pte(mfn, PV_RW),
			     DOMID_SELF);
		pv_mmu_flush();
	}
	return error;
}

/* A page for a table of va at level, unless it has one meanwhile. */
static int prepare_level(uintptr_t va, unsigned int level)
{
	void *table = pv_page_alloc();
	uint64_t entry;
	int error = 0;
	bool masked, missing;

	if (!table)
		return -XEN_ENOMEM;
	masked = pv_spin_lock(&building);
	pv_pte_find(va, level, &entry);
	missing = !(entry & PV_PTE_PRESENT);
	if (missing)
		error = pv_table_hook(va, level, table);
	pv_spin_unlock(&building, masked);
	if (!missing || error)
		pv_pages_free(table, 1);
	return error;
}

int pv_tables_prepare(uintptr_t va, unsigned long count)
{
	uintptr_t end = va + (count << PV_PAGE_SHIFT);
	const uintptr_t span = PV_PAGE_SIZE * ENTRIES;
	int error = 0;

	for (va &= ~(span - 1); va < end; va += span)
		for (unsigned int level = 4; level > 1 && !error; level--) {
			uint64_t entry;

			pv_pte_find(va, level, &entry);
			if (!(entry & PV_PTE_PRESENT))
				error = prepare_level(va, level);
		}
	return error;
}

/* mfns == NULL: consecutive frames from first. */
static int map_frames(uintptr_t va, const pv_mfn_t *mfns, pv_mfn_t first, unsigned long count,
		      uint64_t prot, domid_t domain)
{
	int error = pv_tables_prepare(va, count);

	if (error)
		return error;
	for (unsigned long i = 0; i < count && !error; i++) {
		uint64_t maddr = pv_pte_find(va + (i << PV_PAGE_SHIFT), 1, NULL);

		error = pv_mmu_queue(maddr, pv_pte(mfns ? mfns[i] : first + i, prot), domain);
	}
	error = pv_mmu_flush();
	if (error)
		pv_unmap(va, count);
	return error;
}

int pv_map(uintptr_t va, const pv_mfn_t *mfns, unsigned long count, uint64_t prot, domid_t domain)
{
	return map_frames(va, mfns, 0, count, prot, domain);
}

int pv_map_range(uintptr_t va, pv_mfn_t first, unsigned long count, uint64_t prot, domid_t domain)
{
	return map_frames(va, NULL, first, count, prot, domain);
}

int pv_unmap(uintptr_t va, unsigned long count)
{
	int error;

	for (unsigned long i = 0; i < count; i++) {
		uint64_t entry, maddr = pv_pte_find(va + (i << PV_PAGE_SHIFT), 1, &entry);

		if (maddr && entry)
			pv_mmu_queue(maddr, 0, DOMID_SELF);
	}
	error = pv_mmu_flush();
	pv_tlb_flush();
	return error;
}

int pv_protect(uintptr_t va, unsigned long count, uint64_t prot)
{
	int error;

	for (unsigned long i = 0; i < count; i++) {
		uint64_t entry = 0, maddr = pv_pte_find(va + (i << PV_PAGE_SHIFT), 1, &entry);

		if (maddr && (entry & PV_PTE_PRESENT))
			pv_mmu_queue(maddr, (entry & PV_PTE_FRAME) | prot, DOMID_SELF);
	}
	error = pv_mmu_flush();
	pv_tlb_flush();
	return error;
}
