/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched_op and set_timer_op. */
#include <xen/sched.h>
#include <core/calls.h>
#include <x86/time.h>

/* The ports, read twice at most: the guest may change them, which only affects itself. */
static long any_pending(struct domain *d, const struct sched_poll *poll)
{
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

static long poll(struct domain *d, void *arg)
{
	const struct sched_poll *poll = arg;
	struct vcpu *v = current_vcpu();
	evtchn_port_t first = ~0u;

	if (poll->nr_ports > 128)
		return refuse(BAD_ARGUMENT, "poll of %u ports: 128 are possible", poll->nr_ports);
	if (poll->nr_ports == 1 && !get_guest(first, (u64)poll->ports.p))
		return refuse_fault((u64)poll->ports.p);
	timer_stop(&v->poll_timer);
	/* announce first, look then: a port that becomes pending in between wakes us */
	__atomic_store_n(&v->poll_port, first, __ATOMIC_SEQ_CST);
	long rc = any_pending(d, poll);

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

static long remote_shutdown(struct domain *d, void *arg)
{
	const struct sched_remote_shutdown *op = arg;

	domain_shutdown(d, (u8)op->reason);
	return 0;
}

/* id 0: a new one; its number is returned. Otherwise 1 or 2; timeout 0 stops it. */
static long watchdog(struct domain *d, void *arg)
{
	const struct sched_watchdog *op = arg;
	u64 expires = now_ns() + op->timeout * 1000000000UL;
	long rc = 0;

	spin_lock(&d->lock);
	u32 i = op->id ? op->id - 1 : (u32)__builtin_ctz(~d->watchdog_inuse);

	if (op->timeout && (d->is_dying || (!op->id && i >= ARRAY_SIZE(d->watchdog))))
		rc = -XEN_ENOSPC;
	else if (i >= ARRAY_SIZE(d->watchdog) ||
		 !(op->id ? d->watchdog_inuse & BIT(i) : op->timeout))
		rc = -XEN_EINVAL;
	else
		d->watchdog_inuse = (d->watchdog_inuse & ~BIT(i)) | (op->timeout ? BIT(i) : 0);
	if (!rc && op->timeout)
		timer_set(&d->watchdog[i], this_cpu()->id, expires);
	spin_unlock(&d->lock);
	if (rc)
		return refuse_as(rc, OVER_LIMIT, "watchdog %u: not in use, or none is free",
				 op->id);
	if (!op->timeout)
		timer_stop(&d->watchdog[i]);
	return op->id ? 0 : (long)i + 1;
}

static long yield(struct domain *d, void *arg)
{
	sched_yield();
	return 0;
}

/* Events are unmasked, and the vCPU waits for one. */
static long block(struct domain *d, void *arg)
{
	WRITE_ONCE(current_vcpu()->info->evtchn_upcall_mask, 0);
	vcpu_block(current_vcpu());
	return 0;
}

static long shut_down(struct domain *d, void *arg)
{
	const struct sched_shutdown *op = arg;

	printk(LOG_INFO, "d%u shuts down, reason %u\n", d->mem.domid, op->reason);
	domain_shutdown(d, (u8)op->reason);
	return 0;
}

/* For a domain that will be found shut down later. */
static long shutdown_code(struct domain *d, void *arg)
{
	const struct sched_shutdown *op = arg;

	spin_lock(&d->lock);
	if (!d->is_shut_down)
		d->shutdown_code = (u8)op->reason;
	spin_unlock(&d->lock);
	return 0;
}

long do_sched_op(u64 cmd, u64 arg)
{
	static const struct command commands[] = {
		[SCHEDOP_yield] = {yield},
		[SCHEDOP_block] = {block},
		[SCHEDOP_shutdown] = {shut_down, sizeof(struct sched_shutdown)},
		[SCHEDOP_shutdown_code] = {shutdown_code, sizeof(struct sched_shutdown)},
		[SCHEDOP_poll] = {poll, sizeof(struct sched_poll)},
		[SCHEDOP_remote_shutdown] = {remote_shutdown, sizeof(struct sched_remote_shutdown),
					     OP_PRIVILEGED | OP_NAMES_DOMAIN},
		[SCHEDOP_watchdog] = {watchdog, sizeof(struct sched_watchdog)},
	};

	return run_command(commands, ARRAY_SIZE(commands), (u32)cmd, arg);
}

long do_set_timer_op(u64 timeout)
{
	struct vcpu *v = current_vcpu();

	if (timeout)
		timer_set(&v->singleshot, v->cpu, timeout);
	else
		timer_stop(&v->singleshot);
	return 0;
}
