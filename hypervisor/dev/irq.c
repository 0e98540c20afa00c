/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From vector to line to event channel. All lines go to the boot CPU.
 *
 * A level-triggered line is masked when it fires, and unmasked when every guest that was told has
 * said end of interrupt: a guest that never does loses its own device, nothing else. An edge, and
 * an MSI, needs nothing of the kind.
 */
#include <xen/errno.h>
#include <core/hooks.h>
#include <dev/ioapic.h>
#include <dev/irq.h>
#include <lib/string.h>
#include <x86/apic.h>
#include <x86/descriptors.h>
#include <x86/hooks.h>
#include <x86/machine.h>

#define MAX_SHARERS 4

struct irq {
	u8 vector; /* 0: none yet */
	bool level, low;
	u8 sharers, in_flight; /* guests bound; bits of those that have not said EOI */
	struct domain *guests[MAX_SHARERS];
	void (*handler)(void); /* the hypervisor's own */
	struct domain *msi_owner;
};

static struct irq irqs[MAX_IRQS];
static struct irq *vector_users[256];
static unsigned gsi_count;
static struct spinlock irq_lock = SPINLOCK_INIT;

unsigned irq_gsi_count(void)
{
	return gsi_count;
}

static bool is_line(unsigned irq)
{
	return irq < gsi_count && ioapic_has(irq);
}

static struct irq *find(unsigned irq)
{
	if (irq >= MAX_IRQS || !(is_line(irq) || irqs[irq].msi_owner))
		return NULL;
	return &irqs[irq];
}

bool irq_exists(unsigned irq)
{
	return find(irq);
}

unsigned irq_isa_to_gsi(unsigned irq)
{
	for (unsigned i = 0; i < machine.overrides_found; i++)
		if (machine.overrides[i].irq == irq)
			return machine.overrides[i].gsi;
	return irq;
}

void irq_init(void)
{
	gsi_count = MIN(ioapic_init(), MAX_IRQS);
	for (unsigned i = 16; i < gsi_count; i++)
		irqs[i].level = irqs[i].low = true; /* PCI's way */
	for (unsigned i = 0; i < machine.overrides_found; i++) {
		const struct machine_override *o = &machine.overrides[i];

		if (o->gsi < gsi_count) {
			irqs[o->gsi].level = o->level;
			irqs[o->gsi].low = o->low;
		}
	}
}

/* --- under irq_lock --- */

static int get_vector(struct irq *q)
{
	for (unsigned v = VECTOR_DEVICE_FIRST; !q->vector && v <= VECTOR_DEVICE_LAST; v++)
		if (!vector_users[v]) {
			vector_users[v] = q;
			q->vector = v;
		}
	return q->vector ? q->vector : -XEN_ENOSPC;
}

static void program(unsigned irq)
{
	const struct irq *q = &irqs[irq];

	if (is_line(irq))
		ioapic_set(irq, q->vector, cpus[0]->apic_id, q->level, q->low);
}

static int sharer(const struct irq *q, const struct domain *d)
{
	for (int i = 0; i < q->sharers; i++)
		if (q->guests[i] == d)
			return i;
	return -1;
}

static void end(unsigned irq, unsigned bits)
{
	struct irq *q = &irqs[irq];

	if (!(q->in_flight & bits))
		return;
	q->in_flight &= ~bits;
	if (!q->in_flight && q->sharers)
		ioapic_mask(irq, false);
}

static int bind(struct domain *d, unsigned irq, bool share)
{
	struct irq *q = find(irq);

	if (!q)
		return -XEN_EINVAL;
	if (q->handler || sharer(q, d) >= 0 || (q->sharers && !(share && q->level)))
		return -XEN_EBUSY;
	if (q->sharers == MAX_SHARERS || get_vector(q) < 0)
		return -XEN_ENOSPC;
	q->guests[q->sharers++] = d;
	if (q->sharers == 1)
		program(irq);
	return 0;
}

static void unbind(struct domain *d, unsigned irq)
{
	struct irq *q = find(irq);
	int i = q ? sharer(q, d) : -1;
	unsigned above;

	if (i < 0)
		return;
	end(irq, 1u << i);
	/* The sharers above move down one, and their bits with them. */
	above = q->in_flight >> (i + 1) << i;
	q->in_flight = (q->in_flight & ((1u << i) - 1)) | above;
	memmove(&q->guests[i], &q->guests[i + 1], (q->sharers - i - 1) * sizeof(q->guests[0]));
	q->sharers--;
	if (!q->sharers && is_line(irq))
		ioapic_mask(irq, true);
}

/* --- for the rooms above --- */

bool irq_bind_internal(unsigned gsi, void (*handler)(void))
{
	int vector;

	if (!is_line(gsi))
		return false;
	spin_lock(&irq_lock);
	vector = get_vector(&irqs[gsi]);
	irqs[gsi].handler = handler;
	if (vector >= 0)
		program(gsi);
	spin_unlock(&irq_lock);
	return vector >= 0;
}

int irq_vector(unsigned irq)
{
	int rc;

	spin_lock(&irq_lock);
	rc = find(irq) ? get_vector(&irqs[irq]) : -XEN_EINVAL;
	spin_unlock(&irq_lock);
	return rc;
}

int irq_set_trigger(unsigned gsi, bool level, bool low)
{
	struct irq *q = &irqs[gsi];
	int rc = 0;

	if (!is_line(gsi))
		return -XEN_EINVAL;
	spin_lock(&irq_lock);
	if (!q->sharers && !q->handler) {
		q->level = level;
		q->low = low;
	} else if (q->level != level || q->low != low) {
		rc = -XEN_EBUSY;
	}
	spin_unlock(&irq_lock);
	return rc;
}

bool irq_is_level(unsigned irq)
{
	return is_line(irq) && irqs[irq].level;
}

int irq_alloc_msi(struct domain *d, int wanted)
{
	int rc = -XEN_ENOSPC;

	spin_lock(&irq_lock);
	for (unsigned i = MAX_IRQS - 1; i >= gsi_count; i--)
		if (!irqs[i].msi_owner && (wanted < 0 || wanted == (int)i)) {
			irqs[i].msi_owner = d;
			irqs[i].level = irqs[i].low = false;
			if (get_vector(&irqs[i]) < 0)
				irqs[i].msi_owner = NULL;
			else
				rc = i;
			break;
		}
	spin_unlock(&irq_lock);
	return rc;
}

/* An MSI on its way when its number is given up finds no owner, and is dropped. */
static void release_msi(unsigned irq)
{
	struct irq *q = &irqs[irq];

	vector_users[q->vector] = NULL;
	q->vector = 0;
	q->msi_owner = NULL;
}

int irq_free_msi(struct domain *d, unsigned irq)
{
	int rc = 0;

	spin_lock(&irq_lock);
	if (irq >= MAX_IRQS || irqs[irq].msi_owner != d)
		rc = -XEN_EPERM;
	else if (irqs[irq].sharers)
		rc = -XEN_EBUSY;
	else
		release_msi(irq);
	spin_unlock(&irq_lock);
	return rc;
}

static void set_eoi_bit(struct domain *d, unsigned irq)
{
	if (d->pirq_eoi_map && irq_is_level(irq))
		__atomic_fetch_or((u8 *)page_to_virt(d->pirq_eoi_map) + irq / 8, 1u << (irq % 8),
				  __ATOMIC_RELAXED);
}

int irq_set_eoi_map(struct domain *d, mfn_t frame)
{
	struct page *pg;

	if (d->pirq_eoi_map)
		return -XEN_EBUSY;
	pg = mm_get_page_writable(frame, &d->mem);
	if (!pg)
		return -XEN_EINVAL;
	d->pirq_eoi_map = pg;
	for (unsigned i = 0; i < gsi_count; i++)
		set_eoi_bit(d, i);
	return 0;
}

int irq_bind_guest(struct domain *d, unsigned pirq, bool share)
{
	int rc;

	spin_lock(&irq_lock);
	rc = bind(d, pirq, share);
	spin_unlock(&irq_lock);
	if (!rc)
		set_eoi_bit(d, pirq);
	return rc;
}

void irq_unbind_guest(struct domain *d, unsigned pirq)
{
	spin_lock(&irq_lock);
	unbind(d, pirq);
	spin_unlock(&irq_lock);
}

void irq_guest_eoi(struct domain *d, unsigned pirq)
{
	struct irq *q;
	int i;

	spin_lock(&irq_lock);
	q = find(pirq);
	i = q ? sharer(q, d) : -1;
	if (i >= 0)
		end(pirq, 1u << i);
	spin_unlock(&irq_lock);
}

void irq_domain_release(struct domain *d)
{
	spin_lock(&irq_lock);
	for (unsigned i = 0; i < MAX_IRQS; i++) {
		unbind(d, i);
		if (irqs[i].msi_owner == d)
			release_msi(i);
	}
	spin_unlock(&irq_lock);
	if (d->pirq_eoi_map)
		mm_put_page_writable(d->pirq_eoi_map);
	d->pirq_eoi_map = NULL;
}

void irq_dispatch(unsigned vector)
{
	struct domain *guests[MAX_SHARERS];
	void (*handler)(void) = NULL;
	unsigned sharers = 0;
	struct irq *q;

	/* The PICs are masked: what comes from them is spurious, and they want no end of interrupt.
	 */
	if (vector < VECTOR_DEVICE_FIRST)
		return;
	spin_lock(&irq_lock);
	q = vector_users[vector];
	if (q) {
		handler = q->handler;
		sharers = q->sharers;
		memcpy(guests, q->guests, sizeof(guests));
	}
	if (sharers && q->level) {
		ioapic_mask(q - irqs, true);
		q->in_flight = (1u << sharers) - 1;
	}
	spin_unlock(&irq_lock);
	apic_eoi();
	if (handler)
		handler();
	for (unsigned i = 0; i < sharers; i++)
		evtchn_send_pirq(guests[i], q - irqs);
}
