/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op: dispatch, and the calls that only ask or set something. */
#include <core/calls.h>
#include <core/memory_op.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <x86/machine.h>

/* --- figures --- */

static long current_reservation(struct domain *d, void *arg)
{
	return d->mem.tot_pages;
}

static long maximum_reservation(struct domain *d, void *arg)
{
	return MIN(d->mem.max_pages, 0x7fffffffUL);
}

static long maximum_gpfn(struct domain *d, void *arg)
{
	return MAX(d->shared_info->arch.max_pfn, 1UL) - 1;
}

static long machphys_mapping(struct domain *d, void *arg)
{
	struct xen_machphys_mapping *mapping = arg;

	mapping->v_start = M2P_VIRT_START;
	mapping->v_end = M2P_VIRT_START + ROUND_UP(max_mfn * sizeof(u64), 1UL << 21);
	mapping->max_mfn = max_mfn - 1;
	return 0;
}

static long machphys_mfn_list(struct domain *d, void *arg)
{
	struct xen_machphys_mfn_list *list = arg;
	u64 pieces = ROUND_UP(max_mfn * sizeof(u64), 1UL << 21) >> 21, last = 0;

	list->nr_extents = MIN(list->max_extents, pieces);
	for (unsigned i = 0; i < list->nr_extents; i++) {
		u64 at = (u64)(list->extent_start.p + i);

		/* Where no RAM is there is no table: the piece before stands in for it. */
		if (i < M2P_PIECES && m2p_pieces[i].n)
			last = m2p_pieces[i].n;
		if (!put_guest(at, last))
			return refuse_fault(at);
	}
	return 0;
}

/* --- memory maps --- */

static long memory_map(struct domain *d, void *arg)
{
	struct xen_memory_map *map = arg;
	u64 at = (u64)map->buffer.p;
	long rc = -XEN_ENOSYS;

	spin_lock(&d->lock);
	const struct e820entry_list *list = d->memory_map;

	if (list) {
		map->nr_entries = MIN(map->nr_entries, list->count);
		rc = -!copy_to_guest(at, list->entries, map->nr_entries * sizeof(list->entries[0]));
	}
	spin_unlock(&d->lock);
	return rc == -1 ? refuse_fault(at) : rc;
}

static long machine_memory_map(struct domain *d, void *arg)
{
	struct xen_memory_map *map = arg;
	u64 at = (u64)map->buffer.p;

	if (at && map->nr_entries < machine_map_entries)
		return refuse(BAD_ARGUMENT, "room for %u entries, there are %u", map->nr_entries,
			      machine_map_entries);
	for (unsigned i = 0; at && i < machine_map_entries; i++) {
		const struct machine_map_entry *m = &machine_map[i];
		struct e820_entry e = {m->start, m->size, m->type};

		if (!put_guest(at + i * sizeof(e), e))
			return refuse_fault(at);
	}
	map->nr_entries = machine_map_entries;
	return 0;
}

static long set_memory_map(struct domain *d, void *arg)
{
	const struct xen_memory_map *map = &((struct xen_foreign_memory_map *)arg)->map;
	size_t size = map->nr_entries * sizeof(struct e820_entry);

	if (map->nr_entries > E820_LIMIT)
		return refuse(OVER_LIMIT, "map of %u entries, %u are allowed", map->nr_entries,
			      E820_LIMIT);
	struct e820entry_list *old, *list = heap_alloc(sizeof(*list) + size);

	if (!list)
		return refuse(NO_MEMORY, "no memory for a map of %u entries", map->nr_entries);
	list->count = map->nr_entries;
	if (!copy_from_guest(list->entries, (u64)map->buffer.p, size)) {
		heap_free(list);
		return refuse_fault((u64)map->buffer.p);
	}
	spin_lock(&d->lock);
	old = d->memory_map;
	d->memory_map = list;
	spin_unlock(&d->lock);
	heap_free(old);
	return 0;
}

/* --- for the domain builder --- */

/* Frames of d's grant table to the list; without one: how many there may be. */
static long acquire_resource(struct domain *d, void *arg)
{
	struct xen_mem_acquire_resource *res = arg;
	u64 list = (u64)res->frame_list.p;

	if (res->type != XENMEM_resource_grant_table)
		return refuse(NOT_OFFERED, "resource type %u", res->type);
	if (res->id != XENMEM_resource_grant_table_id_shared || res->pad)
		return refuse(BAD_ARGUMENT, "resource id %u", res->id);
	if (!list) {
		res->nr_frames = d->max_grant_frames;
		return 0;
	}
	return grant_give_frames(d, res->frame, res->nr_frames, list);
}

/* --- dispatch --- */

#define MEMORY(name, type, flags) [XENMEM_##name] = {name, sizeof(type), flags}

static const struct command commands[] = {
	MEMORY(current_reservation, domid_t, OP_NAMES_DOMAIN),
	MEMORY(maximum_reservation, domid_t, OP_NAMES_DOMAIN),
	MEMORY(maximum_gpfn, domid_t, OP_NAMES_DOMAIN),
	MEMORY(machphys_mapping, struct xen_machphys_mapping, OP_ANSWERS),
	MEMORY(machphys_mfn_list, struct xen_machphys_mfn_list, OP_ANSWERS),
	MEMORY(memory_map, struct xen_memory_map, OP_ANSWERS),
	MEMORY(machine_memory_map, struct xen_memory_map, OP_PRIVILEGED | OP_ANSWERS),
	MEMORY(set_memory_map, struct xen_foreign_memory_map, OP_PRIVILEGED | OP_NAMES_DOMAIN),
	MEMORY(acquire_resource, struct xen_mem_acquire_resource,
	       OP_PRIVILEGED | OP_NAMES_DOMAIN | OP_ANSWERS),
};

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
	default:
		return run_command(commands, ARRAY_SIZE(commands), cmd, arg);
	}
}
