# SPDX-License-Identifier: GPL-2.0-or-later
FUZZ += dom0_xenbus
FUZZ_dom0_xenbus := $(addprefix dom0/,backend/backend.c backend/handshake.c \
	$(addprefix store/,store.c tree.c connection.c watch.c change.c transaction.c protocol.c ring.c)) \
	tests/unit/fakes/backends.c
FUZZ_dom0_xenbus_CFLAGS := -Idom0 -Ipvguest/include
