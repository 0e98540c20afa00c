/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abi/reference/sched-vcpu-time.md */
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <pv/time.h>
#include "answers.h"

#define SCHED(command, type, ...)                                                                  \
	HYPERVISOR_sched_op(SCHEDOP_##command, &(struct sched_##type)__VA_ARGS__)
#define VCPU(command, type, ...)                                                                   \
	HYPERVISOR_vcpu_op(VCPUOP_##command, 0, &(struct vcpu_##type)__VA_ARGS__)

static long poll(evtchn_port_t port, unsigned int count, uint64_t timeout)
{
	struct sched_poll p = {.nr_ports = count, .timeout = timeout};

	set_xen_guest_handle(p.ports, &port);
	return HYPERVISOR_sched_op(SCHEDOP_poll, &p);
}

static void scheduling(void)
{
	uint64_t until = pv_time_ns() + 2000000;

	ANSWER(HYPERVISOR_sched_op(SCHEDOP_yield, NULL), 0);
	ANSWER(poll(1, 129, until), -XEN_EINVAL);
	ANSWER(poll(1 << 20, 1, until), -XEN_EINVAL);
	ANSWER(poll(0, 0, until), 0);
	HOLDS(pv_time_ns() >= until);
	ANSWER(SCHED(remote_shutdown, remote_shutdown, {NO_DOMAIN, 0}), nobody());
	ANSWER(HYPERVISOR_sched_op(99, NULL), -XEN_ENOSYS);
	ANSWER(HYPERVISOR_sched_op(SCHEDOP_poll, HYPERVISORS_OWN), -XEN_EFAULT);
}

static void watchdogs(void)
{
	long first = SCHED(watchdog, watchdog, {0, 1000}),
	     second = SCHED(watchdog, watchdog, {0, 1000});

	HOLDS(first == 1 && second == 2);
	/* Xen answers with 32 bits here. */
	ANSWER((int)SCHED(watchdog, watchdog, {0, 1000}), -XEN_ENOSPC);
	ANSWER(SCHED(watchdog, watchdog, {7, 1000}), -XEN_EINVAL);
	ANSWER(SCHED(watchdog, watchdog, {first, 2000}), 0);
	ANSWER(SCHED(watchdog, watchdog, {first, 0}), 0);
	ANSWER(SCHED(watchdog, watchdog, {second, 0}), 0);
	ANSWER(SCHED(watchdog, watchdog, {second, 1000}), -XEN_EINVAL);
}

static void timers(void)
{
	uint64_t now = pv_time_ns();

	ANSWER(VCPU(set_periodic_timer, set_periodic_timer, {1000}), -XEN_EINVAL);
	ANSWER(VCPU(set_periodic_timer, set_periodic_timer, {100000000}), 0);
	ANSWER(HYPERVISOR_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
	ANSWER(VCPU(set_singleshot_timer, set_singleshot_timer, {now, VCPU_SSHOTTMR_future}),
	       0); /* the flag is ignored */
	ANSWER(VCPU(set_singleshot_timer, set_singleshot_timer, {now + 1000000000, 0}), 0);
	ANSWER(HYPERVISOR_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
	ANSWER(HYPERVISOR_set_timer_op(now + 1000000), 0);
}

static void runstate(void)
{
	static struct vcpu_runstate_info info;
	struct vcpu_register_runstate_memory_area area = {.addr.v = &info};

	ANSWER(HYPERVISOR_vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0);
	HOLDS(info.state == RUNSTATE_running && info.time[RUNSTATE_running]);
	memset(&info, 0, sizeof(info));
	ANSWER(HYPERVISOR_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &area), 0);
	HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
	HOLDS(info.state == RUNSTATE_running && info.state_entry_time);
	area.addr.v = HYPERVISORS_OWN;
	ANSWER(HYPERVISOR_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &area), -XEN_EFAULT);
}

void answers_of_vcpus(void)
{
	static struct vcpu_guest_context context;

	scheduling();
	watchdogs();
	timers();
	runstate();
	ANSWER(HYPERVISOR_vcpu_op(VCPUOP_is_up, 0, NULL), 1);
	ANSWER(HYPERVISOR_vcpu_op(VCPUOP_is_up, NO_VCPU, NULL), -XEN_ENOENT);
	ANSWER(HYPERVISOR_vcpu_op(VCPUOP_up, NO_VCPU, NULL), -XEN_ENOENT);
	ANSWER(HYPERVISOR_vcpu_op(VCPUOP_initialise, 0, &context), -XEN_EEXIST);
	ANSWER(HYPERVISOR_vcpu_op(VCPUOP_initialise, 0, HYPERVISORS_OWN), -XEN_EFAULT);
	ANSWER(VCPU(register_vcpu_info, register_vcpu_info, {pv_virt_to_mfn(&context), 4090, 0}),
	       -XEN_ENXIO);
	ANSWER(VCPU(register_vcpu_info, register_vcpu_info, {pv_virt_to_mfn(&context), 4, 0}),
	       -XEN_ENXIO);
	ANSWER(HYPERVISOR_vcpu_op(99, 0, NULL), -XEN_ENOSYS);
}
