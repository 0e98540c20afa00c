# SPDX-License-Identifier: GPL-2.0-or-later
# What of the guest SDK makes no hypercalls.
UNIT += blkcache
UNIT_blkcache := pvguest/src/blkcache.c pvguest/src/archive.c
UNIT_blkcache_CFLAGS := -Ipvguest/include

UNIT += netfront
UNIT_netfront := pvguest/src/netfront.c tests/unit/fakes/netfront.c
UNIT_netfront_CFLAGS := -Ipvguest/include

UNIT += blkfront
UNIT_blkfront := pvguest/src/blkfront.c pvguest/src/blkrequest.c
UNIT_blkfront_CFLAGS := -Ipvguest/include

# lwIP's port, with lwIP's headers from its sources.
UNIT += lwip_port
UNIT_lwip_port := pvguest/lwip/large.c
UNIT_lwip_port_CFLAGS := -Ipvguest/include $(LWIP_INCLUDES)
$(addprefix $(B)/tests/unit/lwip_port.o/,tests/unit/lwip_port.o pvguest/lwip/large.o): | $(call fetched,src,lwip)

UNIT += pv_string
UNIT_pv_string := pvguest/src/string.c
UNIT_pv_string_CFLAGS := -Dmemcpy=pv_memcpy -Dmemset=pv_memset
