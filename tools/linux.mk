# SPDX-License-Identifier: GPL-2.0-or-later
# The stock Linux guest: the distribution's kernel as it is, and a ramdisk of busybox, tools/linux/ and the
# kernel's own modules for Xen's network and disks.
VMLINUZ := $(B)/linux/vmlinuz
INITRD := $(B)/linux/initrd.gz
LINUX_TREE := $(FETCH)/deb/linux-image-amd64
# In the order in which they are loaded; those before the drivers only for a root= on a disk.
LINUX_FS_MODULES := crc16 mbcache libcrc32c crc32c_generic jbd2 ext4
LINUX_MODULES := $(LINUX_FS_MODULES) xen-blkfront xen-netfront
FETCH_FILES_linux-image-amd64 := './boot/vmlinuz-*' $(LINUX_MODULES:%='./lib/modules/*/%.ko')
FETCH_FILES_busybox-static := ./bin/busybox

.PHONY: linux
linux: $(VMLINUZ) $(INITRD)

# A package that was fetched when only its kernel was asked for is fetched again.
$(LINUX_TREE)/.with-ext4: | $(SETUP_BUILD)
	$(Q)rm -rf $(LINUX_TREE)
	$(Q)tools/fetch.sh $(FETCH) deb linux-image-amd64 $(FETCH_FILES_linux-image-amd64)
	$(Q)touch $@

$(VMLINUZ): | $(LINUX_TREE)/.with-ext4
	$(Q)mkdir -p $(@D)
	$(Q)cp $(LINUX_TREE)/boot/vmlinuz-* $@

$(INITRD): tools/linux/init tools/linux/udhcpc tools/mkinitrd | $(SETUP_IMAGE) \
		$(call fetched,deb,busybox-static) $(LINUX_TREE)/.with-ext4
	$(call say,INITRD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/mkinitrd $@ $(FETCH)/deb/busybox-static/bin/busybox tools/linux/init tools/linux/udhcpc \
		$$(for module in $(LINUX_MODULES); do find $(LINUX_TREE)/lib/modules -name $$module.ko; done)
