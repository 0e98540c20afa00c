# SPDX-License-Identifier: GPL-2.0-or-later
UNIT += evtchn grant
UNIT_evtchn := hypervisor/core/evtchn.c hypervisor/core/evtchn_op.c tests/unit/fakes/core_fakes.c tests/unit/fakes/host.c
UNIT_grant := hypervisor/core/grant.c hypervisor/core/grant_op.c \
	tests/unit/fakes/core_fakes.c tests/unit/fakes/host.c
