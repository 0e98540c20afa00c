/* SPDX-License-Identifier: GPL-2.0-or-later */
/* physdev_op: what a domain with devices asks about interrupts and PCI. */
#include <xen/errno.h>
#include <xen/physdev.h>
#include <core/calls.h>
#include <core/hooks.h>
#include <dev/chips.h>
#include <dev/irq.h>
#include <x86/uaccess.h>

/* --- what any domain may do --- */

static long eoi(struct domain *d, void *arg)
{
	const struct physdev_eoi *op = arg;

	if (op->irq >= MAX_IRQS)
		return refuse(NO_OBJECT, "there is no pirq %u", op->irq);
	irq_guest_eoi(d, op->irq);
	return 0;
}

static long eoi_map(struct domain *d, void *arg)
{
	const struct physdev_pirq_eoi_gmfn *op = arg;
	int rc = irq_set_eoi_map(d, mfn(op->gmfn));

	if (rc)
		return refuse_as(rc, rc == -XEN_EBUSY ? BAD_STATE : NOT_OWNED,
				 "frame %lx cannot hold end-of-interrupt bits, or another does",
				 (unsigned long)op->gmfn);
	return 0;
}

static long irq_status(struct domain *d, void *arg)
{
	struct physdev_irq_status_query *op = arg;

	if (!irq_exists(op->irq))
		return -XEN_EINVAL; /* asked of every number at start-up: not worth a line */
	op->flags = irq_is_level(op->irq) ? XENIRQSTAT_needs_eoi | XENIRQSTAT_shared : 0;
	return 0;
}

static long set_iopl(struct domain *d, void *arg)
{
	const struct physdev_set_iopl *op = arg;

	if (op->iopl > 3)
		return refuse(BAD_ARGUMENT, "I/O privilege level %u", op->iopl);
	current_vcpu()->pv.iopl = op->iopl;
	return 0;
}

static long set_iobitmap(struct domain *d, void *arg)
{
	const struct physdev_set_iobitmap *op = arg;

	if (op->nr_ports > 65536)
		return refuse(BAD_ARGUMENT, "a map of %u ports", op->nr_ports);
	current_vcpu()->pv.iobmp = (u64)op->bitmap.p;
	current_vcpu()->pv.iobmp_limit = op->nr_ports;
	return 0;
}

/* --- I/O APICs: their entries name vectors, so only the hypervisor writes them --- */

static long apic_read(struct domain *d, void *arg)
{
	struct physdev_apic *op = arg;

	if (!ioapic_read_at(op->apic_physbase, op->reg, &op->value))
		return refuse(NO_DEVICE, "there is no I/O APIC at %#lx", op->apic_physbase);
	return 0;
}

static long setup_gsi(struct domain *d, void *arg)
{
	const struct physdev_setup_gsi *op = arg;
	int rc = -XEN_EINVAL;

	if (op->gsi >= 0 && op->gsi < MAX_IRQS)
		rc = irq_set_trigger(op->gsi, op->triggering, op->polarity);
	/* dom0's tables may see the console's line otherwise: it stays as it works. */
	if (rc == -XEN_EBUSY)
		return 0;
	return rc ? refuse_as(rc, NO_OBJECT, "no I/O APIC has line %d", op->gsi) : 0;
}

static long alloc_irq_vector(struct domain *d, void *arg)
{
	struct physdev_irq *op = arg;

	if (!irq_exists(op->irq))
		return refuse(NO_OBJECT, "no vector for line %u", op->irq);
	op->vector = IRQ_VECTOR(op->irq);
	return 0;
}

/* --- pirqs --- */

/* Lines have their own number; what else would a guest call them? */
static long map_line(struct physdev_map_pirq *op)
{
	if (op->index < 0 || op->index >= (int)irq_gsi_count() || !irq_exists(op->index) ||
	    (op->pirq >= 0 && op->pirq != op->index))
		return refuse(NO_OBJECT, "there is no line %d, or not as pirq %d", op->index,
			      op->pirq);
	op->pirq = op->index;
	return 0;
}

/* A driver that wants several of MSI-X maps each entry of the table. */
static long map_msi(struct domain *d, struct physdev_map_pirq *op)
{
	u8 bus = op->bus, devfn = op->devfn;

	if (op->bus >> 16)
		return refuse(NO_DEVICE, "PCI segment %d: only 0 is known", op->bus >> 16);
	int irq = irq_map_msi(d, op->pirq, bus << 8 | devfn, op->table_base, op->entry_nr);

	if (irq == -XEN_ENOSPC)
		return refuse_as(irq, OVER_LIMIT, "no pirq free for an MSI (wanted %d)", op->pirq);
	if (irq < 0)
		return refuse_as(irq, NO_OBJECT, "%02x:%02x.%x has no such MSI%s", bus, devfn >> 3,
				 devfn & 7, op->table_base ? "-X entry" : "");
	op->pirq = irq;
	return 0;
}

static long map_pirq(struct domain *d, void *arg)
{
	struct physdev_map_pirq *op = arg;
	long rc;

	if (op->type == MAP_PIRQ_TYPE_GSI)
		rc = map_line(op);
	else if (op->type == MAP_PIRQ_TYPE_MSI || op->type == MAP_PIRQ_TYPE_MSI_SEG)
		rc = map_msi(d, op);
	else /* several messages of MSI at once: drivers ask for one next */
		rc = refuse(BAD_ARGUMENT, "pirq type %d", op->type);
	if (!rc)
		__atomic_fetch_or(&d->irq_allowed[op->pirq / 32], 1u << (op->pirq % 32),
				  __ATOMIC_SEQ_CST);
	return rc;
}

static long unmap_pirq(struct domain *d, void *arg)
{
	const struct physdev_unmap_pirq *op = arg;
	int pirq = op->pirq;

	if (pirq < 0 || !irq_exists(pirq))
		return refuse(NO_OBJECT, "pirq %d is not mapped", pirq);
	if (pirq >= (int)irq_gsi_count() && irq_unmap_msi(d, pirq))
		return refuse_as(-XEN_EPERM, NOT_OWNED, "pirq %d is another domain's", pirq);
	return 0;
}

/* --- PCI --- */

/* Nothing is kept of a device: whatever is present can be used. */
static long pci_device(struct domain *d, void *arg)
{
	const struct physdev_pci_device *op = arg;

	if (op->seg || !pci_present(op->bus << 8 | op->devfn))
		return refuse(NO_DEVICE, "no PCI device %04x:%02x:%02x.%x", op->seg, op->bus,
			      op->devfn >> 3, op->devfn & 7);
	return 0;
}

static long restore_msi(struct domain *d, void *arg)
{
	const struct physdev_pci_device *op = arg;
	long rc = pci_device(d, arg);

	return rc ? rc : irq_restore_msis(op->bus << 8 | op->devfn);
}

/* Configuration space is reached by ports and the debug port is not used: dom0 may have its way. */
static long nothing_to_do(struct domain *d, void *arg)
{
	return 0;
}

#define CALL(fn, type, flags)                                                                      \
	{                                                                                          \
		fn, sizeof(struct physdev_##type), flags                                           \
	}

static const struct command commands[] = {
	[PHYSDEVOP_eoi] = CALL(eoi, eoi, 0),
	[PHYSDEVOP_pirq_eoi_gmfn_v2] = CALL(eoi_map, pirq_eoi_gmfn, 0),
	[PHYSDEVOP_irq_status_query] = CALL(irq_status, irq_status_query, OP_ANSWERS),
	[PHYSDEVOP_set_iopl] = CALL(set_iopl, set_iopl, 0),
	[PHYSDEVOP_set_iobitmap] = CALL(set_iobitmap, set_iobitmap, 0),
	[PHYSDEVOP_apic_read] = CALL(apic_read, apic, OP_PRIVILEGED | OP_ANSWERS),
	[PHYSDEVOP_alloc_irq_vector] = CALL(alloc_irq_vector, irq, OP_PRIVILEGED | OP_ANSWERS),
	[PHYSDEVOP_map_pirq] =
		CALL(map_pirq, map_pirq, OP_PRIVILEGED | OP_NAMES_DOMAIN | OP_ANSWERS),
	[PHYSDEVOP_unmap_pirq] = CALL(unmap_pirq, unmap_pirq, OP_PRIVILEGED | OP_NAMES_DOMAIN),
	[PHYSDEVOP_setup_gsi] = CALL(setup_gsi, setup_gsi, OP_PRIVILEGED),
	[PHYSDEVOP_pci_device_add] = CALL(pci_device, pci_device, OP_PRIVILEGED),
	[PHYSDEVOP_pci_device_remove] = CALL(pci_device, pci_device, OP_PRIVILEGED),
	[PHYSDEVOP_prepare_msix] = CALL(pci_device, pci_device, OP_PRIVILEGED),
	[PHYSDEVOP_release_msix] = CALL(pci_device, pci_device, OP_PRIVILEGED),
	[PHYSDEVOP_restore_msi_ext] = CALL(restore_msi, pci_device, OP_PRIVILEGED),
	[PHYSDEVOP_pci_mmcfg_reserved] = CALL(nothing_to_do, pci_mmcfg_reserved, OP_PRIVILEGED),
	[PHYSDEVOP_dbgp_op] = CALL(nothing_to_do, dbgp_op, OP_PRIVILEGED),
};

long do_physdev_op(u64 cmd, u64 arg)
{
	return run_command(commands, ARRAY_SIZE(commands), (u32)cmd, arg);
}
