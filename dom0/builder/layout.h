/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything lies in a new guest: a pure computation, before the domain has any memory.
 *
 *   page 0 ─────────────────────────────────────────────────────────────── mapped from virt_base on
 *     kernel | ramdisk* | p2m list* | start_info | store | console | page tables | stack | padding
 *   then, mapped elsewhere or not at all:
 *     p2m list + its page tables (if the kernel's INIT_P2M note says where) | ramdisk
 * (MOD_START_PFN)
 *
 * (* unless it lies below.) The padding ends at a multiple of 4 MiB, at least 512 KiB behind the
 * stack. Linux frees the p2m list and its tables together, as one range of pages: so they are kept
 * together.
 */
#ifndef DOM0_BUILDER_LAYOUT_H
#define DOM0_BUILDER_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include "image/elf.h"
#include "lib/problem.h"

#define GUEST_PAGE_SHIFT 12
#define GUEST_PAGE_SIZE	 4096ull

/* A run of guest pages, by their guest's own numbers. */
struct page_run {
	uint64_t first, count;
};

/* A page table of the guest: which addresses it covers. */
struct guest_table {
	uint64_t base;	    /* the first virtual address that it translates */
	uint64_t page;	    /* the guest page that it is in */
	unsigned int level; /* 4: the root … 1 */
};

/* Consecutive addresses mapped to consecutive pages. */
struct mapped_range {
	uint64_t start, end; /* virtual, page-aligned, end excluded; start == end: nothing */
	uint64_t first_page;
};

struct guest_layout {
	uint64_t total_pages;
	struct page_run kernel, ramdisk, p2m, p2m_tables, start_info, store, console, tables, stack;
	bool ramdisk_mapped;
	uint64_t virt_base;
	uint64_t p2m_address;	   /* virtual */
	struct mapped_range image; /* from virt_base */
	struct mapped_range list;  /* of the p2m list, if it is outside */
	struct guest_table *table; /* all tables, the root first; tables.count + p2m_tables.count */
};

/*
 * Plan a guest of total_pages with this kernel and a ramdisk of ramdisk_size bytes (0: none).
 * Returns 0, or a negative XEN_E… with the problem. The plan owns memory until layout_free.
 */
int layout_plan(const struct kernel_layout *kernel, const struct xen_notes *notes,
		uint64_t ramdisk_size, uint64_t total_pages, struct guest_layout *layout,
		struct problem *problem);

void layout_free(struct guest_layout *layout);

/* The virtual address of a page in the image range. */
uint64_t layout_address(const struct guest_layout *layout, uint64_t page);

/*
 * The 512 entries of table number `index`. p2m: the machine frame of each guest page. Page tables
 * are mapped read-only, all else writable.
 */
void layout_fill_table(const struct guest_layout *layout, const uint64_t *p2m, unsigned int index,
		       uint64_t entries[512]);

/* How many tables the plan has. */
unsigned int layout_tables(const struct guest_layout *layout);

#endif
