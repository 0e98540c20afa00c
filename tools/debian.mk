# SPDX-License-Identifier: GPL-2.0-or-later
# A small Debian on a disk image of its own, for `create debian`.
DEBIAN_MIB ?= 1024
SETUP_DEBIAN := $(B)/.setup/debian

.PHONY: debian-disk
debian-disk: $(B)/debian.img ## a disk image with Debian 12, for make run DISK=build/debian.img (DEBIAN_MIB=)
$(B)/debian.img: tools/debian-disk | $(SETUP_DEBIAN)
	$(Q)tools/debian-disk $@ $(DEBIAN_MIB)
