/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_channel_op. Each operation reads its argument once, checks, changes under the locks, and
 * writes the result back. Where the write-back faults the port stays bound, as the ABI has it.
 */
#include <core/calls.h>
#include <core/evtchn_table.h>
#include <core/hooks.h>

static long need_vcpu(const struct domain *d, u32 vcpu)
{
	if (vcpu < d->max_vcpus && d->vcpus[vcpu])
		return 0;
	return refuse(NO_VCPU, "there is no vCPU %u", vcpu);
}

static long refuse_bind(long err)
{
	if (err == -XEN_ENOSPC)
		return refuse_as(err, OVER_LIMIT,
				 "all event channels that the domain may have (%u) are in use",
				 current_domain()->max_evtchn_port);
	if (err == -XEN_ENOMEM)
		return refuse_as(err, NO_MEMORY, "no memory for more event channels");
	return refuse_as(err, BAD_STATE, "this is bound already, or cannot be bound (error %ld)",
			 -err);
}

/* A new port in the state of *init. slot: where its owner keeps it, free until now; may be NULL. */
static long new_port(struct domain *d, const struct evtchn *init, evtchn_port_t *slot)
{
	int port;

	spin_lock(&evtchn_binding_lock);
	spin_lock(&d->evtchn->lock);
	port = slot && *slot ? -XEN_EEXIST : evtchn_take_free(d);
	if (port >= 0) {
		*evtchn_entry(d, port) = *init;
		if (slot)
			*slot = port;
	}
	spin_unlock(&d->evtchn->lock);
	spin_unlock(&evtchn_binding_lock);
	return port;
}

/* The end of each bind: the port into the argument, or a refusal. */
static long bound(long port, evtchn_port_t *out)
{
	if (port < 0)
		return refuse_bind(port);
	*out = port;
	return 0;
}

int evtchn_alloc_unbound(struct domain *d, domid_t remote)
{
	return new_port(d, &(struct evtchn){.state = EVTCHN_UNBOUND, .unbound_for = remote}, NULL);
}

static long alloc_unbound(struct evtchn_alloc_unbound *op)
{
	domid_t self = current_domain()->mem.domid;
	struct domain *d;
	long rc = get_target(op->dom, &d);

	if (rc)
		return rc;
	rc = evtchn_alloc_unbound(d, op->remote_dom == DOMID_SELF ? self : op->remote_dom);
	domain_put(d);
	return bound(rc, &op->port);
}

static long connect(struct domain *d, struct domain *r, evtchn_port_t remote_port)
{
	struct evtchn *re = evtchn_entry(r, remote_port), *e;
	int port;

	if (!re || re->state != EVTCHN_UNBOUND || re->unbound_for != d->mem.domid)
		return -XEN_EINVAL;
	port = evtchn_take_free(d);
	if (port < 0)
		return port;
	e = evtchn_entry(d, port);
	e->peer.domain = r;
	e->peer.port = remote_port;
	e->state = EVTCHN_INTERDOMAIN;
	re->peer.domain = d;
	re->peer.port = port;
	re->state = EVTCHN_INTERDOMAIN;
	/* what the peer sent while unbound was lost: let this end look once */
	evtchn_set_pending(d, port, e);
	return port;
}

static long bind_interdomain(struct evtchn_bind_interdomain *op)
{
	struct domain *d = current_domain(), *r = domain_get(op->remote_dom);
	long port;

	if (!r)
		return refuse(NO_DOMAIN, "there is no domain %u", op->remote_dom);
	spin_lock(&evtchn_binding_lock);
	evtchn_lock_pair(d, r);
	port = connect(d, r, op->remote_port);
	evtchn_unlock_pair(d, r);
	spin_unlock(&evtchn_binding_lock);
	domain_put(r);
	if (port == -XEN_EINVAL)
		return refuse_as(port, BAD_STATE,
				 "port %u of domain %u is not waiting for domain %u",
				 op->remote_port, op->remote_dom, d->mem.domid);
	return bound(port, &op->local_port);
}

static long bind_virq(struct evtchn_bind_virq *op)
{
	struct evtchn init = {.state = EVTCHN_VIRQ, .vcpu_id = op->vcpu, .virq = op->virq};
	struct domain *d = current_domain();

	if (op->virq >= NR_VIRQS || (op->vcpu && !evtchn_virq_is_per_vcpu(op->virq)))
		return refuse(
			BAD_ARGUMENT,
			"virq %u of vCPU %u: there are %u, and global ones are bound to vCPU 0",
			op->virq, op->vcpu, NR_VIRQS);
	if (need_vcpu(d, op->vcpu))
		return -XEN_ENOENT;
	return bound(new_port(d, &init, &d->vcpus[op->vcpu]->virq_port[op->virq]), &op->port);
}

static long bind_ipi(struct evtchn_bind_ipi *op)
{
	struct evtchn init = {.state = EVTCHN_IPI, .vcpu_id = op->vcpu};
	struct domain *d = current_domain();

	if (need_vcpu(d, op->vcpu))
		return -XEN_ENOENT;
	return bound(new_port(d, &init, NULL), &op->port);
}

static long bind_pirq(struct evtchn_bind_pirq *op)
{
	struct evtchn init = {.state = EVTCHN_PIRQ, .pirq = op->pirq};
	struct domain *d = current_domain();
	long port, rc;

	if (op->pirq >= EVTCHN_PIRQS || !(d->irq_allowed[op->pirq / 32] >> (op->pirq % 32) & 1))
		return refuse_as(op->pirq < EVTCHN_PIRQS ? -XEN_EPERM : -XEN_EINVAL, NOT_ALLOWED,
				 "pirq %u is not the domain's", op->pirq);
	port = new_port(d, &init, &d->evtchn->pirq_port[op->pirq]);
	rc = port < 0 ? port : irq_bind_guest(d, op->pirq, op->flags & BIND_PIRQ__WILL_SHARE);
	if (rc && port >= 0)
		evtchn_close(d, port);
	return bound(rc ? rc : port, &op->port);
}

static long send(struct evtchn_send *op)
{
	struct domain *d = current_domain();
	struct evtchn *e;
	long rc = 0;

	spin_lock(&d->evtchn->lock);
	e = evtchn_entry(d, op->port);
	if (likely(e && e->state == EVTCHN_INTERDOMAIN))
		evtchn_set_pending(e->peer.domain, e->peer.port,
				   evtchn_entry(e->peer.domain, e->peer.port));
	else if (e && e->state == EVTCHN_IPI)
		evtchn_set_pending(d, op->port, e);
	else if (!e || e->state != EVTCHN_UNBOUND)
		rc = -XEN_EINVAL; /* to an unbound port: no error, nobody listens yet */
	spin_unlock(&d->evtchn->lock);
	return rc ? refuse_as(rc, BAD_STATE, "port %u cannot be sent on", op->port) : 0;
}

static void fill_status(const struct evtchn *e, struct evtchn_status *op)
{
	static const u8 abi_status[] = {
		[EVTCHN_UNBOUND] = EVTCHNSTAT_unbound,
		[EVTCHN_INTERDOMAIN] = EVTCHNSTAT_interdomain,
		[EVTCHN_PIRQ] = EVTCHNSTAT_pirq,
		[EVTCHN_VIRQ] = EVTCHNSTAT_virq,
		[EVTCHN_IPI] = EVTCHNSTAT_ipi,
		[EVTCHN_FREE] = EVTCHNSTAT_closed,
	};

	op->status = abi_status[e->state];
	op->vcpu = e->vcpu_id;
	if (e->state == EVTCHN_UNBOUND) {
		op->u.unbound.dom = e->unbound_for;
	} else if (e->state == EVTCHN_INTERDOMAIN) {
		op->u.interdomain.dom = e->peer.domain->mem.domid;
		op->u.interdomain.port = e->peer.port;
	} else {
		op->u.pirq = e->pirq; /* or virq: one word */
	}
}

static long status(struct evtchn_status *op)
{
	/* a port that the domain could have but has no memory yet is closed, not wrong */
	static const struct evtchn none;
	struct domain *d;
	struct evtchn *e;
	long rc = get_target(op->dom, &d);

	if (rc)
		return rc;
	spin_lock(&evtchn_binding_lock);
	e = evtchn_entry(d, op->port);
	fill_status(e ? e : &none, op);
	spin_unlock(&evtchn_binding_lock);
	domain_put(d);
	return op->port < EVTCHN_PORTS ? 0 : refuse(BAD_ARGUMENT, "there is no port %u", op->port);
}

static long bind_vcpu(struct evtchn_bind_vcpu *op)
{
	struct domain *d = current_domain();
	struct evtchn *e = evtchn_entry(d, op->port);
	bool movable = false;

	if (need_vcpu(d, op->vcpu))
		return -XEN_ENOENT;
	spin_lock(&evtchn_binding_lock);
	if (e)
		movable = e->state == EVTCHN_VIRQ
				  ? !evtchn_virq_is_per_vcpu(e->virq)
				  : e->state > EVTCHN_RESERVED && e->state != EVTCHN_IPI;
	if (movable)
		WRITE_ONCE(e->vcpu_id, op->vcpu);
	spin_unlock(&evtchn_binding_lock);
	return movable ? 0
		       : refuse(BAD_STATE,
				"port %u is closed, or belongs to its vCPU (IPI, per-vCPU virq)",
				op->port);
}

static long unmask(struct evtchn_unmask *op)
{
	struct evtchn *e = evtchn_entry(current_domain(), op->port);

	if (!e)
		return refuse(BAD_ARGUMENT, "there is no port %u", op->port);
	evtchn_unmasked(current_domain(), op->port, e);
	return 0;
}

static long close_port(struct evtchn_close *op)
{
	if (evtchn_close(current_domain(), op->port))
		return 0;
	return refuse(BAD_STATE, "port %u is not open", op->port);
}

static long reset(struct evtchn_reset *op)
{
	struct domain *d;
	long rc = get_target(op->dom, &d);

	if (rc)
		return rc;
	rc = evtchn_close_all(d);
	domain_put(d);
	return rc;
}

/* Read the argument into `op`, run fn, and write it back if there is a result in it. */
#define OPERATION(name, type, fn, has_result)                                                      \
	case name: {                                                                               \
		struct type op;                                                                    \
		if (!get_guest(op, arg))                                                           \
			goto fault;                                                                \
		rc = fn(&op);                                                                      \
		if (!rc && has_result && !put_guest(arg, op))                                      \
			goto fault;                                                                \
		break;                                                                             \
	}

long do_event_channel_op(u64 cmd, u64 arg)
{
	long rc;

	switch ((u32)cmd) {
		OPERATION(EVTCHNOP_send, evtchn_send, send, false)
		OPERATION(EVTCHNOP_unmask, evtchn_unmask, unmask, false)
		OPERATION(EVTCHNOP_alloc_unbound, evtchn_alloc_unbound, alloc_unbound, true)
		OPERATION(EVTCHNOP_bind_interdomain, evtchn_bind_interdomain, bind_interdomain,
			  true)
		OPERATION(EVTCHNOP_bind_virq, evtchn_bind_virq, bind_virq, true)
		OPERATION(EVTCHNOP_bind_ipi, evtchn_bind_ipi, bind_ipi, true)
		OPERATION(EVTCHNOP_bind_pirq, evtchn_bind_pirq, bind_pirq, true)
		OPERATION(EVTCHNOP_bind_vcpu, evtchn_bind_vcpu, bind_vcpu, false)
		OPERATION(EVTCHNOP_status, evtchn_status, status, true)
		OPERATION(EVTCHNOP_close, evtchn_close, close_port, false)
		OPERATION(EVTCHNOP_reset, evtchn_reset, reset, false)
	case EVTCHNOP_init_control:
	case EVTCHNOP_expand_array:
	case EVTCHNOP_set_priority:
		return -XEN_ENOSYS; /* FIFO ABI: guests fall back to 2-level and need no refusal
				       line */
	default:
		return refuse_operation(cmd);
	}
	if (rc == -XEN_ERESTART)
		return hypercall_preempt(0, cmd, arg, 0, 0);
	return rc;
fault:
	return refuse_fault(arg);
}
