/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest's calls do to its vCPUs, timers and events, written from the ABI (xen/vcpu.h,
 * xen/sched.h, xen/event_channel.h). The model decodes arguments from their bytes; who of those
 * that can run does run, it is told.
 */
#ifndef FUZZ_VCPUS_MODEL_H
#define FUZZ_VCPUS_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define DOMAINS 2	   /* dom0, and a guest */
#define EACH	3	   /* vCPUs of each */
#define PORTS	(2 * EACH) /* from 1: of each vCPU its timer's, and one from others */
#define NEVER	UINT64_MAX
#define MANY	UINT32_MAX
#define FRAME	7 /* the guest's one */

struct model_vcpu {
	bool initialised, down, blocked, nmi, placed, selected, upcall, masked, on_cpu;
	bool dozes; /* it went to sleep, and nothing else was done to it */
	uint32_t polls;
	uint64_t poll_due, shot_due, tick_due, period;
	uint64_t ran, waited, slept; /* ns */
	uint64_t runstate_area, time_area;
};

struct model_domain {
	bool shut, pending[1 + PORTS], masked[1 + PORTS], watched[2];
	uint8_t code;
	uint64_t bites[2];
	struct model_vcpu v[EACH];
};

extern struct model_domain model[DOMAINS];
extern uint64_t model_now;

/** The guest's memory, which the fuzzer has; NULL: it cannot be read or written there. */
const uint8_t *guest_bytes(uint64_t at, uint64_t size);

void model_reset(void);
bool model_may_run(const struct model_domain *d, const struct model_vcpu *v);
/** Which vCPU is told of a port. */
unsigned port_vcpu(uint32_t port);
void model_event(struct model_domain *d, uint32_t port);
void model_unmask(struct model_domain *d, uint32_t port);
void model_nmi(struct model_vcpu *v);
/** Time goes on, with those on CPUs that are; then what is due happens. */
void model_pass(uint64_t ns);
/** What must happen to the machine, and not return. */
enum machine_end { GOES_ON, POWERS_OFF, RESTARTS };

long model_vcpu_op(unsigned domain, unsigned caller, uint32_t cmd, uint32_t vcpu, uint64_t at);
long model_sched_op(unsigned domain, unsigned caller, uint32_t cmd, uint64_t at,
		    enum machine_end *machine);
void model_set_timer(struct model_vcpu *v, uint64_t due);

#endif
