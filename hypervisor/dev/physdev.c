/* SPDX-License-Identifier: GPL-2.0-or-later */
/* physdev_op: what a domain with devices asks about interrupts and PCI. */
#include <xen/errno.h>
#include <xen/physdev.h>
#include <core/calls.h>
#include <core/hooks.h>
#include <dev/ioapic.h>
#include <dev/irq.h>
#include <dev/msi.h>
#include <dev/pci.h>
#include <x86/machine.h>
#include <x86/uaccess.h>

/* Read the argument of a sub-operation, or give up with a refusal. */
#define GET_ARGUMENT(op, arg)                                                                      \
	do {                                                                                       \
		if (!get_guest(op, arg))                                                           \
			return refuse(-XEN_EFAULT, REFUSE_FAULT,                                   \
				      "its argument at %#lx cannot be read",                       \
				      (unsigned long)(arg));                                       \
	} while (0)

#define PUT_ARGUMENT(op, arg)                                                                      \
	(put_guest(arg, op)                                                                        \
		 ? 0                                                                               \
		 : refuse(-XEN_EFAULT, REFUSE_FAULT, "its argument at %#lx cannot be written",     \
			  (unsigned long)(arg)))

static long unprivileged(void)
{
	return refuse(-XEN_EPERM, REFUSE_PERMISSION, "only a domain with devices may ask that");
}

/* --- what any domain may do --- */

static long eoi(u64 arg)
{
	struct physdev_eoi op;

	GET_ARGUMENT(op, arg);
	if (op.irq >= MAX_IRQS)
		return refuse(-XEN_EINVAL, REFUSE_UNKNOWN, "there is no pirq %u", op.irq);
	irq_guest_eoi(current_domain(), op.irq);
	return 0;
}

static long eoi_map(u64 arg)
{
	struct physdev_pirq_eoi_gmfn op;
	int rc;

	GET_ARGUMENT(op, arg);
	rc = irq_set_eoi_map(current_domain(), mfn(op.gmfn));
	if (rc == -XEN_EBUSY)
		return refuse(rc, REFUSE_STATE, "the map of end-of-interrupt bits is set already");
	if (rc)
		return refuse(rc, REFUSE_OWNER, "frame %lx cannot hold end-of-interrupt bits",
			      (unsigned long)op.gmfn);
	return 0;
}

static long irq_status(u64 arg)
{
	struct physdev_irq_status_query op;

	GET_ARGUMENT(op, arg);
	if (!irq_exists(op.irq))
		return -XEN_EINVAL; /* asked of every number at start-up: not worth a line */
	op.flags = (irq_needs_eoi(op.irq) ? XENIRQSTAT_needs_eoi : 0) |
		   (irq_may_share(op.irq) ? XENIRQSTAT_shared : 0);
	return PUT_ARGUMENT(op, arg);
}

static long set_iopl(u64 arg)
{
	struct physdev_set_iopl op;

	GET_ARGUMENT(op, arg);
	if (op.iopl > 3)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "I/O privilege level %u", op.iopl);
	current_vcpu()->pv.iopl = op.iopl;
	return 0;
}

static long set_iobitmap(u64 arg)
{
	struct physdev_set_iobitmap op;
	struct vcpu *v = current_vcpu();

	GET_ARGUMENT(op, arg);
	if (op.nr_ports > 65536)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "a map of %u ports", op.nr_ports);
	v->pv.iobmp = (u64)op.bitmap.p;
	v->pv.iobmp_limit = op.nr_ports;
	return 0;
}

/* --- I/O APICs --- */

static long apic_read(u64 arg)
{
	struct physdev_apic op;

	GET_ARGUMENT(op, arg);
	if (!current_domain()->privileged)
		return unprivileged();
	if (!ioapic_read_at(op.apic_physbase, op.reg, &op.value))
		return refuse(-XEN_ENODEV, REFUSE_UNKNOWN, "there is no I/O APIC at %#lx",
			      op.apic_physbase);
	return PUT_ARGUMENT(op, arg);
}

/* Inputs are set up by setup_gsi and bind_pirq; an entry that a guest writes would name a vector.
 */
static long apic_write(u64 arg)
{
	struct physdev_apic op;

	GET_ARGUMENT(op, arg);
	return refuse(-XEN_EPERM, REFUSE_PERMISSION,
		      "I/O APIC register %#x is written by the hypervisor alone (use setup_gsi)",
		      op.reg);
}

static long setup_gsi(u64 arg)
{
	struct physdev_setup_gsi op;
	int rc;

	GET_ARGUMENT(op, arg);
	if (!current_domain()->privileged)
		return unprivileged();
	if (op.gsi < 0 || op.gsi >= MAX_IRQS)
		return refuse(-XEN_EINVAL, REFUSE_UNKNOWN, "there is no line %d", op.gsi);
	rc = irq_set_trigger(op.gsi, op.triggering, op.polarity);
	/* dom0's tables may see the console's line otherwise: it stays as it works. */
	if (rc == -XEN_EBUSY)
		return 0;
	if (rc)
		return refuse(rc, REFUSE_UNKNOWN, "no I/O APIC has line %d", op.gsi);
	return 0;
}

static long alloc_irq_vector(u64 arg)
{
	struct physdev_irq op;
	int vector;

	GET_ARGUMENT(op, arg);
	if (!current_domain()->privileged)
		return unprivileged();
	vector = irq_vector(op.irq);
	if (vector < 0)
		return refuse(vector, REFUSE_UNKNOWN, "no vector for line %u", op.irq);
	op.vector = vector;
	return PUT_ARGUMENT(op, arg);
}

/* --- pirqs --- */

/* Lines have their own number; what else would a guest call them? */
static long map_line(struct physdev_map_pirq *op)
{
	if (op->index < 0 || op->index >= (int)irq_gsi_count() || !irq_exists(op->index))
		return refuse(-XEN_EINVAL, REFUSE_UNKNOWN, "there is no line %d", op->index);
	if (op->pirq >= 0 && op->pirq != op->index)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "line %d has pirq %d, not %d",
			      op->index, op->index, op->pirq);
	op->pirq = op->index;
	return 0;
}

static long map_msi(struct domain *d, struct physdev_map_pirq *op)
{
	u8 bus = op->bus, devfn = op->devfn;
	int irq, rc;

	if (op->bus >> 16)
		return refuse(-XEN_ENODEV, REFUSE_UNKNOWN, "PCI segment %d: only 0 is known",
			      op->bus >> 16);
	irq = irq_alloc_msi(d, op->pirq);
	if (irq < 0)
		return refuse(irq, REFUSE_LIMIT, "no pirq free for an MSI (wanted %d)", op->pirq);
	rc = msi_set(irq, bus, devfn, op->entry_nr, op->table_base);
	if (rc) {
		irq_free_msi(d, irq);
		return refuse(rc, REFUSE_UNKNOWN, "%02x:%02x.%x has no such MSI%s", bus, devfn >> 3,
			      devfn & 7, op->table_base ? "-X entry" : "");
	}
	op->pirq = irq;
	return 0;
}

static long map_pirq_for(struct domain *d, struct physdev_map_pirq *op)
{
	switch (op->type) {
	case MAP_PIRQ_TYPE_GSI:
		return map_line(op);
	case MAP_PIRQ_TYPE_MSI:
	case MAP_PIRQ_TYPE_MSI_SEG:
		return map_msi(d, op);
	case MAP_PIRQ_TYPE_MULTI_MSI:
		/* Drivers ask for one message next. */
		if (op->entry_nr != 1) {
			op->entry_nr = 1;
			return -XEN_EINVAL;
		}
		op->entry_nr = 0;
		return map_msi(d, op);
	}
	return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "pirq type %d", op->type);
}

static long map_pirq(u64 arg)
{
	struct physdev_map_pirq op;
	struct domain *d;
	long rc;

	GET_ARGUMENT(op, arg);
	if (!current_domain()->privileged)
		return unprivileged();
	d = domain_get(op.domid);
	if (!d)
		return refuse(-XEN_ESRCH, REFUSE_UNKNOWN, "there is no domain %u", op.domid);
	rc = map_pirq_for(d, &op);
	if (!rc)
		__atomic_fetch_or(&d->irq_allowed[op.pirq / 32], 1u << (op.pirq % 32),
				  __ATOMIC_SEQ_CST);
	domain_put(d);
	return rc ? rc : PUT_ARGUMENT(op, arg);
}

static long unmap_pirq(u64 arg)
{
	struct physdev_unmap_pirq op;
	struct domain *d;
	long rc = 0;

	GET_ARGUMENT(op, arg);
	if (!current_domain()->privileged)
		return unprivileged();
	d = domain_get(op.domid);
	if (!d)
		return refuse(-XEN_ESRCH, REFUSE_UNKNOWN, "there is no domain %u", op.domid);
	if (op.pirq < 0 || op.pirq >= MAX_IRQS || !irq_exists(op.pirq)) {
		rc = refuse(-XEN_EINVAL, REFUSE_UNKNOWN, "pirq %d is not mapped", op.pirq);
	} else if (op.pirq >= (int)irq_gsi_count()) {
		msi_clear(op.pirq);
		irq_unbind_guest(d, op.pirq);
		rc = irq_free_msi(d, op.pirq);
		if (rc)
			rc = refuse(rc, REFUSE_OWNER, "pirq %d is another domain's", op.pirq);
	}
	domain_put(d);
	return rc;
}

static long get_free_pirq(u64 arg)
{
	struct physdev_get_free_pirq op;
	struct domain *d = current_domain();
	int irq;

	GET_ARGUMENT(op, arg);
	if (!d->privileged)
		return unprivileged();
	/* The number stays free: map_pirq takes it by name. */
	irq = irq_alloc_msi(d, -1);
	if (irq < 0)
		return refuse(irq, REFUSE_LIMIT, "no pirq is free");
	irq_free_msi(d, irq);
	op.pirq = irq;
	return PUT_ARGUMENT(op, arg);
}

/* --- PCI --- */

/* Nothing is kept of a device: whatever is present can be used. */
static long pci_device(u64 arg, bool restore)
{
	struct physdev_pci_device op;

	GET_ARGUMENT(op, arg);
	if (!current_domain()->privileged)
		return unprivileged();
	if (op.seg || !pci_present(op.bus, op.devfn))
		return refuse(-XEN_ENODEV, REFUSE_UNKNOWN, "no PCI device %04x:%02x:%02x.%x",
			      op.seg, op.bus, op.devfn >> 3, op.devfn & 7);
	return restore ? msi_restore(op.bus, op.devfn) : 0;
}

static long pci_device_old(u64 arg, bool restore)
{
	struct physdev_manage_pci op;

	GET_ARGUMENT(op, arg);
	if (!current_domain()->privileged)
		return unprivileged();
	if (!pci_present(op.bus, op.devfn))
		return refuse(-XEN_ENODEV, REFUSE_UNKNOWN, "no PCI device %02x:%02x.%x", op.bus,
			      op.devfn >> 3, op.devfn & 7);
	return restore ? msi_restore(op.bus, op.devfn) : 0;
}

static long mmcfg_reserved(u64 arg)
{
	struct physdev_pci_mmcfg_reserved op;

	GET_ARGUMENT(op, arg);
	if (!current_domain()->privileged)
		return unprivileged();
	/* Configuration space is reached by ports: the window is dom0's to use or not. */
	return op.segment ? -XEN_ENODEV : 0;
}

long do_physdev_op(u64 cmd, u64 arg)
{
	switch (cmd) {
	case PHYSDEVOP_eoi:
		return eoi(arg);
	case PHYSDEVOP_pirq_eoi_gmfn_v2:
		return eoi_map(arg);
	case PHYSDEVOP_irq_status_query:
		return irq_status(arg);
	case PHYSDEVOP_set_iopl:
		return set_iopl(arg);
	case PHYSDEVOP_set_iobitmap:
		return set_iobitmap(arg);
	case PHYSDEVOP_apic_read:
		return apic_read(arg);
	case PHYSDEVOP_apic_write:
		return apic_write(arg);
	case PHYSDEVOP_alloc_irq_vector:
		return alloc_irq_vector(arg);
	case PHYSDEVOP_free_irq_vector:
		return current_domain()->privileged ? 0 : unprivileged();
	case PHYSDEVOP_map_pirq:
		return map_pirq(arg);
	case PHYSDEVOP_unmap_pirq:
		return unmap_pirq(arg);
	case PHYSDEVOP_setup_gsi:
		return setup_gsi(arg);
	case PHYSDEVOP_get_free_pirq:
		return get_free_pirq(arg);
	case PHYSDEVOP_manage_pci_add:
	case PHYSDEVOP_manage_pci_remove:
	case PHYSDEVOP_manage_pci_add_ext:
		return pci_device_old(arg, false);
	case PHYSDEVOP_restore_msi:
		return pci_device_old(arg, true);
	case PHYSDEVOP_pci_device_add:
	case PHYSDEVOP_pci_device_remove:
	case PHYSDEVOP_prepare_msix:
	case PHYSDEVOP_release_msix:
		return pci_device(arg, false);
	case PHYSDEVOP_restore_msi_ext:
		return pci_device(arg, true);
	case PHYSDEVOP_pci_mmcfg_reserved:
		return mmcfg_reserved(arg);
	case PHYSDEVOP_dbgp_op:
		return current_domain()->privileged ? 0 : unprivileged();
	}
	return refuse(-XEN_ENOSYS, REFUSE_UNKNOWN, "sub-operation %lu", (unsigned long)cmd);
}
