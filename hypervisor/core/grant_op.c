/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grant_table_op: decode the batches, write each element's status back. */
#include <core/calls.h>
#include <core/grant_table.h>

/* What is left of a preempted batch. */
static long resume_at(u64 cmd, u64 arg, u64 left)
{
	return hypercall_preempt(0, cmd, arg, left, 0);
}

/* Each element: read once, done, written back; between two of them the batch may be preempted. */
#define BATCH(type, fn)                                                                            \
	do {                                                                                       \
		for (; count; count--, arg += sizeof(struct type)) {                               \
			struct type op;                                                            \
			if (!get_guest(op, arg))                                                   \
				return refuse_fault(arg);                                          \
			fn(&op);                                                                   \
			if (!put_guest(arg, op))                                                   \
				return refuse_fault(arg);                                          \
			this_cpu()->batch_index++;                                                 \
			if (count > 1 && hypercall_preempt_check())                                \
				return resume_at(cmd, arg + sizeof(struct type), count - 1);       \
		}                                                                                  \
	} while (0)

/* unmap_grant_ref and unmap_and_replace have one layout: the second word is a device or a new
 * address. */
_Static_assert(sizeof(struct gnttab_unmap_grant_ref) == sizeof(struct gnttab_unmap_and_replace) &&
		       offsetof(struct gnttab_unmap_grant_ref, status) ==
			       offsetof(struct gnttab_unmap_and_replace, status),
	       "one layout");

/* Runs of GRANT_UNMAP_BATCH elements share one TLB flush. */
static long unmap(u64 cmd, u64 arg, u64 count)
{
	struct gnttab_unmap_grant_ref ops[GRANT_UNMAP_BATCH];

	while (count) {
		unsigned n = MIN(count, (u64)GRANT_UNMAP_BATCH);

		if (!copy_from_guest(ops, arg, n * sizeof(ops[0])))
			return refuse_fault(arg);
		grant_op_unmap(ops, n, cmd == GNTTABOP_unmap_and_replace);
		if (!copy_to_guest(arg, ops, n * sizeof(ops[0])))
			return refuse_fault(arg);
		arg += n * sizeof(ops[0]);
		count -= n;
		if (count && hypercall_preempt_check())
			return resume_at(cmd, arg, count);
	}
	return 0;
}

static s16 setup(struct domain *d, const struct gnttab_setup_table *op)
{
	u32 i;

	if (op->nr_frames > d->grants->max_frames)
		return refuse_as(GNTST_general_error, OVER_LIMIT,
				 "%u grant frames asked for, the domain may have %u", op->nr_frames,
				 d->grants->max_frames);
	if (grant_table_grow(d, op->nr_frames))
		return refuse_as(GNTST_general_error, NO_MEMORY, "no memory for %u grant frames",
				 op->nr_frames);
	for (i = 0; i < op->nr_frames; i++) {
		xen_pfn_t frame = page_to_mfn(d->grants->pages[i]).n;

		if (!put_guest((u64)(op->frame_list.p + i), frame)) {
			refuse_fault((u64)(op->frame_list.p + i));
			return GNTST_bad_virt_addr;
		}
	}
	return GNTST_okay;
}

static s16 query(struct domain *d, struct gnttab_query_size *op)
{
	op->nr_frames = d->grants->frames;
	op->max_nr_frames = d->grants->max_frames;
	return GNTST_okay;
}

/* An operation on a named domain's table whose argument begins with its id and has a status. */
#define ON_TABLE(type, fn)                                                                         \
	do {                                                                                       \
		struct type op;                                                                    \
		struct domain *d;                                                                  \
		if (!get_guest(op, arg))                                                           \
			return refuse_fault(arg);                                                  \
		switch (get_target(op.dom, &d)) {                                                  \
		case 0:                                                                            \
			op.status = fn(d, &op);                                                    \
			domain_put(d);                                                             \
			break;                                                                     \
		case -XEN_EPERM:                                                                   \
			op.status = GNTST_permission_denied;                                       \
			break;                                                                     \
		default:                                                                           \
			op.status = GNTST_bad_domain;                                              \
		}                                                                                  \
		return put_guest(arg, op) ? 0 : refuse_fault(arg);                                 \
	} while (0)

static long set_version(u64 arg)
{
	struct gnttab_set_version op;

	if (!get_guest(op, arg))
		return refuse_fault(arg);
	if (op.version != 1 && op.version != 2)
		return refuse(BAD_ARGUMENT, "there is no grant table version %u", op.version);
	if (op.version == 2)
		return -XEN_ENOSYS; /* the ABI's way to say so; guests fall back to 1 */
	return put_guest(arg, op) ? 0 : refuse_fault(arg);
}

static long get_version(u64 arg)
{
	struct gnttab_get_version op;
	struct domain *d;
	long rc;

	if (!get_guest(op, arg))
		return refuse_fault(arg);
	rc = get_target(op.dom, &d);
	if (rc)
		return rc;
	domain_put(d);
	op.version = 1;
	return put_guest(arg, op) ? 0 : refuse_fault(arg);
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
		BATCH(gnttab_map_grant_ref, grant_op_map);
		return 0;
	case GNTTABOP_copy:
		BATCH(gnttab_copy, grant_op_copy);
		return 0;
	case GNTTABOP_unmap_grant_ref:
	case GNTTABOP_unmap_and_replace:
		return unmap(cmd, arg, count);
	case GNTTABOP_setup_table:
		ON_TABLE(gnttab_setup_table, setup);
	case GNTTABOP_query_size:
		ON_TABLE(gnttab_query_size, query);
	case GNTTABOP_set_version:
		return set_version(arg);
	case GNTTABOP_get_version:
		return get_version(arg);
	default:
		return refuse_operation(cmd);
	}
}
