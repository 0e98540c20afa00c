/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parapet_op: the auditor and the counts of refusals, for tools and tests. */
#include <xen/parapet.h>
#include <core/calls.h>
#include <lib/string.h>

static long audit(u64 arg)
{
	struct parapet_audit out = {0};
	struct audit_result result = {0};

	mm_audit(&result);
	out.frames = result.frames;
	out.mfn = result.mfn;
	out.kind = result.kind;
	strlcpy(out.text, result.text, sizeof(out.text));
	return put_guest(arg, out) ? 0 : refuse_fault(arg);
}

static long refusals(u64 arg)
{
	struct parapet_refusals op;
	struct domain *d;

	if (!get_guest(op, arg))
		return refuse_fault(arg);
	if (get_target(op.domid, &d))
		return -XEN_ESRCH;
	memcpy(op.counts, d->refusals, sizeof(op.counts));
	domain_put(d);
	return put_guest(arg, op) ? 0 : refuse_fault(arg);
}

long do_parapet_op(u64 cmd, u64 arg)
{
	if (need_privilege())
		return -XEN_EPERM;
	switch ((u32)cmd) {
	case PARAPET_audit:
		return audit(arg);
	case PARAPET_refusals:
		return refusals(arg);
	default:
		return refuse_operation(cmd);
	}
}
