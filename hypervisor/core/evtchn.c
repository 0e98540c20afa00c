/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: the port table and delivery (2-level ABI, xen/event_channel.h). */
#include <xen/errno.h>
#include <core/evtchn_table.h>

#include <core/hooks.h>

struct spinlock evtchn_binding_lock = SPINLOCK_INIT;

struct evtchn *evtchn_entry(struct domain *d, evtchn_port_t port)
{
	struct evtchn *bucket;

	if (port >= EVTCHN_PORTS)
		return NULL;
	/* pairs with the release store in grow(): a sender may see a new bucket, never a half-made
	 * one */
	bucket = __atomic_load_n(&d->evtchn->buckets[port / EVTCHN_BUCKET], __ATOMIC_ACQUIRE);
	return bucket ? &bucket[port % EVTCHN_BUCKET] : NULL;
}

int evtchn_domain_init(struct domain *d)
{
	struct evtchn_domain *t = heap_alloc(sizeof(*t));

	if (!t)
		return -XEN_ENOMEM;
	t->buckets[0] = heap_alloc(EVTCHN_BUCKET * sizeof(struct evtchn));
	if (!t->buckets[0]) {
		heap_free(t);
		return -XEN_ENOMEM;
	}
	t->buckets[0][0].state = EVTCHN_RESERVED;
	t->ports = EVTCHN_BUCKET;
	t->free_hint = 1;
	d->evtchn = t;
	return 0;
}

void evtchn_domain_free(struct domain *d)
{
	unsigned i;

	if (!d->evtchn)
		return;
	for (i = 0; i < EVTCHN_BUCKETS; i++)
		heap_free(d->evtchn->buckets[i]);
	heap_free(d->evtchn);
	d->evtchn = NULL;
}

static int grow(struct domain *d)
{
	struct evtchn_domain *t = d->evtchn;
	struct evtchn *bucket;

	if (t->ports == EVTCHN_PORTS)
		return -XEN_ENOSPC;
	bucket = heap_alloc(EVTCHN_BUCKET * sizeof(*bucket));
	if (!bucket)
		return -XEN_ENOMEM;
	__atomic_store_n(&t->buckets[t->ports / EVTCHN_BUCKET], bucket, __ATOMIC_RELEASE);
	t->ports += EVTCHN_BUCKET;
	return 0;
}

int evtchn_take_free(struct domain *d)
{
	struct evtchn_domain *t = d->evtchn;
	struct evtchn *e;
	u32 port;
	int rc;

	if (d->is_dying)
		return -XEN_EINVAL;
	for (port = t->free_hint; port < t->ports; port++)
		if (evtchn_entry(d, port)->state == EVTCHN_FREE)
			break;
	if (port > d->max_evtchn_port)
		return -XEN_ENOSPC;
	if (port == t->ports) {
		rc = grow(d);
		if (rc)
			return rc;
	}
	t->free_hint = port + 1;
	e = evtchn_entry(d, port);
	*e = (struct evtchn){.state = EVTCHN_RESERVED};
	return port;
}

void evtchn_lock_pair(struct domain *a, struct domain *b)
{
	if (a->mem.domid > b->mem.domid) {
		struct domain *t = a;

		a = b;
		b = t;
	}
	spin_lock(&a->evtchn->lock);
	if (a != b)
		spin_lock(&b->evtchn->lock);
}

void evtchn_unlock_pair(struct domain *a, struct domain *b)
{
	spin_unlock(&a->evtchn->lock);
	if (a != b)
		spin_unlock(&b->evtchn->lock);
}

/* --- delivery --- */

static bool bitmap_test(const xen_ulong_t *map, u32 bit)
{
	return READ_ONCE(map[bit / 64]) >> (bit % 64) & 1;
}

/* The bitmaps are the guest's to write: atomic, sequentially consistent, and never trusted. */
static bool bitmap_test_and_set(xen_ulong_t *map, u32 bit)
{
	return __atomic_fetch_or(&map[bit / 64], 1UL << (bit % 64), __ATOMIC_SEQ_CST) >>
		       (bit % 64) &
	       1;
}

static void bitmap_clear(xen_ulong_t *map, u32 bit)
{
	__atomic_fetch_and(&map[bit / 64], ~(1UL << (bit % 64)), __ATOMIC_SEQ_CST);
}

static void upcall(struct vcpu *v)
{
	if (__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
		return;
	vcpu_unblock(v);
	vcpu_kick(v, WORK_EVENTS);
}

static void select_and_upcall(struct vcpu *v, evtchn_port_t port)
{
	if (!bitmap_test_and_set(&v->info->evtchn_pending_sel, port / 64))
		upcall(v);
}

static struct vcpu *notified_vcpu(struct domain *d, const struct evtchn *e)
{
	u16 id = READ_ONCE(e->vcpu_id);
	struct vcpu *v = id < d->max_vcpus ? d->vcpus[id] : NULL;

	return v && v->info ? v : NULL;
}

/* A poller is woken by its port even where the port is masked. */
static void wake_pollers(struct domain *d, evtchn_port_t port)
{
	unsigned i;

	for (i = 0; i < d->max_vcpus; i++) {
		struct vcpu *v = d->vcpus[i];
		evtchn_port_t polled = v ? READ_ONCE(v->poll_port) : 0;

		if (likely(!polled) || (polled != port && polled != ~0u))
			continue;
		WRITE_ONCE(v->poll_port, 0);
		vcpu_unblock(v);
	}
}

void evtchn_set_pending(struct domain *d, evtchn_port_t port, const struct evtchn *e)
{
	struct shared_info *s = d->shared_info;
	struct vcpu *v = notified_vcpu(d, e);

	if (!v || bitmap_test_and_set(s->evtchn_pending, port))
		return;
	if (!bitmap_test(s->evtchn_mask, port))
		select_and_upcall(v, port);
	wake_pollers(d, port);
}

void evtchn_unmasked(struct domain *d, evtchn_port_t port, const struct evtchn *e)
{
	struct shared_info *s = d->shared_info;
	struct vcpu *v = notified_vcpu(d, e);

	bitmap_clear(s->evtchn_mask, port);
	if (v && bitmap_test(s->evtchn_pending, port))
		select_and_upcall(v, port);
}

bool evtchn_virq_is_per_vcpu(unsigned virq)
{
	return virq == VIRQ_TIMER || virq == VIRQ_DEBUG || virq == VIRQ_XENOPROF ||
	       virq == VIRQ_XENPMU || (virq >= VIRQ_ARCH_0 && virq <= VIRQ_ARCH_7);
}

void evtchn_send_virq(struct vcpu *v, unsigned virq)
{
	struct domain *d = v->domain;
	evtchn_port_t port;

	spin_lock(&d->evtchn->lock);
	port = v->virq_port[virq];
	if (port)
		evtchn_set_pending(d, port, evtchn_entry(d, port));
	spin_unlock(&d->evtchn->lock);
}

void evtchn_send_dom0_virq(unsigned virq)
{
	/* noted at the vCPU that bound it, vCPU 0; bind_vcpu moves only the notification */
	if (dom0 && dom0->vcpus[0])
		evtchn_send_virq(dom0->vcpus[0], virq);
}

void evtchn_send_pirq(struct domain *d, unsigned pirq)
{
	evtchn_port_t port;

	spin_lock(&d->evtchn->lock);
	port = pirq < EVTCHN_PIRQS ? d->evtchn->pirq_port[pirq] : 0;
	if (port)
		evtchn_set_pending(d, port, evtchn_entry(d, port));
	spin_unlock(&d->evtchn->lock);
}

bool evtchn_port_valid(struct domain *d, evtchn_port_t port)
{
	struct evtchn *e = evtchn_entry(d, port);

	return e && READ_ONCE(e->state) > EVTCHN_RESERVED;
}

bool evtchn_port_pending(struct domain *d, evtchn_port_t port)
{
	return port < EVTCHN_PORTS && bitmap_test(d->shared_info->evtchn_pending, port);
}

/* --- closing --- */

static void free_port(struct domain *d, evtchn_port_t port, struct evtchn *e)
{
	bitmap_clear(d->shared_info->evtchn_pending, port);
	*e = (struct evtchn){.state = EVTCHN_FREE};
	if (port < d->evtchn->free_hint)
		d->evtchn->free_hint = port;
}

static void unbind_virq(struct domain *d, evtchn_port_t port, const struct evtchn *e)
{
	struct vcpu *v = d->vcpus[evtchn_virq_is_per_vcpu(e->virq) ? e->vcpu_id : 0];

	if (v && v->virq_port[e->virq] == port)
		v->virq_port[e->virq] = 0;
}

static void disconnect(struct domain *d, struct evtchn *e)
{
	struct evtchn *peer = evtchn_entry(e->peer.domain, e->peer.port);

	peer->state = EVTCHN_UNBOUND;
	peer->unbound_for = d->mem.domid;
}

bool evtchn_close(struct domain *d, evtchn_port_t port)
{
	struct evtchn *e = evtchn_entry(d, port);
	struct domain *other;
	bool closed;
	u32 pirq = ~0u;

	if (!e)
		return false;
	spin_lock(&evtchn_binding_lock);
	other = e->state == EVTCHN_INTERDOMAIN ? e->peer.domain : d;
	evtchn_lock_pair(d, other);
	closed = e->state > EVTCHN_RESERVED;
	if (e->state == EVTCHN_INTERDOMAIN) {
		disconnect(d, e);
	} else if (e->state == EVTCHN_VIRQ) {
		unbind_virq(d, port, e);
	} else if (e->state == EVTCHN_PIRQ) {
		pirq = e->pirq;
		d->evtchn->pirq_port[pirq] = 0;
	}
	if (closed)
		free_port(d, port, e);
	evtchn_unlock_pair(d, other);
	if (pirq != ~0u)
		irq_unbind_guest(d, pirq);
	spin_unlock(&evtchn_binding_lock);
	return closed;
}

int evtchn_close_all(struct domain *d)
{
	struct evtchn_domain *t = d->evtchn;

	while (t->release_next < t->ports) {
		evtchn_close(d, t->release_next++);
		if (t->release_next % 64 == 0 && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	t->release_next = 0;
	return 0;
}

int evtchn_domain_release(struct domain *d)
{
	/* is_dying is set: evtchn_take_free() refuses, so what was closed stays closed */
	return d->evtchn ? evtchn_close_all(d) : 0;
}
