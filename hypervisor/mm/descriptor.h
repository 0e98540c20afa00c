/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor pages, and the windows in L4 slot 259 through which the CPU reads them. */
#ifndef MM_DESCRIPTOR_H
#define MM_DESCRIPTOR_H

#include <mm/frame.h>

/** Check every descriptor of a BUSY page (DPL is raised to 3). 0 or -XEN_EINVAL (refused). */
int descriptor_page_check(struct page *pg);

#define GDT_PAGES     16 /* slots 0..15 of a window; LDT pages follow */
#define WINDOW_TABLES 4	 /* L1 tables of a domain's windows */

/** Entry of a window's slot (auditor); NULL if the vCPU has no window. */
u64 *window_entry(const struct domain_memory *dm, unsigned vcpu_id, unsigned slot);
/** Free the tables of all windows. */
void windows_free(struct domain_memory *dm);

#endif
