/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a vCPU, and its vcpu_info. */
#include <xen/errno.h>
#include <core/hooks.h>
#include <core/life.h>
#include <core/sched.h>
#include <lib/string.h>
#include <x86/time.h>

static void singleshot_fired(void *arg)
{
	evtchn_send_virq(arg, VIRQ_TIMER);
}

static void periodic_fired(void *arg)
{
	struct vcpu *v = arg;
	u64 now = now_ns(), period = READ_ONCE(v->periodic_ns);

	if (!period)
		return;
	evtchn_send_virq(v, VIRQ_TIMER);
	/* ticks that were missed are not made up for */
	v->periodic_last += MAX((now - v->periodic_last) / period, 1UL) * period;
	timer_set(&v->periodic, v->cpu, v->periodic_last + period);
}

static void poll_over(void *arg)
{
	struct vcpu *v = arg;

	if (READ_ONCE(v->poll_port))
		vcpu_unblock(v);
}

/* Where vcpu_info lies until the guest registers a place: in shared_info there is room for 32. */
static int place_info(struct vcpu *v)
{
	if (v->vcpu_id < XEN_LEGACY_MAX_VCPUS) {
		v->info = &v->domain->shared_info->vcpu_info[v->vcpu_id];
	} else {
		v->info_dummy = heap_pages(0);
		if (!v->info_dummy)
			return -XEN_ENOMEM;
		v->info = v->info_dummy;
	}
	v->info->evtchn_upcall_mask = 1;
	v->arch.vcpu_info = v->info;
	return 0;
}

static int init_parts(struct vcpu *v)
{
	int rc = place_info(v);

	v->mem.domain = &v->domain->mem;
	v->mem.vcpu_id = v->vcpu_id;
	if (!rc)
		rc = arch_vcpu_init(&v->arch, v->vcpu_id);
	return rc;
}

struct vcpu *vcpu_create(struct domain *d, unsigned vcpu_id)
{
	struct vcpu *v;

	if (vcpu_id >= d->max_vcpus || d->vcpus[vcpu_id])
		return NULL;
	v = heap_alloc(sizeof(*v));
	if (!v)
		return NULL;
	v->domain = d;
	v->vcpu_id = vcpu_id;
	v->cpu = vcpu_id % cpu_count;
	v->pause_flags = VPF_DOWN;
	timer_init(&v->singleshot, singleshot_fired, v);
	timer_init(&v->periodic, periodic_fired, v);
	timer_init(&v->poll_timer, poll_over, v);
	if (init_parts(v)) {
		vcpu_free(v);
		return NULL;
	}
	sched_vcpu_init(v);
	pv_vcpu_init(v);
	vcpu_update_time_info(v);
	__atomic_store_n(&d->vcpus[vcpu_id], v, __ATOMIC_RELEASE);
	return v;
}

void vcpu_stop_timers(struct vcpu *v)
{
	WRITE_ONCE(v->periodic_ns, 0);
	timer_stop(&v->singleshot);
	timer_stop(&v->periodic);
	timer_stop(&v->poll_timer);
}

int vcpu_release(struct vcpu *v)
{
	struct page *pg = v->info_page;

	pv_vcpu_release(v);
	if (pg) {
		v->info = v->info_dummy ? v->info_dummy
					: &v->domain->shared_info->vcpu_info[v->vcpu_id];
		v->arch.vcpu_info = v->info;
		v->info_page = NULL;
		type_put(pg);
	}
	return mm_vcpu_drop_roots(&v->mem);
}

void vcpu_free(struct vcpu *v)
{
	if (!v)
		return;
	vcpu_stop_timers(v);
	BUG_ON(v->sched.queued);
	arch_vcpu_destroy(&v->arch);
	if (v->info_dummy)
		heap_pages_free(v->info_dummy, 0);
	heap_free(v);
}

int vcpu_take_context(struct vcpu *v, const struct vcpu_guest_context *c, bool first_only)
{
	int rc = -XEN_EEXIST;

	spin_lock(&v->domain->context_lock);
	if (!first_only || !v->initialised)
		rc = pv_set_context(v, c);
	if (!rc) {
		v->initialised = true;
		/* what it was doing in its former context is over */
		v->call = v->inner = (struct hypercall_state){.active = false};
		/* who built the domain may have cleared shared_info since these were written */
		vcpu_update_time_info(v);
		if (v->vcpu_id == 0)
			domain_update_wallclock(v->domain);
	}
	spin_unlock(&v->domain->context_lock);
	return rc;
}

void vcpu_send_nmi(struct vcpu *v)
{
	WRITE_ONCE(v->pv.nmi_pending, true);
	vcpu_unblock(v);
	vcpu_kick(v, WORK_EVENTS);
}

int vcpu_register_info(struct vcpu *v, mfn_t frame, u32 offset)
{
	struct vcpu_info *old = v->info, *new;
	struct page *pg;

	if (offset > PAGE_SIZE - sizeof(*new) || offset % __alignof__(*new))
		return refuse_as(-XEN_ENXIO, BAD_ARGUMENT,
				 "vcpu_info at offset %#x crosses its page or is not aligned",
				 offset);
	if (v->info_page)
		return refuse(BAD_STATE, "vCPU %u has registered its vcpu_info already",
			      v->vcpu_id);
	if (v != current_vcpu() && !(v->pause_flags & VPF_DOWN))
		return refuse(BAD_STATE, "vCPU %u is running", v->vcpu_id);
	pg = mm_get_page_writable(frame, &v->domain->mem);
	if (!pg)
		return refuse(NOT_OWNED,
			      "frame %#lx for vcpu_info is not the domain's, or not to be written",
			      frame.n);
	new = (struct vcpu_info *)((char *)page_to_virt(pg) + offset);
	*new = *old;
	v->info_page = pg;
	__atomic_store_n(&v->info, new, __ATOMIC_SEQ_CST);
	v->arch.vcpu_info = new;
	/* events set in the old place since it was copied are found again by looking at all words
	 */
	__atomic_fetch_or(&new->evtchn_pending_sel, ~0UL, __ATOMIC_SEQ_CST);
	__atomic_store_n(&new->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
	vcpu_update_time_info(v);
	vcpu_kick(v, WORK_EVENTS);
	return 0;
}
