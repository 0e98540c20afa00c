/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every domain's state, limits, pauses and permissions, as domctl must leave them. It uses nothing
 * of the hypervisor's headers but the numbers of errors.
 */
#ifndef FUZZ_CONTROL_MODEL_H
#define FUZZ_CONTROL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define DOMAINS	   6
#define SELF	   0x7ff0u
#define MOST_VCPUS 64
#define MOST_RUNS  40

struct runs { /* ascending, not adjacent */
	unsigned n;
	struct {
		uint64_t first, last;
	} at[MOST_RUNS];
};

struct model_vcpu {
	bool online, has_context, blocked;
	uint64_t affinity;
};

struct model_domain {
	bool used, dying, released, shut, xs, page, held;
	uint32_t id, max_vcpus, vcpus, pauses, label, weight, cap, reason;
	uint32_t ports_of_events, grant_frames, handle_frames;
	uint64_t max_pages;
	uint8_t handle[16];
	bool irqs[256];
	struct runs ports, frames;
	struct model_vcpu v[MOST_VCPUS];
};
extern struct model_domain m[1 + DOMAINS]; /* 0: dom0 */
extern uint32_t model_slice_ms;

/** The domain of that id, or NULL. */
struct model_domain *model_find(uint32_t id);
/** The one with the lowest id from there on, or NULL. */
struct model_domain *model_next(uint32_t id);
bool may_run(const struct model_domain *d, const struct model_vcpu *v);
/**
 * A range is allowed, of those that dom0 has, or taken away; `most` ranges are possible. 0 or
 * -errno.
 */
long permission(struct runs *own, const struct runs *dom0s, uint64_t first, uint64_t last,
		bool allow, unsigned most);

#endif
