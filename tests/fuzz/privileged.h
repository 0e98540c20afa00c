/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the fuzzer of privileged instructions and the machine below the real sources. */
#ifndef FUZZ_PRIVILEGED_H
#define FUZZ_PRIVILEGED_H

#include <core/domain.h>
#include "privileged_model.h"

#define CR3_KERNEL 0x8000000123456789ul
#define CR3_USER   0x42000ul
#define TSC_KHZ	   1234567u

/* --- privileged.c --- */
extern struct world w;
extern struct effects real_effects;
extern struct domain domain;

/* --- privileged_machine.c --- */
extern struct guest memory; /* only memory[] is used: the real guest's */
extern bool in_kernel_tables, kernel_gs;

#endif
