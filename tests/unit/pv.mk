# SPDX-License-Identifier: GPL-2.0-or-later
UNIT += pv_decode
UNIT_pv_decode := hypervisor/pv/decode.c hypervisor/pv/alu.c
