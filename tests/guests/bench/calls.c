/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls that do nothing, balloon pages, yield. */
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/version.h>
#include "bench.h"

#define CALLS 64

static struct multicall_entry calls[CALLS];
static pv_mfn_t frame;

static void null_call(void)
{
	HYPERVISOR_xen_version(XENVER_version, NULL);
}

static void fill_multicall(void)
{
	for (unsigned int i = 0; i < CALLS; i++)
		calls[i] = (struct multicall_entry){.op = __HYPERVISOR_xen_version};
}

static void multicall(void)
{
	check("multicall", HYPERVISOR_multicall(calls, CALLS), 0);
}

static void yield(void)
{
	check("yield", HYPERVISOR_sched_op(SCHEDOP_yield, NULL), 0);
}

/* One frame that nothing maps. */
static void unmap_one(void)
{
	void *page = take_pages(1);

	frame = pv_virt_to_mfn(page);
	check("unmap", HYPERVISOR_update_va_mapping((uintptr_t)page, 0, UVMF_INVLPG | UVMF_ALL), 0);
}

static void balloon(void)
{
	struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

	r.extent_start.p = &frame;
	check("decrease_reservation", HYPERVISOR_memory_op(XENMEM_decrease_reservation, &r), 1);
	frame = 0x100; /* any pseudo-physical number */
	check("populate_physmap", HYPERVISOR_memory_op(XENMEM_populate_physmap, &r), 1);
}

const struct row call_rows[] = {
	{"null hypercall", 1, .run = null_call},
	{"multicall of 64, each", CALLS, .prepare = fill_multicall, .run = multicall},
	{"yield", 1, .run = yield},
	{"balloon: a page out and in", 1, .prepare = unmap_one, .run = balloon},
	{0},
};
