/* SPDX-License-Identifier: GPL-2.0-or-later */
/* physdev_op: what a domain with devices asks about interrupts and PCI. */
#include <xen/errno.h>
#include <xen/physdev.h>
#include <core/calls.h>
#include <core/hooks.h>
#include <dev/chips.h>
#include <dev/irq.h>
#include <x86/uaccess.h>

union argument {
	struct physdev_eoi eoi;
	struct physdev_pirq_eoi_gmfn eoi_map;
	struct physdev_irq_status_query status;
	struct physdev_set_iopl iopl;
	struct physdev_set_iobitmap iobitmap;
	struct physdev_apic apic;
	struct physdev_irq vector;
	struct physdev_setup_gsi gsi;
	struct physdev_map_pirq map;
	struct physdev_unmap_pirq unmap;
	struct physdev_pci_device pci;
	struct physdev_pci_mmcfg_reserved mmcfg;
	struct physdev_dbgp_op dbgp;
};

/* --- what any domain may do --- */

static long eoi(struct domain *d, union argument *op)
{
	if (op->eoi.irq >= MAX_IRQS)
		return refuse(NO_OBJECT, "there is no pirq %u", op->eoi.irq);
	irq_guest_eoi(d, op->eoi.irq);
	return 0;
}

static long eoi_map(struct domain *d, union argument *op)
{
	int rc = irq_set_eoi_map(d, mfn(op->eoi_map.gmfn));

	if (rc)
		return refuse_as(rc, rc == -XEN_EBUSY ? BAD_STATE : NOT_OWNED,
				 "frame %lx cannot hold end-of-interrupt bits, or another does",
				 (unsigned long)op->eoi_map.gmfn);
	return 0;
}

static long irq_status(struct domain *d, union argument *op)
{
	if (!irq_exists(op->status.irq))
		return -XEN_EINVAL; /* asked of every number at start-up: not worth a line */
	op->status.flags =
		irq_is_level(op->status.irq) ? XENIRQSTAT_needs_eoi | XENIRQSTAT_shared : 0;
	return 0;
}

static long set_iopl(struct domain *d, union argument *op)
{
	if (op->iopl.iopl > 3)
		return refuse(BAD_ARGUMENT, "I/O privilege level %u", op->iopl.iopl);
	current_vcpu()->pv.iopl = op->iopl.iopl;
	return 0;
}

static long set_iobitmap(struct domain *d, union argument *op)
{
	if (op->iobitmap.nr_ports > 65536)
		return refuse(BAD_ARGUMENT, "a map of %u ports", op->iobitmap.nr_ports);
	current_vcpu()->pv.iobmp = (u64)op->iobitmap.bitmap.p;
	current_vcpu()->pv.iobmp_limit = op->iobitmap.nr_ports;
	return 0;
}

/* --- I/O APICs: their entries name vectors, so only the hypervisor writes them --- */

static long apic_read(struct domain *d, union argument *op)
{
	if (!ioapic_read_at(op->apic.apic_physbase, op->apic.reg, &op->apic.value))
		return refuse(NO_DEVICE, "there is no I/O APIC at %#lx", op->apic.apic_physbase);
	return 0;
}

static long setup_gsi(struct domain *d, union argument *op)
{
	int rc = -XEN_EINVAL;

	if (op->gsi.gsi >= 0 && op->gsi.gsi < MAX_IRQS)
		rc = irq_set_trigger(op->gsi.gsi, op->gsi.triggering, op->gsi.polarity);
	/* dom0's tables may see the console's line otherwise: it stays as it works. */
	if (rc == -XEN_EBUSY)
		return 0;
	return rc ? refuse_as(rc, NO_OBJECT, "no I/O APIC has line %d", op->gsi.gsi) : 0;
}

static long alloc_irq_vector(struct domain *d, union argument *op)
{
	if (!irq_exists(op->vector.irq))
		return refuse(NO_OBJECT, "no vector for line %u", op->vector.irq);
	op->vector.vector = IRQ_VECTOR(op->vector.irq);
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

static long map_pirq(struct domain *d, union argument *op)
{
	long rc;

	if (op->map.type == MAP_PIRQ_TYPE_GSI)
		rc = map_line(&op->map);
	else if (op->map.type == MAP_PIRQ_TYPE_MSI || op->map.type == MAP_PIRQ_TYPE_MSI_SEG)
		rc = map_msi(d, &op->map);
	else /* several messages of MSI at once: drivers ask for one next */
		rc = refuse(BAD_ARGUMENT, "pirq type %d", op->map.type);
	if (!rc)
		__atomic_fetch_or(&d->irq_allowed[op->map.pirq / 32], 1u << (op->map.pirq % 32),
				  __ATOMIC_SEQ_CST);
	return rc;
}

static long unmap_pirq(struct domain *d, union argument *op)
{
	int pirq = op->unmap.pirq;

	if (pirq < 0 || !irq_exists(pirq))
		return refuse(NO_OBJECT, "pirq %d is not mapped", pirq);
	if (pirq >= (int)irq_gsi_count() && irq_unmap_msi(d, pirq))
		return refuse_as(-XEN_EPERM, NOT_OWNED, "pirq %d is another domain's", pirq);
	return 0;
}

/* --- PCI --- */

/* Nothing is kept of a device: whatever is present can be used. */
static long pci_device(struct domain *d, union argument *op)
{
	if (op->pci.seg || !pci_present(op->pci.bus << 8 | op->pci.devfn))
		return refuse(NO_DEVICE, "no PCI device %04x:%02x:%02x.%x", op->pci.seg,
			      op->pci.bus, op->pci.devfn >> 3, op->pci.devfn & 7);
	return 0;
}

static long restore_msi(struct domain *d, union argument *op)
{
	long rc = pci_device(d, op);

	return rc ? rc : irq_restore_msis(op->pci.bus << 8 | op->pci.devfn);
}

/* Configuration space is reached by ports and the debug port is not used: dom0 may have its way. */
static long nothing_to_do(struct domain *d, union argument *op)
{
	return 0;
}

/*
 * Arguments are read before the call, and answers written after one that returns 0. d is the
 * domain that the argument names, otherwise the caller's.
 */
#define CALL(fn, member, flags)                                                                    \
	{                                                                                          \
		fn, sizeof(((union argument *)NULL)->member), flags                                \
	}
enum { FOR_ALL = 0, PRIVILEGED = 1, OF_DOMAIN = 2, ANSWERS = 4 };

static const struct {
	long (*call)(struct domain *d, union argument *op);
	u16 size, flags;
} calls[] = {
	[PHYSDEVOP_eoi] = CALL(eoi, eoi, FOR_ALL),
	[PHYSDEVOP_pirq_eoi_gmfn_v2] = CALL(eoi_map, eoi_map, FOR_ALL),
	[PHYSDEVOP_irq_status_query] = CALL(irq_status, status, ANSWERS),
	[PHYSDEVOP_set_iopl] = CALL(set_iopl, iopl, FOR_ALL),
	[PHYSDEVOP_set_iobitmap] = CALL(set_iobitmap, iobitmap, FOR_ALL),
	[PHYSDEVOP_apic_read] = CALL(apic_read, apic, PRIVILEGED | ANSWERS),
	[PHYSDEVOP_alloc_irq_vector] = CALL(alloc_irq_vector, vector, PRIVILEGED | ANSWERS),
	[PHYSDEVOP_map_pirq] = CALL(map_pirq, map, PRIVILEGED | OF_DOMAIN | ANSWERS),
	[PHYSDEVOP_unmap_pirq] = CALL(unmap_pirq, unmap, PRIVILEGED | OF_DOMAIN),
	[PHYSDEVOP_setup_gsi] = CALL(setup_gsi, gsi, PRIVILEGED),
	[PHYSDEVOP_pci_device_add] = CALL(pci_device, pci, PRIVILEGED),
	[PHYSDEVOP_pci_device_remove] = CALL(pci_device, pci, PRIVILEGED),
	[PHYSDEVOP_prepare_msix] = CALL(pci_device, pci, PRIVILEGED),
	[PHYSDEVOP_release_msix] = CALL(pci_device, pci, PRIVILEGED),
	[PHYSDEVOP_restore_msi_ext] = CALL(restore_msi, pci, PRIVILEGED),
	[PHYSDEVOP_pci_mmcfg_reserved] = CALL(nothing_to_do, mmcfg, PRIVILEGED),
	[PHYSDEVOP_dbgp_op] = CALL(nothing_to_do, dbgp, PRIVILEGED),
};

long do_physdev_op(u64 cmd, u64 arg)
{
	union argument op;

	if (cmd >= ARRAY_SIZE(calls) || !calls[cmd].call)
		return refuse(NO_CALL, "sub-operation %lu", (unsigned long)cmd);
	if ((calls[cmd].flags & PRIVILEGED) && !current_domain()->privileged)
		return refuse(NOT_ALLOWED, "only a domain with devices may ask that");
	if (!copy_from_guest(&op, arg, calls[cmd].size))
		return refuse(BAD_ADDRESS, "its argument at %#lx cannot be read", arg);
	struct domain *d = domain_get(calls[cmd].flags & OF_DOMAIN ? op.map.domid : DOMID_SELF);

	if (!d)
		return refuse(NO_DOMAIN, "there is no domain %u", op.map.domid);
	long rc = calls[cmd].call(d, &op);

	domain_put(d);
	if (!rc && (calls[cmd].flags & ANSWERS) && !copy_to_guest(arg, &op, calls[cmd].size))
		return refuse(BAD_ADDRESS, "its argument at %#lx cannot be written", arg);
	return rc;
}
