/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event_channel_op: ports are bound, closed and moved. Where the write-back of a result faults the
 * port stays bound, as the ABI has it. */
#include <core/calls.h>
#include <core/hooks.h>

/* --- the table --- */

static struct spinlock evtchn_binding_lock = SPINLOCK_INIT;

static void lock_ends(struct domain *d, struct domain *peer)
{
	spin_lock(&d->evtchn.lock);
	if (peer && peer != d)
		spin_lock(&peer->evtchn.lock);
}

static void unlock_ends(struct domain *d, struct domain *peer)
{
	if (peer && peer != d)
		spin_unlock(&peer->evtchn.lock);
	spin_unlock(&d->evtchn.lock);
}

int evtchn_grow(struct domain *d)
{
	struct evtchn_domain *t = &d->evtchn;

	if (t->ports == EVTCHN_PORTS)
		return -XEN_ENOSPC;
	struct evtchn *bucket = heap_alloc(EVTCHN_BUCKET * sizeof(*bucket));

	if (!bucket)
		return -XEN_ENOMEM;
	__atomic_store_n(&t->buckets[t->ports / EVTCHN_BUCKET], bucket, __ATOMIC_RELEASE);
	t->ports += EVTCHN_BUCKET;
	return 0;
}

void evtchn_domain_free(struct domain *d)
{
	for (unsigned i = 0; i < EVTCHN_BUCKETS; i++)
		heap_free(d->evtchn.buckets[i]);
}

/* A closed port takes the state of *init. The port or -errno. Caller: the locks of all ends. */
static long take_port(struct domain *d, const struct evtchn *init)
{
	struct evtchn_domain *t = &d->evtchn;
	struct evtchn *other_end = init->peer ? evtchn_entry(init->peer, init->number) : NULL;
	u32 port = MAX(t->free_hint, 1u);

	if (d->is_dying || (init->peer && !(other_end && other_end->state == EVTCHNSTAT_unbound &&
					    other_end->number == d->mem.domid)))
		return -XEN_EINVAL;
	if (init->slot && *init->slot)
		return -XEN_EEXIST;
	while (port < t->ports && evtchn_entry(d, port)->state != EVTCHNSTAT_closed)
		port++;
	if (port > d->max_evtchn_port)
		return -XEN_ENOSPC;
	int rc = port == t->ports ? evtchn_grow(d) : 0;

	if (rc)
		return rc;
	t->free_hint = port + 1;
	*evtchn_entry(d, port) = *init;
	if (init->slot)
		*init->slot = port;
	if (other_end) {
		*other_end = (struct evtchn){EVTCHNSTAT_interdomain, other_end->vcpu_id, port,
					     .peer = d};
		/* what the peer sent while unbound was lost: let this end look once */
		evtchn_set_pending(d, port, evtchn_entry(d, port));
	}
	return port;
}

static bool close_port(struct domain *d, evtchn_port_t port)
{
	struct evtchn *e = evtchn_entry(d, port);

	if (!e)
		return false;
	spin_lock(&evtchn_binding_lock);
	const struct evtchn old = *e;

	lock_ends(d, old.peer);
	if (old.peer) {
		struct evtchn *other_end = evtchn_entry(old.peer, old.number);

		*other_end = (struct evtchn){EVTCHNSTAT_unbound, other_end->vcpu_id,
					     .number = d->mem.domid};
	}
	if (old.slot)
		*old.slot = 0;
	if (old.state != EVTCHNSTAT_closed) {
		__atomic_fetch_and(&d->shared_info->evtchn_pending[port / 64], ~BIT(port % 64),
				   __ATOMIC_SEQ_CST);
		*e = (struct evtchn){.state = EVTCHNSTAT_closed};
		d->evtchn.free_hint = MIN(d->evtchn.free_hint, port);
	}
	unlock_ends(d, old.peer);
	if (old.state == EVTCHNSTAT_pirq)
		irq_unbind_guest(d, old.number);
	spin_unlock(&evtchn_binding_lock);
	return old.state != EVTCHNSTAT_closed;
}

/* What is closed is the progress. A place in the table, left by a reset that never went on, would
 * let ports that were opened behind it outlive the domain. */
int evtchn_close_all(struct domain *d)
{
	unsigned closed = 0;

	for (evtchn_port_t port = 0; port < d->evtchn.ports; port++) {
		closed += close_port(d, port);
		if (closed >= 64 && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	return 0;
}

/* --- binding --- */

static long need_vcpu(const struct domain *d, u32 vcpu)
{
	bool there = vcpu < d->max_vcpus && d->vcpus[vcpu];

	return there ? 0 : refuse(NO_VCPU, "there is no vCPU %u", vcpu);
}

/* A new port of d, to *out. 0, or the refusal. */
static long bind(struct domain *d, struct evtchn init, evtchn_port_t *out)
{
	spin_lock(&evtchn_binding_lock);
	lock_ends(d, init.peer);
	long port = take_port(d, &init);

	unlock_ends(d, init.peer);
	spin_unlock(&evtchn_binding_lock);
	if (port == -XEN_ENOSPC)
		return refuse_as(port, OVER_LIMIT, "all event channels up to %u are in use",
				 d->max_evtchn_port);
	if (port == -XEN_ENOMEM)
		return refuse(NO_MEMORY, "no memory for more event channels");
	if (port == -XEN_EINVAL && init.peer)
		return refuse(BAD_STATE, "port %u of domain %u is not waiting for domain %u",
			      init.number, init.peer->mem.domid, d->mem.domid);
	if (port < 0)
		return refuse_as(port, BAD_STATE, "bound already, or domain %u is dying",
				 d->mem.domid);
	*out = port;
	return 0;
}

static bool virq_is_per_vcpu(unsigned virq)
{
	return virq == VIRQ_TIMER || virq == VIRQ_DEBUG || virq == VIRQ_XENOPROF ||
	       virq == VIRQ_XENPMU || (virq >= VIRQ_ARCH_0 && virq <= VIRQ_ARCH_7);
}

static long alloc_unbound(struct domain *d, void *arg)
{
	struct evtchn_alloc_unbound *op = arg;
	domid_t self = current_domain()->mem.domid,
		remote = op->remote_dom == DOMID_SELF ? self : op->remote_dom;

	return bind(d, (struct evtchn){EVTCHNSTAT_unbound, .number = remote}, &op->port);
}

static long bind_interdomain(struct domain *d, void *arg)
{
	struct evtchn_bind_interdomain *op = arg;
	struct domain *r = domain_get(op->remote_dom);
	const struct evtchn init = {EVTCHNSTAT_interdomain, .number = op->remote_port, .peer = r};

	if (!r)
		return refuse(NO_DOMAIN, "there is no domain %u", op->remote_dom);
	long rc = bind(d, init, &op->local_port);

	domain_put(r);
	return rc;
}

static long bind_virq(struct domain *d, void *arg)
{
	struct evtchn_bind_virq *op = arg;

	if (op->virq >= NR_VIRQS || (op->vcpu && !virq_is_per_vcpu(op->virq)))
		return refuse(BAD_ARGUMENT,
			      "virq %u of vCPU %u: there are %u, global ones are vCPU 0's",
			      op->virq, op->vcpu, NR_VIRQS);
	if (need_vcpu(d, op->vcpu))
		return -XEN_ENOENT;
	const struct evtchn init = {EVTCHNSTAT_virq, op->vcpu, op->virq,
				    .slot = &d->vcpus[op->vcpu]->virq_port[op->virq]};

	return bind(d, init, &op->port);
}

static long bind_ipi(struct domain *d, void *arg)
{
	struct evtchn_bind_ipi *op = arg;

	if (need_vcpu(d, op->vcpu))
		return -XEN_ENOENT;
	return bind(d, (struct evtchn){EVTCHNSTAT_ipi, .vcpu_id = op->vcpu}, &op->port);
}

static long bind_pirq(struct domain *d, void *arg)
{
	struct evtchn_bind_pirq *op = arg;
	u32 pirq = op->pirq;

	if (pirq >= EVTCHN_PIRQS || !(d->irq_allowed[pirq / 32] >> (pirq % 32) & 1))
		return refuse_as(pirq < EVTCHN_PIRQS ? -XEN_EPERM : -XEN_EINVAL, NOT_ALLOWED,
				 "pirq %u is not the domain's", pirq);
	const struct evtchn init = {EVTCHNSTAT_pirq, .number = pirq,
				    .slot = &d->evtchn.pirq_port[pirq]};
	long rc = bind(d, init, &op->port);

	if (rc)
		return rc;
	rc = irq_bind_guest(d, pirq, op->flags & BIND_PIRQ__WILL_SHARE);
	if (!rc)
		return 0;
	close_port(d, op->port);
	return refuse_as(rc, BAD_STATE, "pirq %u cannot be bound (error %ld)", pirq, -rc);
}

static long bind_vcpu(struct domain *d, void *arg)
{
	struct evtchn_bind_vcpu *op = arg;
	struct evtchn *e = evtchn_entry(d, op->port);

	if (need_vcpu(d, op->vcpu))
		return -XEN_ENOENT;
	spin_lock(&evtchn_binding_lock);
	bool movable = e && e->state != EVTCHNSTAT_closed && e->state != EVTCHNSTAT_ipi &&
		       !(e->state == EVTCHNSTAT_virq && virq_is_per_vcpu(e->number));

	if (movable)
		WRITE_ONCE(e->vcpu_id, op->vcpu);
	spin_unlock(&evtchn_binding_lock);
	if (movable)
		return 0;
	return refuse(BAD_STATE, "port %u is closed, or its vCPU's (IPI, per-vCPU virq)", op->port);
}

/* --- the rest --- */

static long send(struct domain *d, evtchn_port_t port)
{
	long rc = 0;

	spin_lock(&d->evtchn.lock);
	const struct evtchn *e = evtchn_entry(d, port);

	if (likely(e && e->state == EVTCHNSTAT_interdomain))
		evtchn_set_pending(e->peer, e->number, evtchn_entry(e->peer, e->number));
	else if (e && e->state == EVTCHNSTAT_ipi)
		evtchn_set_pending(d, port, e);
	else if (!e || e->state != EVTCHNSTAT_unbound)
		rc = -XEN_EINVAL; /* to an unbound port: no error, nobody listens yet */
	spin_unlock(&d->evtchn.lock);
	return rc ? refuse(BAD_STATE, "port %u cannot be sent on", port) : 0;
}

static long status(struct domain *d, void *arg)
{
	struct evtchn_status *op = arg;

	if (op->port >= EVTCHN_PORTS)
		return refuse(BAD_ARGUMENT, "there is no port %u", op->port);
	spin_lock(&evtchn_binding_lock);
	const struct evtchn *p = evtchn_entry(d, op->port), closed = {0}, e = p ? *p : closed;

	op->status = e.state;
	op->vcpu = e.vcpu_id;
	op->u.pirq = e.number; /* or virq, or unbound.dom: one word */
	if (e.state == EVTCHNSTAT_interdomain) {
		op->u.interdomain.dom = e.peer->mem.domid;
		op->u.interdomain.port = e.number;
	}
	spin_unlock(&evtchn_binding_lock);
	return 0;
}

static long unmask(struct domain *d, void *arg)
{
	evtchn_port_t port = ((struct evtchn_unmask *)arg)->port;

	return evtchn_unmask(d, port) ? 0 : refuse(BAD_ARGUMENT, "there is no port %u", port);
}

static long close(struct domain *d, void *arg)
{
	evtchn_port_t port = ((struct evtchn_close *)arg)->port;

	return close_port(d, port) ? 0 : refuse(BAD_STATE, "port %u is not open", port);
}

/* A domain that runs could open ports for ever, while its keeper closes them. */
static long reset(struct domain *d, void *arg)
{
	if (d != current_domain() && !d->control_pauses)
		return refuse_as(-XEN_EOPNOTSUPP, BAD_STATE, "domain %u is not paused",
				 d->mem.domid);
	return evtchn_close_all(d);
}

#define PORT_COMMAND(name, flags) [EVTCHNOP_##name] = {name, sizeof(struct evtchn_##name), flags}

static const struct command commands[] = {
	PORT_COMMAND(alloc_unbound, OP_ANSWERS | OP_NAMES_DOMAIN),
	PORT_COMMAND(bind_interdomain, OP_ANSWERS),
	PORT_COMMAND(bind_virq, OP_ANSWERS),
	PORT_COMMAND(bind_ipi, OP_ANSWERS),
	PORT_COMMAND(bind_pirq, OP_ANSWERS),
	PORT_COMMAND(bind_vcpu, 0),
	PORT_COMMAND(status, OP_ANSWERS | OP_NAMES_DOMAIN),
	PORT_COMMAND(unmask, 0),
	PORT_COMMAND(close, 0),
	PORT_COMMAND(reset, OP_NAMES_DOMAIN),
};

long do_event_channel_op(u64 cmd, u64 arg)
{
	struct evtchn_send op;

	cmd = (u32)cmd;
	if (likely(cmd == EVTCHNOP_send))
		return get_guest(op, arg) ? send(current_domain(), op.port) : refuse_fault(arg);
	if (cmd >= EVTCHNOP_init_control && cmd <= EVTCHNOP_set_priority)
		return -XEN_ENOSYS; /* FIFO ABI: guests fall back to 2-level, no refusal line */
	long rc = run_command(commands, ARRAY_SIZE(commands), cmd, arg);

	return rc == -XEN_ERESTART ? hypercall_preempt(0, cmd, arg, 0, 0) : rc;
}
