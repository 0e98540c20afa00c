/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op: dispatch, and the calls that only ask or set something. */
#include <core/calls.h>
#include <core/memory_op.h>
#include <lib/string.h>
#include <mm/heap.h>
#include <x86/machine.h>

/* What the calls below read, and write back where they answer in it. */
union argument {
	struct xen_machphys_mapping mapping;
	struct xen_machphys_mfn_list list;
	struct xen_memory_map map;
	struct xen_foreign_memory_map foreign;
	struct xen_mem_acquire_resource resource;
};

/* --- figures --- */

static long domain_figure(u64 cmd, domid_t domid)
{
	struct domain *d;
	long rc = get_target(domid, &d);

	if (rc)
		return rc;
	if (cmd == XENMEM_current_reservation)
		rc = d->mem.tot_pages;
	else if (cmd == XENMEM_maximum_reservation)
		rc = MIN(d->mem.max_pages, 0x7fffffffUL);
	else
		rc = MAX(d->shared_info->arch.max_pfn, 1UL) - 1;
	domain_put(d);
	return rc;
}

static long machphys_mapping(union argument *a)
{
	a->mapping.v_start = M2P_VIRT_START;
	a->mapping.v_end = M2P_VIRT_START + ROUND_UP(max_mfn * sizeof(u64), 1UL << 21);
	a->mapping.max_mfn = max_mfn - 1;
	return 0;
}

static long machphys_mfn_list(union argument *a)
{
	u64 pieces = ROUND_UP(max_mfn * sizeof(u64), 1UL << 21) >> 21, last = 0;

	a->list.nr_extents = MIN(a->list.max_extents, pieces);
	for (unsigned i = 0; i < a->list.nr_extents; i++) {
		u64 at = (u64)(a->list.extent_start.p + i);
		mfn_t m = mm_m2p_piece(i);

		/* Where no RAM is there is no table: the piece before stands in for it. */
		if (!mfn_eq(m, INVALID_MFN))
			last = m.n;
		if (!put_guest(at, last))
			return refuse_fault(at);
	}
	return 0;
}

/* --- memory maps --- */

static long memory_map(union argument *a)
{
	struct domain *d = current_domain();
	u64 at = (u64)a->map.buffer.p;
	long rc = -XEN_ENOSYS;

	spin_lock(&d->lock);
	if (d->memory_map) {
		a->map.nr_entries = MIN(a->map.nr_entries, d->memory_map->count);
		rc = copy_to_guest(at, d->memory_map->entries,
				   a->map.nr_entries * sizeof(struct e820_entry))
			     ? 0
			     : -XEN_EFAULT;
	}
	spin_unlock(&d->lock);
	return rc == -XEN_EFAULT ? refuse_fault(at) : rc;
}

static long machine_memory_map(union argument *a)
{
	u64 at = (u64)a->map.buffer.p;

	if (at && a->map.nr_entries < machine_map_entries)
		return refuse(BAD_ARGUMENT, "room for %u entries, there are %u", a->map.nr_entries,
			      machine_map_entries);
	for (unsigned i = 0; at && i < machine_map_entries; i++) {
		struct e820_entry e = {machine_map[i].start, machine_map[i].size,
				       machine_map[i].type};

		if (!put_guest(at + i * sizeof(e), e))
			return refuse_fault(at);
	}
	a->map.nr_entries = machine_map_entries;
	return 0;
}

static struct e820entry_list *read_map(const struct xen_memory_map *map)
{
	struct e820entry_list *list;
	size_t size = map->nr_entries * sizeof(struct e820_entry);

	list = heap_alloc(sizeof(*list) + size);
	if (!list)
		return NULL;
	list->count = map->nr_entries;
	if (copy_from_guest(list->entries, (uintptr_t)map->buffer.p, size))
		return list;
	heap_free(list);
	return NULL;
}

static long set_memory_map(union argument *a)
{
	const struct xen_memory_map *map = &a->foreign.map;
	struct e820entry_list *list, *old;
	struct domain *d;
	long rc;

	if (map->nr_entries > E820_LIMIT)
		return refuse(OVER_LIMIT, "map of %u entries, %u are allowed", map->nr_entries,
			      E820_LIMIT);
	rc = get_target(a->foreign.domid, &d);
	if (rc)
		return rc;
	list = read_map(map);
	if (list) {
		spin_lock(&d->lock);
		old = d->memory_map;
		d->memory_map = list;
		spin_unlock(&d->lock);
		heap_free(old);
	}
	domain_put(d);
	return list ? 0 : refuse_fault((u64)map->buffer.p);
}

/* --- for the domain builder --- */

/* Frames of d's grant table to the list; without one: how many there may be. */
static long acquire_grant_frames(struct domain *d, struct xen_mem_acquire_resource *res)
{
	u64 list = (u64)res->frame_list.p;

	if (!list) {
		res->nr_frames = d->max_grant_frames;
		return 0;
	}
	if (res->frame > d->max_grant_frames || res->nr_frames > d->max_grant_frames - res->frame)
		return refuse(BAD_ARGUMENT, "grant frames %lu..%lu of %u", res->frame,
			      res->frame + res->nr_frames, d->max_grant_frames);
	for (u32 i = 0; i < res->nr_frames; i++) {
		mfn_t m = grant_table_frame(d, res->frame + i);

		if (mfn_eq(m, INVALID_MFN))
			return refuse(NO_MEMORY, "no grant frame %lu", res->frame + i);
		if (!put_guest(list + i * sizeof(m.n), m.n))
			return refuse_fault(list);
	}
	return 0;
}

static long acquire_resource(union argument *a)
{
	struct xen_mem_acquire_resource *res = &a->resource;
	struct domain *d;
	long rc;

	if (res->type != XENMEM_resource_grant_table)
		return refuse(NOT_OFFERED, "resource type %u", res->type);
	if (res->id != XENMEM_resource_grant_table_id_shared || res->pad)
		return refuse(BAD_ARGUMENT, "resource id %u", res->id);
	rc = get_target(res->domid, &d);
	if (rc)
		return rc;
	rc = acquire_grant_frames(d, res);
	domain_put(d);
	return rc;
}

/* --- dispatch --- */

/* Calls that read their argument as a whole and write it back. */
static const struct question {
	long (*fn)(union argument *a);
	size_t size;
	bool privileged;
} questions[] = {
	[XENMEM_machphys_mapping] = {machphys_mapping, sizeof(struct xen_machphys_mapping), false},
	[XENMEM_machphys_mfn_list] = {machphys_mfn_list, sizeof(struct xen_machphys_mfn_list),
				      false},
	[XENMEM_memory_map] = {memory_map, sizeof(struct xen_memory_map), false},
	[XENMEM_machine_memory_map] = {machine_memory_map, sizeof(struct xen_memory_map), true},
	[XENMEM_set_memory_map] = {set_memory_map, sizeof(struct xen_foreign_memory_map), true},
	[XENMEM_acquire_resource] = {acquire_resource, sizeof(struct xen_mem_acquire_resource),
				     true},
};

static long answer(const struct question *q, u64 arg)
{
	union argument a;
	long rc;

	if (q->privileged && need_privilege())
		return -XEN_EPERM;
	if (!copy_from_guest(&a, arg, q->size))
		return refuse_fault(arg);
	rc = q->fn(&a);
	return !rc && !copy_to_guest(arg, &a, q->size) ? refuse_fault(arg) : rc;
}

long do_memory_op(u64 cmd, u64 arg)
{
	domid_t domid;

	switch (cmd) {
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		return memory_reservation(cmd, arg);
	case XENMEM_exchange:
		return memory_exchange(arg);
	case XENMEM_maximum_ram_page:
		return max_mfn - 1;
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
	case XENMEM_maximum_gpfn:
		return get_guest(domid, arg) ? domain_figure(cmd, domid) : refuse_fault(arg);
	default:
		if (cmd < ARRAY_SIZE(questions) && questions[cmd].fn)
			return answer(&questions[cmd], arg);
		return refuse(NO_CALL, "command %lu", cmd);
	}
}
