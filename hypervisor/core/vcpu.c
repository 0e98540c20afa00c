/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a vCPU, and its vcpu_info. */
#include <core/calls.h>
#include <core/hooks.h>
#include <x86/time.h>

static void singleshot_fired(void *arg)
{
	evtchn_send_virq(arg, VIRQ_TIMER);
}

static void periodic_fired(void *arg)
{
	struct vcpu *v = arg;
	u64 due = v->periodic.expires, period = READ_ONCE(v->periodic_ns);

	if (!period)
		return;
	evtchn_send_virq(v, VIRQ_TIMER);
	/* ticks that were missed are not made up for */
	timer_set(&v->periodic, v->cpu, due + ((now_ns() - due) / period + 1) * period);
}

static void poll_over(void *arg)
{
	struct vcpu *v = arg;

	if (READ_ONCE(v->poll_port))
		vcpu_unblock(v);
}

/* Where vcpu_info lies until the guest registers a place: in shared_info there is room for 32. */
static struct vcpu_info *first_info(struct vcpu *v)
{
	return v->vcpu_id < XEN_LEGACY_MAX_VCPUS ? &v->domain->shared_info->vcpu_info[v->vcpu_id]
						 : &v->own_info;
}

struct vcpu *vcpu_create(struct domain *d, unsigned vcpu_id)
{
	if (vcpu_id >= d->max_vcpus || d->vcpus[vcpu_id] || (vcpu_id && !d->vcpus[vcpu_id - 1]))
		return NULL;
	struct vcpu *v = heap_alloc(sizeof(*v) + FPU_ROOM);

	if (!v)
		return NULL;
	v->domain = d;
	v->mem.domain = &d->mem;
	v->vcpu_id = v->mem.vcpu_id = vcpu_id;
	v->cpu = vcpu_id % cpu_count;
	v->pause_flags = VPF_DOWN;
	v->affinity.bits = ~0UL;
	v->runstate.state = RUNSTATE_offline;
	v->runstate.state_entry_time = now_ns();
	timer_init(&v->singleshot, singleshot_fired, v);
	timer_init(&v->periodic, periodic_fired, v);
	timer_init(&v->poll_timer, poll_over, v);
	v->info = first_info(v);
	v->info->evtchn_upcall_mask = 1;
	arch_vcpu_init(&v->arch, vcpu_id, v + 1);
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
		v->info = first_info(v);
		v->info_page = NULL;
		type_put(pg);
	}
	return mm_vcpu_drop_roots(&v->mem);
}

void vcpu_free(struct vcpu *v)
{
	BUG_ON(v->sched.queued);
	heap_free(v);
}

/* --- what a guest or its keeper sets: one at a time, outside page locks --- */

static struct spinlock context_lock = SPINLOCK_INIT;
static struct vcpu_guest_context context; /* too large for a stack */

long vcpu_set_context(struct vcpu *v, u64 at, bool first)
{
	long rc = -XEN_EEXIST;

	spin_lock(&context_lock);
	if (!get_guest(context, at))
		rc = refuse_fault(at);
	else if (!first || !v->initialised)
		rc = pv_set_context(v, &context);
	if (!rc) {
		v->initialised = true;
		/* what it was doing in its former context is over */
		v->call = v->inner = (struct hypercall_state){.active = false};
		/* who built the domain may have cleared shared_info since these were written */
		vcpu_update_time_info(v);
		if (v->vcpu_id == 0)
			domain_update_wallclock(v->domain);
	}
	if (!rc && !first && (context.flags & VGCF_online))
		__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	else if (!rc && !first)
		__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	spin_unlock(&context_lock);
	return rc;
}

long vcpu_get_context(struct vcpu *v, u64 at)
{
	spin_lock(&context_lock);
	pv_get_context(v, &context);
	long rc = put_guest(at, context) ? 0 : refuse_fault(at);

	spin_unlock(&context_lock);
	return rc;
}

static void move_info(struct vcpu *v, struct page *pg, u32 offset)
{
	struct vcpu_info *new = (struct vcpu_info *)((char *)page_to_virt(pg) + offset);

	*new = *v->info;
	v->info_page = pg;
	__atomic_store_n(&v->info, new, __ATOMIC_SEQ_CST);
	/* an event set in the old place since it was copied is found by looking at all words */
	__atomic_fetch_or(&new->evtchn_pending_sel, ~0UL, __ATOMIC_SEQ_CST);
	__atomic_store_n(&new->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
	vcpu_update_time_info(v);
	vcpu_kick(v, WORK_EVENTS);
}

long vcpu_register_info(struct vcpu *v, mfn_t frame, u32 offset)
{
	struct page *pg;
	long rc = 0;

	if (offset > PAGE_SIZE - sizeof(struct vcpu_info) || offset % __alignof__(struct vcpu_info))
		return refuse_as(-XEN_ENXIO, BAD_ARGUMENT,
				 "offset %#x crosses its page, or is not aligned", offset);
	spin_lock(&context_lock);
	if (v->info_page)
		rc = refuse(BAD_STATE, "vCPU %u has its vcpu_info already", v->vcpu_id);
	else if (v != current_vcpu() && !(v->pause_flags & VPF_DOWN))
		rc = refuse(BAD_STATE, "vCPU %u is running", v->vcpu_id);
	else if (!(pg = mm_get_page_writable(frame, &v->domain->mem)))
		rc = refuse(NOT_OWNED, "frame %#lx is not the domain's, or not to be written",
			    frame.n);
	else
		move_info(v, pg, offset);
	spin_unlock(&context_lock);
	return rc;
}

void vcpu_send_nmi(struct vcpu *v)
{
	/* full barrier: before the look at whether it sleeps, as vcpu_block() does it */
	__atomic_store_n(&v->pv.nmi_pending, true, __ATOMIC_SEQ_CST);
	vcpu_unblock(v);
	vcpu_kick(v, WORK_EVENTS);
}
