/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op: batches of extents that come into a domain, leave it, or are exchanged. */
#include <core/calls.h>
#include <core/memory_op.h>
#include <lib/string.h>
#include <mm/frame.h>

#define MAX_ORDER_GUEST	     9u
#define MAX_ORDER_PRIVILEGED 12u /* each extent is zeroed in one go */
#define PFN_LIMIT	     (1UL << 40)

/* Guest address of the list's item `index`. */
static u64 extent_address(const struct xen_memory_reservation *res, u64 index)
{
	return (u64)res->extent_start.p + index * sizeof(xen_pfn_t);
}

/* May the caller have extents of 2^order frames with these XENMEMF_address_bits? 0: below frame
 * number *limit (~0: anywhere); -XEN_EPERM: too large; -XEN_EINVAL: too few bits. */
static long check_extents(unsigned order, unsigned mem_flags, u64 *limit)
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

/* --- reservations --- */

/* It goes, unless it went already: it may be anyone's then. */
static long give_back(struct domain_memory *dm, u64 frame)
{
	struct page *pg = mm_get_page(mfn(frame), dm);

	if (!pg)
		return refuse(NOT_OWNED, "frame %lx is not memory of d%u", frame, dm->domid);
	bool dropped = page_drop_allocation(pg);

	mm_put_page(pg);
	return dropped ? 0 : refuse(BAD_STATE, "frame %lx was given back already", frame);
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
	struct page *pg = mm_alloc_domain_pages(&d->mem, res->extent_order, limit,
						with_pfn ? pfn : INVALID_M2P_ENTRY);

	if (!pg)
		return refuse(NO_MEMORY, "2^%u frames for d%u: it has %lu of %lu, %lu are free",
			      res->extent_order, d->mem.domid, d->mem.tot_pages, d->mem.max_pages,
			      heap_free_pages());
	xen_pfn_t frame = frame_mfn(pg).n;

	if (!res->extent_start.p || put_guest(at, frame))
		return 0;
	for (u64 j = 0; j < BIT(res->extent_order); j++)
		give_back(&d->mem, frame + j);
	return refuse(BAD_ADDRESS, "extents at %lx", at);
}

/* Give back extent i. What still refers to a frame of it keeps that until it ends. */
static long release(struct domain *d, const struct xen_memory_reservation *res, u64 i)
{
	xen_pfn_t frame;

	if (!get_guest(frame, extent_address(res, i)))
		return refuse(BAD_ADDRESS, "extents at %lx", extent_address(res, i));
	long rc = 0;

	for (u64 end = frame + BIT(res->extent_order); !rc && frame != end; frame++)
		rc = give_back(&d->mem, frame);
	return rc;
}

long memory_reservation(u64 cmd, u64 arg)
{
	struct xen_memory_reservation res;
	bool list_needed = cmd != XENMEM_increase_reservation;
	u64 start = hypercall_done(), i, limit;
	struct domain *d = current_domain();

	if (!get_guest(res, arg))
		return refuse_fault(arg);
	if (res.nr_extents > (~0UL >> 1) / sizeof(xen_pfn_t) ||
	    (list_needed && res.nr_extents && !res.extent_start.p))
		return refuse(BAD_ARGUMENT, "%lu extents at %p", res.nr_extents,
			      (void *)res.extent_start.p);
	if (res.mem_flags & XENMEMF_populate_on_demand)
		return refuse(BAD_ARGUMENT, "populate on demand is not for PV guests");
	long rc = check_extents(res.extent_order, res.mem_flags, &limit);

	if (rc)
		return rc == -XEN_EPERM ? (long)start : rc;
	if (res.domid != DOMID_SELF) /* the caller is there as long as it calls */
		rc = get_target(res.domid, &d);
	if (rc)
		return rc;
	for (i = start; i < res.nr_extents && !rc; i += !rc) {
		if (i > start && hypercall_preempt_check())
			break;
		this_cpu()->batch_index = i;
		rc = cmd == XENMEM_decrease_reservation
			     ? release(d, &res, i)
			     : populate(d, &res, limit, i, cmd == XENMEM_populate_physmap);
	}
	if (res.domid != DOMID_SELF)
		domain_put(d);
	return rc || i >= res.nr_extents ? (long)i : hypercall_preempt(i, cmd, arg, 0, 0);
}

/* --- exchange --- */

/*
 * Frames of the caller for others, as many. It goes in chunks of 2^(the larger order) frames; each
 * is done wholly or not at all. Frames that are given must not be referred to.
 */
struct exchange {
	struct xen_memory_exchange x;
	struct domain_memory *dm;
	unsigned chunk_order;
	u64 limit;
	struct page_list given;	 /* taken from the domain, owned by nobody */
	struct page_list blocks; /* new, by their first frames; zeroed, owned by nobody */
};

static struct page *take_first(struct page_list *list)
{
	struct page *pg = page_list_first(list);

	if (pg)
		page_list_del(list, pg);
	return pg;
}

static long steal_chunk(struct exchange *e, u64 chunk)
{
	unsigned order = e->x.in.extent_order;
	xen_pfn_t first = 0;

	for (u64 i = chunk << e->chunk_order; i < (chunk + 1) << e->chunk_order; i++) {
		u64 offset = i & (BIT(order) - 1);

		if (!offset && !get_guest(first, extent_address(&e->x.in, i >> order)))
			return refuse(BAD_ADDRESS, "list of frames to give");
		struct page *pg = mm_get_page(mfn(first + offset), e->dm);

		if (!pg)
			return refuse(NOT_OWNED, "frame %lx is not memory of d%u", first + offset,
				      e->dm->domid);
		u32 count = pg->count;

		if (!page_steal(pg)) {
			mm_put_page(pg);
			return refuse(BAD_STATE,
				      "frame %lx is in use: %u references beside its owner's",
				      first + offset, PAGE_REFS(count) - 2);
		}
		page_list_add(&e->given, pg);
	}
	return 0;
}

static long take_blocks(struct exchange *e)
{
	unsigned order = e->x.out.extent_order;

	for (u64 i = 0; i < BIT(e->chunk_order - order); i++) {
		struct page *pg = heap_take(order, e->limit);

		if (!pg)
			return refuse(NO_MEMORY, "no 2^%u free frames below frame %lx", order,
				      e->limit);
		page_list_add(&e->blocks, pg);
	}
	return 0;
}

/* Hand the blocks to the domain and tell it where they are. */
static long give_blocks(struct exchange *e, u64 chunk)
{
	unsigned order = e->x.out.extent_order;
	u64 i = chunk << (e->chunk_order - order);
	struct page *pg;
	long rc = 0;

	for (; (pg = take_first(&e->blocks)); i++) {
		u64 where = extent_address(&e->x.out, i);
		xen_pfn_t frame = frame_mfn(pg).n, pfn;

		if (!get_guest(pfn, where) || !put_guest(where, frame))
			rc = -XEN_EFAULT;
		if (!pages_assign(pg, BIT(order), e->dm, rc ? INVALID_M2P_ENTRY : pfn))
			rc = -XEN_ENOMEM;
	}
	return rc ? refuse_as(rc, BAD_ADDRESS, "list of new frames") : 0;
}

static long exchange_chunk(struct exchange *e, u64 chunk)
{
	struct page *pg;

	/* Then nothing can be given to it any more, not even what it had. */
	if (e->dm->tot_pages > e->dm->max_pages)
		return refuse_as(-XEN_ENOMEM, OVER_LIMIT, "d%u has %lu pages, %lu are allowed",
				 e->dm->domid, e->dm->tot_pages, e->dm->max_pages);
	long rc = steal_chunk(e, chunk) ?: take_blocks(e);

	/* after failure they return to the domain, unless it is dying */
	while ((pg = take_first(&e->given)))
		if (rc)
			pages_assign(pg, 1, e->dm, INVALID_M2P_ENTRY);
		else
			page_retire(pg);
	if (!rc)
		return give_blocks(e, chunk);
	while ((pg = take_first(&e->blocks)))
		heap_free_frames(frame_mfn(pg), BIT(e->x.out.extent_order));
	return rc;
}

static long check(struct exchange *e)
{
	const struct xen_memory_reservation *in = &e->x.in, *out = &e->x.out;

	e->chunk_order = MAX(in->extent_order, out->extent_order);
	long rc = check_extents(e->chunk_order, out->mem_flags, &e->limit);

	if (rc)
		return rc;
	if (in->domid != out->domid || e->x.nr_exchanged > in->nr_extents ||
	    in->nr_extents > (~0UL >> PAGE_SHIFT) >> in->extent_order ||
	    out->nr_extents > (~0UL >> PAGE_SHIFT) >> out->extent_order ||
	    in->nr_extents << in->extent_order != out->nr_extents << out->extent_order)
		return refuse(BAD_ARGUMENT, "%lu extents of 2^%u for %lu of 2^%u", in->nr_extents,
			      in->extent_order, out->nr_extents, out->extent_order);
	if (e->x.nr_exchanged & (BIT(e->chunk_order - in->extent_order) - 1))
		return refuse(BAD_ARGUMENT, "%lu exchanged so far is within an extent",
			      e->x.nr_exchanged);
	return 0;
}

long memory_exchange(u64 arg)
{
	struct exchange e = {0};
	u64 resumed = hypercall_done();
	struct domain *d;

	if (!get_guest(e.x, arg))
		return refuse_fault(arg);
	long rc = check(&e) ?: get_target(e.x.in.domid, &d);

	if (rc)
		return rc;
	unsigned shift = e.chunk_order - e.x.in.extent_order; /* extents to chunks */
	u64 first = resumed ? resumed : e.x.nr_exchanged >> shift, chunk = first;

	e.dm = &d->mem;
	for (; chunk < e.x.in.nr_extents >> shift; chunk++) {
		if (chunk > first && hypercall_preempt_check()) {
			domain_put(d);
			return hypercall_preempt(chunk, XENMEM_exchange, arg, 0, 0);
		}
		this_cpu()->batch_index = chunk;
		rc = exchange_chunk(&e, chunk);
		if (rc)
			break;
	}
	domain_put(d);
	e.x.nr_exchanged = chunk << shift;
	if (!put_guest(arg + offsetof(struct xen_memory_exchange, nr_exchanged), e.x.nr_exchanged))
		rc = -XEN_EFAULT;
	return rc;
}
