/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls from all vCPUs at once on the same few frames, ports and grants: mostly what makes
 * sense, with a field that is wrong now and then. Nothing of it can harm the guest itself, so it
 * lives to give its verdict:
 *   torture: PASS, N operations (A done) by V vCPUs
 * extra="seed=N ops=N first": operations for each vCPU; the first of two that grant each other
 * pages, whose ids follow one another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/event.h>
#include <pv/grant.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/trap.h>
#include <pv/vcpu.h>
#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/vcpu.h>

#define POOL   32u /* frames that all vCPUs work on */
#define AREA   64u /* pages of address space for mappings */
#define GRANTS 16u
#define BATCH  16u

static struct worker {
	uint64_t seed;
	unsigned int id;
	unsigned long operations, done;
	volatile bool finished;
	uint64_t scratch[64] __attribute__((aligned(64)));
} workers[PV_MAX_VCPUS];

static unsigned long operations = 20000;
static char *pool; /* mapped read-only: its frames may become anything */
static pv_mfn_t frames[POOL];
static uintptr_t area;
static int grants[2][GRANTS]; /* to ourselves, to the peer */
static volatile grant_handle_t handles[64];
static domid_t self, peer;
static evtchn_port_t first_port;

static uint64_t number(struct worker *w)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return w->seed;
}

static uint64_t below(struct worker *w, uint64_t n)
{
	return number(w) % n;
}

/* --- fields: good ones, and one in 16 with a bit that is wrong --- */

static uint64_t perhaps_wrong(struct worker *w, uint64_t good)
{
	return below(w, 16) ? good : good ^ 1ul << below(w, 64);
}

static pv_mfn_t some_frame(struct worker *w)
{
	return below(w, 64) ? frames[below(w, POOL)] : below(w, 4) ? below(w, 1 << 18) : number(w);
}

/* Of the pool, whatever else is wrong: a write to our own tables would be our end. */
static uint64_t some_entry_address(struct worker *w)
{
	static const uint16_t slots[] = {0, 1, 2, 3, 255, 256, 259, 511};
	uint64_t address = (uint64_t)frames[below(w, POOL)] << PV_PAGE_SHIFT;

	address |= slots[below(w, PV_ARRAY_SIZE(slots))] * 8;
	return below(w, 16) ? address
			    : (address ^ below(w, 8)) | below(w, 2) << (44 + below(w, 20));
}

static uint64_t some_entry(struct worker *w)
{
	static const uint64_t bits[] = {7, 7, 5, 5, 1, 0x67, PV_PTE_NX | 7};

	if (!below(w, 4))
		return 0;
	return perhaps_wrong(w, pv_pte(some_frame(w), bits[below(w, PV_ARRAY_SIZE(bits))]));
}

static uintptr_t some_address(struct worker *w)
{
	return area + below(w, AREA) * PV_PAGE_SIZE;
}

static uint32_t some_domain(struct worker *w)
{
	static const uint16_t names[] = {DOMID_IO, DOMID_XEN, 0, 0x7fff};

	switch (below(w, 12)) {
	case 0:
		return names[below(w, 4)];
	case 1:
		return peer;
	case 2:
		return self;
	default:
		return DOMID_SELF;
	}
}

/* --- operations: 0 or more when done --- */

static long update_tables(struct worker *w)
{
	struct mmu_update reqs[BATCH];
	static const uint8_t commands[] = {0, 0, 0, 0, 2, 3, 1, 7};
	unsigned int n = 1 + below(w, BATCH), done;

	for (unsigned int i = 0; i < n; i++) {
		reqs[i].ptr = some_entry_address(w) | commands[below(w, 8)];
		reqs[i].val = some_entry(w);
	}
	return HYPERVISOR_mmu_update(reqs, perhaps_wrong(w, n) % (BATCH + 1), &done,
				     some_domain(w));
}

static long extended(struct worker *w)
{
	static const uint8_t commands[] = {
		MMUEXT_PIN_L1_TABLE,  MMUEXT_PIN_L1_TABLE,     MMUEXT_PIN_L2_TABLE,
		MMUEXT_PIN_L3_TABLE,  MMUEXT_PIN_L4_TABLE,     MMUEXT_PIN_L4_TABLE,
		MMUEXT_UNPIN_TABLE,   MMUEXT_UNPIN_TABLE,      MMUEXT_UNPIN_TABLE,
		MMUEXT_UNPIN_TABLE,   MMUEXT_NEW_USER_BASEPTR, MMUEXT_TLB_FLUSH_LOCAL,
		MMUEXT_TLB_FLUSH_ALL, MMUEXT_INVLPG_ALL,       MMUEXT_TLB_FLUSH_MULTI,
		MMUEXT_INVLPG_MULTI,  MMUEXT_CLEAR_PAGE,       MMUEXT_COPY_PAGE,
		MMUEXT_SET_LDT,	      MMUEXT_FLUSH_CACHE};
	struct mmuext_op ops[4];
	unsigned int n = 1 + below(w, 4), done;
	unsigned long vcpus = number(w);

	for (unsigned int i = 0; i < n; i++) {
		unsigned int command = commands[below(w, sizeof(commands))];

		memset(&ops[i], 0, sizeof(ops[i]));
		ops[i].cmd = below(w, 64) ? command : below(w, 32);
		ops[i].arg1.mfn = below(w, 8) ? some_frame(w) : 0;
		ops[i].arg2.src_mfn = some_frame(w);
		if (ops[i].cmd == MMUEXT_NEW_BASEPTR) /* which would be our end */
			ops[i].cmd = MMUEXT_UNPIN_TABLE;
		if (command == MMUEXT_INVLPG_ALL || command == MMUEXT_INVLPG_MULTI)
			ops[i].arg1.linear_addr = some_address(w);
		if (command == MMUEXT_TLB_FLUSH_MULTI || command == MMUEXT_INVLPG_MULTI)
			set_xen_guest_handle(ops[i].arg2.vcpumask, &vcpus);
		if (command == MMUEXT_SET_LDT) {
			ops[i].arg1.linear_addr = perhaps_wrong(w, some_address(w));
			ops[i].arg2.nr_ents = below(w, 4096);
		}
	}
	return HYPERVISOR_mmuext_op(ops, n, &done, some_domain(w));
}

static long update_by_address(struct worker *w)
{
	static const unsigned long flags[] = {UVMF_NONE, UVMF_INVLPG, UVMF_INVLPG | UVMF_ALL,
					      UVMF_TLB_FLUSH | UVMF_ALL};
	uintptr_t va = some_address(w);

	if (!below(w, 16)) /* above all that is ours */
		va |= 1ul << (44 + below(w, 20));
	return HYPERVISOR_update_va_mapping(va, some_entry(w), flags[below(w, 4)]);
}

/* The processor reads the LDT, wherever that is now: what it does not find is our fault to take. */
extern char lar_begins[], lar_ends[];

static long __attribute__((noinline)) read_descriptors(struct worker *w)
{
	unsigned long selector = below(w, 512) << 3 | 7, rights;

	__asm__ volatile(".globl lar_begins, lar_ends; lar_begins: lar %1, %0; lar_ends:"
			 : "=r"(rights)
			 : "r"(selector));
	return HYPERVISOR_update_descriptor(some_entry_address(w),
					    below(w, 2) ? 0x00cffa000000ffff : number(w));
}

static bool step_over(struct pv_regs *regs)
{
	if (regs->rip != (uintptr_t)lar_begins)
		return false;
	regs->rip = (uintptr_t)lar_ends;
	return true;
}

static long reservation(struct worker *w)
{
	static const uint8_t commands[] = {XENMEM_decrease_reservation, XENMEM_increase_reservation,
					   XENMEM_populate_physmap};
	unsigned int command = commands[below(w, 3)], slot = below(w, POOL);
	xen_pfn_t list[1] = {frames[slot]};
	struct xen_memory_reservation r = {.nr_extents = 1, .domid = some_domain(w)};

	if (command == XENMEM_populate_physmap)
		list[0] = pv_nr_pfns + below(w, 64);
	set_xen_guest_handle(r.extent_start, list);
	long rc = HYPERVISOR_memory_op(command, &r);

	if (rc == 1 && command != XENMEM_decrease_reservation &&
	    (r.domid == DOMID_SELF || r.domid == self))
		frames[slot] = list[0]; /* the old one is forgotten until we end */
	return rc > 0 ? 0 : -1;
}

static long exchange(struct worker *w)
{
	xen_pfn_t in[2], out[2] = {1, 2};
	struct xen_memory_exchange x = {.in = {.domid = DOMID_SELF}, .out = {.domid = DOMID_SELF}};
	unsigned int slot = below(w, POOL);

	x.in.nr_extents = 1 + below(w, 2);
	x.out.nr_extents = perhaps_wrong(w, x.in.nr_extents);
	in[0] = frames[slot];
	in[1] = some_frame(w);
	set_xen_guest_handle(x.in.extent_start, in);
	set_xen_guest_handle(x.out.extent_start, out);
	long rc = HYPERVISOR_memory_op(XENMEM_exchange, &x);

	if (x.nr_exchanged)
		frames[slot] = out[0];
	return rc;
}

static long map_grants(struct worker *w)
{
	struct gnttab_map_grant_ref ops[4];
	unsigned int n = 1 + below(w, 4);

	for (unsigned int i = 0; i < n; i++) {
		bool own = below(w, 2);

		memset(&ops[i], 0, sizeof(ops[i]));
		ops[i].host_addr = below(w, 4) ? some_address(w) : some_entry_address(w);
		ops[i].flags = GNTMAP_host_map | (below(w, 2) ? GNTMAP_readonly : 0);
		if (ops[i].host_addr >> 40 == 0 && ops[i].host_addr < area)
			ops[i].flags |= GNTMAP_contains_pte;
		ops[i].flags = below(w, 16) ? ops[i].flags : ops[i].flags ^ 1u << below(w, 32);
		ops[i].dom = own ? self : peer;
		ops[i].ref = perhaps_wrong(w, own ? (uint64_t)grants[0][below(w, GRANTS)]
						  : 8 + below(w, 2 * GRANTS));
	}
	long rc = HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, ops, n);

	for (unsigned int i = 0; !rc && i < n; i++)
		if (ops[i].status == GNTST_okay)
			handles[below(w, 64)] = ops[i].handle;
	return rc ? rc : ops[0].status;
}

static long unmap_grants(struct worker *w)
{
	struct gnttab_unmap_grant_ref ops[8];
	unsigned int n = 1 + below(w, 8);

	for (unsigned int i = 0; i < n; i++) {
		ops[i].host_addr = below(w, 4) ? some_address(w) : 0;
		ops[i].dev_bus_addr = below(w, 8) ? 0 : number(w);
		ops[i].handle = perhaps_wrong(w, handles[below(w, 64)]);
	}
	long rc = HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, ops, n);

	return rc ? rc : ops[0].status;
}

static long copy_grants(struct worker *w)
{
	struct gnttab_copy op = {.len = perhaps_wrong(w, below(w, 4096))};

	op.source.u.ref = grants[0][below(w, GRANTS)];
	op.source.domid = self;
	op.flags = GNTCOPY_source_gref;
	op.dest.u.gmfn = some_frame(w);
	op.dest.domid = DOMID_SELF;
	op.dest.offset = below(w, 4096 - op.len % 4096);
	if (below(w, 2)) {
		op.dest.u.ref = 8 + below(w, 2 * GRANTS);
		op.dest.domid = peer;
		op.flags |= GNTCOPY_dest_gref;
	}
	long rc = HYPERVISOR_grant_table_op(GNTTABOP_copy, &op, 1);

	return rc ? rc : op.status;
}

/* Ports below first_port are the SDK's. */
static evtchn_port_t some_port(struct worker *w)
{
	return below(w, 32) ? first_port + below(w, 24) : (uint32_t)number(w) | 1u << 13;
}

static long open_ports(struct worker *w)
{
	struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF,
					     .remote_dom = below(w, 2) ? self : peer};
	struct evtchn_bind_interdomain bind = {.remote_dom = below(w, 2) ? self : peer,
					       .remote_port = first_port + below(w, 24)};
	struct evtchn_bind_ipi ipi = {.vcpu = perhaps_wrong(w, w->id)};
	struct evtchn_bind_virq virq = {.virq = below(w, 25), .vcpu = perhaps_wrong(w, w->id)};

	switch (below(w, 8)) {
	case 0 ... 2:
		return HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);
	case 3 ... 5:
		return HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain, &bind);
	case 6:
		return HYPERVISOR_event_channel_op(EVTCHNOP_bind_ipi, &ipi);
	default:
		return HYPERVISOR_event_channel_op(EVTCHNOP_bind_virq, &virq);
	}
}

static long use_ports(struct worker *w)
{
	evtchn_port_t port = some_port(w);
	struct evtchn_bind_vcpu move = {.port = port, .vcpu = perhaps_wrong(w, w->id)};
	struct evtchn_status status = {.dom = some_domain(w), .port = port};

	switch (below(w, 8)) {
	case 0 ... 2:
		return HYPERVISOR_event_channel_op(EVTCHNOP_send, &port);
	case 3 ... 4:
		return HYPERVISOR_event_channel_op(EVTCHNOP_close, &port);
	case 5:
		return HYPERVISOR_event_channel_op(EVTCHNOP_unmask, &port);
	case 6:
		return HYPERVISOR_event_channel_op(EVTCHNOP_bind_vcpu, &move);
	default:
		return HYPERVISOR_event_channel_op(EVTCHNOP_status, &status);
	}
}

/* Calls that only ask, or change nothing that matters, with any arguments. */
static long anything(struct worker *w)
{
	static const uint8_t calls[] = {
		__HYPERVISOR_xen_version,  __HYPERVISOR_domctl,	    __HYPERVISOR_sysctl,
		__HYPERVISOR_platform_op,  __HYPERVISOR_physdev_op, __HYPERVISOR_vm_assist,
		__HYPERVISOR_get_debugreg, __HYPERVISOR_hvm_op,	    __HYPERVISOR_nmi_op,
		__HYPERVISOR_xsm_op,	   __HYPERVISOR_tmem_op,    __HYPERVISOR_kexec_op,
		__HYPERVISOR_argo_op};
	unsigned int nr = calls[below(w, sizeof(calls))];
	unsigned long arg = below(w, 2) ? (unsigned long)w->scratch : number(w);

	for (unsigned int i = 0; i < 8; i++)
		w->scratch[i] = below(w, 2) ? below(w, 64) : number(w);
	/* Not the assists that we live by. */
	if (nr == __HYPERVISOR_vm_assist)
		return pv_hypercall(nr, 2 + below(w, 64) * 2, 100 + below(w, 64), 0, 0, 0);
	if (nr == __HYPERVISOR_nmi_op)
		return pv_hypercall(nr, 2 + below(w, 100), 0, 0, 0, 0);
	return pv_hypercall(nr, below(w, 64), arg, number(w), arg, below(w, 64));
}

static long wait_a_little(struct worker *w)
{
	struct sched_poll poll = {.nr_ports = 1, .timeout = 1};
	evtchn_port_t port = some_port(w);

	set_xen_guest_handle(poll.ports, &port);
	return below(w, 2) ? HYPERVISOR_sched_op(SCHEDOP_yield, NULL)
			   : HYPERVISOR_sched_op(SCHEDOP_poll, &poll);
}

/* Several at once, in the hypervisor's own loop. */
static long together(struct worker *w)
{
	struct multicall_entry calls[4];
	struct mmu_update reqs[4];
	unsigned int done;

	for (unsigned int i = 0; i < 4; i++) {
		reqs[i].ptr = some_entry_address(w);
		reqs[i].val = some_entry(w);
		memset(&calls[i], 0, sizeof(calls[i]));
		calls[i].op =
			below(w, 2) ? __HYPERVISOR_mmu_update : __HYPERVISOR_update_va_mapping;
		calls[i].args[0] = calls[i].op == __HYPERVISOR_mmu_update ? (unsigned long)reqs
									  : some_address(w);
		calls[i].args[1] = calls[i].op == __HYPERVISOR_mmu_update ? i + 1 : some_entry(w);
		calls[i].args[2] =
			calls[i].op == __HYPERVISOR_mmu_update ? (unsigned long)&done : UVMF_INVLPG;
		calls[i].args[3] = DOMID_SELF;
	}
	return HYPERVISOR_multicall(calls, perhaps_wrong(w, 4) % 5);
}

static long (*const table[])(struct worker *w) = {
	update_tables, update_tables, update_tables,	 update_tables,	    extended,
	extended,      extended,      update_by_address, update_by_address, read_descriptors,
	reservation,   exchange,      map_grants,	 map_grants,	    unmap_grants,
	unmap_grants,  copy_grants,   open_ports,	 use_ports,	    use_ports,
	anything,      wait_a_little, together,		 together};

static void work(void *argument)
{
	struct worker *w = argument;

	pv_events_disable();
	while (w->operations < operations) {
		w->done += table[below(w, PV_ARRAY_SIZE(table))](w) >= 0;
		w->operations++;
	}
	w->finished = true;
}

/* --- the whole --- */

static void set_up(void)
{
	struct evtchn_alloc_unbound probe = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};

	pv_trap_handle(PV_TRAP_PAGE_FAULT, step_over);
	pv_trap_handle(PV_TRAP_PROTECTION, step_over);
	self = pv_domain_id();
	peer = strstr((const char *)pv_start_info->cmd_line, "first") ? self + 1 : self - 1;
	pool = pv_pages_alloc(POOL);
	area = pv_va_alloc(AREA);
	if (!pool || !area)
		pv_panic("torture: no memory");
	memset(pool, 0, POOL * PV_PAGE_SIZE);
	for (unsigned int i = 0; i < POOL; i++)
		frames[i] = pv_virt_to_mfn(pool + i * PV_PAGE_SIZE);
	for (unsigned int i = 0; i < GRANTS; i++) {
		grants[0][i] = pv_grant_access(self, frames[i], i % 4 == 3);
		grants[1][i] = pv_grant_access(peer, frames[GRANTS + i], i % 4 == 3);
	}
	pv_protect((uintptr_t)pool, POOL, PV_RO);
	HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &probe);
	first_port = probe.port;
}

int main(int argc, char **argv)
{
	const char *seed_wanted = pv_argument(argc, argv, "seed");
	const char *operations_wanted = pv_argument(argc, argv, "ops");
	unsigned int vcpus = pv_vcpu_count();
	unsigned long seed = seed_wanted ? strtoul(seed_wanted, NULL, 0) : 1, all = 0, done = 0;

	if (operations_wanted)
		operations = strtoul(operations_wanted, NULL, 0);
	set_up();
	printf("torture: %u vCPUs, %lu operations each, seed %lu\n", vcpus, operations, seed);
	for (unsigned int i = 0; i < vcpus; i++) {
		workers[i].id = i;
		workers[i].seed = (seed * 64 + i + 1) * 0x9e3779b97f4a7c15UL;
		if (i && pv_vcpu_start(i, work, &workers[i]))
			pv_panic("torture: vCPU %u does not start", i);
	}
	work(&workers[0]);
	for (unsigned int i = 0; i < vcpus; i++)
		while (!workers[i].finished)
			HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	pv_events_enable();
	for (unsigned int i = 0; i < vcpus; i++) {
		all += workers[i].operations;
		done += workers[i].done;
	}
	printf("torture: PASS, %lu operations (%lu done) by %u vCPUs\n", all, done, vcpus);
	return 0;
}
