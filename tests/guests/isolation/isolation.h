/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the isolation guest share. */
#ifndef ISOLATION_H
#define ISOLATION_H

#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>
#include "verdict.h"

extern struct verdict verdict;

/* An attempt that must come back with an error. */
#define refused(result, ...) check(&verdict, (long)(result) < 0, __VA_ARGS__)
/* Something that must still work. */
#define works(good, ...) check(&verdict, good, __VA_ARGS__)

void attack_tables(void);
void attack_foreign_frames(void);
void attack_cpu(void);
void attack_descriptors(void);
void attack_events(void);
void attack_grants(void);
void attack_memory(void);
void attack_control(void);
void attack_with_bad_pointers(void);

/* Random arguments to every hypercall, for ever or until this guest is no more. */
void attack_with_garbage(unsigned long seed);

#endif
