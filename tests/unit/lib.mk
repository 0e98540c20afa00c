# SPDX-License-Identifier: GPL-2.0-or-later
UNIT += options
UNIT_options := hypervisor/lib/options.c
UNIT_options_CFLAGS := -Wno-unused-parameter
