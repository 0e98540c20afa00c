/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the fuzzer of vCPUs: the guests, their calls, and the look at them. */
#ifndef FUZZ_VCPUS_H
#define FUZZ_VCPUS_H

#include <core/domain.h>
#include "input.h"
#include "vcpus_model.h"

#define MS     1000000ull
#define CPUS   2
#define POISON 0xee /* what nobody has written */

/* --- vcpus.c: what guests have --- */
struct area {
	uint8_t runstate[48], time[32];
};

struct guest_memory {
	uint8_t arguments[640];
	struct area areas[DOMAINS * EACH][2];
	struct vcpu_guest_context context;
};
_Static_assert(sizeof(struct vcpu_guest_context) == 5168, "the ABI's size");
extern struct guest_memory guest;
extern struct domain *domains[DOMAINS];
extern bool fresh[DOMAINS * EACH];   /* its runstate area was written by its registration */
extern bool arrives[DOMAINS * EACH]; /* onto a CPU, or into kernel mode */

struct vcpu *real_vcpu(unsigned i);
/** Which one it is of all. */
unsigned number_of(const struct vcpu *v);
struct model_vcpu *model_vcpu(unsigned i);

/* --- vcpus_calls.c --- */
void op_vcpu(void);
void op_sched(void);
void op_set_timer(void);
void op_event(void);

/* --- vcpus_compare.c --- */
/** What is told of a vCPU's states must be as the model says. */
void compare_runstate(unsigned i, const struct vcpu_runstate_info *r);
/** All that guests can see must be. */
void compare(void);

#endif
