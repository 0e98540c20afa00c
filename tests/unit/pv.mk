# SPDX-License-Identifier: GPL-2.0-or-later
UNIT += pv_decode pv_elf
UNIT_pv_decode := hypervisor/pv/decode.c hypervisor/pv/alu.c
UNIT_pv_elf := hypervisor/lib/elf.c
