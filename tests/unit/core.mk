# SPDX-License-Identifier: GPL-2.0-or-later
CORE_SCHED := hypervisor/core/timer.c hypervisor/core/sched.c hypervisor/core/sched_policy.c \
	tests/unit/fakes/host.c tests/unit/fakes/work.c

UNIT += spinlock core_sched core_life core_calls core_domctl core_ops
UNIT_spinlock := hypervisor/x86/spinlock.c
UNIT_core_sched := $(CORE_SCHED)
CORE_LIFE := hypervisor/core/domain.c hypervisor/core/vcpu.c hypervisor/core/vcpu_time.c \
	hypervisor/core/evtchn.c hypervisor/core/evtchn_op.c hypervisor/core/grant.c $(CORE_SCHED) \
	tests/unit/fakes/world.c
UNIT_core_life := $(CORE_LIFE)
UNIT_core_calls := hypervisor/core/hypercall.c hypervisor/core/multicall.c hypervisor/core/refuse.c \
	hypervisor/core/exit.c tests/unit/fakes/host.c
UNIT_core_domctl := hypervisor/core/domctl.c hypervisor/core/permission.c \
	hypervisor/core/sysctl.c hypervisor/pv/hypercall_page.c tests/unit/fakes/control.c $(CORE_LIFE)
UNIT_core_ops := hypervisor/core/sched_op.c hypervisor/core/vcpu_op.c $(CORE_LIFE)

UNIT += x86_tlb dev_pci pv_switch # they include the sources, so that they can be their machine
UNIT_pv_switch_CFLAGS := -ffunction-sections
UNIT_pv_switch_LIBS := -Wl,--gc-sections # of the source it wants one function, not what others call
