/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched_op and set_timer_op. */
#include <xen/sched.h>
#include <core/calls.h>
#include <core/hooks.h>
#include <x86/time.h>

#define MAX_POLL_PORTS 128

/* Events are unmasked, and the vCPU waits for one. */
static long block(void)
{
	struct vcpu *v = current_vcpu();

	WRITE_ONCE(v->info->evtchn_upcall_mask, 0);
	vcpu_block(v);
	return 0;
}

/* The ports, read twice at most: the guest may change them, which only affects itself. */
static long any_pending(const struct sched_poll *poll)
{
	struct domain *d = current_domain();
	u64 ports = (u64)poll->ports.p;

	for (u32 i = 0; i < poll->nr_ports; i++) {
		evtchn_port_t port;

		if (!get_guest(port, ports + i * sizeof(port)))
			return refuse_fault(ports);
		if (!evtchn_port_valid(d, port))
			return refuse(BAD_ARGUMENT, "poll: there is no port %u", port);
		if (evtchn_port_pending(d, port))
			return 1;
	}
	return 0;
}

static long poll(const struct sched_poll *poll)
{
	struct vcpu *v = current_vcpu();
	evtchn_port_t first = ~0u;
	long rc;

	if (poll->nr_ports > MAX_POLL_PORTS)
		return refuse(BAD_ARGUMENT, "poll of %u ports, at most %u are possible",
			      poll->nr_ports, MAX_POLL_PORTS);
	if (poll->nr_ports == 1 && !get_guest(first, (u64)poll->ports.p))
		return refuse_fault((u64)poll->ports.p);
	timer_stop(&v->poll_timer);
	/* announce first, look then: a port that becomes pending in between wakes us */
	__atomic_store_n(&v->poll_port, first, __ATOMIC_SEQ_CST);
	rc = any_pending(poll);
	if (rc || (poll->timeout && poll->timeout <= now_ns())) {
		__atomic_store_n(&v->poll_port, 0, __ATOMIC_SEQ_CST);
		return MIN(rc, 0);
	}
	vcpu_block(v);
	if (!(READ_ONCE(v->pause_flags) & VPF_BLOCKED))
		WRITE_ONCE(v->poll_port, 0);
	else if (!__atomic_load_n(&v->poll_port, __ATOMIC_SEQ_CST))
		vcpu_unblock(v);
	else if (poll->timeout)
		timer_set(&v->poll_timer, v->cpu, poll->timeout);
	return 0;
}

static long remote_shutdown(const struct sched_remote_shutdown *op)
{
	struct domain *d;
	long rc = need_privilege();

	if (!rc)
		rc = get_target(op->domain_id, &d);
	if (rc)
		return rc;
	domain_shutdown(d, (u8)op->reason);
	domain_put(d);
	return 0;
}

/* id 0: a new one; its number is returned. Otherwise 1 or 2; timeout 0 stops it. */
static long watchdog(const struct sched_watchdog *op)
{
	struct domain *d = current_domain();
	u64 expires = now_ns() + op->timeout * 1000000000UL;
	u32 i = op->id - 1;

	if (op->id > ARRAY_SIZE(d->watchdog))
		return refuse(BAD_ARGUMENT, "there is no watchdog %u", op->id);
	spin_lock(&d->lock);
	if (!op->id) {
		for (i = 0; i < ARRAY_SIZE(d->watchdog) && (d->watchdog_inuse & BIT(i)); i++)
			;
		if (!op->timeout || i == ARRAY_SIZE(d->watchdog) || d->is_dying) {
			spin_unlock(&d->lock);
			return refuse_as(op->timeout ? -XEN_ENOSPC : -XEN_EINVAL, OVER_LIMIT,
					 "no watchdog is free, or its timeout is 0");
		}
	} else if (!(d->watchdog_inuse & BIT(i))) {
		spin_unlock(&d->lock);
		return refuse(BAD_STATE, "watchdog %u is not in use", op->id);
	}
	if (op->timeout && !d->is_dying) {
		d->watchdog_inuse |= BIT(i);
		timer_set(&d->watchdog[i], this_cpu()->id, expires);
	} else {
		d->watchdog_inuse &= ~BIT(i);
	}
	spin_unlock(&d->lock);
	if (!op->timeout)
		timer_stop(&d->watchdog[i]);
	return op->id ? 0 : (long)i + 1;
}

static long shut_down(const struct sched_shutdown *op, bool code_only)
{
	struct domain *d = current_domain();

	if (code_only) { /* for a domain that will be found shut down later */
		spin_lock(&d->lock);
		if (!d->is_shut_down)
			d->shutdown_code = (u8)op->reason;
		spin_unlock(&d->lock);
		return 0;
	}
	printk(LOG_INFO, "d%u shuts down, reason %u\n", d->mem.domid, op->reason);
	domain_shutdown(d, (u8)op->reason);
	return 0;
}

long do_sched_op(u64 cmd, u64 arg)
{
	static const u8 sizes[] = {
		[SCHEDOP_shutdown] = sizeof(struct sched_shutdown),
		[SCHEDOP_shutdown_code] = sizeof(struct sched_shutdown),
		[SCHEDOP_poll] = sizeof(struct sched_poll),
		[SCHEDOP_remote_shutdown] = sizeof(struct sched_remote_shutdown),
		[SCHEDOP_watchdog] = sizeof(struct sched_watchdog),
	};
	union {
		struct sched_shutdown shutdown;
		struct sched_poll poll;
		struct sched_remote_shutdown remote;
		struct sched_watchdog watchdog;
	} op;

	cmd = (u32)cmd;
	if (cmd < ARRAY_SIZE(sizes) && sizes[cmd] && !copy_from_guest(&op, arg, sizes[cmd]))
		return refuse_fault(arg);
	switch (cmd) {
	case SCHEDOP_yield:
		sched_yield();
		return 0;
	case SCHEDOP_block:
		return block();
	case SCHEDOP_shutdown:
	case SCHEDOP_shutdown_code:
		return shut_down(&op.shutdown, cmd == SCHEDOP_shutdown_code);
	case SCHEDOP_poll:
		return poll(&op.poll);
	case SCHEDOP_remote_shutdown:
		return remote_shutdown(&op.remote);
	case SCHEDOP_watchdog:
		return watchdog(&op.watchdog);
	default:
		return refuse_operation(cmd);
	}
}

long do_set_timer_op(u64 timeout)
{
	struct vcpu *v = current_vcpu();

	if (!timeout) {
		timer_stop(&v->singleshot);
		return 0;
	}
	timer_set(&v->singleshot, v->cpu, timeout);
	return 0;
}
