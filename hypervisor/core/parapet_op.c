/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parapet_op: the auditor and the counts of refusals, for tools and tests. */
#include <xen/errno.h>
#include <xen/parapet.h>
#include <core/calls.h>
#include <lib/string.h>
#include <x86/uaccess.h>

_Static_assert(REFUSE_COUNT <= PARAPET_NR_REFUSALS, "the ABI has room for all reasons");

static long bad_address(u64 arg)
{
	return refuse(-XEN_EFAULT, REFUSE_FAULT, "argument at %#lx is not accessible", arg);
}

static long audit(u64 arg)
{
	struct parapet_audit out;
	struct audit_result result;

	memset(&out, 0, sizeof(out));
	memset(&result, 0, sizeof(result));
	mm_audit(&result);
	out.frames = result.frames;
	out.mfn = result.mfn;
	out.kind = result.kind;
	strlcpy(out.text, result.text, sizeof(out.text));
	return put_guest(arg, out) ? 0 : bad_address(arg);
}

static long refusals(u64 arg)
{
	struct parapet_refusals op;
	struct domain *d;

	if (!get_guest(op, arg))
		return bad_address(arg);
	d = domain_get(op.domid);
	if (!d)
		return refuse(-XEN_ESRCH, REFUSE_UNKNOWN, "there is no domain %u", op.domid);
	memset(op.counts, 0, sizeof(op.counts));
	memcpy(op.counts, d->refusals, sizeof(d->refusals));
	domain_put(d);
	return put_guest(arg, op) ? 0 : bad_address(arg);
}

long do_parapet_op(u64 cmd, u64 arg)
{
	if (!current_domain()->privileged)
		return refuse(-XEN_EPERM, REFUSE_PERMISSION, "only dom0 may");
	switch ((u32)cmd) {
	case PARAPET_audit:
		return audit(arg);
	case PARAPET_refusals:
		return refusals(arg);
	default:
		return refuse(-XEN_ENOSYS, REFUSE_UNKNOWN, "there is no operation %u", (u32)cmd);
	}
}
