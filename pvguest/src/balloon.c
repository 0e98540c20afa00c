/* SPDX-License-Identifier: MIT */
/* Giving memory back and asking for more; frames that are consecutive in the machine. */
#include <stdlib.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <xen/memory.h>

#define BATCH	  64
#define MAX_ORDER 9

static struct xen_memory_reservation reservation(xen_pfn_t *frames, unsigned long count)
{
	struct xen_memory_reservation r = {.nr_extents = count, .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, frames);
	return r;
}

static int map_linear(pv_pfn_t pfn)
{
	return pv_map_range((uintptr_t)pv_pfn_to_virt(pfn), pv_p2m[pfn], 1, PV_RW, DOMID_SELF);
}

/* Release count <= BATCH pages; returns how many went. What did not go is mapped again. */
static unsigned long release_batch(unsigned long count)
{
	xen_pfn_t frames[BATCH];
	pv_pfn_t pfns[BATCH];
	unsigned long got;
	struct xen_memory_reservation op;
	long done;

	for (got = 0; got < count; got++) {
		void *page = pv_pages_alloc(1);

		if (!page)
			break;
		pfns[got] = pv_virt_to_pfn(page);
		frames[got] = pv_p2m[pfns[got]];
		pv_unmap((uintptr_t)page, 1);
	}
	op = reservation(frames, got);
	done = HYPERVISOR_memory_op(XENMEM_decrease_reservation, &op);
	if (done < 0)
		done = 0;
	for (unsigned long i = 0; i < got; i++) {
		if (i < (unsigned long)done) {
			pv_p2m[pfns[i]] = PV_NO_FRAME;
		} else {
			map_linear(pfns[i]);
			pv_pages_free(pv_pfn_to_virt(pfns[i]), 1);
		}
	}
	return done;
}

unsigned long pv_balloon_release(unsigned long count)
{
	unsigned long total = 0, step, done;

	do {
		step = count - total < BATCH ? count - total : BATCH;
		done = step ? release_batch(step) : 0;
		total += done;
	} while (done && done == step);
	return total;
}

unsigned long pv_balloon_claim(unsigned long count)
{
	unsigned long total = 0;

	for (pv_pfn_t pfn = 0; pfn < pv_nr_pfns && total < count; pfn++) {
		xen_pfn_t frame = pfn;
		struct xen_memory_reservation op = reservation(&frame, 1);

		if (pv_p2m[pfn] != PV_NO_FRAME)
			continue;
		if (HYPERVISOR_memory_op(XENMEM_populate_physmap, &op) != 1)
			break;
		pv_p2m[pfn] = frame;
		if (map_linear(pfn))
			break;
		pv_pages_free(pv_pfn_to_virt(pfn), 1);
		total++;
	}
	return total;
}

/* Swap the frames behind count pages from pfn for one extent of 2^order. True if that worked. */
static bool exchange(pv_pfn_t pfn, unsigned int order, unsigned int address_bits)
{
	unsigned long count = 1UL << order;
	xen_pfn_t *frames = malloc(count * sizeof(*frames)), extent = pfn;
	struct xen_memory_exchange op = {0};
	bool done;

	if (!frames)
		return false;
	for (unsigned long i = 0; i < count; i++)
		frames[i] = pv_p2m[pfn + i];
	op.in = reservation(frames, count);
	op.out = reservation(&extent, 1);
	op.out.extent_order = order;
	op.out.mem_flags = address_bits ? XENMEMF_address_bits(address_bits) : 0;
	done = !HYPERVISOR_memory_op(XENMEM_exchange, &op) && op.nr_exchanged == count;
	for (unsigned long i = 0; done && i < count; i++)
		pv_p2m[pfn + i] = extent + i;
	free(frames);
	return done;
}

void *pv_contiguous_alloc(unsigned int order, unsigned int address_bits)
{
	unsigned long count = 1UL << order;
	void *pages = order <= MAX_ORDER ? pv_pages_alloc(count) : NULL;
	pv_pfn_t pfn = pv_virt_to_pfn(pages);
	bool done;

	if (!pages)
		return NULL;
	pv_unmap((uintptr_t)pages, count);
	done = exchange(pfn, order, address_bits);
	for (unsigned long i = 0; i < count; i++)
		map_linear(pfn + i);
	if (done)
		return pages;
	pv_pages_free(pages, count);
	return NULL;
}
