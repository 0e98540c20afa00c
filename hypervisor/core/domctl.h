/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of domctl and sysctl. The caller is privileged; domctl's lock is held. */
#ifndef CORE_DOMCTL_H
#define CORE_DOMCTL_H

#include <xen/sysctl.h>
#include <core/domain.h>

void domain_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

/** Take ports or frames away from a domain that does not run; false: it has too many ranges. */
bool domain_deny(struct domain *d, bool ports, u64 first, u64 last);
/* permission.c: 0 or -errno */
long domctl_ioport_permission(struct domain *d, struct xen_domctl *op);
long domctl_iomem_permission(struct domain *d, struct xen_domctl *op);
long domctl_irq_permission(struct domain *d, struct xen_domctl *op);

#endif
