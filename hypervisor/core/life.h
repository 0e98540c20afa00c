/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of core/ that make and end domains and vCPUs. */
#ifndef CORE_LIFE_H
#define CORE_LIFE_H

#include <core/domain.h>

struct domain_config {
	u32 max_vcpus;	     /* 1..MAX_VCPUS */
	u32 max_evtchn_port; /* highest port that it may use */
	u32 max_grant_frames, max_maptrack_frames;
	u32 ssidref;
	u8 handle[16];
};

/** domain_create() with limits. */
struct domain *domain_create_configured(domid_t domid, bool privileged,
					const struct domain_config *config, int *err);
/** The first domain with an id of at least domid, with a reference, or NULL. */
struct domain *domain_get_next(domid_t domid);
/** Wait until none of its vCPUs runs, the caller's own excepted. They must not be runnable. */
void domain_sleep(struct domain *d);

void vcpu_stop_timers(struct vcpu *v);
/** The domain dies, nothing runs: give up what the vCPU refers to. -XEN_ERESTART: call again. */
int vcpu_release(struct vcpu *v);
void vcpu_free(struct vcpu *v); /* NULL is fine */
/**
 * Give it a context from outside; it runs nowhere. first_only: -XEN_EEXIST if it has one already.
 * 0, -errno, -XEN_ERESTART.
 */
int vcpu_take_context(struct vcpu *v, const struct vcpu_guest_context *c, bool first_only);
void vcpu_send_nmi(struct vcpu *v);
/** A place of the guest's own for vcpu_info. Once only. 0 or -errno. */
int vcpu_register_info(struct vcpu *v, mfn_t frame, u32 offset);
/** Write the pvclock copy at v->time_area again. */
void vcpu_time_area_changed(struct vcpu *v);

#endif
