/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * multicall: a list of hypercalls in guest memory, each with its result. An entry that is preempted
 * keeps its progress in v->inner while the multicall keeps its own, the index, in v->call.
 */
#include <core/calls.h>

#define CLOCK_EVERY 8 /* entries between two looks at the clock; at pending work: one */

/* The entry at guest address `at`, as it was if it is preempted: the guest may have changed its
 * list. */
static inline bool read_entry(struct vcpu *v, u64 at, struct multicall_entry *e)
{
	const u64 *a = v->inner.args;

	if (likely(!v->inner.active))
		return get_guest(*e, at);
	v->inner.active = false;
	*e = (struct multicall_entry){v->inner.nr, 0, {a[0], a[1], a[2], a[3], a[4], a[5]}};
	return true;
}

static inline long call_entry(struct cpu *c, const struct multicall_entry *e)
{
	u32 nr = (u32)e->op;

	/* they replace the frame or the arguments under which the list is being worked on */
	if (likely(nr != __HYPERVISOR_multicall && nr != __HYPERVISOR_iret))
		return hypercall_call(nr, (const u64 *)e->args);
	c->hypercall = __HYPERVISOR_multicall;
	return refuse(BAD_ARGUMENT, "%s cannot be part of a multicall", hypercall_name(nr));
}

long do_multicall(u64 list, u64 count)
{
	struct vcpu *v = current_vcpu();
	struct cpu *c = this_cpu();
	u64 first = hypercall_done(), i = first;
	bool accessible = true;

	count = (u32)count;
	if (!guest_range_ok(list, count * sizeof(struct multicall_entry)))
		return refuse(BAD_ADDRESS, "list of %lu entries at %#lx is not accessible", count,
			      list);
	v->in_multicall = true;
	for (; i < count; i++) {
		u64 at = list + i * sizeof(struct multicall_entry);
		struct multicall_entry e;

		c->batch_index = (u32)i;
		if (i != first && (READ_ONCE(c->work) || i % CLOCK_EVERY == 0) &&
		    hypercall_preempt_check())
			break;
		accessible = read_entry(v, at, &e);
		if (unlikely(!accessible))
			break;
		e.result = (xen_ulong_t)call_entry(c, &e);
		if (v->inner.active) /* preempted; by its result one could not tell */
			break;
		v->inner.done = 0;
		accessible = put_guest(at + offsetof(struct multicall_entry, result), e.result);
		if (unlikely(!accessible))
			break;
	}
	v->in_multicall = false;
	c->hypercall = __HYPERVISOR_multicall;
	if (unlikely(!accessible))
		return refuse(BAD_ADDRESS, "entry %lu at %#lx is not accessible", i,
			      list + i * sizeof(struct multicall_entry));
	return i == count ? 0 : hypercall_preempt(i, list, count, 0, 0);
}
