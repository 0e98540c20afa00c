/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: delivery (2-level ABI, xen/event_channel.h). */
#include <core/domain.h>

inline struct evtchn *evtchn_entry(struct domain *d, evtchn_port_t port)
{
	if (port >= EVTCHN_PORTS)
		return NULL;
	/* pairs with the release store in evtchn_grow(): a sender may see a new bucket, never a
	 * half-made one */
	struct evtchn *bucket =
		__atomic_load_n(&d->evtchn.buckets[port / EVTCHN_BUCKET], __ATOMIC_ACQUIRE);

	return bucket ? &bucket[port % EVTCHN_BUCKET] : NULL;
}

static bool bitmap_test(const xen_ulong_t *map, u32 bit)
{
	return READ_ONCE(map[bit / 64]) >> (bit % 64) & 1;
}

/* The bitmaps are the guest's to write: atomic, sequentially consistent, and never trusted. */
static bool bitmap_test_and_set(xen_ulong_t *map, u32 bit)
{
	/* in a shape that compilers have one instruction for */
	return __atomic_fetch_or(&map[bit / 64], BIT(bit % 64), __ATOMIC_SEQ_CST) & BIT(bit % 64);
}

static void select_and_upcall(struct vcpu *v, evtchn_port_t port)
{
	if (bitmap_test_and_set(&v->info->evtchn_pending_sel, port / 64) ||
	    __atomic_exchange_n(&v->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
		return;
	vcpu_unblock(v);
	if (v != current_vcpu()) /* which looks on its way out of the hypervisor */
		vcpu_kick(v, WORK_EVENTS);
}

static struct vcpu *notified_vcpu(struct domain *d, const struct evtchn *e)
{
	u16 id = READ_ONCE(e->vcpu_id);
	struct vcpu *v = id < d->max_vcpus ? d->vcpus[id] : NULL;

	return v && v->info ? v : NULL;
}

inline void evtchn_set_pending(struct domain *d, evtchn_port_t port, const struct evtchn *e)
{
	struct shared_info *s = d->shared_info;
	struct vcpu *v = notified_vcpu(d, e);

	if (!v || bitmap_test_and_set(s->evtchn_pending, port))
		return;
	if (!bitmap_test(s->evtchn_mask, port))
		select_and_upcall(v, port);
	/* a poller is woken by its port even where the port is masked */
	for (unsigned i = 0; i < d->max_vcpus; i++) {
		struct vcpu *poller = d->vcpus[i];
		evtchn_port_t polled = poller ? READ_ONCE(poller->poll_port) : 0;

		if (likely(!polled) || (polled != port && polled != ~0u))
			continue;
		/* before the look at whether it sleeps: poll() sleeps first, then looks here */
		__atomic_store_n(&poller->poll_port, 0, __ATOMIC_SEQ_CST);
		vcpu_unblock(poller);
	}
}

bool evtchn_unmask(struct domain *d, evtchn_port_t port)
{
	struct shared_info *s = d->shared_info;
	const struct evtchn *e = evtchn_entry(d, port);

	if (!e)
		return false;
	struct vcpu *v = notified_vcpu(d, e);

	__atomic_fetch_and(&s->evtchn_mask[port / 64], ~BIT(port % 64), __ATOMIC_SEQ_CST);
	if (v && bitmap_test(s->evtchn_pending, port))
		select_and_upcall(v, port);
	return true;
}

/* To the port that is noted there, if any. */
static void send_to(struct domain *d, const evtchn_port_t *slot)
{
	spin_lock(&d->evtchn.lock);
	if (*slot)
		evtchn_set_pending(d, *slot, evtchn_entry(d, *slot));
	spin_unlock(&d->evtchn.lock);
}

void evtchn_send_virq(struct vcpu *v, unsigned virq)
{
	send_to(v->domain, &v->virq_port[virq]);
}

void evtchn_send_dom0_virq(unsigned virq)
{
	/* noted at the vCPU that bound it, vCPU 0; bind_vcpu moves only the notification */
	if (dom0 && dom0->vcpus[0])
		evtchn_send_virq(dom0->vcpus[0], virq);
}

void evtchn_send_pirq(struct domain *d, unsigned pirq)
{
	if (pirq < EVTCHN_PIRQS)
		send_to(d, &d->evtchn.pirq_port[pirq]);
}

bool evtchn_port_valid(struct domain *d, evtchn_port_t port)
{
	struct evtchn *e = evtchn_entry(d, port);

	return e && READ_ONCE(e->state) != EVTCHNSTAT_closed;
}

bool evtchn_port_pending(struct domain *d, evtchn_port_t port)
{
	return port < EVTCHN_PORTS && bitmap_test(d->shared_info->evtchn_pending, port);
}
