# SPDX-License-Identifier: GPL-2.0-or-later
FUZZ += dom0_net
FUZZ_dom0_net := $(addprefix dom0/,backend/netring.c backend/handshake.c bridge/bridge.c bridge/segment.c config/vif.c \
	driver/checksum.c)
FUZZ_dom0_net_CFLAGS := -Idom0 -Ipvguest/include

# The other end: the SDK's front end.
FUZZ += netfront
FUZZ_netfront := pvguest/src/netfront.c tests/unit/fakes/netfront.c
FUZZ_netfront_CFLAGS := -Ipvguest/include
