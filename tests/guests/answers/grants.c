/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abi/reference/grants.md */
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <pv/grant.h>
#include "answers.h"

static int map(domid_t domain, grant_ref_t ref, uint32_t flags, uint64_t address, uint32_t *handle)
{
	struct gnttab_map_grant_ref m = {
		.host_addr = address, .flags = flags, .ref = ref, .dom = domain};

	ANSWER(HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	*handle = m.handle;
	return m.status;
}

/* The caller's own number: map takes no DOMID_SELF. */
static domid_t own_number(void)
{
	struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
	struct evtchn_status status = {.dom = DOMID_SELF};
	struct evtchn_close end;

	ANSWER(HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &a), 0);
	status.port = end.port = a.port;
	ANSWER(HYPERVISOR_event_channel_op(EVTCHNOP_status, &status), 0);
	ANSWER(HYPERVISOR_event_channel_op(EVTCHNOP_close, &end), 0);
	return status.u.unbound.dom;
}

static int unmap(uint32_t handle, uint64_t address)
{
	struct gnttab_unmap_grant_ref u = {.host_addr = address, .handle = handle};

	ANSWER(HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
	return u.status;
}

static int copy(domid_t domain, unsigned int offset, unsigned int length)
{
	static char from[4096] __attribute__((aligned(4096))),
		to[4096] __attribute__((aligned(4096)));
	struct gnttab_copy c = {
		.source = {.u.gmfn = pv_virt_to_mfn(from), .domid = domain, .offset = offset},
		.dest = {.u.gmfn = pv_virt_to_mfn(to), .domid = DOMID_SELF},
		.len = length,
	};

	ANSWER(HYPERVISOR_grant_table_op(GNTTABOP_copy, &c, 1), 0);
	return c.status;
}

static void table(void)
{
	struct gnttab_query_size q[2] = {{.dom = DOMID_SELF}, {.dom = DOMID_SELF}};
	struct gnttab_setup_table s = {.dom = DOMID_SELF};
	struct gnttab_get_version version = {.dom = DOMID_SELF};

	ANSWER(HYPERVISOR_grant_table_op(GNTTABOP_query_size, q, 1), 0);
	HOLDS(q[0].status == GNTST_okay && q[0].nr_frames <= q[0].max_nr_frames);
	ANSWER(HYPERVISOR_grant_table_op(GNTTABOP_query_size, q, 2), -XEN_EINVAL);
	q[1].dom = NO_DOMAIN;
	ANSWER(HYPERVISOR_grant_table_op(GNTTABOP_query_size, &q[1], 1), 0);
	ANSWER(q[1].status,
	       on_parapet ? to_whom(GNTST_bad_domain, GNTST_permission_denied) : GNTST_bad_domain);
	s.nr_frames = q[0].max_nr_frames + 1;
	ANSWER(HYPERVISOR_grant_table_op(GNTTABOP_setup_table, &s, 1), 0);
	ANSWER(s.status, GNTST_general_error);
	ANSWER(HYPERVISOR_grant_table_op(GNTTABOP_get_version, &version, 1), 0);
	ANSWER(version.version, 1);
	ANSWER(HYPERVISOR_grant_table_op(GNTTABOP_set_version, &(struct gnttab_set_version){3}, 1),
	       -XEN_EINVAL);
	ANSWER(HYPERVISOR_grant_table_op(63, q, 1), -XEN_ENOSYS);
}

static void mappings(void)
{
	uintptr_t va = pv_va_alloc(1);
	domid_t own = own_number();
	uint32_t handle;

	ANSWER(map(NO_DOMAIN, 8, GNTMAP_host_map, va, &handle), GNTST_bad_domain);
	HOLDS(own < DOMID_FIRST_RESERVED && !own == pv_is_dom0());
	ANSWER(map(own, 1 << 24, GNTMAP_host_map, va, &handle), GNTST_bad_gntref);
	ANSWER(map(own, 8, 0, va, &handle), GNTST_bad_gntref);
	ANSWER(unmap(0x12345678, va), GNTST_bad_handle);
	HOLDS(copy(DOMID_SELF, 0, 4096) == GNTST_okay);
	ANSWER(copy(DOMID_SELF, 100, 4096), GNTST_bad_copy_arg);
	HOLDS(copy(NO_DOMAIN, 0, 16) != GNTST_okay);
	pv_va_free(va, 1);
}

void answers_of_grants(void)
{
	table();
	mappings();
}
