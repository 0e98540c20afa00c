/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl: vCPUs, and their share of CPUs. */
#include <string.h>
#include <xen/errno.h>
#include "control.h"

void op_context(void)
{
	bool set = input_byte() & 1;
	struct model_domain *d;
	struct model_vcpu *v;
	long expected;

	choose_caller();
	memset(&context, 0, sizeof(context));
	context.flags = input_byte() & 0x3f;
	op.domain = any_domain();
	op.u.vcpucontext.vcpu = any_number();
	op.u.vcpucontext.ctxt.p = any_pointer(&context);
	d = model_find(op.domain);
	v = target_vcpu(true, op.u.vcpucontext.vcpu, &expected);
	bool reads = accessible((u64)op.u.vcpucontext.ctxt.p, sizeof(context));

	if (v && set)
		expected = d->dying	    ? -XEN_EINVAL
			   : !reads	    ? -XEN_EFAULT
			   : !context.flags ? -XEN_EINVAL
					    : 0;
	else if (v)
		expected = !v->has_context ? -XEN_ENODATA : !reads ? -XEN_EFAULT : 0;
	long rc = domctl(set ? XEN_DOMCTL_setvcpucontext : XEN_DOMCTL_getvcpucontext);

	same(set ? "setvcpucontext" : "getvcpucontext", rc, expected);
	if (rc || !set)
		return;
	v->has_context = true;
	v->online = context.flags & 0x20;
}

void op_vcpu_info(void)
{
	const struct xen_domctl_getvcpuinfo *i = &op.u.getvcpuinfo;
	struct model_vcpu *v;
	long expected, rc;

	choose_caller();
	op.domain = any_domain();
	op.u.getvcpuinfo.vcpu = any_number();
	v = target_vcpu(false, i->vcpu, &expected);
	rc = domctl(XEN_DOMCTL_getvcpuinfo);
	same("getvcpuinfo", rc, expected);
	if (!rc && (i->online != v->online || i->blocked != v->blocked || i->cpu > 1 ||
		    (i->running && !may_run(model_find(op.domain), v))))
		FINDING("information of a vCPU: up %u, blocked %u, running %u", i->online,
			i->blocked, i->running);
}

void op_affinity(void)
{
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;
	bool set = input_byte() & 1;
	struct model_vcpu *v;
	uint64_t mask, shown = 0;
	long expected, rc;

	choose_caller();
	op.domain = any_domain();
	*a = (struct xen_domctl_vcpuaffinity){.vcpu = any_number(), .flags = 1};
	a->cpumap_hard.nr_bits = input_byte();
	if (a->cpumap_hard.nr_bits >= 0xf0)
		a->cpumap_hard.nr_bits = (uint32_t)input_word();
	a->cpumap_hard.bitmap.p = any_pointer(buffer);
	if (input_byte() >= 0xf0)
		a->flags = input_byte();
	memset(buffer, 0xee, 200);
	mask = input_byte() & 1 ? input_word() : input_byte();
	memcpy(buffer, &mask, 8);

	uint64_t bits = a->cpumap_hard.nr_bits, bytes = (bits + 7) / 8;
	uint64_t known = bits < 64 ? (1ull << bits) - 1 : ~0ull;
	bool reads = accessible((u64)a->cpumap_hard.bitmap.p, bytes < 128 ? bytes : 128);

	v = target_vcpu(false, a->vcpu, &expected);
	if (v)
		expected = a->flags != 1		? -XEN_EINVAL
			   : !reads			? -XEN_EFAULT
			   : set && !(mask & known & 3) ? -XEN_EINVAL
							: 0;
	rc = domctl(set ? XEN_DOMCTL_setvcpuaffinity : XEN_DOMCTL_getvcpuaffinity);
	/* a pointer may be good for the mask, and not for the answer */
	if (v && set && rc == -XEN_EFAULT && expected == -XEN_EINVAL && !reads)
		return;
	same(set ? "setvcpuaffinity" : "getvcpuaffinity", rc, expected);
	if (rc)
		return;
	if (set)
		v->affinity = mask & known;
	mask = v->affinity & known & (set ? 3 : ~0ull);
	memcpy(&shown, buffer, bytes < 8 ? bytes : 8);
	if ((void *)a->cpumap_hard.bitmap.p == buffer && shown != mask)
		FINDING("affinity %#lx; the model: %#lx", shown, mask);
	if (buffer[bytes < 128 ? bytes : 128] !=
		    (bytes < 8 ? ((u8 *)&(uint64_t){mask})[7] : 0xee) &&
	    bytes >= 8)
		FINDING("more than the bitmap is written");
}

void op_scheduler(void)
{
	struct xen_domctl_scheduler_op *s = &op.u.scheduler_op;
	uint8_t b = input_byte();
	struct model_domain *d;
	long expected, rc;

	choose_caller();
	op.domain = any_domain();
	*s = (struct xen_domctl_scheduler_op){.sched_id = b < 0xf0 ? 5 + (b & 1) : b,
					      .cmd = b >> 1 & 1};
	if (input_byte() >= 0xf0)
		s->cmd = any_number();
	s->u.credit.weight = (uint16_t)(b & 4 ? input_word() : input_byte() * 4);
	s->u.credit.cap = (uint16_t)(b & 8 ? 0xffff : b & 16 ? input_word() : input_byte() * 2);
	uint32_t weight = s->u.credit.weight, cap = s->u.credit.cap;

	d = target(false, &expected);
	weight = d && !weight ? d->weight : weight;
	cap = d && cap == 0xffff ? d->cap : cap;
	if (d && ((s->sched_id != 5 && s->sched_id != 6) || s->cmd > 1 || (!s->cmd && cap > 200)))
		expected = -XEN_EINVAL;
	rc = domctl(XEN_DOMCTL_scheduler_op);
	same("scheduler_op", rc, expected);
	if (!rc && s->cmd == 1 && (s->u.credit.weight != d->weight || s->u.credit.cap != d->cap))
		FINDING("weight %u, cap %u", s->u.credit.weight, s->u.credit.cap);
	if (!rc && !s->cmd) {
		d->weight = weight;
		d->cap = cap;
	}
}
