/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * multicall: a list of hypercalls in guest memory, each with its result. An entry that is preempted
 * keeps its progress in v->inner while the multicall keeps its own, the index, in v->call.
 */
#include <core/calls.h>

static long call_entry(struct vcpu *v, u32 nr, const u64 args[6])
{
	/* they replace the frame or the arguments under which the list is being worked on */
	if (nr == __HYPERVISOR_multicall || nr == __HYPERVISOR_iret)
		return refuse(BAD_ARGUMENT, "%s cannot be part of a multicall", hypercall_name(nr));
	v->in_multicall = true;
	long rc = hypercall_call(nr, args);

	v->in_multicall = false;
	this_cpu()->hypercall = __HYPERVISOR_multicall;
	return rc;
}

long do_multicall(u64 list, u64 count)
{
	struct vcpu *v = current_vcpu();
	u64 first = hypercall_done(), i;

	count = (u32)count;
	if (!guest_range_ok(list, count * sizeof(struct multicall_entry)))
		return refuse(BAD_ADDRESS, "list of %lu entries at %#lx is not accessible", count,
			      list);
	for (i = first; i < count; i++) {
		u64 at = list + i * sizeof(struct multicall_entry);
		struct multicall_entry e;

		this_cpu()->batch_index = (u32)i;
		if (v->inner.active) {
			/* as it was when it was preempted: the guest may have changed its list */
			const struct hypercall_state inner = v->inner;

			v->inner.active = false;
			e.result = (xen_ulong_t)call_entry(v, inner.nr, inner.args);
		} else if (i != first && hypercall_preempt_check()) {
			break;
		} else if (get_guest(e, at)) {
			e.result = (xen_ulong_t)call_entry(v, (u32)e.op, (const u64 *)e.args);
		} else {
			return refuse(BAD_ADDRESS, "entry %lu at %#lx is not accessible", i, at);
		}
		if (v->inner.active) /* preempted; by its result one could not tell */
			break;
		v->inner.done = 0;
		if (!put_guest(at + offsetof(struct multicall_entry, result), e.result))
			return refuse(BAD_ADDRESS, "entry %lu at %#lx is not writable", i, at);
	}
	return i == count ? 0 : hypercall_preempt(i, list, count, 0, 0);
}
