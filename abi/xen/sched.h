/* SPDX-License-Identifier: MIT */
/*
 * sched_op(int cmd, void *arg): give up the CPU, wait, end. Conventions: see xen.h.
 */
#ifndef __XEN_PUBLIC_SCHED_H__
#define __XEN_PUBLIC_SCHED_H__

#include "event_channel.h"

/* Let other vCPUs run. arg is ignored. Returns 0. Any domain. */
#define SCHEDOP_yield 0
/*
 * Unmask events and sleep until one is pending; returns 0 at once if one is. arg is ignored.
 * Unmasking and sleeping are one step: no wake-up can be lost between them.
 */
#define SCHEDOP_block 1
/* End the whole domain: struct sched_shutdown. Does not return. EINVAL: unknown reason. */
#define SCHEDOP_shutdown 2
/*
 * Sleep until a listed port is pending or the time has come, with events masked or not:
 * struct sched_poll. EINVAL: too many ports, or a bad one.
 */
#define SCHEDOP_poll 3
/* Tell that another domain has ended: struct sched_remote_shutdown. dom0. ESRCH. */
#define SCHEDOP_remote_shutdown 4
/* Name the reason of a later shutdown: struct sched_shutdown. Used before a crash. */
#define SCHEDOP_shutdown_code 5
/*
 * A watchdog of the domain: struct sched_watchdog. id 0 creates one and returns its number;
 * an existing one is set anew, or removed with timeout 0. ENOSPC: none is left. EINVAL: no such id.
 * (Xen gives the ENOSPC in 32 bits: look at the result as an int.)
 */
#define SCHEDOP_watchdog 6
/* Run this vCPU on one physical CPU: struct sched_pin_override. dom0. Refused: ENOSYS. */
#define SCHEDOP_pin_override 7

#ifndef __ASSEMBLY__
struct sched_shutdown {
	unsigned int reason; /* IN: SHUTDOWN_* */
};
typedef struct sched_shutdown sched_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_shutdown_t);

struct sched_poll {
	XEN_GUEST_HANDLE(evtchn_port_t) ports; /* IN: array */
	unsigned int nr_ports;		       /* IN: at most 128 */
	uint64_t timeout;		       /* IN: ns of system time; 0 = no time limit */
};
typedef struct sched_poll sched_poll_t;
DEFINE_XEN_GUEST_HANDLE(sched_poll_t);

struct sched_remote_shutdown {
	domid_t domain_id;   /* IN */
	unsigned int reason; /* IN: SHUTDOWN_* */
};
typedef struct sched_remote_shutdown sched_remote_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_remote_shutdown_t);

struct sched_watchdog {
	uint32_t id;	  /* IN: 0 = a new one */
	uint32_t timeout; /* IN: seconds from now until the domain is shut down; 0 = remove */
};
typedef struct sched_watchdog sched_watchdog_t;
DEFINE_XEN_GUEST_HANDLE(sched_watchdog_t);

struct sched_pin_override {
	int32_t pcpu; /* IN: physical CPU, negative = undo */
};
typedef struct sched_pin_override sched_pin_override_t;
DEFINE_XEN_GUEST_HANDLE(sched_pin_override_t);
#endif /* !__ASSEMBLY__ */

/* Reasons of a shutdown; what follows is the toolstack's choice (on_poweroff, ...). */
#define SHUTDOWN_poweroff   0 /* done, do not restart */
#define SHUTDOWN_reboot	    1 /* done, start again */
#define SHUTDOWN_suspend    2 /* state is ready to be saved */
#define SHUTDOWN_crash	    3 /* the guest, or the hypervisor for it, gave up */
#define SHUTDOWN_watchdog   4 /* a watchdog ran out */
#define SHUTDOWN_soft_reset 5 /* start again in place */
#define SHUTDOWN_MAX	    5

#endif
