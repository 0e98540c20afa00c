/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: map, unmap and copy, one element of a batch at a time. */
#include <xen/errno.h>
#include <core/grant_table.h>
#include <lib/string.h>
#include <x86/tlb.h>

/* GNTMAP_application_map asks for nothing more: guest kernels run in ring 3 too, so every entry has
 * the user bit. guest_avail bits of the map flags become the available bits 9..11 of the entry */
#define PTE_AVAIL_SHIFT 9

static u64 pte_flags(u32 map_flags)
{
	return (u64)((map_flags & GNTMAP_guest_avail_mask) >> _GNTMAP_guest_avail0 & 7)
	       << PTE_AVAIL_SHIFT;
}

/* The granter is held; on success its reference passes to the handle. */
static int map_from(struct gnttab_map_grant_ref *op, struct domain *granter)
{
	struct vcpu *v = current_vcpu();
	struct grant_table *gt = v->domain->grants;
	struct grant_pin pin = {granter, op->ref, !(op->flags & GNTMAP_readonly), NULL};
	u32 handle = maptrack_take(gt);
	struct maptrack *mt = maptrack_entry(gt, handle);
	int status;

	if (handle == MAPTRACK_NONE)
		return refuse_as(GNTST_no_space, OVER_LIMIT, "all grant handles are in use");
	status = grant_pin(&pin, v->domain);
	if (status == GNTST_okay && (op->flags & GNTMAP_host_map)) {
		status = mm_grant_map(&v->mem, op->host_addr, op->flags & GNTMAP_contains_pte,
				      page_to_mfn(pin.page), pin.writable, pte_flags(op->flags));
		if (status != GNTST_okay)
			grant_unpin(&pin);
	}
	if (status != GNTST_okay) {
		maptrack_free(gt, handle);
		return status;
	}
	mt->pin = pin;
	mt->map_flags = op->flags & (GNTMAP_device_map | GNTMAP_host_map | GNTMAP_contains_pte);
	op->handle = handle;
	op->dev_bus_addr = mfn_to_paddr(page_to_mfn(pin.page));
	/* published last: from here another vCPU may unmap it */
	__atomic_store_n(&mt->state, MAPTRACK_USED, __ATOMIC_RELEASE);
	return GNTST_okay;
}

void grant_op_map(struct gnttab_map_grant_ref *op)
{
	struct domain *granter;

	op->handle = ~0u;
	op->dev_bus_addr = 0;
	if (!(op->flags & (GNTMAP_device_map | GNTMAP_host_map))) {
		refuse(BAD_ARGUMENT, "flags %#x ask for no mapping", op->flags);
		op->status = GNTST_bad_gntref;
		return;
	}
	op->status = GNTST_bad_domain;
	granter = domain_get(op->dom);
	if (granter && !granter->is_dying)
		op->status = map_from(op, granter);
	else
		refuse(NO_DOMAIN, "there is no domain %u to map from", op->dom);
	if (granter && op->status != GNTST_okay)
		domain_put(granter);
}

/* --- unmap --- */

/* Clear the entry; the pin stays until the TLBs are flushed. The handle's entry if it is done with.
 */
static struct maptrack *unmap_entry(struct gnttab_unmap_grant_ref *op, u64 new_addr, bool device)
{
	struct vcpu *v = current_vcpu();
	struct maptrack *mt = maptrack_claim(v->domain->grants, op->handle);
	u16 flags;

	op->status = GNTST_bad_handle;
	if (!mt) {
		refuse(BAD_ARGUMENT, "%#x is no grant handle in use", op->handle);
		return NULL;
	}
	flags = mt->map_flags;
	op->status = GNTST_okay;
	if (op->host_addr && (flags & GNTMAP_host_map)) {
		op->status = mm_grant_unmap(&v->mem, op->host_addr, flags & GNTMAP_contains_pte,
					    page_to_mfn(mt->pin.page), mt->pin.writable, new_addr);
		if (op->status == GNTST_okay)
			mt->map_flags &= ~GNTMAP_host_map;
	}
	if (device && op->status == GNTST_okay)
		mt->map_flags &= ~GNTMAP_device_map;
	if (mt->map_flags & (GNTMAP_host_map | GNTMAP_device_map)) {
		__atomic_store_n(&mt->state, MAPTRACK_USED, __ATOMIC_RELEASE);
		return NULL;
	}
	return mt;
}

void grant_op_unmap(struct gnttab_unmap_grant_ref *ops, unsigned count, bool replace)
{
	struct domain *d = current_domain();
	struct maptrack *done[GRANT_UNMAP_BATCH];
	bool flush = false;
	unsigned i;

	for (i = 0; i < count; i++) {
		u64 second = ops[i].dev_bus_addr;

		this_cpu()->batch_index++;
		done[i] = unmap_entry(&ops[i], replace ? second : 0, !replace && second);
		flush |= ops[i].status == GNTST_okay && ops[i].host_addr;
	}
	if (flush)
		tlb_flush_mask(d->mem.dirty_cpus);
	for (i = 0; i < count; i++)
		if (done[i])
			maptrack_release(d->grants, ops[i].handle, done[i]);
}

/* --- copy --- */

/* One end of a copy: a pinned grant, or the caller's own frame. */
struct copy_end {
	struct grant_pin pin; /* .granter: with a reference while it is a grant */
	bool is_grant;
};

static int copy_end_get_own(struct copy_end *end, const struct gnttab_copy_ptr *ptr)
{
	struct domain *d = current_domain();

	if (ptr->domid != DOMID_SELF && ptr->domid != d->mem.domid)
		return refuse_as(GNTST_permission_denied, NOT_ALLOWED,
				 "frames of domain %u can only be copied by grant", ptr->domid);
	end->pin.page = grant_page_get(d, ptr->u.gmfn, end->pin.writable);
	if (end->pin.page)
		return GNTST_okay;
	return refuse_as(GNTST_bad_page, NOT_OWNED,
			 "frame %#lx is not the caller's, or not to be written", ptr->u.gmfn);
}

static int copy_end_get(struct copy_end *end, const struct gnttab_copy_ptr *ptr, bool is_grant,
			bool writable)
{
	int status;

	*end = (struct copy_end){.pin.writable = writable, .is_grant = is_grant};
	if (!is_grant)
		return copy_end_get_own(end, ptr);
	end->pin.ref = ptr->u.ref;
	end->pin.granter = domain_get(ptr->domid);
	if (!end->pin.granter)
		return refuse_as(GNTST_bad_domain, NO_OBJECT, "there is no domain %u to copy with",
				 ptr->domid);
	status = grant_pin(&end->pin, current_domain());
	if (status != GNTST_okay)
		domain_put(end->pin.granter);
	return status;
}

static void copy_end_put(const struct copy_end *end)
{
	if (end->is_grant) {
		grant_unpin(&end->pin);
		domain_put(end->pin.granter);
	} else {
		grant_page_put(end->pin.page, end->pin.writable);
	}
}

static int copy(const struct gnttab_copy *op)
{
	struct copy_end source, dest;
	int status;

	if (op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE)
		return refuse_as(GNTST_bad_copy_arg, BAD_ARGUMENT,
				 "copy of %u bytes from offset %u to %u leaves the page", op->len,
				 op->source.offset, op->dest.offset);
	status = copy_end_get(&source, &op->source, op->flags & GNTCOPY_source_gref, false);
	if (status != GNTST_okay)
		return status;
	status = copy_end_get(&dest, &op->dest, op->flags & GNTCOPY_dest_gref, true);
	if (status == GNTST_okay) {
		memmove((char *)page_to_virt(dest.pin.page) + op->dest.offset,
			(char *)page_to_virt(source.pin.page) + op->source.offset, op->len);
		copy_end_put(&dest);
	}
	copy_end_put(&source);
	return status;
}

void grant_op_copy(struct gnttab_copy *op)
{
	op->status = copy(op);
}
