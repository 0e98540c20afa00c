/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hypervisor puts into a domain's L4 tables: slots 256..271, of which 259 is the domain's
 * own, with the windows through which the CPU reads its vCPUs' descriptor pages.
 */
#ifndef MM_ROOT_H
#define MM_ROOT_H

#include <mm/frame.h>

/** What slot `slot` of dm's L4 tables must hold. */
u64 root_slot(const struct domain_memory *dm, unsigned slot);

/** Make the tables of the windows of dm's first so many vCPUs: they are there as long as the
 * domain. False: no memory. */
bool windows_make(struct domain_memory *dm, unsigned vcpus);
void windows_free(struct domain_memory *dm);

/** The entry of a window's slot: GDT pages come first, then LDT pages. */
static inline u64 *window_entry(const struct domain_memory *dm, unsigned vcpu_id, unsigned slot)
{
	/* An L3, an L2, and the L1 tables of all windows follow one another. */
	return dm->perdomain_l3 + 2 * 512 + vcpu_id * DESCRIPTOR_WINDOW_PAGES + slot;
}

/** Check every descriptor of a BUSY page (DPL is raised to 3). 0 or -XEN_EINVAL (refused). */
int descriptor_page_check(struct page *pg);

#endif
