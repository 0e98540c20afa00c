/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time, timers, and vcpu_op. */
#include <stdlib.h>
#include <pv/event.h>
#include <pv/time.h>
#include <pv/vcpu.h>
#include <xen/nmi.h>
#include <xen/vcpu.h>
#include "checks.h"

static volatile unsigned int ticks;

static evtchn_port_t timer_port;

static void find_timer_port(void)
{
	for (evtchn_port_t port = 1; port < 64; port++) {
		struct evtchn_status s = {.dom = DOMID_SELF, .port = port};

		if (!HYPERVISOR_event_channel_op(EVTCHNOP_status, &s) &&
		    s.status == EVTCHNSTAT_virq && s.u.virq == VIRQ_TIMER && s.vcpu == 0)
			timer_port = port;
	}
	expect("the timer has a port", timer_port > 0, 1);
}

/* Sees timer events before the SDK's own handler does, which then gets them too. */
static bool saw_event(struct pv_regs *regs)
{
	(void)regs;
	ticks += pv_shared_info.evtchn_pending[timer_port / 64] >> (timer_port % 64) & 1;
	return false;
}

/* Wait up to a second for a timer event since the last call; how long it took. */
static uint64_t wait_tick(void)
{
	uint64_t start = pv_time_ns();

	while (!ticks && pv_time_ns() - start < PV_NS_PER_SECOND)
		HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	ticks = 0;
	return pv_time_ns() - start;
}

void check_time(void)
{
	const volatile struct vcpu_time_info *t = &pv_this_vcpu()->info->time;
	struct vcpu_set_singleshot_timer once = {0};
	struct vcpu_set_periodic_timer period = {.period_ns = 2 * PV_NS_PER_MS};
	uint64_t start = pv_time_ns(), last = start, took, deadline;
	long error;

	expect("pvclock: version is even", t->version & 1, 0);
	expect("pvclock: multiplier", t->tsc_to_system_mul != 0, 1);
	for (int i = 0; i < 10000; i++) {
		uint64_t now = pv_time_ns();

		if (now < last)
			expect("pvclock goes on", now, last);
		last = now;
	}
	expect("wallclock", pv_shared_info.wc_sec > 1000000000, 1);
	expect("wallclock: version is even", pv_shared_info.wc_version & 1, 0);
	find_timer_port();
	pv_trap_handle(PV_VECTOR_EVENT, saw_event);
	ticks = 0;
	deadline = pv_time_ns() + 3 * PV_NS_PER_MS;
	expect("set_timer_op", HYPERVISOR_set_timer_op(deadline), 0);
	took = wait_tick();
	expect("set_timer_op: not early", pv_time_ns() >= deadline, 1);
	expect("set_timer_op: comes", took < PV_NS_PER_SECOND, 1);
	expect("set_timer_op in the past", HYPERVISOR_set_timer_op(pv_time_ns() - 1000), 0);
	expect("set_timer_op in the past: comes", wait_tick() < PV_NS_PER_SECOND, 1);
	expect("set_timer_op 0", HYPERVISOR_set_timer_op(0), 0);
	once.timeout_abs_ns = pv_time_ns() + 3 * PV_NS_PER_MS;
	expect("singleshot", HYPERVISOR_vcpu_op(VCPUOP_set_singleshot_timer, 0, &once), 0);
	expect("singleshot: comes", wait_tick() < PV_NS_PER_SECOND, 1);
	once.timeout_abs_ns = pv_time_ns() + 30 * PV_NS_PER_SECOND;
	HYPERVISOR_vcpu_op(VCPUOP_set_singleshot_timer, 0, &once);
	expect("stop singleshot", HYPERVISOR_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
	once.timeout_abs_ns = start;
	once.flags = VCPU_SSHOTTMR_future;
	error = HYPERVISOR_vcpu_op(VCPUOP_set_singleshot_timer, 0, &once);
	expect("singleshot in the past, future wanted", error == 0 || error == -XEN_ETIME, 1);
	expect("periodic", HYPERVISOR_vcpu_op(VCPUOP_set_periodic_timer, 0, &period), 0);
	for (int i = 0; i < 3; i++)
		expect("periodic: comes again", wait_tick() < PV_NS_PER_SECOND, 1);
	expect("stop periodic", HYPERVISOR_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
	period.period_ns = 1000;
	expect("period too short", HYPERVISOR_vcpu_op(VCPUOP_set_periodic_timer, 0, &period),
	       -XEN_EINVAL);
	pv_trap_handle(PV_VECTOR_EVENT, NULL);
}

static struct vcpu_runstate_info area;
static struct vcpu_time_info time_area;

static void check_areas(void)
{
	struct vcpu_runstate_info now;
	struct vcpu_register_runstate_memory_area reg = {0};
	struct vcpu_register_time_memory_area time_reg = {0};
	uint64_t sum;

	expect("get_runstate_info", HYPERVISOR_vcpu_op(VCPUOP_get_runstate_info, 0, &now), 0);
	expect("runstate: running", now.state, RUNSTATE_running);
	sum = now.time[0] + now.time[1] + now.time[2] + now.time[3];
	expect("runstate: times add up", sum > 0 && sum < pv_time_ns() + PV_NS_PER_SECOND, 1);
	reg.addr.v = &area;
	expect("register runstate area",
	       HYPERVISOR_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0);
	expect("area: running", area.state, RUNSTATE_running);
	expect("area: filled at once", area.state_entry_time != 0, 1);
	sum = area.time[RUNSTATE_blocked];
	/* Masked until it blocks, or the event might come and go before; and again, if the timer
	 * has run out by then. */
	for (int i = 0; i < 100 && area.time[RUNSTATE_blocked] == sum; i++) {
		pv_events_disable();
		HYPERVISOR_set_timer_op(pv_time_ns() + 2 * PV_NS_PER_MS);
		HYPERVISOR_sched_op(SCHEDOP_block, NULL);
	}
	expect("area: time blocked grows", area.time[RUNSTATE_blocked] > sum, 1);
	reg.addr.v = NULL;
	expect("unregister runstate area",
	       HYPERVISOR_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0);
	time_reg.addr.v = &time_area;
	expect("register time area",
	       HYPERVISOR_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &time_reg), 0);
	expect("time area: filled", time_area.tsc_to_system_mul,
	       pv_this_vcpu()->info->time.tsc_to_system_mul);
	time_reg.addr.v = NULL;
	HYPERVISOR_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &time_reg);
}

static volatile unsigned int nmis;

static bool saw_nmi(struct pv_regs *regs)
{
	(void)regs;
	nmis++;
	return true;
}

static void check_nmi(void)
{
	struct xennmi_callback callback = {.handler_address = 0};

	pv_trap_handle(2, saw_nmi);
	/* the stub of vector 2: the handler takes over from it */
	extern char pv_entry_vectors[];
	callback.handler_address = (unsigned long)pv_entry_vectors + 2 * 16;
	expect("nmi_op: register", HYPERVISOR_nmi_op(XENNMI_register_callback, &callback), 0);
	expect("send_nmi", HYPERVISOR_vcpu_op(VCPUOP_send_nmi, 0, NULL), 0);
	HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	expect("NMI came", nmis, 1);
	expect("send_nmi again", HYPERVISOR_vcpu_op(VCPUOP_send_nmi, 0, NULL), 0);
	HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	expect("NMI came again", nmis, 2);
	expect("nmi_op: unregister", HYPERVISOR_nmi_op(XENNMI_unregister_callback, NULL), 0);
	catch_vector(2);
}

#define ALIAS_SLOT 100ul /* of the root: empty otherwise */

static volatile unsigned int ran;
static volatile bool spinning;
static volatile char *volatile alias, seen;

/* What vCPU 0 maps by a new entry of the root this one sees at once, without any hypercall. */
static void secondary(void *argument)
{
	spinning = true;
	while (!alias)
		;
	seen = *alias;
	ran = (unsigned int)(uintptr_t)argument;
}

/* vCPU 1 is in secondary(). */
static void check_new_root_entry(void)
{
	static char letter = 'x';
	uint64_t *root = (void *)pv_start_info->pt_base, at = (uintptr_t)&letter;
	struct mmu_update req = {((uint64_t)pv_virt_to_mfn(root) << PV_PAGE_SHIFT) +
					 ALIAS_SLOT * sizeof(*root),
				 root[at >> 39 & 511]};

	for (int i = 0; i < 100000 && !spinning; i++)
		HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	expect("new entry of the root", HYPERVISOR_mmu_update(&req, 1, NULL, DOMID_SELF), 0);
	alias = (char *)(ALIAS_SLOT << 39 | (at & ((1ul << 39) - 1)));
	for (int i = 0; i < 100000 && (!ran || pv_vcpu_is_up(1)); i++)
		HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	expect("vCPU 1 sees it", seen, 'x');
	req.val = 0;
	expect("remove it", HYPERVISOR_mmu_update(&req, 1, NULL, DOMID_SELF), 0);
}

void check_vcpus(void)
{
	static struct vcpu_guest_context bad;
	unsigned int count = pv_vcpu_count();

	expect("vCPU 0 is up", pv_vcpu_is_up(0), 1);
	expect("vCPU beyond the last", pv_vcpu_is_up(count), -XEN_ENOENT);
	expect("vCPU 100000", pv_vcpu_is_up(100000), -XEN_ENOENT);
	expect("unknown command", HYPERVISOR_vcpu_op(99, 0, NULL), -XEN_ENOSYS);
	expect("initialise vCPU 0 again", HYPERVISOR_vcpu_op(VCPUOP_initialise, 0, &bad) < 0, 1);
	check_areas();
	check_nmi();
	if (count == 1)
		return;
	expect("vCPU 1 is down", pv_vcpu_is_up(1), 0);
	expect("up without a context", HYPERVISOR_vcpu_op(VCPUOP_up, 1, NULL), -XEN_EINVAL);
	expect_refused("initialise with a bad root",
		       HYPERVISOR_vcpu_op(VCPUOP_initialise, 1, &bad));
	expect("start vCPU 1", pv_vcpu_start(1, secondary, (void *)42), 0);
	check_new_root_entry();
	expect("vCPU 1 ran", ran, 42);
	expect("vCPU 1 took itself down", pv_vcpu_is_up(1), 0);
	expect("timer of another vCPU",
	       HYPERVISOR_vcpu_op(VCPUOP_set_singleshot_timer, 1,
				  &(struct vcpu_set_singleshot_timer){0}),
	       -XEN_EINVAL);
}
