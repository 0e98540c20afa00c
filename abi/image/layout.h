/* SPDX-License-Identifier: MIT */
/*
 * Where everything lies in a new domain: a pure computation, before it has any memory.
 *
 *   page 0 ─────────────────────────────────────────────────────────────── mapped from virt_base on
 *     kernel | ramdisk* | p2m list* | start_info | store | console | page tables | stack | padding
 *   then, mapped elsewhere or not at all:
 *     p2m list + its page tables (if the kernel's INIT_P2M note says where) | ramdisk
 * (MOD_START_PFN)
 *
 * (* unless it lies below.) The first domain has no store and console pages. The padding ends at a
 * multiple of 4 MiB, at least 512 KiB behind the stack. Linux frees the p2m list and its tables
 * together, as one range of pages: so they are kept together.
 */
#ifndef ABI_IMAGE_LAYOUT_H
#define ABI_IMAGE_LAYOUT_H

#include <image/image.h>
#include <xen/xen.h>

/* A run of guest pages, by their guest's own numbers. */
struct page_run {
	uint64_t first, count;
};

/* Consecutive addresses mapped to consecutive pages. */
struct mapped_range {
	uint64_t start, end; /* virtual, page-aligned, end excluded; start == end: nothing */
	uint64_t first_page;
};

struct guest_layout {
	uint64_t total_pages;
	uint64_t used_pages; /* the builder refuses a guest with less in total */
	struct page_run kernel, ramdisk, p2m, p2m_tables, start_info, store, console, tables, stack;
	bool ramdisk_mapped;
	uint64_t p2m_address;	   /* virtual */
	struct mapped_range image; /* from virt_base */
	struct mapped_range list;  /* of the p2m list, if it is outside */
};

/*
 * Plan a guest of total_pages with this kernel and a ramdisk of ramdisk_size bytes (0: none).
 * first: of the first domain. Returns NULL, or what is wrong. The plan holds for any total_pages,
 * so that a builder may ask first for used_pages with none.
 */
const char *layout_plan(struct guest_layout *layout, const struct kernel_image *k, bool first,
			uint64_t ramdisk_size, uint64_t total_pages);

/* The virtual address of a page in the image range. */
uint64_t layout_address(const struct guest_layout *layout, uint64_t page);

/*
 * Fill in the page tables, the root in the first page of `tables`. p2m: the machine frame of each
 * guest page. table() says where the builder sees a page of the runs tables and p2m_tables, until
 * all is done. Page tables are mapped read-only, all else writable.
 */
void layout_fill_tables(const struct guest_layout *layout, const uint64_t *p2m,
			uint64_t *(*table)(void *context, uint64_t page), void *context);

/* The state in which a domain begins, but for what only its builder knows: magic and command line,
 * shared info, store and console, flags of the first domain. Both structs are zero before. */
void layout_start_info(const struct guest_layout *layout, uint64_t ramdisk_size,
		       struct start_info *info);
/* The first vCPU's. p2m: as above. */
void layout_start_context(const struct guest_layout *layout, const struct kernel_image *k,
			  const uint64_t *p2m, struct vcpu_guest_context *context);

#endif
