/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grant_table_op: batches of maps, unmaps and copies, and what is asked of a table. */
#include <core/calls.h>
#include <lib/string.h>
#include <x86/tlb.h>

/* --- map --- */

/* GNTMAP_application_map asks for nothing more: guest kernels run in ring 3 too, so every entry has
 * the user bit. guest_avail bits of the map flags become the available bits 9..11 of the entry */
#define PTE_AVAIL_SHIFT 9

static s16 map(struct gnttab_map_grant_ref *op)
{
	struct vcpu *v = current_vcpu();
	struct grant_table *gt = &v->domain->grants;
	struct grant_pin pin = {.ref = op->ref, .writable = !(op->flags & GNTMAP_readonly)};

	op->handle = ~0u;
	op->dev_bus_addr = 0;
	if (!(op->flags & (GNTMAP_device_map | GNTMAP_host_map)))
		return refuse_as(GNTST_bad_gntref, BAD_ARGUMENT, "flags %#x ask for no mapping",
				 op->flags);
	u32 handle = maptrack_take(v->domain);

	if (handle == MAPTRACK_NONE)
		return refuse_as(GNTST_no_space, OVER_LIMIT, "all grant handles are in use");
	int status = grant_pin(&pin, op->dom);

	if (status == GNTST_okay && (op->flags & GNTMAP_host_map)) {
		u64 avail = (op->flags & GNTMAP_guest_avail_mask) >> _GNTMAP_guest_avail0 & 7;

		status =
			mm_grant_map(&v->mem, op->host_addr, op->flags & GNTMAP_contains_pte,
				     page_to_mfn(pin.page), pin.writable, avail << PTE_AVAIL_SHIFT);
		if (status != GNTST_okay)
			grant_unpin(&pin);
	}
	if (status != GNTST_okay) {
		maptrack_free(gt, handle);
		return status;
	}
	struct maptrack *mt = maptrack_entry(gt, handle);

	mt->pin = pin;
	mt->map_flags = op->flags & (GNTMAP_device_map | GNTMAP_host_map | GNTMAP_contains_pte);
	op->handle = handle;
	op->dev_bus_addr = mfn_to_paddr(page_to_mfn(pin.page));
	/* published last: from here another vCPU may unmap it */
	__atomic_store_n(&mt->state, MAPTRACK_USED, __ATOMIC_RELEASE);
	return GNTST_okay;
}

/* --- unmap --- */

/* unmap_grant_ref and unmap_and_replace have one layout: the second word is a device or a new
 * address. */
_Static_assert(offsetof(struct gnttab_unmap_grant_ref, status) ==
		       offsetof(struct gnttab_unmap_and_replace, status),
	       "one layout");

/* Clear the entry; the pin stays until the TLBs are flushed. True: the handle is done with. */
static bool unmap_entry(struct gnttab_unmap_grant_ref *op, bool replace)
{
	struct vcpu *v = current_vcpu();
	struct maptrack *mt = maptrack_entry(&v->domain->grants, op->handle);
	u64 second = op->dev_bus_addr;
	u8 state = MAPTRACK_USED;

	if (!mt || !__atomic_compare_exchange_n(&mt->state, &state, MAPTRACK_BUSY, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		op->status = refuse_as(GNTST_bad_handle, BAD_ARGUMENT,
				       "%#x is no grant handle in use", op->handle);
		return false;
	}
	op->status = GNTST_okay;
	if (op->host_addr && (mt->map_flags & GNTMAP_host_map)) {
		op->status = mm_grant_unmap(
			&v->mem, op->host_addr, mt->map_flags & GNTMAP_contains_pte,
			page_to_mfn(mt->pin.page), mt->pin.writable, replace ? second : 0);
		if (op->status == GNTST_okay)
			mt->map_flags &= ~GNTMAP_host_map;
	}
	if (!replace && second && op->status == GNTST_okay)
		mt->map_flags &= ~GNTMAP_device_map;
	if (!(mt->map_flags & (GNTMAP_host_map | GNTMAP_device_map)))
		return true;
	__atomic_store_n(&mt->state, MAPTRACK_USED, __ATOMIC_RELEASE);
	return false;
}

/* A run of at most GRANT_UNMAP_BATCH elements, with one TLB flush. */
static void unmap(struct gnttab_unmap_grant_ref *ops, unsigned count, bool replace)
{
	struct domain *d = current_domain();
	bool done[GRANT_UNMAP_BATCH], flush = false;

	for (unsigned i = 0; i < count; i++, this_cpu()->batch_index++) {
		done[i] = unmap_entry(&ops[i], replace);
		flush |= ops[i].status == GNTST_okay && ops[i].host_addr;
	}
	if (flush)
		tlb_flush_mask(d->mem.dirty_cpus, TLB_ALL);
	for (unsigned i = 0; i < count; i++)
		if (done[i])
			maptrack_release(&d->grants, ops[i].handle);
}

/* --- copy --- */

/*
 * One end of a copy: a pinned grant, or the caller's own frame (no granter then). It is kept within
 * a batch, as the next copy often has the same.
 */
struct copy_end {
	struct grant_pin pin; /* page NULL: nothing is held */
	struct gnttab_copy_ptr of;
};

static inline bool held(const struct copy_end *end, const struct gnttab_copy_ptr *ptr,
			bool is_grant)
{
	return end->pin.page && end->of.u.gmfn == ptr->u.gmfn && end->of.domid == ptr->domid &&
	       !end->pin.granter == !is_grant;
}

static s16 get_end(struct copy_end *end, const struct gnttab_copy_ptr *ptr, bool is_grant,
		   bool writable)
{
	struct domain *d = current_domain();

	if (end->pin.page)
		grant_unpin(&end->pin);
	*end = (struct copy_end){{.ref = ptr->u.ref, .writable = writable}, *ptr};
	if (is_grant)
		return grant_pin(&end->pin, ptr->domid);
	if (ptr->domid != DOMID_SELF && ptr->domid != d->mem.domid)
		return refuse_as(GNTST_permission_denied, NOT_ALLOWED,
				 "frames of domain %u can only be copied by grant", ptr->domid);
	end->pin.page = grant_page_get(d, ptr->u.gmfn, writable);
	if (end->pin.page)
		return GNTST_okay;
	return refuse_as(GNTST_bad_page, NOT_OWNED,
			 "frame %#lx is not the caller's, or not to be written", ptr->u.gmfn);
}

static s16 copy(const struct gnttab_copy *op, struct copy_end ends[2])
{
	if (op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE)
		return refuse_as(GNTST_bad_copy_arg, BAD_ARGUMENT,
				 "copy of %u bytes from offset %u to %u leaves the page", op->len,
				 op->source.offset, op->dest.offset);
	bool from = op->flags & GNTCOPY_source_gref, to = op->flags & GNTCOPY_dest_gref;
	s16 status = GNTST_okay;

	if (!held(&ends[0], &op->source, from))
		status = get_end(&ends[0], &op->source, from, false);
	if (status == GNTST_okay && !held(&ends[1], &op->dest, to))
		status = get_end(&ends[1], &op->dest, to, true);
	if (status == GNTST_okay)
		memmove((char *)page_to_virt(ends[1].pin.page) + op->dest.offset,
			(char *)page_to_virt(ends[0].pin.page) + op->source.offset, op->len);
	return status;
}

/* --- what is asked of a table --- */

/* The domain's table, with a reference on the domain; else its status says why not. */
static s16 get_table(domid_t domid, struct domain **d)
{
	long rc = get_target(domid, d);

	return !rc ? GNTST_okay : rc == -XEN_EPERM ? GNTST_permission_denied : GNTST_bad_domain;
}

static long setup_table(struct domain *d, void *arg)
{
	struct gnttab_setup_table *op = arg;

	op->status = get_table(op->dom, &d);
	if (op->status != GNTST_okay)
		return 0;
	long rc = grant_give_frames(d, 0, op->nr_frames, (u64)op->frame_list.p);

	if (rc)
		op->status = rc == -XEN_EFAULT ? GNTST_bad_virt_addr : GNTST_general_error;
	domain_put(d);
	return 0;
}

static long query_size(struct domain *d, void *arg)
{
	struct gnttab_query_size *op = arg;

	op->status = get_table(op->dom, &d);
	if (op->status == GNTST_okay) {
		op->nr_frames = d->grants.frames;
		op->max_nr_frames = d->max_grant_frames;
		domain_put(d);
	}
	return 0;
}

static long set_version(struct domain *d, void *arg)
{
	const struct gnttab_set_version *op = arg;

	if (op->version == 2)
		return -XEN_ENOSYS; /* the ABI's way to say so; guests fall back to 1 */
	return op->version == 1 ? 0 : refuse(BAD_ARGUMENT, "there is no version %u", op->version);
}

static long get_version(struct domain *d, void *arg)
{
	struct gnttab_get_version *op = arg;

	op->version = 1;
	return 0;
}

#define TABLE_COMMAND(name, flags) [GNTTABOP_##name] = {name, sizeof(struct gnttab_##name), flags}

static const struct command commands[] = {
	TABLE_COMMAND(setup_table, OP_ANSWERS),
	TABLE_COMMAND(query_size, OP_ANSWERS),
	TABLE_COMMAND(set_version, OP_ANSWERS),
	TABLE_COMMAND(get_version, OP_ANSWERS | OP_NAMES_DOMAIN),
};

/* --- dispatch --- */

/* Elements are read once, done, written back: unmaps in runs, others one by one. In between the
 * batch may be preempted. */
static inline __attribute__((always_inline)) long run_batch(u64 cmd, u64 arg, u64 count,
							    size_t size, struct copy_end *ends)
{
	union {
		struct gnttab_map_grant_ref map;
		struct gnttab_copy copy;
		struct gnttab_unmap_grant_ref unmaps[GRANT_UNMAP_BATCH];
	} op;
	bool one_by_one = cmd == GNTTABOP_map_grant_ref || cmd == GNTTABOP_copy;

	for (u64 n; count; count -= n, arg += n * size) {
		n = one_by_one ? 1 : MIN(count, (u64)GRANT_UNMAP_BATCH);
		if (!copy_from_guest(&op, arg, n * size))
			return refuse_fault(arg);
		if (cmd == GNTTABOP_map_grant_ref)
			op.map.status = map(&op.map);
		else if (cmd == GNTTABOP_copy)
			op.copy.status = copy(&op.copy, ends);
		else
			unmap(op.unmaps, n, cmd == GNTTABOP_unmap_and_replace);
		this_cpu()->batch_index += one_by_one;
		if (!copy_to_guest(arg, &op, n * size))
			return refuse_fault(arg);
		if (count > n && hypercall_preempt_check())
			return hypercall_preempt(0, cmd, arg + n * size, count - n, 0);
	}
	return 0;
}

static long copy_batch(u64 arg, u64 count)
{
	struct copy_end ends[2] = {0};
	long rc = run_batch(GNTTABOP_copy, arg, count, sizeof(struct gnttab_copy), ends);

	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends[i].pin.page)
			grant_unpin(&ends[i].pin);
	return rc;
}

long do_grant_table_op(u64 cmd, u64 arg, u64 count)
{
	cmd = (u32)cmd;
	count = (u32)count;
	if ((s32)count < 0 ||
	    (count != 1 && (cmd == GNTTABOP_setup_table || cmd == GNTTABOP_query_size)))
		return refuse(BAD_ARGUMENT, "a batch of %lu is too long", count);
	switch (cmd) {
	case GNTTABOP_map_grant_ref:
		return run_batch(GNTTABOP_map_grant_ref, arg, count,
				 sizeof(struct gnttab_map_grant_ref), NULL);
	case GNTTABOP_copy:
		return copy_batch(arg, count);
	case GNTTABOP_unmap_grant_ref:
	case GNTTABOP_unmap_and_replace:
		return run_batch(cmd, arg, count, sizeof(struct gnttab_unmap_grant_ref), NULL);
	default:
		return run_command(commands, ARRAY_SIZE(commands), cmd, arg);
	}
}
