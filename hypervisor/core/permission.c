/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl on the ports, MMIO frames and interrupts that a domain may use. */
#include <xen/errno.h>
#include <core/domctl.h>

/* --- sets of ranges: disjoint, not adjacent, in no order --- */

static void range_drop(struct mfn_range *set, unsigned *n, unsigned i)
{
	set[i] = set[--*n];
}

/* Swallow every range that touches the new one. */
static int range_add(struct mfn_range *set, unsigned *n, unsigned max, struct mfn_range r)
{
	for (unsigned i = 0; i < *n;) {
		if (set[i].last + 1 < r.first || (r.last + 1 && set[i].first > r.last + 1)) {
			i++;
			continue;
		}
		r.first = MIN(r.first, set[i].first);
		r.last = MAX(r.last, set[i].last);
		range_drop(set, n, i);
	}
	if (*n == max)
		return -XEN_ENOSPC;
	set[(*n)++] = r;
	return 0;
}

/* Cutting a hole makes one range more: its room is checked before anything is changed. */
static int range_remove(struct mfn_range *set, unsigned *n, unsigned max, struct mfn_range r)
{
	for (unsigned i = 0; i < *n;) {
		struct mfn_range old = set[i];

		if (old.last < r.first || old.first > r.last) {
			i++;
			continue;
		}
		if (old.first < r.first && old.last > r.last && *n == max)
			return -XEN_ENOSPC;
		range_drop(set, n, i);
		if (old.first < r.first)
			set[(*n)++] = (struct mfn_range){old.first, r.first - 1};
		if (old.last > r.last)
			set[(*n)++] = (struct mfn_range){r.last + 1, old.last};
	}
	return 0;
}

static bool range_covered(const struct mfn_range *set, unsigned n, struct mfn_range r)
{
	for (unsigned i = 0; i < n; i++)
		if (set[i].first <= r.first && r.last <= set[i].last)
			return true;
	return false;
}

/* Readers take no lock: the domain stands still meanwhile. */
static long change(struct domain *d, struct mfn_range *set, unsigned *n, unsigned max,
		   struct mfn_range r, bool allow)
{
	int rc;

	domain_pause(d);
	rc = allow ? range_add(set, n, max, r) : range_remove(set, n, max, r);
	domain_unpause(d);
	return rc ? refuse_as(rc, OVER_LIMIT, "domain %u has %u ranges already", d->mem.domid, max)
		  : 0;
}

static long not_ours(const char *what, struct mfn_range r)
{
	return refuse(NOT_ALLOWED, "%s %#lx..%#lx are not dom0's to give", what, r.first, r.last);
}

long domctl_ioport_permission(struct domain *d, struct xen_domctl *domctl)
{
	const struct xen_domctl_ioport_permission *op = &domctl->u.ioport_permission;
	const struct mfn_range r = {op->first_port, (u64)op->first_port + op->nr_ports - 1};
	const struct domain *me = current_domain();

	if (!op->nr_ports || r.last > 0xffff)
		return refuse(BAD_ARGUMENT, "ports %#x and %u more", op->first_port, op->nr_ports);
	if (op->allow_access && !range_covered(me->ioport_ranges, me->ioport_range_count, r))
		return not_ours("ports", r);
	return change(d, d->ioport_ranges, &d->ioport_range_count, ARRAY_SIZE(d->ioport_ranges), r,
		      op->allow_access);
}

long domctl_iomem_permission(struct domain *d, struct xen_domctl *domctl)
{
	const struct xen_domctl_iomem_permission *op = &domctl->u.iomem_permission;
	const struct mfn_range r = {op->first_mfn, op->first_mfn + op->nr_mfns - 1};
	const struct domain *me = current_domain();

	if (r.last < r.first || r.last >= BIT(52 - PAGE_SHIFT))
		return refuse(BAD_ARGUMENT, "frames %#lx and %lu more", op->first_mfn, op->nr_mfns);
	if (op->allow_access && !range_covered(me->mem.iomem, me->mem.iomem_ranges, r))
		return not_ours("frames", r);
	return change(d, d->mem.iomem, &d->mem.iomem_ranges, MAX_IOMEM_RANGES, r, op->allow_access);
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
