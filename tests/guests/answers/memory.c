/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abi/reference/memory.md */
#include <xen/memory.h>
#include "answers.h"

static long reservation(unsigned int command, xen_pfn_t *frame, domid_t domain)
{
	struct xen_memory_reservation r = {.nr_extents = 1, .domid = domain};

	set_xen_guest_handle(r.extent_start, frame);
	return HYPERVISOR_memory_op(command, &r);
}

static long pages(unsigned int command, domid_t domain)
{
	struct xen_memory_domain d = {domain};

	return HYPERVISOR_memory_op(command, &d);
}

/* One page given back and asked for again, without and with a frame that is the caller's. */
static void give_and_take(void)
{
	char *page = pv_page_alloc();
	pv_pfn_t pfn = pv_virt_to_pfn(page);
	xen_pfn_t frame = 0xffffffffffUL;
	long before = pages(XENMEM_current_reservation, DOMID_SELF);

	ANSWER(reservation(XENMEM_decrease_reservation, &frame, DOMID_SELF), 0);
	pv_unmap((uintptr_t)page, 1);
	frame = pv_p2m[pfn];
	ANSWER(reservation(XENMEM_decrease_reservation, &frame, DOMID_SELF), 1);
	ANSWER(pages(XENMEM_current_reservation, DOMID_SELF), before - 1);
	frame = pfn;
	ANSWER(reservation(XENMEM_populate_physmap, &frame, DOMID_SELF), 1);
	ANSWER(pages(XENMEM_current_reservation, DOMID_SELF), before);
	HOLDS(machine_to_phys_mapping[frame] == pfn);
	pv_p2m[pfn] = frame;
	HOLDS(!pv_map((uintptr_t)page, &frame, 1, PV_RW, DOMID_SELF));
	HOLDS(!page[0] && !memcmp(page, page + 1, 4095));
	pv_pages_free(page, 1);
}

static void exchange(void)
{
	char *page = pv_page_alloc();
	xen_pfn_t pfn = pv_virt_to_pfn(page), in, out = pfn;
	struct xen_memory_exchange x = {
		.in = {.nr_extents = 1, .domid = DOMID_SELF},
		.out = {.nr_extents = 2, .domid = DOMID_SELF},
	};

	pv_unmap((uintptr_t)page, 1);
	in = pv_p2m[pfn];
	set_xen_guest_handle(x.in.extent_start, &in);
	set_xen_guest_handle(x.out.extent_start, &out);
	ANSWER(HYPERVISOR_memory_op(XENMEM_exchange, &x), -XEN_EINVAL);
	x.out.nr_extents = 1;
	ANSWER(HYPERVISOR_memory_op(XENMEM_exchange, &x), 0);
	HOLDS(x.nr_exchanged == 1 && machine_to_phys_mapping[out] == pfn);
	pv_p2m[pfn] = out;
	HOLDS(!pv_map((uintptr_t)page, &out, 1, PV_RW, DOMID_SELF));
	pv_pages_free(page, 1);
}

static void machine_to_physical(void)
{
	struct xen_machphys_mapping mapping;
	struct xen_machphys_mfn_list list = {.max_extents = 1};
	xen_pfn_t frame = 0;

	ANSWER(HYPERVISOR_memory_op(XENMEM_machphys_mapping, &mapping), 0);
	HOLDS(mapping.v_start == MACH2PHYS_VIRT_START && mapping.v_end <= MACH2PHYS_VIRT_END);
	HOLDS(mapping.max_mfn >= pv_p2m[0]);
	set_xen_guest_handle(list.extent_start, &frame);
	ANSWER(HYPERVISOR_memory_op(XENMEM_machphys_mfn_list, &list), 0);
	HOLDS(list.nr_extents == 1 && frame);
}

static void machine_map(void)
{
	static char entries[20 * 128];
	struct xen_memory_map map = {.nr_entries = 128};

	set_xen_guest_handle(map.buffer, entries);
	ANSWER(HYPERVISOR_memory_op(XENMEM_machine_memory_map, &map), to_whom(0, -XEN_EPERM));
	HOLDS(!pv_is_dom0() || (map.nr_entries > 0 && map.nr_entries < 128));
}

void answers_of_memory(void)
{
	xen_pfn_t frame = 0;

	HOLDS(HYPERVISOR_memory_op(XENMEM_maximum_ram_page, NULL) > 0);
	HOLDS(pages(XENMEM_current_reservation, DOMID_SELF) <=
	      pages(XENMEM_maximum_reservation, DOMID_SELF));
	ANSWER(pages(XENMEM_current_reservation, NO_DOMAIN), nobody());
	ANSWER(reservation(XENMEM_decrease_reservation, &frame, NO_DOMAIN), here(nobody(), 0));
	give_and_take();
	exchange();
	machine_to_physical();
	machine_map();
	ANSWER(HYPERVISOR_memory_op(63, NULL), -XEN_ENOSYS);
	ANSWER(HYPERVISOR_memory_op(XENMEM_machphys_mapping, HYPERVISORS_OWN), -XEN_EFAULT);
}
