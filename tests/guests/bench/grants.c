/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants of the domain to itself: mapped and unmapped, copied. */
#include <pv/event.h>
#include <pv/grant.h>
#include "bench.h"

#define COPIES 32u

static grant_ref_t ref;
static uintptr_t va;
static char *page;
static domid_t self; /* its number: asking costs a port */

static void grant_page(void)
{
	char *granted = take_pages(1);

	page = take_pages(1);
	va = pv_va_alloc(1);
	self = pv_domain_id();
	ref = pv_grant_access(self, pv_virt_to_mfn(granted), false);
}

static void map_and_unmap(void)
{
	struct gnttab_map_grant_ref map = {
		.host_addr = va,
		.flags = GNTMAP_host_map,
		.ref = ref,
		.dom = self,
	};
	struct gnttab_unmap_grant_ref unmap = {.host_addr = va};

	check("map", HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, &map, 1), 0);
	check("map's status", map.status, 0);
	unmap.handle = map.handle;
	check("unmap", HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
	check("unmap's status", unmap.status, 0);
}

static struct gnttab_copy whole_page(void)
{
	return (struct gnttab_copy){
		.source = {.u.ref = ref, .domid = self},
		.dest = {.u.gmfn = pv_virt_to_mfn(page), .domid = DOMID_SELF},
		.len = PV_PAGE_SIZE,
		.flags = GNTCOPY_source_gref,
	};
}

static void copy(void)
{
	struct gnttab_copy op = whole_page();

	check("copy", HYPERVISOR_grant_table_op(GNTTABOP_copy, &op, 1), 0);
	check("copy's status", op.status, 0);
}

static struct gnttab_copy copies[COPIES];

static void fill_copies(void)
{
	for (unsigned int i = 0; i < COPIES; i++)
		copies[i] = whole_page();
}

static void copy_again(void)
{
	check("copies", HYPERVISOR_grant_table_op(GNTTABOP_copy, copies, COPIES), 0);
	check("the last copy's status", copies[COPIES - 1].status, 0);
}

const struct row grant_rows[] = {
	{"grant: map and unmap", 1, .prepare = grant_page, .run = map_and_unmap},
	{"grant: copy of 4 KiB", 1, .run = copy},
	{"grant: copy of one page, 32 in a batch", COPIES, .prepare = fill_copies,
	 .run = copy_again},
	{0},
};
