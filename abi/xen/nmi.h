/* SPDX-License-Identifier: MIT */
/*
 * nmi_op(unsigned int cmd, void *arg): the older way to register an NMI callback; callback_op with
 * CALLBACKTYPE_nmi does the same. Any domain, from vCPU 0. Conventions: see xen.h.
 */
#ifndef __XEN_PUBLIC_NMI_H__
#define __XEN_PUBLIC_NMI_H__

#include "xen.h"

/* shared_info.arch.nmi_reason, in dom0: why the hardware raised an NMI. */
#define _XEN_NMIREASON_io_error 0
#define XEN_NMIREASON_io_error	(1UL << _XEN_NMIREASON_io_error)
#define _XEN_NMIREASON_pci_serr 1
#define XEN_NMIREASON_pci_serr	(1UL << _XEN_NMIREASON_pci_serr)
#define _XEN_NMIREASON_unknown	2
#define XEN_NMIREASON_unknown	(1UL << _XEN_NMIREASON_unknown)

/* EINVAL: not from vCPU 0, or the address is not canonical. */
#define XENNMI_register_callback   0
#define XENNMI_unregister_callback 1

#ifndef __ASSEMBLY__
struct xennmi_callback {
	unsigned long handler_address; /* IN: virtual address */
	unsigned long pad;
};
typedef struct xennmi_callback xennmi_callback_t;
DEFINE_XEN_GUEST_HANDLE(xennmi_callback_t);
#endif

#endif
