/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a guest under construction: its frames, and a window through which dom0 writes
 * them.
 *
 * The window maps up to WINDOW_PAGES consecutive guest pages at a time and stays until another part
 * is needed, so that loading in order costs one batch of page-table updates for each 2 MiB.
 */
#ifndef DOM0_BUILDER_MEMORY_H
#define DOM0_BUILDER_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include "lib/problem.h"

#define WINDOW_PAGES 512ul

struct guest_memory {
	domid_t domid;
	uint64_t pages;
	xen_pfn_t *p2m;	       /* machine frame of each guest page */
	uintptr_t window;      /* dom0's virtual address; 0: none yet */
	uint64_t window_first; /* the guest page at the window's start */
	uint64_t window_count; /* 0: nothing is mapped */
};

/*
 * Give the domain its pages. Returns 0, or a negative XEN_E… with the problem. guest_memory_release
 * is due in both cases; the domain keeps its frames until it is destroyed.
 */
int guest_memory_populate(struct guest_memory *memory, domid_t domid, uint64_t pages,
			  struct problem *problem);

/* Close the window and forget the frames. */
void guest_memory_release(struct guest_memory *memory);

/* Copy bytes to an offset from the start of guest memory. Returns 0 or negative with the problem.
 */
int guest_memory_write(struct guest_memory *memory, uint64_t offset, const void *bytes, size_t size,
		       struct problem *problem);

/* Clear a range of guest memory, given in bytes. */
int guest_memory_clear(struct guest_memory *memory, uint64_t offset, uint64_t size,
		       struct problem *problem);

/*
 * Unmap the window. Due before pages become page tables: the hypervisor refuses those that are
 * mapped writable anywhere.
 */
void guest_memory_close_window(struct guest_memory *memory);

#endif
