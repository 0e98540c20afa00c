/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op(unsigned int cmd, unsigned int vcpu, void *arg): virtual CPUs of the caller's domain.
 * ENOENT: no such vCPU (that includes ones never created). Any domain. Conventions: see xen.h.
 */
#ifndef __XEN_PUBLIC_VCPU_H__
#define __XEN_PUBLIC_VCPU_H__

#include "xen.h"

/*
 * Give a vCPU its first state: struct vcpu_guest_context. It stays down until VCPUOP_up.
 * EINVAL: a frame or selector in it is not usable. EEXIST: it was initialised before. Preempted.
 */
#define VCPUOP_initialise 0
/* Let it run. arg is ignored. EINVAL: not initialised. */
#define VCPUOP_up 1
/* Take it down (itself or another). Taking down oneself returns when someone says up again. */
#define VCPUOP_down 2
/* Returns 1 if it is up, else 0. */
#define VCPUOP_is_up 3
/* struct vcpu_runstate_info, OUT. */
#define VCPUOP_get_runstate_info 4

#ifndef __ASSEMBLY__
struct vcpu_runstate_info {
	int state;		   /* hypervisor: RUNSTATE_* */
	uint64_t state_entry_time; /* hypervisor: system time in ns at which it began */
#define XEN_RUNSTATE_UPDATE (xen_mk_ullong(1) << 63) /* set in state_entry_time while writing */
	uint64_t time[4];			     /* hypervisor: ns spent in each state so far */
};
typedef struct vcpu_runstate_info vcpu_runstate_info_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_runstate_info_t);
#endif

#define RUNSTATE_running  0 /* on a physical CPU */
#define RUNSTATE_runnable 1 /* wants one */
#define RUNSTATE_blocked  2 /* sleeps */
#define RUNSTATE_offline  3 /* down, paused or stopped */

/*
 * Keep a copy of the runstate at a virtual address of the guest, updated on each change. The
 * address must stay mapped for that vCPU. EFAULT: it is not writable now.
 */
#define VCPUOP_register_runstate_memory_area 5
#ifndef __ASSEMBLY__
struct vcpu_register_runstate_memory_area {
	union {
		XEN_GUEST_HANDLE(vcpu_runstate_info_t) h; /* IN: virtual address */
		struct vcpu_runstate_info *v;
		uint64_t p;
	} addr;
};
typedef struct vcpu_register_runstate_memory_area vcpu_register_runstate_memory_area_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_runstate_memory_area_t);
#endif

/*
 * VIRQ_TIMER each period_ns. At least 1 ms: EINVAL. The periodic timer stands beside the one-shot
 * one. A new domain has none.
 */
#define VCPUOP_set_periodic_timer  6
#define VCPUOP_stop_periodic_timer 7
#ifndef __ASSEMBLY__
struct vcpu_set_periodic_timer {
	uint64_t period_ns; /* IN: ns */
};
typedef struct vcpu_set_periodic_timer vcpu_set_periodic_timer_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_set_periodic_timer_t);
#endif

/* VIRQ_TIMER once, on the calling vCPU only: EINVAL for another. */
#define VCPUOP_set_singleshot_timer  8
#define VCPUOP_stop_singleshot_timer 9
#ifndef __ASSEMBLY__
struct vcpu_set_singleshot_timer {
	uint64_t timeout_abs_ns; /* IN: ns of system time */
	uint32_t flags;		 /* IN: VCPU_SSHOTTMR_* */
};
typedef struct vcpu_set_singleshot_timer vcpu_set_singleshot_timer_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_set_singleshot_timer_t);
#endif
#define _VCPU_SSHOTTMR_future (0)
#define VCPU_SSHOTTMR_future                                                                       \
	(1U << _VCPU_SSHOTTMR_future) /* ignored: a time in the past fires at once */

/*
 * Move a vCPU's struct vcpu_info into a page of the guest. Once only: EINVAL a second time, or if
 * the frame is not usable. ENXIO: misaligned, or it would cross the page's end. Needed from vCPU 32
 * on.
 */
#define VCPUOP_register_vcpu_info 10
#ifndef __ASSEMBLY__
struct vcpu_register_vcpu_info {
	uint64_t mfn;	 /* IN: machine frame of the page */
	uint32_t offset; /* IN: bytes into it, 8-aligned */
	uint32_t rsvd;	 /* IN: 0 */
};
typedef struct vcpu_register_vcpu_info vcpu_register_vcpu_info_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_vcpu_info_t);
#endif

/* Deliver an NMI to a vCPU, through its NMI callback. Ignored if it has none. */
#define VCPUOP_send_nmi 11

/* Physical identifiers of the CPU below a pinned vCPU. dom0. EINVAL: not pinned. */
#define VCPUOP_get_physid 12
#ifndef __ASSEMBLY__
struct vcpu_get_physid {
	uint64_t phys_id; /* OUT: APIC id in the low, ACPI id in the high 32 bits */
};
typedef struct vcpu_get_physid vcpu_get_physid_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_get_physid_t);
#define xen_vcpu_physid_to_x86_apicid(physid) ((uint32_t)(physid))
#define xen_vcpu_physid_to_x86_acpiid(physid) ((uint32_t)((physid) >> 32))
#endif

/* Keep a copy of vcpu_time_info at an address, e.g. one that guest user mode may read. EFAULT. */
#define VCPUOP_register_vcpu_time_memory_area 13
#ifndef __ASSEMBLY__
DEFINE_XEN_GUEST_HANDLE(vcpu_time_info_t);
struct vcpu_register_time_memory_area {
	union {
		XEN_GUEST_HANDLE(vcpu_time_info_t) h; /* IN: virtual address */
		struct vcpu_time_info *v;
		uint64_t p;
	} addr;
};
typedef struct vcpu_register_time_memory_area vcpu_register_time_memory_area_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_time_memory_area_t);
#endif

#endif
