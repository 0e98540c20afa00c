/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_channel_op. Each operation: read the argument once, check, change under the locks, write
 * the result back. Where the write-back faults the port stays bound, as the ABI has it.
 */
#include <xen/errno.h>
#include <core/evtchn_table.h>
#include <core/hooks.h>
#include <x86/uaccess.h>

static void lock_one(struct domain *d)
{
	spin_lock(&evtchn_binding_lock);
	spin_lock(&d->evtchn->lock);
}

static void unlock_one(struct domain *d)
{
	spin_unlock(&d->evtchn->lock);
	spin_unlock(&evtchn_binding_lock);
}

static long no_port(int err)
{
	if (err == -XEN_ENOMEM)
		return refuse(err, REFUSE_MEMORY, "no memory for more event channels");
	return refuse(err, REFUSE_LIMIT,
		      "all event channels that the domain may have (%u) are in use",
		      current_domain()->max_evtchn_port);
}

/* The named domain with a reference; others than the caller only for the privileged. */
static long get_target(domid_t domid, struct domain **out)
{
	if (domid != DOMID_SELF && domid != current_domain()->mem.domid &&
	    !current_domain()->privileged)
		return refuse(-XEN_EPERM, REFUSE_PERMISSION, "only dom0 may name domain %u", domid);
	*out = domain_get(domid);
	return *out ? 0 : refuse(-XEN_ESRCH, REFUSE_UNKNOWN, "there is no domain %u", domid);
}

static bool vcpu_exists(struct domain *d, u32 vcpu)
{
	return vcpu < d->max_vcpus && d->vcpus[vcpu];
}

int evtchn_alloc_unbound(struct domain *d, domid_t remote)
{
	int port;

	lock_one(d);
	port = evtchn_take_free(d);
	if (port >= 0) {
		struct evtchn *e = evtchn_entry(d, port);

		e->unbound_for = remote;
		e->state = EVTCHN_UNBOUND;
	}
	unlock_one(d);
	return port;
}

static long alloc_unbound(struct evtchn_alloc_unbound *op)
{
	struct domain *d;
	domid_t remote =
		op->remote_dom == DOMID_SELF ? current_domain()->mem.domid : op->remote_dom;
	long rc = get_target(op->dom, &d);
	int port;

	if (rc)
		return rc;
	port = evtchn_alloc_unbound(d, remote);
	domain_put(d);
	if (port < 0)
		return no_port(port);
	op->port = port;
	return 0;
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
		return refuse(-XEN_ESRCH, REFUSE_UNKNOWN, "there is no domain %u", op->remote_dom);
	spin_lock(&evtchn_binding_lock);
	evtchn_lock_pair(d, r);
	port = connect(d, r, op->remote_port);
	evtchn_unlock_pair(d, r);
	spin_unlock(&evtchn_binding_lock);
	domain_put(r);
	if (port == -XEN_EINVAL)
		return refuse(port, REFUSE_STATE,
			      "port %u of domain %u is not waiting for domain %u", op->remote_port,
			      op->remote_dom, d->mem.domid);
	if (port < 0)
		return no_port(port);
	op->local_port = port;
	return 0;
}

static long bind_virq(struct evtchn_bind_virq *op)
{
	struct domain *d = current_domain();
	struct vcpu *v;
	int port;

	if (op->virq >= NR_VIRQS)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "virq %u is not one of 0..%u", op->virq,
			      NR_VIRQS - 1);
	if (!evtchn_virq_is_per_vcpu(op->virq) && op->vcpu != 0)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "virq %u is global: bind it to vCPU 0",
			      op->virq);
	if (!vcpu_exists(d, op->vcpu))
		return refuse(-XEN_ENOENT, REFUSE_UNKNOWN, "there is no vCPU %u", op->vcpu);
	v = d->vcpus[op->vcpu];
	lock_one(d);
	port = v->virq_port[op->virq] ? -XEN_EEXIST : evtchn_take_free(d);
	if (port >= 0) {
		struct evtchn *e = evtchn_entry(d, port);

		e->virq = op->virq;
		e->vcpu_id = op->vcpu;
		e->state = EVTCHN_VIRQ;
		v->virq_port[op->virq] = port;
	}
	unlock_one(d);
	if (port == -XEN_EEXIST)
		return refuse(port, REFUSE_STATE, "virq %u of vCPU %u is bound already", op->virq,
			      op->vcpu);
	if (port < 0)
		return no_port(port);
	op->port = port;
	return 0;
}

static long bind_ipi(struct evtchn_bind_ipi *op)
{
	struct domain *d = current_domain();
	int port;

	if (!vcpu_exists(d, op->vcpu))
		return refuse(-XEN_ENOENT, REFUSE_UNKNOWN, "there is no vCPU %u", op->vcpu);
	lock_one(d);
	port = evtchn_take_free(d);
	if (port >= 0) {
		struct evtchn *e = evtchn_entry(d, port);

		e->vcpu_id = op->vcpu;
		e->state = EVTCHN_IPI;
	}
	unlock_one(d);
	if (port < 0)
		return no_port(port);
	op->port = port;
	return 0;
}

/* Caller holds the binding lock: two binds of one pirq exclude each other. */
static int bind_free_pirq(struct domain *d, u32 pirq, bool share)
{
	struct evtchn *e;
	int port, rc;

	if (d->evtchn->pirq_port[pirq])
		return -XEN_EEXIST;
	spin_lock(&d->evtchn->lock);
	port = evtchn_take_free(d);
	spin_unlock(&d->evtchn->lock);
	if (port < 0)
		return port;
	rc = irq_bind_guest(d, pirq, share);
	spin_lock(&d->evtchn->lock);
	e = evtchn_entry(d, port);
	if (rc) {
		e->state = EVTCHN_FREE;
		d->evtchn->free_hint = MIN(d->evtchn->free_hint, (u32)port);
	} else {
		e->pirq = pirq;
		e->state = EVTCHN_PIRQ;
		d->evtchn->pirq_port[pirq] = port;
	}
	spin_unlock(&d->evtchn->lock);
	return rc ? rc : port;
}

static long bind_pirq(struct evtchn_bind_pirq *op)
{
	struct domain *d = current_domain();
	int port;

	if (op->pirq >= EVTCHN_PIRQS)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "pirq %u is not one of 0..%u", op->pirq,
			      EVTCHN_PIRQS - 1);
	if (!(d->irq_allowed[op->pirq / 32] >> (op->pirq % 32) & 1))
		return refuse(-XEN_EPERM, REFUSE_PERMISSION, "pirq %u is not the domain's",
			      op->pirq);
	spin_lock(&evtchn_binding_lock);
	port = bind_free_pirq(d, op->pirq, op->flags & BIND_PIRQ__WILL_SHARE);
	spin_unlock(&evtchn_binding_lock);
	if (port < 0)
		return refuse(port, REFUSE_STATE, "pirq %u cannot be bound (error %d)", op->pirq,
			      -port);
	op->port = port;
	return 0;
}

static long send(struct evtchn_send *op)
{
	struct domain *d = current_domain();
	struct evtchn *e;
	long rc = 0;

	spin_lock(&d->evtchn->lock);
	e = evtchn_entry(d, op->port);
	if (likely(e && e->state == EVTCHN_INTERDOMAIN)) {
		struct domain *r = e->peer.domain;

		evtchn_set_pending(r, e->peer.port, evtchn_entry(r, e->peer.port));
	} else if (e && e->state == EVTCHN_IPI) {
		evtchn_set_pending(d, op->port, e);
	} else if (!e || e->state != EVTCHN_UNBOUND) {
		rc = -XEN_EINVAL; /* to an unbound port: no error, nobody listens yet */
	}
	spin_unlock(&d->evtchn->lock);
	return rc ? refuse(rc, REFUSE_STATE, "port %u cannot be sent on", op->port) : 0;
}

static void fill_status(const struct evtchn *e, struct evtchn_status *op)
{
	static const u8 abi_status[] = {
		[EVTCHN_FREE] = EVTCHNSTAT_closed,
		[EVTCHN_RESERVED] = EVTCHNSTAT_closed,
		[EVTCHN_UNBOUND] = EVTCHNSTAT_unbound,
		[EVTCHN_PIRQ] = EVTCHNSTAT_pirq,
		[EVTCHN_VIRQ] = EVTCHNSTAT_virq,
		[EVTCHN_IPI] = EVTCHNSTAT_ipi,
		[EVTCHN_INTERDOMAIN] = EVTCHNSTAT_interdomain,
	};

	op->status = abi_status[e->state];
	op->vcpu = e->vcpu_id;
	switch (e->state) {
	case EVTCHN_UNBOUND:
		op->u.unbound.dom = e->unbound_for;
		break;
	case EVTCHN_INTERDOMAIN:
		op->u.interdomain.dom = e->peer.domain->mem.domid;
		op->u.interdomain.port = e->peer.port;
		break;
	case EVTCHN_PIRQ:
		op->u.pirq = e->pirq;
		break;
	case EVTCHN_VIRQ:
		op->u.virq = e->virq;
		break;
	default:
		break;
	}
}

static long status(struct evtchn_status *op)
{
	struct domain *d;
	struct evtchn *e;
	long rc = get_target(op->dom, &d);

	if (rc)
		return rc;
	lock_one(d);
	e = evtchn_entry(d, op->port);
	if (e)
		fill_status(e, op);
	unlock_one(d);
	domain_put(d);
	/* a port that the domain could have but has no memory yet is closed, not wrong */
	if (!e && op->port < EVTCHN_PORTS) {
		op->status = EVTCHNSTAT_closed;
		op->vcpu = 0;
		return 0;
	}
	return e ? 0 : refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "there is no port %u", op->port);
}

static long bind_vcpu(struct evtchn_bind_vcpu *op)
{
	struct domain *d = current_domain();
	struct evtchn *e = evtchn_entry(d, op->port);
	bool movable;

	if (!vcpu_exists(d, op->vcpu))
		return refuse(-XEN_ENOENT, REFUSE_UNKNOWN, "there is no vCPU %u", op->vcpu);
	if (!e)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "there is no port %u", op->port);
	lock_one(d);
	movable = e->state == EVTCHN_UNBOUND || e->state == EVTCHN_INTERDOMAIN ||
		  e->state == EVTCHN_PIRQ ||
		  (e->state == EVTCHN_VIRQ && !evtchn_virq_is_per_vcpu(e->virq));
	if (movable)
		e->vcpu_id = op->vcpu;
	unlock_one(d);
	return movable ? 0
		       : refuse(-XEN_EINVAL, REFUSE_STATE,
				"port %u is closed, or belongs to its vCPU (IPI, per-vCPU virq)",
				op->port);
}

static long unmask(struct evtchn_unmask *op)
{
	struct domain *d = current_domain();
	struct evtchn *e = evtchn_entry(d, op->port);

	if (!e)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "there is no port %u", op->port);
	evtchn_unmasked(d, op->port, e);
	return 0;
}

static long close_port(struct evtchn_close *op)
{
	if (evtchn_close(current_domain(), op->port))
		return 0;
	return refuse(-XEN_EINVAL, REFUSE_STATE, "port %u is not open", op->port);
}

static long reset(u64 arg, struct evtchn_reset *op)
{
	struct domain *d;
	long rc = get_target(op->dom, &d);

	if (rc)
		return rc;
	rc = evtchn_close_all(d);
	domain_put(d);
	if (rc == -XEN_ERESTART)
		return hypercall_preempt(__HYPERVISOR_event_channel_op, 0, EVTCHNOP_reset, arg, 0,
					 0, 0, 0);
	return rc;
}

/* Read the argument into `op`, run fn, and write it back if there is a result in it. */
#define OPERATION(name, type, fn, has_result)                                                      \
	case name: {                                                                               \
		struct type op;                                                                    \
		long rc;                                                                           \
		if (!get_guest(op, arg))                                                           \
			goto fault;                                                                \
		rc = fn(&op);                                                                      \
		if (!rc && has_result && !put_guest(arg, op))                                      \
			goto fault;                                                                \
		return rc;                                                                         \
	}

long do_event_channel_op(u64 cmd, u64 arg)
{
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
	case EVTCHNOP_reset: {
		struct evtchn_reset op;

		if (!get_guest(op, arg))
			goto fault;
		return reset(arg, &op);
	}
	case EVTCHNOP_init_control:
	case EVTCHNOP_expand_array:
	case EVTCHNOP_set_priority:
		return -XEN_ENOSYS; /* FIFO ABI: guests fall back to 2-level and need no refusal
				       line */
	default:
		return refuse(-XEN_ENOSYS, REFUSE_UNKNOWN, "there is no operation %u", (u32)cmd);
	}
fault:
	return refuse(-XEN_EFAULT, REFUSE_FAULT, "argument at %#lx is not accessible", arg);
}
