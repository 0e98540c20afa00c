/* SPDX-License-Identifier: MIT */
/*
 * callback_op(int cmd, const void *arg): the guest kernel's entry points other than exceptions.
 * Any domain; for the calling vCPU. Conventions: see xen.h.
 */
#ifndef __XEN_PUBLIC_CALLBACK_H__
#define __XEN_PUBLIC_CALLBACK_H__

#include "xen.h"

#define CALLBACKTYPE_event		 0 /* an event is pending and not masked */
#define CALLBACKTYPE_failsafe		 1 /* iret or a segment load failed */
#define CALLBACKTYPE_syscall		 2 /* SYSCALL from 64-bit guest user mode */
#define CALLBACKTYPE_sysenter_deprecated 3 /* ENOSYS */
#define CALLBACKTYPE_nmi		 4 /* an NMI (for the whole domain: vCPU 0) */
#define CALLBACKTYPE_sysenter		 5 /* SYSENTER from guest user mode */
#define CALLBACKTYPE_syscall32		 7 /* SYSCALL from 32-bit guest user mode */

/* Mask events on entry, as an interrupt gate does. For event and nmi it is always so. */
#define _CALLBACKF_mask_events 0
#define CALLBACKF_mask_events  (1U << _CALLBACKF_mask_events)

/* ENOSYS: unknown type. EINVAL: an address that is not canonical or is the hypervisor's. */
#define CALLBACKOP_register 0
/* EINVAL: only nmi can be without one. */
#define CALLBACKOP_unregister 1

#ifndef __ASSEMBLY__
struct callback_register {
	uint16_t type;		/* IN: CALLBACKTYPE_* */
	uint16_t flags;		/* IN: CALLBACKF_* */
	xen_callback_t address; /* IN: virtual address */
};
typedef struct callback_register callback_register_t;
DEFINE_XEN_GUEST_HANDLE(callback_register_t);

struct callback_unregister {
	uint16_t type; /* IN: CALLBACKTYPE_* */
	uint16_t _unused;
};
typedef struct callback_unregister callback_unregister_t;
DEFINE_XEN_GUEST_HANDLE(callback_unregister_t);
#endif

#endif
