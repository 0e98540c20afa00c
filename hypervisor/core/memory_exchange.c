/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_op exchange: frames of the caller for others, as many. It goes in chunks of 2^(the larger
 * order) frames; each is done wholly or not at all. Frames that are given must not be referred to.
 */
#include <core/calls.h>
#include <core/memory_op.h>
#include <lib/string.h>
#include <mm/heap.h>

struct exchange {
	struct xen_memory_exchange x;
	struct domain_memory *dm;
	unsigned chunk_order;
	u64 limit;
	struct page_list given; /* taken from the domain, owned by nobody */
};

static u64 list_address(const struct xen_memory_reservation *res, u64 index)
{
	return (u64)(uintptr_t)res->extent_start.p + index * sizeof(xen_pfn_t);
}

static int steal_frame(struct exchange *e, mfn_t m)
{
	struct page *pg = mm_get_page(m, e->dm);
	u32 count;

	if (!pg)
		return refuse(NOT_OWNED, "frame %lx is not memory of d%u", m.n, e->dm->domid);
	count = pg->count;
	if (!page_steal(pg, e->dm)) {
		mm_put_page(pg);
		return refuse(BAD_STATE, "frame %lx is in use: %u references beside its owner's",
			      m.n, PAGE_REFS(count) - 2);
	}
	page_list_add_tail(&e->given, pg);
	return 0;
}

static int steal_chunk(struct exchange *e, u64 chunk)
{
	unsigned order = e->x.in.extent_order;
	u64 extents = BIT(e->chunk_order - order);
	xen_pfn_t frame;
	int rc = 0;

	for (u64 i = 0; i < extents && !rc; i++) {
		if (!get_guest(frame, list_address(&e->x.in, chunk * extents + i)))
			return refuse(BAD_ADDRESS, "list of frames to give");
		for (u64 j = 0; j < BIT(order) && !rc; j++)
			rc = steal_frame(e, mfn(frame + j));
	}
	return rc;
}

/** The given frames return to the domain; or (it is dying, or got others for them) go to the heap.
 */
static void dispose_given(struct exchange *e, bool undo)
{
	struct page *pg;

	while ((pg = page_list_first(&e->given))) {
		page_list_del(&e->given, pg);
		if (!undo || !pages_assign(pg, 1, e->dm))
			page_retire(pg);
	}
}

static void free_blocks(struct page_list *blocks, unsigned order)
{
	struct page *pg;

	while ((pg = page_list_first(blocks))) {
		page_list_del(blocks, pg);
		heap_free_frames(frame_mfn(pg), BIT(order));
	}
}

/** New blocks for a chunk, zeroed, on a list by their first frames. */
static int take_blocks(struct exchange *e, struct page_list *blocks)
{
	unsigned order = e->x.out.extent_order;

	for (u64 i = 0; i < BIT(e->chunk_order - order); i++) {
		struct page *pg = heap_take(order, e->limit);

		if (!pg) {
			free_blocks(blocks, order);
			return refuse(NO_MEMORY, "no 2^%u free frames below frame %lx", order,
				      e->limit);
		}
		memset(page_to_virt(pg), 0, PAGE_SIZE << order);
		page_list_add_tail(blocks, pg);
	}
	return 0;
}

/** Hand the blocks to the domain and tell it where they are. */
static int give_blocks(struct exchange *e, u64 chunk, struct page_list *blocks)
{
	unsigned order = e->x.out.extent_order;
	u64 extents = BIT(e->chunk_order - order);
	struct page *pg;
	int rc = 0;

	for (u64 i = 0; (pg = page_list_first(blocks)); i++) {
		u64 where = list_address(&e->x.out, chunk * extents + i);
		xen_pfn_t frame = frame_mfn(pg).n, pfn;

		page_list_del(blocks, pg);
		if (!get_guest(pfn, where) || !put_guest(where, frame))
			rc = -XEN_EFAULT;
		if (!pages_assign(pg, BIT(order), e->dm)) {
			heap_free_frames(mfn(frame), BIT(order));
			rc = -XEN_ENOMEM;
			continue;
		}
		for (u64 j = 0; !rc && j < BIT(order); j++)
			m2p_table[frame + j] = pfn + j;
	}
	return rc ? refuse_as(rc, BAD_ADDRESS, "list of new frames") : 0;
}

static int exchange_chunk(struct exchange *e, u64 chunk)
{
	struct page_list blocks = {0};
	int rc = steal_chunk(e, chunk);

	if (!rc)
		rc = take_blocks(e, &blocks);
	if (rc) {
		dispose_given(e, true);
		return rc;
	}
	dispose_given(e, false);
	return give_blocks(e, chunk, &blocks);
}

static int check(struct exchange *e)
{
	const struct xen_memory_reservation *in = &e->x.in, *out = &e->x.out;

	if (MAX(in->extent_order, out->extent_order) > memory_max_order())
		return refuse_as(-XEN_EPERM, OVER_LIMIT, "extents of 2^%u frames, 2^%u are allowed",
				 MAX(in->extent_order, out->extent_order), memory_max_order());
	if (in->domid != out->domid || e->x.nr_exchanged > in->nr_extents ||
	    in->nr_extents > (~0UL >> PAGE_SHIFT) >> in->extent_order ||
	    out->nr_extents > (~0UL >> PAGE_SHIFT) >> out->extent_order ||
	    in->nr_extents << in->extent_order != out->nr_extents << out->extent_order)
		return refuse(BAD_ARGUMENT, "%lu extents of 2^%u for %lu of 2^%u", in->nr_extents,
			      in->extent_order, out->nr_extents, out->extent_order);
	if (!memory_limit(out->mem_flags, &e->limit))
		return refuse(BAD_ARGUMENT, "%u address bits",
			      XENMEMF_get_address_bits(out->mem_flags));
	e->chunk_order = MAX(in->extent_order, out->extent_order);
	if (e->x.nr_exchanged & (BIT(e->chunk_order - in->extent_order) - 1))
		return refuse(BAD_ARGUMENT, "%lu exchanged so far is within an extent",
			      e->x.nr_exchanged);
	return 0;
}

/** All chunks from the one after nr_exchanged. 0, -errno; -XEN_ERESTART: preempted. */
static int run_chunks(struct exchange *e, u64 *chunk)
{
	u64 chunks = e->x.in.nr_extents << e->x.in.extent_order >> e->chunk_order, first = *chunk;
	int rc = 0;

	for (; *chunk < chunks; ++*chunk) {
		if (*chunk > first && hypercall_preempt_check())
			return -XEN_ERESTART;
		this_cpu()->batch_index = *chunk;
		rc = exchange_chunk(e, *chunk);
		if (rc)
			break;
	}
	return rc;
}

long memory_exchange(u64 arg)
{
	struct exchange e = {0};
	u64 chunk = hypercall_done();
	struct domain *d;
	long rc;

	if (!get_guest(e.x, arg))
		return refuse_fault(arg);
	rc = check(&e);
	if (rc)
		return rc;
	rc = get_target(e.x.in.domid, &d);
	if (rc)
		return rc;
	e.dm = &d->mem;
	if (!chunk)
		chunk = e.x.nr_exchanged >> (e.chunk_order - e.x.in.extent_order);
	rc = run_chunks(&e, &chunk);
	domain_put(d);
	if (rc == -XEN_ERESTART)
		return hypercall_preempt(chunk, XENMEM_exchange, arg, 0, 0);
	e.x.nr_exchanged = chunk << (e.chunk_order - e.x.in.extent_order);
	if (!copy_to_guest(arg + offsetof(struct xen_memory_exchange, nr_exchanged),
			   &e.x.nr_exchanged, sizeof(e.x.nr_exchanged)))
		rc = -XEN_EFAULT;
	return rc;
}
