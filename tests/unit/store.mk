# SPDX-License-Identifier: GPL-2.0-or-later
UNIT += dom0_store dom0_scrollback
UNIT_dom0_store := $(addprefix dom0/store/,tree.c connection.c watch.c change.c transaction.c protocol.c ring.c)
UNIT_dom0_store_CFLAGS := -Idom0
UNIT_dom0_scrollback := dom0/console/scrollback.c
UNIT_dom0_scrollback_CFLAGS := -Idom0
