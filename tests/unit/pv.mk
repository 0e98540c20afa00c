# SPDX-License-Identifier: GPL-2.0-or-later
UNIT += pv_decode
UNIT_pv_decode := hypervisor/pv/decode.c hypervisor/pv/alu.c
UNIT += pv_descriptor # it includes the source, as mm_fakes.c has some of its functions
UNIT_pv_descriptor := $(sort $(wildcard hypervisor/mm/*.c)) tests/unit/fakes/mm_fakes.c
UNIT_pv_descriptor_CFLAGS = $(MM_CFLAGS)
