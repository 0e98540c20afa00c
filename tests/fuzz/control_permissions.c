/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl: ports, frames and interrupts that dom0 hands on. */
#include <xen/errno.h>
#include "control.h"

void op_ports(void)
{
	uint8_t b = input_byte();
	struct xen_domctl_ioport_permission *p = &op.u.ioport_permission;
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	*p = (struct xen_domctl_ioport_permission){input_byte(), 1 + (b & 3), b & 0x80};
	if (b & 0x10) {
		p->first_port = (uint32_t)input_word();
		p->nr_ports = b & 0x20 ? input_byte() * 1024u : (uint32_t)input_word();
	}
	uint64_t last = (uint64_t)p->first_port + p->nr_ports - 1;

	d = target(false, &expected);
	if (d)
		expected = !p->nr_ports || last > 0xffff
				   ? -XEN_EINVAL
				   : permission(&d->ports, &m[0].ports, p->first_port, last,
						p->allow_access, 16);
	same("ioport_permission", domctl(XEN_DOMCTL_ioport_permission), expected);
}

/* Until there are too many. */
void op_many_ports(void)
{
	struct xen_domctl_ioport_permission *p = &op.u.ioport_permission;
	uint8_t first = input_byte(), n = input_byte() % 20;
	domid_t name = any_domain();
	struct model_domain *d;
	long expected;

	outer = 0;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	for (unsigned i = 0; i < n; i++) {
		op.domain = name;
		*p = (struct xen_domctl_ioport_permission){first + 4 * i, 3, 1};
		d = target(false, &expected);
		if (d)
			expected = permission(&d->ports, &m[0].ports, p->first_port,
					      p->first_port + 2, true, 16);
		same("ioport_permission", domctl(XEN_DOMCTL_ioport_permission), expected);
	}
}

void op_frames(void)
{
	uint8_t b = input_byte();
	struct xen_domctl_iomem_permission *p = &op.u.iomem_permission;
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	*p = (struct xen_domctl_iomem_permission){0x100u + input_byte(), 1 + (b & 3), b & 0x80};
	if (b & 0x10) {
		p->first_mfn = b & 0x40 ? input_byte() : input_word();
		p->nr_mfns = b & 0x20 ? input_byte() * 64u : input_word();
	}
	uint64_t last = p->first_mfn + p->nr_mfns - 1;

	d = target(false, &expected);
	if (d)
		expected = !p->nr_mfns || last < p->first_mfn || last >> 40
				   ? -XEN_EINVAL
				   : permission(&d->frames, &m[0].frames, p->first_mfn, last,
						p->allow_access, 32);
	same("iomem_permission", domctl(XEN_DOMCTL_iomem_permission), expected);
}

void op_irq(void)
{
	struct xen_domctl_irq_permission *p = &op.u.irq_permission;
	struct model_domain *d;
	long expected;

	choose_caller();
	op.domain = any_domain();
	*p = (struct xen_domctl_irq_permission){.pirq = input_byte(),
						.allow_access = input_byte() & 3};
	if (p->pirq >= 0xf8)
		p->pirq = (uint32_t)input_word();
	d = target(false, &expected);
	if (d && p->pirq > 255)
		expected = -XEN_EINVAL;
	same("irq_permission", domctl(XEN_DOMCTL_irq_permission), expected);
	if (d && !expected)
		d->irqs[p->pirq] = p->allow_access;
}
