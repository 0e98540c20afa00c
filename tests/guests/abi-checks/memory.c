/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op: the size of the domain, and where the machine's memory is. */
#include <string.h>
#include <xen/memory.h>
#include "checks.h"

static struct xen_memory_reservation reservation(xen_pfn_t *frames, unsigned long count,
						 unsigned int order)
{
	struct xen_memory_reservation r = {
		.nr_extents = count, .extent_order = order, .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, frames);
	return r;
}

static long op(unsigned int cmd, xen_pfn_t *frames, unsigned long count, unsigned int order)
{
	struct xen_memory_reservation r = reservation(frames, count, order);

	return HYPERVISOR_memory_op(cmd, &r);
}

static void check_sizes(void)
{
	domid_t self = DOMID_SELF, nobody = 0x7000;
	long now = HYPERVISOR_memory_op(XENMEM_current_reservation, &self);
	struct xen_machphys_mapping mapping;

	expect("current_reservation covers nr_pages", now >= (long)pv_start_info->nr_pages, 1);
	expect("maximum_reservation",
	       HYPERVISOR_memory_op(XENMEM_maximum_reservation, &self) >= now, 1);
	expect_refused("reservation of nobody",
		       HYPERVISOR_memory_op(XENMEM_current_reservation, &nobody));
	expect("maximum_ram_page", HYPERVISOR_memory_op(XENMEM_maximum_ram_page, NULL) >= now, 1);
	expect("machphys_mapping", HYPERVISOR_memory_op(XENMEM_machphys_mapping, &mapping), 0);
	expect("m2p: start", mapping.v_start, MACH2PHYS_VIRT_START);
	expect("m2p: end", mapping.v_end <= MACH2PHYS_VIRT_END && mapping.v_end > mapping.v_start,
	       1);
	expect("m2p: covers our frames", mapping.max_mfn >= pv_p2m[pv_nr_pfns - 1], 1);
	expect("unknown command", HYPERVISOR_memory_op(60, &self), -XEN_ENOSYS);
	expect("bad pointer", HYPERVISOR_memory_op(XENMEM_current_reservation, (void *)8),
	       -XEN_EFAULT);
}

static void check_release(void)
{
	domid_t self = DOMID_SELF;
	long before = HYPERVISOR_memory_op(XENMEM_current_reservation, &self);
	void *page = pv_pages_alloc(1);
	pv_pfn_t pfn = pv_virt_to_pfn(page);
	xen_pfn_t frame = pv_p2m[pfn], bad[2];

	pv_unmap((uintptr_t)page, 1);
	expect("decrease_reservation", op(XENMEM_decrease_reservation, &frame, 1, 0), 1);
	expect("one page less", HYPERVISOR_memory_op(XENMEM_current_reservation, &self),
	       before - 1);
	expect("freeing it again", op(XENMEM_decrease_reservation, &frame, 1, 0), 0);
	expect_refused("mapping what was freed", set_pte(page, pv_pte(frame, PV_RW)));
	frame = pfn;
	expect("populate_physmap", op(XENMEM_populate_physmap, &frame, 1, 0), 1);
	expect("m2p of the new frame", pv_mfn_to_pfn(frame), pfn);
	pv_p2m[pfn] = frame;
	expect("map it", set_pte(page, pv_pte(frame, PV_RW)), 0);
	expect("as many pages as before", HYPERVISOR_memory_op(XENMEM_current_reservation, &self),
	       before);
	pv_pages_free(page, 1);
	bad[0] = 0xfffffffffUL;
	bad[1] = 0;
	expect("freeing a frame beyond the machine", op(XENMEM_decrease_reservation, bad, 1, 0), 0);
	bad[0] = pv_virt_to_mfn((void *)pv_start_info->pt_base);
	expect("increase_reservation beyond the maximum fails softly",
	       op(XENMEM_populate_physmap, (xen_pfn_t[]){1UL << 30}, 1, 18) <= 0, 1);
	expect("of no extent", op(XENMEM_decrease_reservation, bad, 0, 0), 0);
	expect("with a bad array", op(XENMEM_decrease_reservation, (xen_pfn_t *)8, 1, 0) <= 0, 1);
	expect("of an order too high", op(XENMEM_populate_physmap, bad, 1, 60) <= 0, 1);
}

static void check_exchange(void)
{
	char *pages = pv_pages_alloc(4);
	pv_pfn_t pfn = pv_virt_to_pfn(pages);
	xen_pfn_t in[4], out = pfn;
	struct xen_memory_exchange x = {0};

	for (int i = 0; i < 4; i++)
		in[i] = pv_p2m[pfn + i];
	x.in = reservation(in, 4, 0);
	x.out = reservation(&out, 1, 2);
	expect_refused("exchange of mapped pages", HYPERVISOR_memory_op(XENMEM_exchange, &x));
	pv_unmap((uintptr_t)pages, 4);
	x.nr_exchanged = 0;
	expect("exchange", HYPERVISOR_memory_op(XENMEM_exchange, &x), 0);
	expect("exchanged", x.nr_exchanged, 4);
	expect("aligned", out % 4, 0);
	for (int i = 0; i < 4; i++) {
		expect("m2p of the new frames", pv_mfn_to_pfn(out + i), pfn + i);
		pv_p2m[pfn + i] = out + i;
		expect("map a new frame", set_pte(pages + i * PV_PAGE_SIZE, pv_pte(out + i, PV_RW)),
		       0);
	}
	pv_pages_free(pages, 4);
	x.nr_exchanged = 0;
	x.out = reservation(&out, 2, 2);
	expect_refused("exchange of different sizes", HYPERVISOR_memory_op(XENMEM_exchange, &x));
}

static void check_maps(void)
{
	static struct {
		uint64_t address, size;
		uint32_t type;
	} __attribute__((packed)) e820[128];
	struct xen_memory_map map = {.nr_entries = 128};
	struct xen_machphys_mfn_list list = {.max_extents = 64};
	static xen_pfn_t extents[64];
	long error;

	set_xen_guest_handle(map.buffer, e820);
	error = HYPERVISOR_memory_op(XENMEM_memory_map, &map);
	expect("memory_map: done or -ENOSYS", error == 0 || error == -XEN_ENOSYS, 1);
	if (!error) {
		expect("memory_map: entries", map.nr_entries > 0 && map.nr_entries <= 128, 1);
		expect("memory_map: begins at 0", e820[0].address, 0);
	}
	map.nr_entries = 128;
	error = HYPERVISOR_memory_op(XENMEM_machine_memory_map, &map);
	if (pv_is_dom0())
		expect("machine_memory_map", error, 0);
	else
		expect("machine_memory_map by an ordinary domain", error, -XEN_EPERM);
	set_xen_guest_handle(list.extent_start, extents);
	expect("machphys_mfn_list", HYPERVISOR_memory_op(XENMEM_machphys_mfn_list, &list), 0);
	expect("machphys_mfn_list: extents", list.nr_extents >= 1 && list.nr_extents <= 64, 1);
}

void check_memory(void)
{
	check_sizes();
	check_release();
	check_exchange();
	check_maps();
}
