/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grant table, with the domain itself at both ends. */
#include <string.h>
#include <pv/event.h>
#include <pv/grant.h>
#include "checks.h"

static domid_t self;
static char *page;

static long map_flags(grant_ref_t ref, uintptr_t va, unsigned int flags, grant_handle_t *handle)
{
	struct gnttab_map_grant_ref op = {.host_addr = va, .flags = flags, .ref = ref, .dom = self};
	long error = HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, &op, 1);

	*handle = op.handle;
	return error ? error * 1000 : op.status;
}

static long unmap(uintptr_t va, grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref op = {.host_addr = va, .handle = handle};
	long error = HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1);

	return error ? error * 1000 : op.status;
}

static void check_table(void)
{
	struct gnttab_query_size size = {.dom = DOMID_SELF};
	struct gnttab_get_version version = {.dom = DOMID_SELF};
	struct gnttab_set_version set = {.version = 1};

	expect("query_size", HYPERVISOR_grant_table_op(GNTTABOP_query_size, &size, 1), 0);
	expect("query_size: status", size.status, 0);
	expect("query_size: limits", size.nr_frames >= 1 && size.nr_frames <= size.max_nr_frames,
	       1);
	expect("get_version", HYPERVISOR_grant_table_op(GNTTABOP_get_version, &version, 1), 0);
	expect("version", version.version, 1);
	expect("set_version 1", HYPERVISOR_grant_table_op(GNTTABOP_set_version, &set, 1), 0);
	set.version = 7;
	expect_refused("set_version 7", HYPERVISOR_grant_table_op(GNTTABOP_set_version, &set, 1));
	expect_refused("unknown command", HYPERVISOR_grant_table_op(99, &set, 1));
	expect("bad pointer", HYPERVISOR_grant_table_op(GNTTABOP_query_size, (void *)8, 1),
	       -XEN_EFAULT);
}

static void check_map(void)
{
	int rw = pv_grant_access(self, pv_virt_to_mfn(page), false);
	int ro = pv_grant_access(self, pv_virt_to_mfn(page), true);
	uintptr_t va = pv_va_alloc(1);
	grant_handle_t handle, second;

	strcpy(page, "granted");
	expect("map", map_flags(rw, va, GNTMAP_host_map, &handle), GNTST_okay);
	expect("sees the page", strcmp((char *)va, "granted"), 0);
	strcpy((char *)va, "written");
	expect("writes the page", strcmp(page, "written"), 0);
	expect("end while mapped", pv_grant_end(rw), -XEN_EBUSY);
	expect("unmap", unmap(va, handle), GNTST_okay);
	TRY("movb (%0), %%cl", ::"r"(va));
	expect_trap("read of what was unmapped", PV_TRAP_PAGE_FAULT, 0);
	expect("unmap again", unmap(va, handle), GNTST_bad_handle);
	expect("map read-only", map_flags(rw, va, GNTMAP_host_map | GNTMAP_readonly, &handle),
	       GNTST_okay);
	TRY("movb %%cl, (%0)", ::"r"(va));
	expect_trap("write to a read-only grant mapping", PV_TRAP_PAGE_FAULT, 3);
	expect("unmap at another address", unmap(va + PV_PAGE_SIZE, handle) < 0, 1);
	expect("unmap read-only", unmap(va, handle), GNTST_okay);
	expect("map a read-only grant writable", map_flags(ro, va, GNTMAP_host_map, &second) < 0,
	       1);
	expect("map an absent grant", map_flags(3, va, GNTMAP_host_map, &second) < 0, 1);
	expect("map a grant beyond the table", map_flags(1000000, va, GNTMAP_host_map, &second),
	       GNTST_bad_gntref);
	expect("map without a kind", map_flags(rw, va, 0, &second), GNTST_bad_gntref);
	expect("map at the hypervisor's address",
	       map_flags(rw, 0xffff830000000000, GNTMAP_host_map, &second) < 0, 1);
	expect("unmap a handle that there is not", unmap(va, 0x7fffffff), GNTST_bad_handle);
	expect("end", pv_grant_end(rw), 0);
	expect("end of the read-only one", pv_grant_end(ro), 0);
	expect("map what was ended", map_flags(rw, va, GNTMAP_host_map, &second) < 0, 1);
	pv_va_free(va, 1);
}

static void check_copy(void)
{
	int rw = pv_grant_access(self, pv_virt_to_mfn(page), false);
	int ro = pv_grant_access(self, pv_virt_to_mfn(page), true);
	char *buffer = pv_page_alloc();
	struct gnttab_copy op = {.flags = GNTCOPY_source_gref, .len = 16};

	strcpy(page, "copied");
	expect("copy from", pv_grant_copy_from(self, rw, 0, buffer, 16), GNTST_okay);
	expect("copied", strcmp(buffer, "copied"), 0);
	expect("copy to", pv_grant_copy_to(self, rw, 50, "back", 5), GNTST_okay);
	expect("copied back", strcmp(page + 50, "back"), 0);
	expect("copy to a read-only grant", pv_grant_copy_to(self, ro, 0, "x", 1) < 0, 1);
	expect("copy from a read-only grant", pv_grant_copy_from(self, ro, 0, buffer, 16),
	       GNTST_okay);
	expect("copy across the page's end", pv_grant_copy_from(self, rw, 4090, buffer, 16),
	       GNTST_bad_copy_arg);
	expect("copy from an absent grant", pv_grant_copy_from(self, 3, 0, buffer, 16) < 0, 1);
	expect("copy from nobody", pv_grant_copy_from(0x7000, rw, 0, buffer, 16), GNTST_bad_domain);
	op.source.u.ref = rw;
	op.source.domid = self;
	op.dest.u.gmfn = 0xfffffffffUL;
	op.dest.domid = DOMID_SELF;
	expect("copy to a frame beyond the machine",
	       HYPERVISOR_grant_table_op(GNTTABOP_copy, &op, 1) < 0 || op.status < 0, 1);
	op.dest.u.gmfn = pv_virt_to_mfn((void *)pv_start_info->pt_base);
	expect("copy over a page table",
	       HYPERVISOR_grant_table_op(GNTTABOP_copy, &op, 1) < 0 || op.status < 0, 1);
	expect("end", pv_grant_end(rw), 0);
	expect("end of the read-only one", pv_grant_end(ro), 0);
	pv_pages_free(buffer, 1);
}

void check_grants(void)
{
	self = pv_domain_id();
	page = pv_page_alloc();
	check_table();
	check_map();
	check_copy();
	pv_pages_free(page, 1);
}
