/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/thread.h>
#include <xen/errno.h>
#include <xen/memory.h>
#include "builder/memory.h"

#define LARGE_ORDER 9
#define LARGE_PAGES (1ul << LARGE_ORDER)
#define BATCH	    128ul /* extents in one call */

/*
 * Ask for `count` extents of 2^order pages for guest pages from `first`. The array receives the
 * first frame of each. Returns how many were given.
 */
static unsigned long ask(domid_t domid, uint64_t first, unsigned long count, unsigned int order,
			 xen_pfn_t *extents)
{
	struct xen_memory_reservation reservation = {
		.nr_extents = count, .extent_order = order, .domid = domid};

	for (unsigned long i = 0; i < count; i++)
		extents[i] = first + (i << order);
	set_xen_guest_handle(reservation.extent_start, extents);
	long given = HYPERVISOR_memory_op(XENMEM_populate_physmap, &reservation);

	return given < 0 ? 0 : (unsigned long)given;
}

/* Up to BATCH large extents at once. Returns how many pages were given. */
static uint64_t populate_large(struct guest_memory *memory, uint64_t first)
{
	xen_pfn_t extents[BATCH];
	uint64_t whole = (memory->pages - first) / LARGE_PAGES;
	unsigned long given =
		ask(memory->domid, first, whole < BATCH ? whole : BATCH, LARGE_ORDER, extents);

	for (unsigned long i = 0; i < given; i++)
		for (unsigned long page = 0; page < LARGE_PAGES; page++)
			memory->p2m[first + i * LARGE_PAGES + page] = extents[i] + page;
	return given * LARGE_PAGES;
}

static uint64_t populate_single(struct guest_memory *memory, uint64_t first)
{
	uint64_t left = memory->pages - first;

	return ask(memory->domid, first, left < BATCH ? left : BATCH, 0, memory->p2m + first);
}

int guest_memory_populate(struct guest_memory *memory, domid_t domid, uint64_t pages,
			  struct problem *problem)
{
	uint64_t done = 0;
	int large = 1;

	memset(memory, 0, sizeof(*memory));
	memory->domid = domid;
	memory->pages = pages;
	memory->p2m = malloc(pages * sizeof(memory->p2m[0]));
	if (!memory->p2m)
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	while (done < pages) {
		uint64_t given = 0;

		if (large && pages - done >= LARGE_PAGES) {
			given = populate_large(memory, done);
			large = given != 0; /* memory is in pieces: go on with single pages */
		}
		if (!given)
			given = populate_single(memory, done);
		if (!given)
			return problem_note(
				problem, XEN_ENOMEM,
				"the host has no more free memory (%llu of %llu MiB were there): "
				"destroy a guest or lower memory",
				(unsigned long long)(done >> 8), (unsigned long long)(pages >> 8));
		done += given;
		pv_yield();
	}
	return 0;
}

void guest_memory_close_window(struct guest_memory *memory)
{
	if (memory->window_count)
		pv_unmap(memory->window, memory->window_count);
	memory->window_count = 0;
}

void guest_memory_release(struct guest_memory *memory)
{
	guest_memory_close_window(memory);
	if (memory->window)
		pv_va_free(memory->window, WINDOW_PAGES);
	free(memory->p2m);
	memset(memory, 0, sizeof(*memory));
}

/* Bring a guest page into the window; *at is where, *left how many bytes from there are mapped. */
static int open_window(struct guest_memory *memory, uint64_t page, uint8_t **at, uint64_t *left,
		       struct problem *problem)
{
	if (page >= memory->pages)
		return problem_note(problem, XEN_EINVAL,
				    "the kernel reaches beyond the guest's memory");
	if (page - memory->window_first >= memory->window_count) {
		uint64_t first = page & ~(WINDOW_PAGES - 1), count = memory->pages - first;

		guest_memory_close_window(memory);
		if (!memory->window)
			memory->window = pv_va_alloc(WINDOW_PAGES);
		if (!memory->window)
			return problem_note(problem, XEN_ENOMEM, "dom0 has no address space left");
		if (count > WINDOW_PAGES)
			count = WINDOW_PAGES;
		int error =
			pv_map(memory->window, memory->p2m + first, count, PV_RW, memory->domid);

		if (error)
			return problem_note(problem, -error, "mapping the guest's pages failed: %s",
					    problem_reason(error));
		memory->window_first = first;
		memory->window_count = count;
		pv_yield(); /* loading is long: let store and consoles work */
	}
	*at = (uint8_t *)memory->window + ((page - memory->window_first) << PV_PAGE_SHIFT);
	*left = (memory->window_count - (page - memory->window_first)) << PV_PAGE_SHIFT;
	return 0;
}

/* Copy, or clear where bytes is NULL. */
static int fill(struct guest_memory *memory, uint64_t offset, const uint8_t *bytes, uint64_t size,
		struct problem *problem)
{
	while (size) {
		uint64_t inside = offset & (PV_PAGE_SIZE - 1), part = 0;
		uint8_t *at = NULL;
		int error = open_window(memory, offset >> PV_PAGE_SHIFT, &at, &part, problem);

		if (error)
			return error;
		part -= inside;
		if (part > size)
			part = size;
		if (bytes)
			memcpy(at + inside, bytes, part);
		else
			memset(at + inside, 0, part);
		bytes = bytes ? bytes + part : NULL;
		offset += part;
		size -= part;
	}
	return 0;
}

int guest_memory_write(struct guest_memory *memory, uint64_t offset, const void *bytes, size_t size,
		       struct problem *problem)
{
	return fill(memory, offset, bytes, size, problem);
}

int guest_memory_clear(struct guest_memory *memory, uint64_t offset, uint64_t size,
		       struct problem *problem)
{
	return fill(memory, offset, NULL, size, problem);
}
