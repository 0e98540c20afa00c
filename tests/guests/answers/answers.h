/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each hypercall answers, compared with what abi/reference says. The same guest runs on
 * Parapet and on Xen, as dom0 and as an ordinary domain.
 */
#ifndef TESTS_GUESTS_ANSWERS_H
#define TESTS_GUESTS_ANSWERS_H

#include <string.h>
#include <xen/errno.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>
#include "../isolation/verdict.h"

#define NO_DOMAIN 1234 /* a domain number that nobody has */
#define NO_VCPU	  999
/* Inside the hypervisor's range: never readable nor writable for a guest. */
#define HYPERVISORS_OWN ((void *)0xffff870000000000UL)
#define NOT_CANONICAL	0x800000000000UL

extern struct verdict answers;
extern bool on_parapet;

/* What the two hypervisors answer where they differ: the reference says so. */
static inline long here(long parapet, long xen)
{
	return on_parapet ? parapet : xen;
}

/* What dom0 and what other domains are answered. */
static inline long to_whom(long dom0, long other)
{
	return pv_is_dom0() ? dom0 : other;
}

/* To whoever names NO_DOMAIN: Parapet tells only dom0 which domains there are. */
static inline long nobody(void)
{
	return here(to_whom(-XEN_ESRCH, -XEN_EPERM), -XEN_ESRCH);
}

#define ANSWER(call, expected)                                                                     \
	do {                                                                                       \
		long got_ = (long)(call), expected_ = (long)(expected);                            \
		check(&answers, got_ == expected_, "%s gave %ld, not %ld", #call, got_,            \
		      expected_);                                                                  \
	} while (0)

/* Any refusal will do: which one is not promised. */
#define REFUSED(call)                                                                              \
	do {                                                                                       \
		long got_ = (long)(call);                                                          \
		check(&answers, got_ < 0, "%s gave %ld, not an error", #call, got_);               \
	} while (0)

#define HOLDS(condition) check(&answers, (condition), "%s does not hold", #condition)

void answers_of_events(void);
void answers_of_grants(void);
void answers_of_memory(void);
void answers_of_tables(void);
void answers_of_processor(void);
void answers_of_frames(void);
void answers_of_vcpus(void);
void answers_of_version(void);
void answers_of_control(void);

#endif
