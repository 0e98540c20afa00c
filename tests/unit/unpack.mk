# SPDX-License-Identifier: GPL-2.0-or-later
UNIT += unpack
UNIT_unpack_CFLAGS := -DVMLINUZ='"$(B)/linux/vmlinuz"'
UNIT_unpack_LIBS := $(UNPACK_LIB)
$(B)/tests/unit/unpack: $(UNPACK_LIB) | $(B)/linux/vmlinuz
