# SPDX-License-Identifier: GPL-2.0-or-later
# dom0's block back ends, on the host.
UNIT += dom0_blkback
UNIT_dom0_blkback := dom0/backend/blkring.c dom0/backend/vbd_requests.c dom0/backend/vbd_standing.c dom0/driver/block.c
UNIT_dom0_blkback_CFLAGS := -Idom0 -Ipvguest/include
