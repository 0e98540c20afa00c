# SPDX-License-Identifier: GPL-2.0-or-later
# dom0's back ends and its bridge, on the host.
UNIT += dom0_backend
UNIT_dom0_backend := $(addprefix dom0/,backend/backend.c backend/handshake.c \
	$(addprefix store/,store.c tree.c connection.c watch.c change.c transaction.c protocol.c ring.c))
UNIT_dom0_backend_CFLAGS := -Idom0 -Ipvguest/include
