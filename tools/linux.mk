# SPDX-License-Identifier: GPL-2.0-or-later
# The stock Linux guest: the distribution's kernel as it is, and a ramdisk of busybox and tools/linux/init.
VMLINUZ := $(B)/linux/vmlinuz
INITRD := $(B)/linux/initrd.gz
FETCH_FILES_linux-image-amd64 := ./boot/vmlinuz-*
FETCH_FILES_busybox-static := ./bin/busybox

.PHONY: linux
linux: $(VMLINUZ) $(INITRD)

$(VMLINUZ): | $(call fetched,deb,linux-image-amd64)
	$(Q)mkdir -p $(@D)
	$(Q)cp $(FETCH)/deb/linux-image-amd64/boot/vmlinuz-* $@

$(INITRD): tools/linux/init tools/mkinitrd | $(SETUP_IMAGE) $(call fetched,deb,busybox-static)
	$(call say,INITRD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/mkinitrd $@ $(FETCH)/deb/busybox-static/bin/busybox tools/linux/init
