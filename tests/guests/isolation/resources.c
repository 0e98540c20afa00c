/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts to use up what is shared, and to use what belongs to others. */
#include <stdlib.h>
#include <string.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include "isolation.h"

/* --- descriptor tables ----------------------------------------------------------------------- */

void attack_descriptors(void)
{
	uint64_t *page = pv_page_alloc();
	unsigned long frames[16] = {pv_virt_to_mfn(page)};
	uint64_t maddr = (uint64_t)frames[0] << PV_PAGE_SHIFT;
	/* A task gate and a TSS: each would be a way in. */
	static const uint64_t gates[] = {0x0000e50000080000UL, 0x0000890000000067UL};
	struct mmuext_op ldt = {.cmd = MMUEXT_SET_LDT,
				.arg1 = {.linear_addr = HYPERVISOR_VIRT_START},
				.arg2 = {.nr_ents = 10}};

	refused(HYPERVISOR_set_gdt(frames, 8192), "a table of descriptors that is too long");
	refused(HYPERVISOR_set_gdt(frames, 1), "a writable page as descriptor table");
	pv_protect((uintptr_t)page, 1, PV_RO);
	frames[0] = pv_virt_to_mfn((void *)pv_start_info->pt_base);
	refused(HYPERVISOR_set_gdt(frames, 1), "the page-table root as descriptor table");
	for (unsigned int i = 0; i < PV_ARRAY_SIZE(gates); i++)
		refused(HYPERVISOR_update_descriptor(maddr, gates[i]), "descriptor %lx", gates[i]);
	refused(HYPERVISOR_update_descriptor(maddr + 4, 0), "a descriptor across two others");
	works(HYPERVISOR_mmuext_op(&ldt, 1, NULL, DOMID_SELF) < 0, "an LDT in the hypervisor");
	pv_protect((uintptr_t)page, 1, PV_RW);
	pv_pages_free(page, 1);
}

/* --- event channels -------------------------------------------------------------------------- */

static long close_port(evtchn_port_t port)
{
	struct evtchn_close op = {.port = port};

	return HYPERVISOR_event_channel_op(EVTCHNOP_close, &op);
}

static void exhaust_ports(void)
{
	static evtchn_port_t ports[1 << 18];
	struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = 0};
	unsigned int count = 0;
	long result;

	while ((result = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &op)) == 0 &&
	       count < PV_ARRAY_SIZE(ports))
		ports[count++] = op.port;
	works(result < 0, "ports have an end");
	works(count > 100, "there are some ports: %u", count);
	while (count)
		close_port(ports[--count]);
	result = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &op);
	if (works(result == 0, "ports can be had again"))
		close_port(op.port);
}

void attack_events(void)
{
	struct evtchn_send send = {.port = 0xfffff};
	struct evtchn_bind_interdomain bind = {.remote_dom = 0, .remote_port = 1};
	struct evtchn_bind_virq virq = {.virq = 1000};
	struct evtchn_bind_ipi ipi = {.vcpu = 1000};
	struct evtchn_alloc_unbound other = {.dom = 12345, .remote_dom = DOMID_SELF};

	refused(HYPERVISOR_event_channel_op(EVTCHNOP_send, &send), "sending on a wild port");
	send.port = 4000;
	refused(HYPERVISOR_event_channel_op(EVTCHNOP_send, &send), "sending on a free port");
	refused(HYPERVISOR_event_channel_op(EVTCHNOP_bind_virq, &virq), "a wild virtual interrupt");
	refused(HYPERVISOR_event_channel_op(EVTCHNOP_bind_ipi, &ipi), "an IPI to no vCPU");
	refused(HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &other), "a port for another");
	refused(HYPERVISOR_event_channel_op(1000, &other), "an unknown event-channel call");
	refused(close_port(0xfffffff), "closing a wild port");
	if (!pv_is_dom0()) {
		struct evtchn_bind_pirq pirq = {.pirq = 8};

		for (evtchn_port_t port = 0; port < 64; port++) {
			bind.remote_port = port;
			refused(HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain, &bind),
				"binding to port %u of domain 0", port);
		}
		refused(HYPERVISOR_event_channel_op(EVTCHNOP_bind_pirq, &pirq),
			"a hardware interrupt");
	}
	exhaust_ports();
}

/* --- grants ---------------------------------------------------------------------------------- */

static int map_grant(domid_t domain, grant_ref_t ref, uint64_t address, uint32_t flags)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = address, .flags = flags, .ref = ref, .dom = domain};

	if (HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, &op, 1) < 0)
		return -1;
	return op.status;
}

static int copy_grant(domid_t from, grant_ref_t ref, unsigned int offset, unsigned int length)
{
	static char page[PV_PAGE_SIZE] __attribute__((aligned(4096)));
	struct gnttab_copy op = {.flags = GNTCOPY_source_gref, .len = length};

	op.source.u.ref = ref;
	op.source.domid = from;
	op.source.offset = offset;
	op.dest.u.gmfn = pv_virt_to_mfn(page);
	op.dest.domid = DOMID_SELF;
	if (HYPERVISOR_grant_table_op(GNTTABOP_copy, &op, 1) < 0)
		return -1;
	return op.status;
}

static void unmap_wild_handles(void)
{
	struct gnttab_unmap_grant_ref op = {.host_addr = 0x1000};

	for (grant_handle_t handle = 0; handle < 0xfffffff; handle = handle * 3 + 1) {
		op.handle = handle;
		works(HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1) < 0 ||
			      op.status < 0,
		      "unmapping by handle %u", handle);
	}
}

static void too_many_frames(void)
{
	static xen_pfn_t frames[1024];
	struct gnttab_setup_table op = {.dom = DOMID_SELF, .nr_frames = 1u << 20};

	set_xen_guest_handle(op.frame_list, frames);
	works(HYPERVISOR_grant_table_op(GNTTABOP_setup_table, &op, 1) < 0 || op.status < 0,
	      "a grant table of a million frames");
}

void attack_grants(void)
{
	uintptr_t va = pv_va_alloc(1);

	for (grant_ref_t ref = 0; ref < 100; ref++)
		works(map_grant(0, ref, va, GNTMAP_host_map) < 0, "mapping grant %u of domain 0",
		      ref);
	works(map_grant(0, 0xffffffff, va, GNTMAP_host_map) < 0, "mapping a wild grant");
	works(map_grant(12345, 0, va, GNTMAP_host_map) < 0, "mapping a grant of nobody");
	works(map_grant(DOMID_XEN, 0, va, GNTMAP_host_map) < 0,
	      "mapping a grant of the hypervisor");
	works(map_grant(0, 0, HYPERVISOR_VIRT_START, GNTMAP_host_map) < 0,
	      "mapping a grant over the hypervisor");
	works(copy_grant(0, 50, 0, 64) < 0, "copying from a grant that is none");
	works(copy_grant(0, 0xffffffff, 0, 64) < 0, "copying from a wild grant");
	works(copy_grant(12345, 0, 0, 64) < 0, "copying from nobody");
	works(copy_grant(0, 0, 4000, 4000) < 0, "copying across the end of a page");
	unmap_wild_handles();
	too_many_frames();
	pv_va_free(va, 1);
}

/* --- memory ---------------------------------------------------------------------------------- */

static long reservation(unsigned int command, xen_pfn_t *frames, unsigned long count,
			unsigned int order, domid_t domain)
{
	struct xen_memory_reservation op = {
		.nr_extents = count, .extent_order = order, .domid = domain};

	set_xen_guest_handle(op.extent_start, frames);
	return HYPERVISOR_memory_op(command, &op);
}

static void more_than_allowed(void)
{
	static xen_pfn_t frames[4096];
	unsigned long got = 0;
	long result;

	do {
		for (unsigned int i = 0; i < PV_ARRAY_SIZE(frames); i++)
			frames[i] = pv_nr_pfns + i;
		result = reservation(XENMEM_increase_reservation, frames, PV_ARRAY_SIZE(frames), 0,
				     DOMID_SELF);
		for (long i = 0; i < result; i++)
			reservation(XENMEM_decrease_reservation, &frames[i], 1, 0, DOMID_SELF);
		got += result > 0 ? result : 0;
	} while (result == (long)PV_ARRAY_SIZE(frames) && got < 1 << 20);
	works(got < 1 << 20, "%lu pages more than this guest may have", got);
	works(reservation(XENMEM_increase_reservation, frames, 1, 30, DOMID_SELF) <= 0,
	      "memory of 2^30 pages in one piece");
	works(reservation(XENMEM_increase_reservation, frames, 1, 63, DOMID_SELF) <= 0,
	      "memory of 2^63 pages in one piece");
}

void attack_memory(void)
{
	xen_pfn_t frame = 0x100;

	works(reservation(XENMEM_decrease_reservation, &frame, 1, 0, 0) <= 0,
	      "giving back a page of domain 0");
	works(reservation(XENMEM_decrease_reservation, &frame, 1, 0, DOMID_SELF) <= 0,
	      "giving back a page that is not ours");
	works(reservation(XENMEM_populate_physmap, &frame, 1, 0, 0) <= 0,
	      "giving pages to domain 0");
	works(reservation(XENMEM_decrease_reservation, (void *)HYPERVISOR_VIRT_START, 16, 0,
			  DOMID_SELF) <= 0,
	      "a list of pages in the hypervisor");
	refused(HYPERVISOR_memory_op(XENMEM_machine_memory_map, &frame),
		"the machine's memory map");
	refused(HYPERVISOR_memory_op(1000, &frame), "an unknown memory call");
	more_than_allowed();
}

/* --- control --------------------------------------------------------------------------------- */

void attack_control(void)
{
	static union {
		struct xen_domctl domctl;
		struct xen_sysctl sysctl;
		struct xen_platform_op platform;
		char bytes[4096];
	} op;

	for (unsigned int command = 0; command < 100; command++) {
		memset(&op, 0, sizeof(op));
		op.domctl.cmd = command;
		op.domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
		refused(HYPERVISOR_domctl(&op), "domctl %u", command);
		memset(&op, 0, sizeof(op));
		op.sysctl.cmd = command;
		op.sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
		refused(HYPERVISOR_sysctl(&op), "sysctl %u", command);
		memset(&op, 0, sizeof(op));
		op.platform.cmd = command;
		op.platform.interface_version = XENPF_INTERFACE_VERSION;
		refused(HYPERVISOR_platform_op(&op), "platform_op %u", command);
	}
	for (unsigned int command = 0; command < 40; command++) {
		memset(&op, 0, sizeof(op));
		/* What any domain may ask about itself; 4 is a remnant that is answered with 0. */
		if (command == PHYSDEVOP_set_iopl || command == PHYSDEVOP_set_iobitmap ||
		    command == PHYSDEVOP_eoi || command == PHYSDEVOP_irq_status_query ||
		    command == PHYSDEVOP_pirq_eoi_gmfn_v1 ||
		    command == PHYSDEVOP_pirq_eoi_gmfn_v2 || command == PHYSDEVOP_get_free_pirq ||
		    command == 4)
			continue;
		refused(HYPERVISOR_physdev_op(command, &op), "physdev_op %u", command);
	}
	refused(HYPERVISOR_vcpu_op(VCPUOP_up, 1000, NULL), "starting vCPU 1000");
	refused(HYPERVISOR_console_io(CONSOLEIO_read, 10, op.bytes),
		"reading the machine's console");
}
