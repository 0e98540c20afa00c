/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The up-calls of core/: implemented by pv/ and dev/ (by fakes in unit tests). */
#ifndef CORE_HOOKS_H
#define CORE_HOOKS_H

#include <core/domain.h>

/** Start state of a fresh vCPU's pv part. */
void pv_vcpu_init(struct vcpu *v);
/** Drop what it refers to: GDT frames, LDT. The vCPU runs nowhere. */
void pv_vcpu_release(struct vcpu *v);
/** Take over a context (domctl, vcpu_op); checks everything. 0, -errno, -XEN_ERESTART. */
int pv_set_context(struct vcpu *v, const struct vcpu_guest_context *c);
void pv_get_context(struct vcpu *v, struct vcpu_guest_context *c);
/** Bounce a pending, unmasked event upcall or NMI into current. */
void pv_deliver_events(void);
/** Save prev, load next (either may be an idle vCPU: domain NULL), CR3 included. */
void pv_context_switch(struct vcpu *prev, struct vcpu *next);
/** Registers and stack of a vCPU on the console, for domain_crash() and debug keys. */
void pv_dump(struct vcpu *v);
/** Interrupt lines (dev/irq.c): a guest's pirq was unmasked / its port closed / domain goes. */
int irq_bind_guest(struct domain *d, unsigned pirq, bool share);
void irq_unbind_guest(struct domain *d, unsigned pirq);
void irq_guest_eoi(struct domain *d, unsigned pirq);
void irq_domain_release(struct domain *d);
/** The next character typed on the machine's console, or -1. */
int serial_getc(void);
/** The hypervisor's options. */
extern char boot_command_line[1024];
/** Power off the machine; where that does not work it stops. */
void machine_poweroff(void) __attribute__((noreturn));
/** Reset the machine, or with the option noreboot stop it, so that the console can be read. */
void machine_restart(void) __attribute__((noreturn));

#endif
