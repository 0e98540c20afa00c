/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl on the ports, MMIO frames and interrupts that a domain may use. */
#include <xen/domctl.h>
#include <core/calls.h>

/* A domain's ports or frames: disjoint ranges, not adjacent, in no order. */
struct ranges {
	struct mfn_range *set;
	unsigned *n, max;
	const char *what;
};

static struct ranges ranges_of(struct domain *d, bool ports)
{
	if (ports)
		return (struct ranges){d->ioport_ranges, &d->ioport_range_count,
				       ARRAY_SIZE(d->ioport_ranges), "ports"};
	return (struct ranges){d->mem.iomem, &d->mem.iomem_ranges, MAX_IOMEM_RANGES, "frames"};
}

/* Swallow every range that touches the new one. */
static bool range_add(struct ranges s, struct mfn_range r)
{
	for (unsigned i = *s.n; i-- > 0;) {
		struct mfn_range old = s.set[i];

		if (old.last + 1 < r.first || (r.last + 1 && old.first > r.last + 1))
			continue;
		r = (struct mfn_range){MIN(r.first, old.first), MAX(r.last, old.last)};
		s.set[i] = s.set[--*s.n];
	}
	if (*s.n == s.max)
		return false;
	s.set[(*s.n)++] = r;
	return true;
}

/* Cutting a hole makes one range more: its room is checked before anything is changed. */
static bool range_remove(struct ranges s, struct mfn_range r)
{
	for (unsigned i = *s.n; i-- > 0;) {
		struct mfn_range old = s.set[i];

		if (old.last < r.first || old.first > r.last)
			continue;
		if (old.first < r.first && old.last > r.last && *s.n == s.max)
			return false;
		s.set[i] = s.set[--*s.n];
		if (old.first < r.first)
			s.set[(*s.n)++] = (struct mfn_range){old.first, r.first - 1};
		if (old.last > r.last)
			s.set[(*s.n)++] = (struct mfn_range){r.last + 1, old.last};
	}
	return true;
}

bool domain_deny(struct domain *d, bool ports, u64 first, u64 last)
{
	return range_remove(ranges_of(d, ports), (struct mfn_range){first, last});
}

/* Readers take no lock: the domain stands still meanwhile. */
static long change(struct domain *d, bool ports, struct mfn_range r, bool allow)
{
	struct ranges s = ranges_of(d, ports), dom0s = ranges_of(current_domain(), ports);
	bool ok = !allow;

	for (unsigned i = 0; i < *dom0s.n; i++)
		ok |= dom0s.set[i].first <= r.first && r.last <= dom0s.set[i].last;
	if (!ok)
		return refuse(NOT_ALLOWED, "%s %#lx..%#lx are not dom0's to give", s.what, r.first,
			      r.last);
	domain_pause(d);
	ok = allow ? range_add(s, r) : range_remove(s, r);
	domain_unpause(d);
	return ok ? 0
		  : refuse_as(-XEN_ENOSPC, OVER_LIMIT, "domain %u has %u ranges already",
			      d->mem.domid, s.max);
}

long domctl_ioport_permission(struct domain *d, struct xen_domctl *domctl)
{
	const struct xen_domctl_ioport_permission *op = &domctl->u.ioport_permission;
	const struct mfn_range r = {op->first_port, (u64)op->first_port + op->nr_ports - 1};

	if (!op->nr_ports || r.last > 0xffff)
		return refuse(BAD_ARGUMENT, "ports %#x and %u more", op->first_port, op->nr_ports);
	return change(d, true, r, op->allow_access);
}

long domctl_iomem_permission(struct domain *d, struct xen_domctl *domctl)
{
	const struct xen_domctl_iomem_permission *op = &domctl->u.iomem_permission;
	const struct mfn_range r = {op->first_mfn, op->first_mfn + op->nr_mfns - 1};

	if (r.last < r.first || r.last >= BIT(52 - PAGE_SHIFT))
		return refuse(BAD_ARGUMENT, "frames %#lx and %lu more", op->first_mfn, op->nr_mfns);
	return change(d, false, r, op->allow_access);
}

long domctl_irq_permission(struct domain *d, struct xen_domctl *domctl)
{
	const struct xen_domctl_irq_permission *op = &domctl->u.irq_permission;
	u32 bit = 1u << (op->pirq % 32);

	if (op->pirq >= 32 * ARRAY_SIZE(d->irq_allowed))
		return refuse(BAD_ARGUMENT, "there is no pirq %u", op->pirq);
	if (op->allow_access)
		__atomic_fetch_or(&d->irq_allowed[op->pirq / 32], bit, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(&d->irq_allowed[op->pirq / 32], ~bit, __ATOMIC_SEQ_CST);
	return 0;
}
