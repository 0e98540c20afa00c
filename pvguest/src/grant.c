/* SPDX-License-Identifier: MIT */
/* Grant table, version 1. */
#include <stdlib.h>
#include <string.h>
#include <pv/event.h>
#include <pv/grant.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>

#define ENTRIES_PER_FRAME (PV_PAGE_SIZE / sizeof(struct grant_entry_v1))
#define MAX_FRAMES	  64
#define NO_REF		  0 /* reserved, so never handed out */

static struct {
	volatile struct grant_entry_v1 *entries;
	unsigned int frames, max_frames;
	grant_ref_t *next_free; /* a list through the references */
	grant_ref_t first_free;
} table;

static void add_free(grant_ref_t from, grant_ref_t to)
{
	for (grant_ref_t ref = to; ref-- > from;) {
		table.next_free[ref] = table.first_free;
		table.first_free = ref;
	}
}

/* Make the table one frame longer. */
static int grow(void)
{
	unsigned int want = table.frames + 1;
	xen_pfn_t frames[MAX_FRAMES];
	struct gnttab_setup_table op = {.dom = DOMID_SELF, .nr_frames = want};
	uintptr_t va = (uintptr_t)table.entries + table.frames * PV_PAGE_SIZE;

	if (want > table.max_frames)
		return -XEN_ENOSPC;
	set_xen_guest_handle(op.frame_list, frames);
	if (HYPERVISOR_grant_table_op(GNTTABOP_setup_table, &op, 1) || op.status)
		return -XEN_ENOSPC;
	if (pv_map(va, frames + table.frames, 1, PV_RW, DOMID_SELF))
		return -XEN_ENOMEM;
	add_free(table.frames ? table.frames * ENTRIES_PER_FRAME : GNTTAB_NR_RESERVED_ENTRIES,
		 want * ENTRIES_PER_FRAME);
	table.frames = want;
	return 0;
}

static int set_up(void)
{
	struct gnttab_query_size size = {.dom = DOMID_SELF};

	if (table.entries)
		return 0;
	if (HYPERVISOR_grant_table_op(GNTTABOP_query_size, &size, 1) || size.status)
		return -XEN_ENOSYS;
	table.max_frames = size.max_nr_frames < MAX_FRAMES ? size.max_nr_frames : MAX_FRAMES;
	table.next_free = calloc(table.max_frames * ENTRIES_PER_FRAME, sizeof(grant_ref_t));
	table.entries = (void *)pv_va_alloc(table.max_frames);
	return table.next_free && table.entries ? 0 : -XEN_ENOMEM;
}

static grant_ref_t take_ref(void)
{
	bool masked = pv_events_save();
	grant_ref_t ref = table.first_free;

	if (ref != NO_REF)
		table.first_free = table.next_free[ref];
	pv_events_restore(masked);
	return ref;
}

int pv_grant_access(domid_t domain, unsigned long mfn, bool readonly)
{
	int error = set_up();
	grant_ref_t ref;

	while (!error && (ref = take_ref()) == NO_REF)
		error = grow();
	if (error)
		return error;
	table.entries[ref].domid = domain;
	table.entries[ref].frame = mfn;
	pv_wmb(); /* the flags make it valid */
	table.entries[ref].flags = GTF_permit_access | (readonly ? GTF_readonly : 0);
	return ref;
}

int pv_grant_end(grant_ref_t ref)
{
	volatile struct grant_entry_v1 *entry = &table.entries[ref];
	uint16_t flags = entry->flags;
	bool masked;

	do {
		if (flags & (GTF_reading | GTF_writing))
			return -XEN_EBUSY;
	} while (!__atomic_compare_exchange_n(&entry->flags, &flags, 0, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	masked = pv_events_save();
	table.next_free[ref] = table.first_free;
	table.first_free = ref;
	pv_events_restore(masked);
	return 0;
}

static void unmap_handles(uintptr_t va, const grant_handle_t *handles, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct gnttab_unmap_grant_ref op = {
			.host_addr = va + i * PV_PAGE_SIZE,
			.handle = handles[i],
		};

		if (HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1) || op.status)
			pv_panic("grant handle %u cannot be unmapped: %d", handles[i], op.status);
	}
}

/* The other domain may still be busy bringing the page in: GNTST_eagain asks for patience. */
static int map_one(struct gnttab_map_grant_ref *op)
{
	do {
		long error = HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, op, 1);

		if (error)
			return error;
	} while (op->status == GNTST_eagain);
	return op->status;
}

int pv_grant_map(struct pv_grant_map *map, domid_t domain, const grant_ref_t *refs,
		 unsigned int count, bool readonly)
{
	uintptr_t va = pv_va_alloc(count);
	int error = 0;

	map->handles = calloc(count, sizeof(*map->handles));
	map->address = (void *)va;
	for (map->count = 0; va && map->handles && map->count < count && !error;) {
		struct gnttab_map_grant_ref op = {
			.host_addr = va + map->count * PV_PAGE_SIZE,
			.flags = GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0),
			.ref = refs[map->count],
			.dom = domain,
		};

		error = map_one(&op);
		if (!error)
			map->handles[map->count++] = op.handle;
	}
	if (map->count == count)
		return 0;
	if (va && map->handles)
		unmap_handles(va, map->handles, map->count);
	if (va)
		pv_va_free(va, count);
	free(map->handles);
	return error ? error : -XEN_ENOMEM;
}

void pv_grant_unmap(struct pv_grant_map *map)
{
	unmap_handles((uintptr_t)map->address, map->handles, map->count);
	pv_va_free((uintptr_t)map->address, map->count);
	free(map->handles);
}

void pv_grant_map_batch(struct gnttab_map_grant_ref *maps, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		maps[i].status = GNTST_general_error; /* of those that are never reached */
	if (HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, maps, count))
		return;
	for (unsigned int i = 0; i < count; i++)
		if (maps[i].status == GNTST_eagain && map_one(&maps[i]))
			maps[i].status = GNTST_general_error;
}

void pv_grant_unmap_batch(struct gnttab_unmap_grant_ref *unmaps, unsigned int count)
{
	long error = HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, unmaps, count);

	for (unsigned int i = 0; i < count; i++)
		if (error || unmaps[i].status)
			pv_panic("grant handle %u cannot be unmapped: %ld, %d", unmaps[i].handle,
				 error, unmaps[i].status);
}

/* The machine frame behind any mapped address of ours. */
static unsigned long frame_behind(const void *va)
{
	uint64_t entry = 0;

	pv_pte_find((uintptr_t)va, 1, &entry);
	return (entry & PV_PTE_FRAME) >> PV_PAGE_SHIFT;
}

void pv_grant_copy(struct gnttab_copy *copies, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		copies[i].status = GNTST_general_error; /* of those that are never reached */
	if (HYPERVISOR_grant_table_op(GNTTABOP_copy, copies, count))
		return;
	for (unsigned int i = 0; i < count; i++)
		while (copies[i].status == GNTST_eagain &&
		       !HYPERVISOR_grant_table_op(GNTTABOP_copy, &copies[i], 1))
			;
}

static int copy(struct gnttab_copy_ptr source, struct gnttab_copy_ptr dest, unsigned int length,
		unsigned int flags)
{
	struct gnttab_copy op = {.source = source, .dest = dest, .len = length, .flags = flags};

	pv_grant_copy(&op, 1);
	return op.status;
}

static struct gnttab_copy_ptr granted(domid_t domain, grant_ref_t ref, unsigned int offset)
{
	return (struct gnttab_copy_ptr){.u.ref = ref, .domid = domain, .offset = offset};
}

static struct gnttab_copy_ptr local(const void *va)
{
	return (struct gnttab_copy_ptr){.u.gmfn = frame_behind(va),
					.domid = DOMID_SELF,
					.offset = (uintptr_t)va % PV_PAGE_SIZE};
}

int pv_grant_copy_from(domid_t domain, grant_ref_t ref, unsigned int offset, void *to,
		       unsigned int length)
{
	return copy(granted(domain, ref, offset), local(to), length, GNTCOPY_source_gref);
}

int pv_grant_copy_to(domid_t domain, grant_ref_t ref, unsigned int offset, const void *from,
		     unsigned int length)
{
	return copy(local(from), granted(domain, ref, offset), length, GNTCOPY_dest_gref);
}
