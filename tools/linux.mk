# SPDX-License-Identifier: GPL-2.0-or-later
# The stock Linux guest: the distribution's kernel as it is, and a ramdisk of busybox, tools/linux/ and the
# kernel's own modules for Xen's network and disks.
VMLINUZ := $(B)/linux/vmlinuz
INITRD := $(B)/linux/initrd.gz
LINUX_TREE := $(FETCH)/deb/linux-image-amd64
FETCH_FILES_linux-image-amd64 := './boot/vmlinuz-*' './lib/modules/*/xen-netfront.ko' \
	'./lib/modules/*/xen-blkfront.ko'
FETCH_FILES_busybox-static := ./bin/busybox

.PHONY: linux
linux: $(VMLINUZ) $(INITRD)

# A package that was fetched when only its kernel was asked for is fetched again.
$(LINUX_TREE)/lib/modules: | $(SETUP_BUILD)
	$(Q)rm -rf $(LINUX_TREE)
	$(Q)tools/fetch.sh $(FETCH) deb linux-image-amd64 $(FETCH_FILES_linux-image-amd64)

$(VMLINUZ): | $(LINUX_TREE)/lib/modules
	$(Q)mkdir -p $(@D)
	$(Q)cp $(LINUX_TREE)/boot/vmlinuz-* $@

$(INITRD): tools/linux/init tools/linux/udhcpc tools/mkinitrd | $(SETUP_IMAGE) \
		$(call fetched,deb,busybox-static) $(LINUX_TREE)/lib/modules
	$(call say,INITRD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/mkinitrd $@ $(FETCH)/deb/busybox-static/bin/busybox tools/linux/init tools/linux/udhcpc \
		$$(find $(LINUX_TREE)/lib/modules -name '*.ko')
