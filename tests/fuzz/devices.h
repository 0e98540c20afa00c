/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the fuzzer of devices: the domains, their calls, and the look at them. */
#ifndef FUZZ_DEVICES_H
#define FUZZ_DEVICES_H

#include <core/domain.h>
#include "devices_model.h"
#include "input.h"

#define CPUS   2
#define MEMORY 1024

/* --- devices.c --- */
extern struct domain *domains[ALL_DOMAINS];
/** An interrupt's number, of some more often. */
uint32_t any_irq(void);

/* --- devices_calls.c --- */
extern uint8_t memory[MEMORY]; /* the callers' */
bool accessible(u64 address, size_t size);
void op_physdev(void);
void op_many_messages(void);
void op_platform(void);
void op_console(void);
void op_parapet(void);

/* --- devices_compare.c --- */
/** The chips and each domain's share must be what the model says. */
void compare(void);

#endif
