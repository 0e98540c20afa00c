/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether all domains are as the model says. */
#include <string.h>
#include <core/sched.h>
#include "control.h"
#include "fakes/world.h"

void check_info(const struct model_domain *d, const struct xen_domctl_getdomaininfo *i)
{
	uint32_t online = 0, blocked = 0, flags;

	for (uint32_t v = 0; v < d->vcpus; v++) {
		online += d->v[v].online;
		blocked += d->v[v].online && d->v[v].blocked;
	}
	flags = (d->dying ? 1 : 0) | (d->pauses ? 8 : 0) | (d->xs ? 0x80 : 0) |
		(online && blocked == online ? 0x10 : 0) | (d->shut ? 4 | d->reason << 16 : 0);
	if (i->domain != d->id || (i->flags & ~0x20u) != flags || i->nr_online_vcpus != online ||
	    i->max_vcpu_id != d->vcpus - 1 || i->max_pages != d->max_pages ||
	    i->tot_pages != (d->page || d->held) || i->ssidref != d->label ||
	    memcmp(i->handle, d->handle, 16))
		FINDING("information of d%u: flags %x, %u vCPUs up, max %lu; the model: d%u, %x, %u, %lu",
			i->domain, i->flags, i->nr_online_vcpus, i->max_pages, d->id, flags, online,
			d->max_pages);
}

static void compare_runs(const struct model_domain *d, const struct runs *r,
			 const struct mfn_range *real, unsigned n)
{
	if (n != r->n)
		FINDING("d%u has %u ranges; the model: %u", d->id, n, r->n);
	for (unsigned i = 0; i < n; i++) {
		bool found = false;

		for (unsigned j = 0; j < n; j++)
			found |= real[i].first == r->at[j].first && real[i].last == r->at[j].last;
		if (!found)
			FINDING("d%u may use %#lx..%#lx", d->id, real[i].first, real[i].last);
	}
}

static void compare_vcpu(const struct model_domain *d, const struct domain *real, uint32_t i)
{
	const struct model_vcpu *v = &d->v[i];
	const struct vcpu *r = real->vcpus[i];

	if (!r != (i >= d->vcpus))
		FINDING("vCPU %u of d%u: %p", i, d->id, (void *)r);
	if (!r)
		return;
	if (!(r->pause_flags & VPF_DOWN) != v->online ||
	    !(r->pause_flags & VPF_BLOCKED) == v->blocked || r->initialised != v->has_context ||
	    r->affinity.bits != v->affinity)
		FINDING("d%uv%u: flags %x, context %d, affinity %lx; the model: up %d, blocked %d, context %d, affinity %lx",
			d->id, i, r->pause_flags, r->initialised, r->affinity.bits, v->online,
			v->blocked, v->has_context, v->affinity);
	/* dom0, which calls, cannot leave its CPU before the call's end */
	if (d->id && r->is_running && (!may_run(d, v) || !(v->affinity >> r->cpu & 1)))
		FINDING("d%uv%u runs on CPU %u", d->id, i, r->cpu);
	if (r->sched.queued != may_run(d, v) && !d->dying)
		FINDING("d%uv%u is %squeued", d->id, i, r->sched.queued ? "" : "not ");
}

static void compare_domain(const struct model_domain *d, const struct domain *real)
{
	if (real->pause_count != d->pauses || real->control_pauses != d->pauses ||
	    real->is_dying != d->dying || real->mem.dying != d->dying ||
	    real->is_shut_down != d->shut || real->privileged != !d->id)
		FINDING("d%u: %u pauses, dying %d, shut down %d, privileged %d; the model: %u, %d, %d",
			d->id, real->pause_count, real->is_dying, real->is_shut_down,
			real->privileged, d->pauses, d->dying, d->shut);
	if (real->max_vcpus != d->max_vcpus || real->mem.max_pages != d->max_pages ||
	    real->mem.tot_pages != (d->page || d->held))
		FINDING("d%u: at most %u vCPUs, %lu of %lu pages", d->id, real->max_vcpus,
			real->mem.tot_pages, real->mem.max_pages);
	if (d->id && (real->max_evtchn_port != d->ports_of_events ||
		      real->max_grant_frames > d->grant_frames || !real->max_grant_frames ||
		      real->max_maptrack_frames > d->handle_frames))
		FINDING("d%u: limits %u, %u, %u", d->id, real->max_evtchn_port,
			real->max_grant_frames, real->max_maptrack_frames);
	if (real->sched.weight != d->weight || real->sched.cap != d->cap)
		FINDING("d%u: weight %u, cap %u", d->id, real->sched.weight, real->sched.cap);
	/* its pages' reference, and until all is released that of its creation */
	if (real->refs != (d->released ? 2 : 3))
		FINDING("d%u has %u references", d->id, real->refs - 1);
	compare_runs(d, &d->ports, real->ioport_ranges, real->ioport_range_count);
	compare_runs(d, &d->frames, real->mem.iomem, real->mem.iomem_ranges);
	for (uint32_t i = 0; i < 256; i++)
		if ((real->irq_allowed[i / 32] >> i % 32 & 1) != d->irqs[i])
			FINDING("d%u: interrupt %u", d->id, i);
	for (uint32_t i = 0; i <= d->vcpus && i < MOST_VCPUS; i++)
		compare_vcpu(d, real, i);
}

void compare(void)
{
	struct model_domain *d = model_next(0);
	struct domain *real;

	while (run_guests())
		;
	for_each_domain (real) {
		if (!d || real->mem.domid != d->id)
			FINDING("d%u is there, the model: d%d", real->mem.domid,
				d ? (int)d->id : -1);
		compare_domain(d, real);
		d = model_next(d->id + 1);
	}
	if (d)
		FINDING("d%u is not there", d->id);
	if (sched_lock.held)
		FINDING("a lock is held");
}
