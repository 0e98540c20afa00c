/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op: batches of extents that come into a domain, or leave it. */
#include <core/calls.h>
#include <core/memory_op.h>
#include <mm/heap.h>

#define MAX_ORDER_GUEST	     9u
#define MAX_ORDER_PRIVILEGED 12u /* each extent is zeroed in one go */
#define PFN_LIMIT	     (1UL << 40)

long memory_check_extents(unsigned order, unsigned mem_flags, u64 *limit)
{
	unsigned bits = XENMEMF_get_address_bits(mem_flags);
	unsigned max = current_domain()->privileged ? MAX_ORDER_PRIVILEGED : MAX_ORDER_GUEST;

	if (order > max)
		return refuse_as(-XEN_EPERM, OVER_LIMIT, "extents of 2^%u frames, 2^%u are allowed",
				 order, max);
	if (bits && bits <= PAGE_SHIFT)
		return refuse(BAD_ARGUMENT, "%u address bits", bits);
	*limit = bits && bits < 64 ? BIT(bits - PAGE_SHIFT) : ~0UL;
	return 0;
}

/* Fresh memory for extent i. Not 0: stop here. */
static long populate(struct domain *d, const struct xen_memory_reservation *res, u64 limit, u64 i,
		     bool with_pfn)
{
	u64 at = extent_address(res, i);
	xen_pfn_t pfn = 0;

	if (with_pfn && !get_guest(pfn, at))
		return refuse(BAD_ADDRESS, "extents at %lx", at);
	if (pfn >= PFN_LIMIT)
		return refuse(BAD_ARGUMENT, "pfn %lx", pfn);
	struct page *pg = mm_alloc_domain_pages_below(&d->mem, res->extent_order, limit);

	if (!pg)
		return refuse(NO_MEMORY, "2^%u frames for d%u: it has %lu of %lu, %lu are free",
			      res->extent_order, d->mem.domid, d->mem.tot_pages, d->mem.max_pages,
			      heap_free_pages());
	xen_pfn_t frame = frame_mfn(pg).n;

	for (u64 j = 0; with_pfn && j < BIT(res->extent_order); j++)
		m2p_table[frame + j] = pfn + j;
	if (!res->extent_start.p || put_guest(at, frame))
		return 0;
	for (u64 j = 0; j < BIT(res->extent_order); j++)
		page_drop_allocation(&pg[j]);
	return refuse(BAD_ADDRESS, "extents at %lx", at);
}

/* Give back extent i. What still refers to a frame of it keeps that until it ends. */
static long release(struct domain *d, const struct xen_memory_reservation *res, u64 i)
{
	xen_pfn_t frame;

	if (!get_guest(frame, extent_address(res, i)))
		return refuse(BAD_ADDRESS, "extents at %lx", extent_address(res, i));
	for (u64 end = frame + BIT(res->extent_order); frame != end; frame++) {
		struct page *pg = mm_get_page(mfn(frame), &d->mem);

		if (!pg)
			return refuse(NOT_OWNED, "frame %lx is not memory of d%u", frame,
				      d->mem.domid);
		bool dropped = page_drop_allocation(pg);

		mm_put_page(pg);
		if (!dropped)
			return refuse(BAD_STATE, "frame %lx was given back already", frame);
	}
	return 0;
}

long memory_reservation(u64 cmd, u64 arg)
{
	struct xen_memory_reservation res;
	bool list_needed = cmd != XENMEM_increase_reservation;
	u64 start = hypercall_done(), i, limit;
	struct domain *d;

	if (!get_guest(res, arg))
		return refuse_fault(arg);
	if (res.nr_extents > (~0UL >> 1) / sizeof(xen_pfn_t) ||
	    (list_needed && res.nr_extents && !res.extent_start.p))
		return refuse(BAD_ARGUMENT, "%lu extents at %p", res.nr_extents,
			      (void *)res.extent_start.p);
	if (res.mem_flags & XENMEMF_populate_on_demand)
		return refuse(BAD_ARGUMENT, "populate on demand is not for PV guests");
	long rc = memory_check_extents(res.extent_order, res.mem_flags, &limit);

	if (rc)
		return rc == -XEN_EPERM ? (long)start : rc;
	rc = get_target(res.domid, &d);
	if (rc)
		return rc;
	for (i = start; i < res.nr_extents && !rc; i += !rc) {
		if (i > start && hypercall_preempt_check()) {
			domain_put(d);
			return hypercall_preempt(i, cmd, arg, 0, 0);
		}
		this_cpu()->batch_index = i;
		rc = cmd == XENMEM_decrease_reservation
			     ? release(d, &res, i)
			     : populate(d, &res, limit, i, cmd == XENMEM_populate_physmap);
	}
	domain_put(d);
	return i;
}
