# SPDX-License-Identifier: GPL-2.0-or-later
FUZZ += dom0_block
FUZZ_dom0_block := dom0/backend/blkring.c dom0/config/disk.c
FUZZ_dom0_block_CFLAGS := -Idom0 -Ipvguest/include
