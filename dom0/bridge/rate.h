/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast a guest may send: a bucket of bytes that fills at a constant rate. What is sent may
 * overdraw it once; then the guest waits until it is above zero again. Pure computation.
 */
#ifndef DOM0_BRIDGE_RATE_H
#define DOM0_BRIDGE_RATE_H

#include <stdint.h>

struct rate {
	uint64_t bytes;	   /* in each interval; 0: no limit */
	uint64_t interval; /* ns */
	int64_t credit;	   /* bytes */
	uint64_t last;	   /* system time up to which credit was given */
};

/* bytes in each interval of ns, from system time now on. */
void rate_set(struct rate *rate, uint64_t bytes, uint64_t interval, uint64_t now);

/* 0: something may be sent now. Otherwise the system time at which it may. */
uint64_t rate_wait(struct rate *rate, uint64_t now);

/* So many bytes were sent. */
void rate_charge(struct rate *rate, uint32_t bytes);

#endif
