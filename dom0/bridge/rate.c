/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bridge/rate.h"

/* What may be saved up: an interval's worth, but one large packet at least. */
static int64_t most(const struct rate *rate)
{
	return rate->bytes > 65536 ? (int64_t)rate->bytes : 65536;
}

void rate_set(struct rate *rate, uint64_t bytes, uint64_t interval, uint64_t now)
{
	rate->bytes = bytes;
	rate->interval = interval;
	rate->credit = bytes ? most(rate) : 0;
	rate->last = now;
}

/* Whole bytes alone: the rest of the time counts for the next call. */
static void refill(struct rate *rate, uint64_t now)
{
	uint64_t elapsed = now - rate->last, gained;

	if (now <= rate->last)
		return;
	if (elapsed > 2 * rate->interval) {
		/* Far enough to overflow a product: intervals first. */
		uint64_t whole = elapsed / rate->interval - 1;

		rate->last += whole * rate->interval;
		elapsed -= whole * rate->interval;
		rate->credit = whole > 1u << 20 ? most(rate)
						: rate->credit + (int64_t)(whole * rate->bytes);
	}
	gained = elapsed * rate->bytes / rate->interval;
	rate->credit += (int64_t)gained;
	rate->last += gained * rate->interval / rate->bytes;
	if (rate->credit > most(rate))
		rate->credit = most(rate);
}

uint64_t rate_wait(struct rate *rate, uint64_t now)
{
	if (!rate->bytes)
		return 0;
	refill(rate, now);
	if (rate->credit > 0)
		return 0;
	return now + ((uint64_t)-rate->credit + 1) * rate->interval / rate->bytes + 1;
}

void rate_charge(struct rate *rate, uint32_t bytes)
{
	if (rate->bytes)
		rate->credit -= bytes;
}
