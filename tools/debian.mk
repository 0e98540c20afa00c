# SPDX-License-Identifier: GPL-2.0-or-later
# A small Debian on a disk image of its own, for `create debian`.
DEBIAN_MIB ?= 2048
SETUP_DEBIAN := $(B)/.setup/debian

.PHONY: debian-disk
debian-disk: $(B)/debian.img ## a disk image with Debian 12, for make run DISK=build/debian.img (DEBIAN_MIB=)
# With the package of the kernel that `create debian` starts.
$(B)/debian.img: tools/debian-disk $(LINUX_TREE)/.with-ext4 | $(SETUP_DEBIAN)
	$(Q)tools/debian-disk $@ $(DEBIAN_MIB) $$(basename $(LINUX_TREE)/boot/vmlinuz-* | sed s/vmlinuz/linux-image/)
