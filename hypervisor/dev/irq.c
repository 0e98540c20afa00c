/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From vector to line to event channel. All lines go to the boot CPU.
 *
 * A level-triggered line is masked when it fires, and unmasked when every guest that was told has
 * said end of interrupt: a guest that never does loses its own device, nothing else. An edge, and
 * an MSI, needs nothing of the kind.
 */
#include <core/hooks.h>
#include <dev/chips.h>
#include <dev/irq.h>
#include <lib/string.h>
#include <x86/apic.h>
#include <x86/hooks.h>
#include <x86/machine.h>
#include <xen/errno.h>

#define MAX_SHARERS 4

static struct irq {
	bool exists; /* a line of an I/O APIC, or an MSI that is mapped */
	bool level, low;
	u8 bound, in_flight; /* bits of guests[]: in use; told, and without EOI so far */
	struct domain *guests[MAX_SHARERS];
	void (*handler)(void); /* the hypervisor's own */
	struct domain *owner;  /* of an MSI */
	struct msi msi;
} irqs[MAX_IRQS];
static unsigned gsi_count;
static struct spinlock irq_lock = SPINLOCK_INIT;

static struct irq *find(unsigned irq)
{
	return irq < MAX_IRQS && irqs[irq].exists ? &irqs[irq] : NULL;
}

/* Take the lock, to be released whatever is found. */
static struct irq *lock_and_find(unsigned irq)
{
	spin_lock(&irq_lock);
	return find(irq);
}

bool irq_exists(unsigned irq)
{
	return find(irq);
}

unsigned irq_gsi_count(void)
{
	return gsi_count;
}

bool irq_is_level(unsigned irq)
{
	return find(irq) && irqs[irq].level;
}

void irq_init(void)
{
	gsi_count = MIN(ioapic_init(), (unsigned)MAX_IRQS);
	for (unsigned i = 0; i < gsi_count; i++) {
		irqs[i].exists = ioapic_has(i) && IRQ_VECTOR(i) != VECTOR_INT80;
		irqs[i].level = irqs[i].low = i >= 16; /* PCI's way */
	}
	for (unsigned i = 0; i < machine.overrides_found; i++) {
		const struct machine_override *o = &machine.overrides[i];

		if (o->gsi < gsi_count) {
			irqs[o->gsi].level = o->level;
			irqs[o->gsi].low = o->low;
		}
	}
}

/* --- under irq_lock --- */

static void program(const struct irq *q)
{
	unsigned irq = q - irqs;

	if (irq < gsi_count)
		ioapic_set(irq, IRQ_VECTOR(irq), q->level, q->low);
}

/* Index of a guest, or of a free place (NULL); -1: none. */
static int place_of(const struct irq *q, const struct domain *d)
{
	for (int i = 0; i < MAX_SHARERS; i++)
		if (q->guests[i] == d)
			return i;
	return -1;
}

static void end(struct irq *q, int place)
{
	if (!(q->in_flight & 1u << place))
		return;
	q->in_flight &= ~(1u << place);
	if (!q->in_flight)
		ioapic_mask(q - irqs, false);
}

static void unbind(struct irq *q, const struct domain *d)
{
	int place = place_of(q, d);

	if (place < 0)
		return;
	end(q, place);
	q->guests[place] = NULL;
	q->bound &= ~(1u << place);
	if (!q->bound && q < irqs + gsi_count)
		ioapic_mask(q - irqs, true);
}

static struct irq *free_msi(int wanted)
{
	for (unsigned i = MAX_IRQS; i-- > gsi_count;)
		if (!irqs[i].exists && (wanted < 0 || wanted == (int)i) &&
		    IRQ_VECTOR(i) != VECTOR_INT80)
			return &irqs[i];
	return NULL;
}

/* An MSI on its way when its number is given up finds nobody bound, and is dropped. */
static void unmap_msi(struct irq *q)
{
	msi_mask(&q->msi);
	unbind(q, q->owner);
	*q = (struct irq){0};
}

static void set_eoi_bit(struct domain *d, unsigned irq)
{
	if (d->pirq_eoi_map && irq_is_level(irq))
		__atomic_fetch_or((u8 *)page_to_virt(d->pirq_eoi_map) + irq / 8, 1u << (irq % 8),
				  __ATOMIC_RELAXED);
}

/* --- for the rooms above --- */

bool irq_bind_internal(unsigned isa, void (*handler)(void))
{
	unsigned gsi = isa;

	for (unsigned i = 0; i < machine.overrides_found; i++)
		if (machine.overrides[i].irq == isa)
			gsi = machine.overrides[i].gsi;
	struct irq *q = lock_and_find(gsi);

	if (q) {
		q->handler = handler;
		program(q);
	}
	spin_unlock(&irq_lock);
	return q;
}

int irq_set_trigger(unsigned gsi, bool level, bool low)
{
	struct irq *q = lock_and_find(gsi);
	int rc = 0;

	if (!q || gsi >= gsi_count) {
		rc = -XEN_EINVAL;
	} else if (!q->bound && !q->handler) {
		q->level = level;
		q->low = low;
	} else if (q->level != level || q->low != low) {
		rc = -XEN_EBUSY;
	}
	spin_unlock(&irq_lock);
	return rc;
}

int irq_map_msi(struct domain *d, int wanted, u16 device, bool msix, unsigned entry)
{
	int rc = -XEN_ENOSPC;

	spin_lock(&irq_lock);
	/* irq_domain_release() comes after the mark, and takes the lock */
	struct irq *q = d->is_dying ? NULL : free_msi(wanted);

	if (q)
		rc = msi_find(&q->msi, device, msix, entry);
	if (!rc) {
		q->exists = true;
		q->owner = d;
		rc = q - irqs;
		msi_write(&q->msi, IRQ_VECTOR(rc));
	}
	spin_unlock(&irq_lock);
	return rc;
}

int irq_unmap_msi(struct domain *d, unsigned irq)
{
	struct irq *q = lock_and_find(irq);
	bool ours = q && q->owner == d;

	if (ours) {
		unmap_msi(q);
		/* the number's next owner may be another domain */
		__atomic_fetch_and(&d->irq_allowed[irq / 32], ~(1u << irq % 32), __ATOMIC_SEQ_CST);
	}
	spin_unlock(&irq_lock);
	return ours ? 0 : -XEN_EPERM;
}

int irq_restore_msis(u16 device)
{
	int rc = -XEN_ESRCH;

	spin_lock(&irq_lock);
	for (unsigned i = gsi_count; i < MAX_IRQS; i++)
		if (irqs[i].exists && irqs[i].msi.device == device) {
			msi_write(&irqs[i].msi, IRQ_VECTOR(i));
			rc = 0;
		}
	spin_unlock(&irq_lock);
	return rc;
}

int irq_set_eoi_map(struct domain *d, mfn_t frame)
{
	struct page *none = NULL, *pg = mm_get_page_writable(frame, &d->mem);

	if (!pg)
		return -XEN_EINVAL;
	if (!__atomic_compare_exchange_n(&d->pirq_eoi_map, &none, pg, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST)) {
		type_put(pg);
		return -XEN_EBUSY;
	}
	for (unsigned i = 0; i < gsi_count; i++)
		set_eoi_bit(d, i);
	return 0;
}

int irq_bind_guest(struct domain *d, unsigned pirq, bool share)
{
	struct irq *q = lock_and_find(pirq);
	int rc = 0, place;

	if (!q) {
		rc = -XEN_EINVAL;
	} else if (q->handler || place_of(q, d) >= 0 || (q->bound && !(share && q->level))) {
		rc = -XEN_EBUSY;
	} else if ((place = place_of(q, NULL)) < 0) {
		rc = -XEN_ENOSPC;
	} else {
		if (!q->bound)
			program(q);
		q->guests[place] = d;
		q->bound |= 1u << place;
		set_eoi_bit(d, pirq);
	}
	spin_unlock(&irq_lock);
	return rc;
}

void irq_unbind_guest(struct domain *d, unsigned pirq)
{
	struct irq *q = lock_and_find(pirq);

	if (q)
		unbind(q, d);
	spin_unlock(&irq_lock);
}

void irq_guest_eoi(struct domain *d, unsigned pirq)
{
	struct irq *q = lock_and_find(pirq);
	int place = q ? place_of(q, d) : -1;

	if (place >= 0)
		end(q, place);
	spin_unlock(&irq_lock);
}

void irq_domain_release(struct domain *d)
{
	spin_lock(&irq_lock);
	for (struct irq *q = irqs; q < irqs + MAX_IRQS; q++) {
		unbind(q, d);
		if (q->owner == d)
			unmap_msi(q);
	}
	spin_unlock(&irq_lock);
	if (d->pirq_eoi_map)
		type_put(d->pirq_eoi_map);
	d->pirq_eoi_map = NULL;
}

void irq_dispatch(unsigned vector)
{
	/* The PICs are masked: what comes from them is spurious, and they want no end of interrupt.
	 */
	if (vector < VECTOR_DEVICE_FIRST)
		return;
	struct irq *q = &irqs[vector - VECTOR_DEVICE_FIRST];

	spin_lock(&irq_lock);
	if (q->bound && q->level) {
		ioapic_mask(q - irqs, true);
		q->in_flight = q->bound;
	}
	for (unsigned i = 0; i < MAX_SHARERS; i++) /* under the lock: who is bound cannot go */
		if (q->bound & 1u << i)
			evtchn_send_pirq(q->guests[i], q - irqs);
	void (*handler)(void) = q->handler;

	spin_unlock(&irq_lock);
	apic_eoi();
	if (handler)
		handler();
}
