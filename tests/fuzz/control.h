/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the fuzzer of domctl and sysctl: the call, its caller, parts of the input.
 */
#ifndef FUZZ_CONTROL_H
#define FUZZ_CONTROL_H

#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <core/domain.h>
#include "control_model.h"
#include "input.h"

/* --- control.c: what dom0 hands over, by whom, and how well --- */
extern struct xen_domctl op;
extern struct vcpu_guest_context context;
extern uint8_t buffer[4096];
extern long outer; /* -errno, if the call does not come to the command */

domid_t any_domain(void);
uint32_t any_number(void);
void *any_pointer(void *good);
bool accessible(u64 addr, size_t size);
/** Somebody calls, most often dom0; something may be wrong with the call. */
void choose_caller(void);
/** dom0 calls, and all goes well. */
void as_dom0(void);
/** The answer must be that. */
void same(const char *what, long rc, long expected);
/** The other CPU does its work; false: it has none. */
bool run_guests(void);

/* --- control_domctl.c --- */
long domctl(u32 cmd);
/** The model's domain, if the call gets so far; else *rc says how it must end. */
struct model_domain *target(bool not_oneself, long *rc);
struct model_vcpu *target_vcpu(bool not_oneself, u32 vcpu, long *rc);
/** Destroy op's domain, which is d, if there is one. */
void destroy(struct model_domain *d, long expected);
/** Its last page may be gone. */
void forget(struct model_domain *d);
void op_create(void);
void op_max_vcpus(void);
void op_max_mem(void);
void op_pause(void);
void op_info(void);
void op_handle(void);
void op_hypercall_page(void);
void op_destroy(void);
void op_unknown(void);

/* --- control_vcpus.c --- */
void op_context(void);
void op_vcpu_info(void);
void op_affinity(void);
void op_scheduler(void);

/* --- control_permissions.c --- */
void op_ports(void);
void op_many_ports(void);
void op_frames(void);
void op_irq(void);

/* --- control_sysctl.c --- */
extern struct xen_sysctl sys;
void op_sysctl(void);

/* --- control_checks.c --- */
void check_info(const struct model_domain *d, const struct xen_domctl_getdomaininfo *i);
/** All domains are as the model says. */
void compare(void);

#endif
