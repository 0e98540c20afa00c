/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For fuzzers of pv/: the CPU, its guest's registers, and how the hypervisor takes what it refuses.
 */
#ifndef FUZZ_GUEST_CPU_H
#define FUZZ_GUEST_CPU_H

#include <pv/internal.h>

static struct cpu cpu;
static struct cpu_regs regs;
static struct cpu *const the_cpu = &cpu; /* its address is no constant to the compiler */
static bool crashed;			 /* by domain_crash() */

struct cpu *this_cpu(void)
{
	return the_cpu;
}

struct cpu_regs *guest_regs(void)
{
	return &regs;
}

long refuse_as(long err, enum refusal why, const char *fmt, ...)
{
	(void)why;
	(void)fmt;
	return err;
}

void domain_crash(const char *fmt, ...)
{
	(void)fmt;
	crashed = true;
}

#endif
