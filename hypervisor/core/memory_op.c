/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op: dispatch, and the calls that only ask or set something. */
#include <xen/errno.h>
#include <core/grant.h>
#include <core/memory_op.h>
#include <lib/string.h>
#include <mm/heap.h>
#include <x86/machine.h>
#include <x86/uaccess.h>

int memory_target(domid_t domid, struct domain **d)
{
	struct domain *own = current_domain();

	if (domid != DOMID_SELF && domid != own->mem.domid && !own->privileged)
		return refuse(-XEN_EPERM, REFUSE_PERMISSION, "no permission for memory of domain %u", domid);
	*d = domain_get(domid);
	if (!*d)
		return refuse(-XEN_ESRCH, REFUSE_UNKNOWN, "there is no domain %u", domid);
	return 0;
}

static int refuse_unprivileged(void)
{
	if (current_domain()->privileged)
		return 0;
	return refuse(-XEN_EPERM, REFUSE_PERMISSION, "for the privileged domain only");
}

static long refuse_fault(u64 addr)
{
	return refuse(-XEN_EFAULT, REFUSE_FAULT, "argument at %lx", addr);
}

/* --- figures --- */

static long domain_figure(u64 cmd, u64 arg)
{
	struct xen_memory_domain who;
	struct domain *d;
	long rc;

	if (!get_guest(who, arg))
		return refuse_fault(arg);
	rc = memory_target(who.domid, &d);
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

static long machphys_mapping(u64 arg)
{
	struct xen_machphys_mapping map = {
		.v_start = M2P_VIRT_START,
		.v_end = M2P_VIRT_START + ROUND_UP(max_mfn * sizeof(u64), 1UL << 21),
		.max_mfn = max_mfn - 1,
	};

	return put_guest(arg, map) ? 0 : refuse_fault(arg);
}

static long machphys_mfn_list(u64 arg)
{
	struct xen_machphys_mfn_list list;
	u64 pieces = ROUND_UP(max_mfn * sizeof(u64), 1UL << 21) >> 21, last = 0;

	if (!get_guest(list, arg))
		return refuse_fault(arg);
	list.nr_extents = MIN(list.max_extents, pieces);
	for (unsigned i = 0; i < list.nr_extents; i++) {
		mfn_t m = mm_m2p_piece(i);
		xen_pfn_t frame;

		/* Where no RAM is there is no table: the piece before stands in for it. */
		if (!mfn_eq(m, INVALID_MFN))
			last = m.n;
		frame = last;
		if (!put_guest((u64)(uintptr_t)list.extent_start.p + i * sizeof(frame), frame))
			return refuse_fault(arg);
	}
	return put_guest(arg, list) ? 0 : refuse_fault(arg);
}

/* --- memory maps --- */

/** Write `count` entries to the map that the guest offers at arg. */
static long put_map(u64 arg, struct xen_memory_map *map, const struct e820_entry *entries, u32 count)
{
	map->nr_entries = MIN(map->nr_entries, count);
	if (!copy_to_guest((uintptr_t)map->buffer.p, entries, map->nr_entries * sizeof(*entries)) ||
	    !copy_to_guest(arg, map, sizeof(*map)))
		return refuse_fault(arg);
	return 0;
}

static long memory_map(u64 arg)
{
	struct domain *d = current_domain();
	struct xen_memory_map map;
	long rc = -XEN_ENOSYS;

	if (!get_guest(map, arg))
		return refuse_fault(arg);
	spin_lock(&d->lock);
	if (d->memory_map)
		rc = put_map(arg, &map, d->memory_map->entries, d->memory_map->count);
	spin_unlock(&d->lock);
	return rc;
}

static long machine_memory_map(u64 arg)
{
	struct xen_memory_map map;

	if (refuse_unprivileged())
		return -XEN_EPERM;
	if (!get_guest(map, arg))
		return refuse_fault(arg);
	if (map.buffer.p && map.nr_entries < machine_map_entries)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "room for %u entries, there are %u",
			      map.nr_entries, machine_map_entries);
	for (unsigned i = 0; map.buffer.p && i < machine_map_entries; i++) {
		struct e820_entry e = {machine_map[i].start, machine_map[i].size, machine_map[i].type};

		if (!put_guest((u64)(uintptr_t)map.buffer.p + i * sizeof(e), e))
			return refuse_fault(arg);
	}
	map.nr_entries = machine_map_entries;
	return put_guest(arg, map) ? 0 : refuse_fault(arg);
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

static long set_memory_map(u64 arg)
{
	struct xen_foreign_memory_map request;
	struct e820entry_list *list;
	struct domain *d;
	long rc;

	if (refuse_unprivileged())
		return -XEN_EPERM;
	if (!get_guest(request, arg))
		return refuse_fault(arg);
	if (request.map.nr_entries > E820_LIMIT)
		return refuse(-XEN_EINVAL, REFUSE_LIMIT, "map of %u entries, %u are allowed",
			      request.map.nr_entries, E820_LIMIT);
	list = read_map(&request.map);
	if (!list)
		return refuse_fault(arg);
	rc = memory_target(request.domid, &d);
	if (!rc) {
		struct e820entry_list *old;

		spin_lock(&d->lock);
		old = d->memory_map;
		d->memory_map = list;
		spin_unlock(&d->lock);
		list = old;
		domain_put(d);
	}
	heap_free(list);
	return rc;
}

/* --- for the domain builder --- */

static int set_claim(struct domain_memory *dm, u64 pages)
{
	u64 old, claim;
	int rc = 0;

	spin_lock(&dm->lock);
	old = dm->outstanding_claim;
	claim = pages > dm->tot_pages ? pages - dm->tot_pages : 0;
	if (pages && (old || !claim || pages > dm->max_pages))
		rc = -XEN_EINVAL;
	else if (claim && !heap_claim(claim))
		rc = -XEN_ENOMEM;
	else
		dm->outstanding_claim = claim;
	spin_unlock(&dm->lock);
	if (rc)
		return refuse(rc, REFUSE_MEMORY, "claim of %lu pages for d%u: %lu free, %lu claimed", pages,
			      dm->domid, heap_free_pages(), heap_claimed());
	if (!pages && old)
		heap_unclaim(old);
	return 0;
}

static long claim_pages(u64 arg)
{
	struct xen_memory_reservation res;
	struct domain *d;
	long rc;

	if (refuse_unprivileged())
		return -XEN_EPERM;
	if (!get_guest(res, arg))
		return refuse_fault(arg);
	if (res.extent_start.p || res.extent_order || res.mem_flags || res.nr_extents > 0xffffffff)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "a claim is a number of pages only");
	rc = memory_target(res.domid, &d);
	if (rc)
		return rc;
	rc = set_claim(&d->mem, res.nr_extents);
	domain_put(d);
	return rc;
}

/** Frames of d's grant table to the list; without one: how many there may be. */
static long acquire_grant_frames(struct domain *d, u64 arg, struct xen_mem_acquire_resource *res)
{
	u64 list = (uintptr_t)res->frame_list.p;

	if (!list) {
		res->nr_frames = d->max_grant_frames;
		return copy_to_guest(arg, res, sizeof(*res)) ? 0 : refuse_fault(arg);
	}
	if (res->frame > d->max_grant_frames || res->nr_frames > d->max_grant_frames - res->frame)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "grant frames %lu..%lu of %u", res->frame,
			      res->frame + res->nr_frames, d->max_grant_frames);
	for (u32 i = 0; i < res->nr_frames; i++) {
		mfn_t m = grant_table_frame(d, res->frame + i);
		xen_pfn_t frame = m.n;

		if (mfn_eq(m, INVALID_MFN))
			return refuse(-XEN_ENOMEM, REFUSE_MEMORY, "no grant frame %lu", res->frame + i);
		if (!put_guest(list + i * sizeof(frame), frame))
			return refuse_fault(list);
	}
	return 0;
}

static long acquire_resource(u64 arg)
{
	struct xen_mem_acquire_resource res;
	struct domain *d;
	long rc;

	if (refuse_unprivileged())
		return -XEN_EPERM;
	if (!get_guest(res, arg))
		return refuse_fault(arg);
	if (res.type != XENMEM_resource_grant_table)
		return refuse(-XEN_EOPNOTSUPP, REFUSE_UNKNOWN, "resource type %u", res.type);
	if (res.id != XENMEM_resource_grant_table_id_shared || res.pad)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "resource id %u", res.id);
	rc = memory_target(res.domid, &d);
	if (rc)
		return rc;
	rc = acquire_grant_frames(d, arg, &res);
	domain_put(d);
	return rc;
}

long do_memory_op(u64 cmd, u64 arg)
{
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
		return domain_figure(cmd, arg);
	case XENMEM_machphys_mapping:
		return machphys_mapping(arg);
	case XENMEM_machphys_mfn_list:
		return machphys_mfn_list(arg);
	case XENMEM_memory_map:
		return memory_map(arg);
	case XENMEM_machine_memory_map:
		return machine_memory_map(arg);
	case XENMEM_set_memory_map:
		return set_memory_map(arg);
	case XENMEM_claim_pages:
		return claim_pages(arg);
	case XENMEM_acquire_resource:
		return acquire_resource(arg);
	case XENMEM_get_sharing_freed_pages:
	case XENMEM_get_sharing_shared_pages:
		return 0;
	case XENMEM_get_vnumainfo:
		return -XEN_EOPNOTSUPP; /* asked by every toolstack: no reason for a line */
	default:
		return refuse(-XEN_ENOSYS, REFUSE_UNKNOWN, "command %lu", cmd);
	}
}
