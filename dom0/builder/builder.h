/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domain builder: from a configuration and two files to a domain that only has to be unpaused.
 *
 * It knows nothing of names, of the store's tree or of what happens to the domain later: that is
 * life/. A domain that cannot be completed is destroyed again, and one sentence says why.
 */
#ifndef DOM0_BUILDER_BUILDER_H
#define DOM0_BUILDER_BUILDER_H

#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/event_channel.h>
#include "config/guest.h"
#include "lib/problem.h"

/* Grant references under which a guest's two ring pages are granted to dom0, as the ABI fixes them.
 */
#define CONSOLE_GRANT 0
#define STORE_GRANT   1

struct image_files {
	const uint8_t *kernel;
	size_t kernel_size; /* bytes */
	const uint8_t *ramdisk;
	size_t ramdisk_size; /* bytes; 0: none */
};

/* What dom0 needs to know of a domain that was built. */
struct built_domain {
	domid_t domid;
	xen_pfn_t console_mfn, store_mfn;
	evtchn_port_t console_port, store_port; /* the guest's, unbound, for dom0 */
};

/*
 * Build a domain, paused. config is complete (guest_config_finish). Takes seconds for a packed
 * kernel, and lets other threads run meanwhile. Returns 0, or a negative XEN_E… with the problem
 * and nothing left.
 */
int builder_build(const struct guest_config *config, const struct image_files *files,
		  struct built_domain *built, struct problem *problem);

#endif
