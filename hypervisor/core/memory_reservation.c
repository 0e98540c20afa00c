/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op: batches of extents that come into a domain, or leave it. */
#include <core/calls.h>
#include <core/memory_op.h>
#include <mm/heap.h>

#define MAX_ORDER_GUEST	     9
#define MAX_ORDER_PRIVILEGED 12 /* each extent is zeroed in one go */
#define PFN_LIMIT	     (1UL << 40)

unsigned memory_max_order(void)
{
	return current_domain()->privileged ? MAX_ORDER_PRIVILEGED : MAX_ORDER_GUEST;
}

bool memory_limit(unsigned mem_flags, u64 *limit)
{
	unsigned bits = XENMEMF_get_address_bits(mem_flags);

	*limit = bits && bits < 64 ? 1UL << (MAX(bits, PAGE_SHIFT + 0U) - PAGE_SHIFT) : ~0UL;
	return !bits || bits > PAGE_SHIFT;
}

/* A batch in work. */
struct batch {
	struct xen_memory_reservation res;
	struct domain *d;
	u64 limit; /* frame numbers below it only */
};

static u64 extent_address(const struct batch *b, u64 index)
{
	return (u64)(uintptr_t)b->res.extent_start.p + index * sizeof(xen_pfn_t);
}

/** Fresh memory for extent i. False: stop here. */
static bool populate(struct batch *b, u64 i, bool with_pfn)
{
	unsigned order = b->res.extent_order;
	xen_pfn_t pfn, frame;
	struct page *pg;

	if (with_pfn) {
		if (!get_guest(pfn, extent_address(b, i)))
			return refuse_as(false, BAD_ADDRESS, "extents at %lx",
					 extent_address(b, i));
		if (pfn >= PFN_LIMIT)
			return refuse_as(false, BAD_ARGUMENT, "pfn %lx", pfn);
	}
	pg = mm_alloc_domain_pages_below(&b->d->mem, order, b->limit);
	if (!pg)
		return refuse_as(false, NO_MEMORY,
				 "2^%u frames for d%u: it has %lu of %lu, %lu are free", order,
				 b->d->mem.domid, b->d->mem.tot_pages, b->d->mem.max_pages,
				 heap_free_pages());
	frame = frame_mfn(pg).n;
	for (u64 j = 0; with_pfn && j < BIT(order); j++)
		m2p_table[frame + j] = pfn + j;
	if (!b->res.extent_start.p || put_guest(extent_address(b, i), frame))
		return true;
	for (u64 j = 0; j < BIT(order); j++)
		page_drop_allocation(&pg[j]);
	return refuse_as(false, BAD_ADDRESS, "extents at %lx", extent_address(b, i));
}

/** Give back one frame. What still refers to it keeps it until it ends. */
static bool release_frame(struct domain *d, mfn_t m)
{
	struct page *pg = mm_get_page(m, &d->mem);
	bool ok;

	if (!pg)
		return refuse_as(false, NOT_OWNED, "frame %lx is not memory of d%u", m.n,
				 d->mem.domid);
	ok = page_drop_allocation(pg);
	if (!ok)
		refuse_as(0, BAD_STATE, "frame %lx was given back already", m.n);
	mm_put_page(pg);
	return ok;
}

static bool release(struct batch *b, u64 i)
{
	xen_pfn_t frame;

	if (!get_guest(frame, extent_address(b, i)))
		return refuse_as(false, BAD_ADDRESS, "extents at %lx", extent_address(b, i));
	for (u64 j = 0; j < BIT(b->res.extent_order); j++)
		if (!release_frame(b->d, mfn(frame + j)))
			return false;
	return true;
}

static bool one_extent(struct batch *b, u64 cmd, u64 i)
{
	if (cmd == XENMEM_decrease_reservation)
		return release(b, i);
	return populate(b, i, cmd == XENMEM_populate_physmap);
}

/** 0, or why the batch as a whole is refused. */
static long check(struct batch *b, u64 cmd)
{
	bool list_needed = cmd != XENMEM_increase_reservation;

	if (b->res.nr_extents > (~0UL >> 1) / sizeof(xen_pfn_t) ||
	    (list_needed && b->res.nr_extents && !b->res.extent_start.p))
		return refuse(BAD_ARGUMENT, "%lu extents at %p", b->res.nr_extents,
			      (void *)b->res.extent_start.p);
	if (b->res.mem_flags & XENMEMF_populate_on_demand)
		return refuse(BAD_ARGUMENT, "populate on demand is not for PV guests");
	if (!memory_limit(b->res.mem_flags, &b->limit))
		return refuse(BAD_ARGUMENT, "%u address bits",
			      XENMEMF_get_address_bits(b->res.mem_flags));
	return 0;
}

long memory_reservation(u64 cmd, u64 arg)
{
	struct batch b;
	u64 start = hypercall_done(), i;
	long rc;

	if (!get_guest(b.res, arg))
		return refuse_fault(arg);
	rc = check(&b, cmd);
	if (rc)
		return rc;
	if (b.res.extent_order > memory_max_order()) {
		refuse_as(0, OVER_LIMIT, "extents of 2^%u frames, 2^%u are allowed",
			  b.res.extent_order, memory_max_order());
		return start;
	}
	rc = get_target(b.res.domid, &b.d);
	if (rc)
		return rc;
	for (i = start; i < b.res.nr_extents; i++) {
		if (i > start && hypercall_preempt_check()) {
			domain_put(b.d);
			return hypercall_preempt(i, cmd, arg, 0, 0);
		}
		this_cpu()->batch_index = i;
		if (!one_extent(&b, cmd, i))
			break;
	}
	domain_put(b.d);
	return i;
}
