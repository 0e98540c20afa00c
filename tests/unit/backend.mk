# SPDX-License-Identifier: GPL-2.0-or-later
# dom0's back ends and its bridge, on the host.
UNIT += dom0_backend
UNIT_dom0_backend := $(addprefix dom0/,backend/backend.c backend/handshake.c \
	$(addprefix store/,store.c tree.c connection.c watch.c change.c transaction.c protocol.c ring.c)) \
	tests/unit/fakes/backends.c
UNIT_dom0_backend_CFLAGS := -Idom0 -Ipvguest/include

UNIT += dom0_bridge dom0_netback dom0_packet
UNIT_dom0_packet := dom0/bridge/packet.c
UNIT_dom0_packet_CFLAGS := -Idom0 -Ipvguest/include
UNIT_dom0_bridge := dom0/bridge/bridge.c dom0/bridge/rate.c dom0/config/vif.c
UNIT_dom0_netback := $(addprefix dom0/,backend/netring.c backend/vif_transmit.c backend/vif_receive.c \
	backend/vif_pages.c 	bridge/rate.c bridge/segment.c driver/checksum.c)
UNIT_dom0_bridge_CFLAGS := -Idom0
UNIT_dom0_netback_CFLAGS := -Idom0 -Ipvguest/include
