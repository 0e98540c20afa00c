/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Roots: the L4 tables that vCPUs run on. */
#ifndef MM_ROOT_H
#define MM_ROOT_H

#include <mm/frame.h>

/** Write slots 256..271 of dm's L4: the hypervisor's, with dm's own slot 259. The table is BUSY. */
void root_install_slots(u64 *l4, const struct domain_memory *dm);
/** What slot `slot` of dm's L4 tables must hold (auditor). */
u64 root_slot(const struct domain_memory *dm, unsigned slot);

#endif
