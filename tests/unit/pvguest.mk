# SPDX-License-Identifier: GPL-2.0-or-later
# What of the guest SDK makes no hypercalls.
UNIT += blkcache
UNIT_blkcache := pvguest/src/blkcache.c pvguest/src/archive.c
UNIT_blkcache_CFLAGS := -Ipvguest/include
