# SPDX-License-Identifier: GPL-2.0-or-later
UNIT += core_sched
UNIT_core_sched := hypervisor/core/timer.c hypervisor/core/sched.c hypervisor/core/sched_credit.c \
	hypervisor/core/sched_rr.c tests/unit/fakes/host.c
