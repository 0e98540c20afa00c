/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl on frames, and on the ports, MMIO frames and interrupts that a domain may use. */
#include <xen/errno.h>
#include <core/domctl.h>
#include <core/life.h>
#include <mm/types.h>
#include <pv/pv.h>
#include <x86/uaccess.h>

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
	return rc ? refuse(rc, REFUSE_LIMIT, "domain %u has %u ranges already", d->mem.domid, max) : 0;
}

static long not_ours(const char *what, struct mfn_range r)
{
	return refuse(-XEN_EPERM, REFUSE_PERMISSION, "%s %#lx..%#lx are not dom0's to give", what,
		      r.first, r.last);
}

long domctl_ioport_permission(struct domain *d, const struct xen_domctl_ioport_permission *op)
{
	const struct mfn_range r = {op->first_port, (u64)op->first_port + op->nr_ports - 1};
	const struct domain *me = current_domain();

	if (!op->nr_ports || r.last > 0xffff)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "ports %#x and %u more", op->first_port,
			      op->nr_ports);
	if (op->allow_access && !range_covered(me->ioport_ranges, me->ioport_range_count, r))
		return not_ours("ports", r);
	return change(d, d->ioport_ranges, &d->ioport_range_count, ARRAY_SIZE(d->ioport_ranges), r,
		      op->allow_access);
}

long domctl_iomem_permission(struct domain *d, const struct xen_domctl_iomem_permission *op)
{
	const struct mfn_range r = {op->first_mfn, op->first_mfn + op->nr_mfns - 1};
	const struct domain *me = current_domain();

	if (r.last < r.first || r.last >= BIT(52 - PAGE_SHIFT))
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "frames %#lx and %lu more", op->first_mfn,
			      op->nr_mfns);
	if (op->allow_access && !range_covered(me->mem.iomem, me->mem.iomem_ranges, r))
		return not_ours("frames", r);
	return change(d, d->mem.iomem, &d->mem.iomem_ranges, MAX_IOMEM_RANGES, r, op->allow_access);
}

long domctl_irq_permission(struct domain *d, const struct xen_domctl_irq_permission *op)
{
	u32 bit = 1u << (op->pirq % 32);

	if (op->pirq >= 32 * ARRAY_SIZE(d->irq_allowed))
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "there is no pirq %u", op->pirq);
	if (op->allow_access)
		__atomic_fetch_or(&d->irq_allowed[op->pirq / 32], bit, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(&d->irq_allowed[op->pirq / 32], ~bit, __ATOMIC_SEQ_CST);
	return 0;
}

/* --- frames --- */

long domctl_hypercall_init(struct domain *d, const struct xen_domctl_hypercall_init *op)
{
	struct page *pg = mm_get_page_writable(mfn(op->gmfn), &d->mem);

	if (!pg)
		return refuse(-XEN_EACCES, REFUSE_OWNER,
			      "frame %#lx for hypercalls is not domain %u's, or not to be written",
			      op->gmfn, d->mem.domid);
	pv_fill_hypercall_page(page_to_virt(pg));
	mm_put_page_writable(pg);
	return 0;
}

static u64 frame_type_of(struct domain *d, u64 frame)
{
	struct page *pg = mm_get_page(mfn(frame), &d->mem);
	u64 word, type = XEN_DOMCTL_PFINFO_NOTAB;

	if (!pg)
		return XEN_DOMCTL_PFINFO_XTAB;
	word = type_word(pg);
	if (type_of(word) >= TYPE_L1 && type_of(word) <= TYPE_L4)
		type = (u64)type_of(word) << XEN_DOMCTL_PFINFO_LTAB_SHIFT;
	if (word & TYPE_PINNED)
		type |= XEN_DOMCTL_PFINFO_LPINTAB;
	mm_put_page(pg);
	return type;
}

long domctl_frame_types(struct domain *d, const struct xen_domctl_getpageframeinfo3 *op)
{
	u64 at = (u64)op->array.p;

	if (op->num > 1024)
		return refuse(-XEN_E2BIG, REFUSE_ARGUMENT, "%lu frames in one call", op->num);
	for (u64 i = 0; i < op->num; i++, at += sizeof(u64)) {
		u64 frame;

		if (!get_guest(frame, at))
			return -XEN_EFAULT;
		frame = frame_type_of(d, frame);
		if (!put_guest(at, frame))
			return -XEN_EFAULT;
	}
	return 0;
}
