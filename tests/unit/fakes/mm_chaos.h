/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that does anything: random memory hypercalls on its own frames, and on others'. */
#ifndef FAKES_MM_CHAOS_H
#define FAKES_MM_CHAOS_H

#include "fakes/mm_fakes.h"

struct chaos {
	u64 seed;
	struct domain *d, *other; /* who acts, and whose frames it also names */
	unsigned vcpu;
	unsigned frames; /* the frames [first, first + frames) of RAM are named most */
	u64 first;
};

/** The usual seed, or another where the environment's MM_SEED is a number other than 0. */
u64 chaos_seed(u64 usual);
u64 chaos_random(struct chaos *c);
static inline u64 chaos_below(struct chaos *c, u64 n)
{
	return chaos_random(c) % n;
}
/**
 * Set first and frames to where all owned frames are, with some free ones between, and take all
 * other memory, so that what the domains give back and get stays in that range. chaos_end() gives
 * it back.
 */
void chaos_begin(struct chaos *c, unsigned n);
void chaos_end(void);
/** One random operation of the running vCPU, to its end or (seldom) left in the middle. */
void chaos_step(struct chaos *c);

#endif
