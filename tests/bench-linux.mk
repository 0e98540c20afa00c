# SPDX-License-Identifier: GPL-2.0-or-later
# The same Linux guest and the same commands on Parapet and on Xen 4.17 with the distribution's Linux as dom0.
COMPARE := $(BENCH)/compare
COMPARE_ARGS := console=com1 com1=115200,8n1 dom0_mem=384M loglvl=warning guest_loglvl=none noreboot
COMPARE_CONFIGS := $(wildcard tests/compare/*.cfg)
COMPARE_KERNELS := $(COMPARE)/entry $(B)/guests/pingpong

# Files of Xen's toolstack, unpacked as they are into a ramdisk, and the libraries that they name.
XEN_DOM0_LIBRARIES := libc6 libgcc-s1 libcom-err2 libext2fs2 liblzma5 libuuid1 libxencall1 libxendevicemodel1 \
	libxenevtchn1 libxenforeignmemory1 libxengnttab1 libxenhypfs1 libxenmisc4.17 libxenstore4 \
	libxentoolcore1 libxentoollog1 libyajl2 libzstd1 zlib1g
XEN_DOM0_PACKAGES := $(XEN_DOM0_LIBRARIES) xen-utils-4.17 xenstore-utils busybox-static
$(foreach l,$(XEN_DOM0_LIBRARIES),$(eval FETCH_FILES_$(l) := './*lib/x86_64-linux-gnu/*.so*'))
FETCH_FILES_libc6 := './lib/x86_64-linux-gnu/*' './lib64/*'
FETCH_FILES_xen-utils-4.17 := './usr/lib/xen-4.17/bin/*'
FETCH_FILES_xenstore-utils := './usr/bin/*'
# In the order in which they are loaded. A kernel of its own, as it must fit them.
XEN_DOM0_MODULES := virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk \
	failover net_failover virtio_net llc stp bridge xen-evtchn xen-privcmd xenfs xen-gntdev \
	xen-gntalloc xen-blkback xen-netback
XEN_DOM0_KERNEL := $(FETCH)/xen-dom0/deb/linux-image-amd64
$(XEN_DOM0_KERNEL): | $(SETUP_BUILD)
	$(Q)tools/fetch.sh $(FETCH)/xen-dom0 deb linux-image-amd64 './boot/vmlinuz-*' \
		$(XEN_DOM0_MODULES:%='./lib/modules/*/%.ko')

# What the guest's ramdisk has beside what users get: programs that move data.
COMPARE_PROGRAMS := $(COMPARE)/blocks $(COMPARE)/stream
$(COMPARE_PROGRAMS): $(COMPARE)/%: tests/compare/%.c | $(SETUP_BUILD)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -Wall -Wextra -static -o $@ $<
$(COMPARE)/compare.gz: $(INITRD) $(COMPARE_PROGRAMS) tools/mkcpio
	$(call say,INITRD,$@)
	$(Q)rm -rf $@.tree && mkdir -p $@.tree/bin && cp $(COMPARE_PROGRAMS) $@.tree/bin/
	$(Q)tools/mkcpio $@.tree | gzip -9n | cat $(INITRD) - >$@.part && mv $@.part $@
	$(Q)rm -rf $@.tree

COMPARE_FILES := $(COMPARE_CONFIGS) $(COMPARE_KERNELS) $(VMLINUZ) $(COMPARE)/compare.gz
$(COMPARE)/parapet.cpio: $(COMPARE_FILES) tools/mkramdisk tools/mkcpio | $(SETUP_IMAGE)
	$(call say,RAMDISK,$@)
	$(Q)tools/mkramdisk $@ $(filter-out tools/%,$^)
$(COMPARE)/parapet.iso: $(B)/parapet $(B)/dom0 $(COMPARE)/parapet.cpio tools/mkiso
	$(call say,ISO,$@)
	$(Q)tools/mkiso $@ $(B)/parapet '$(COMPARE_ARGS)' $(B)/dom0 '' $(COMPARE)/parapet.cpio
$(COMPARE)/xen.cpio: $(COMPARE_FILES) tests/compare/dom0-init $(wildcard tests/compare/hotplug/*) \
		tests/compare/mkdom0 tools/mkcpio tests/bench-linux.mk | $(XEN_DOM0_KERNEL) \
		$(foreach p,$(XEN_DOM0_PACKAGES),$(call fetched,deb,$(p))) $(SETUP_IMAGE)
	$(call say,RAMDISK,$@)
	$(Q)tests/compare/mkdom0 $@ '$(XEN_DOM0_PACKAGES:%=$(FETCH)/deb/%)' \
		"$$(for m in $(XEN_DOM0_MODULES); do find $(XEN_DOM0_KERNEL)/lib/modules -name $$m.ko; done)" \
		$(COMPARE_FILES)
$(COMPARE)/xen.iso: $(B)/tests/xen/xen $(COMPARE)/xen.cpio tools/mkiso
	$(call say,ISO,$@)
	$(Q)tools/mkiso $@ $(B)/tests/xen/xen '$(COMPARE_ARGS)' $(XEN_DOM0_KERNEL)/boot/vmlinuz-* \
		'console=hvc0 quiet' $(COMPARE)/xen.cpio

# The rows with a dom0 that `make bench` has, and those of a Linux guest's devices.
COMPARE_ROWS_domains := small memory events
COMPARE_ROWS_linux := linux
$(COMPARE)/%.domains $(COMPARE)/%.linux: $(COMPARE)/%.iso tests/compare/run tests/compare/monitor | $(SETUP_RUN)
	$(call say,BENCH,$@)
	$(Q)QEMU=$(QEMU) tests/compare/run $* $< $@ $(COMPARE_ROWS_$(subst .,,$(suffix $@)))
$(COMPARE)/%.boot: $(COMPARE)/boot-%.iso tests/compare/boot tests/compare/monitor | $(SETUP_RUN)
	$(call say,BENCH,$@)
	$(Q)QEMU=$(QEMU) tests/compare/boot $< >$@.part && mv $@.part $@

# From the hypervisor's first instruction to dom0's.
$(COMPARE)/entry: $(B)/pv/tests/compare/entry.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -Wl,--build-id=none,-z,noexecstack,-Ttext-segment=0xb00000 -o $@ $^
$(COMPARE)/boot-parapet.iso: $(B)/parapet
$(COMPARE)/boot-xen.iso: $(B)/tests/xen/xen
$(COMPARE)/boot-%.iso: $(COMPARE)/entry tools/mkiso | $(SETUP_IMAGE)
	$(call say,ISO,$@)
	$(Q)MKISO_LAST='outb 0x505 1' tools/mkiso $@ $(filter-out $(COMPARE)/% tools/%,$^) '$(COMPARE_ARGS)' \
		$(COMPARE)/entry ''

# What a hypervisor takes on the disk, and in memory before it allocates any.
$(COMPARE)/%.size: tests/compare/size
	$(Q)mkdir -p $(@D)
	$(Q)tests/compare/size $(filter-out tests/%,$^) >$@.part && mv $@.part $@
$(COMPARE)/parapet.size: $(B)/parapet
$(COMPARE)/xen.size: $(B)/tests/xen/xen

# The rows of `make bench` that need a dom0.
$(COMPARE)/%.dom0: $(COMPARE)/%.size $(COMPARE)/%.boot $(COMPARE)/%.domains
	$(Q)cat $^ >$@
.PHONY: bench-linux
bench-linux: $(COMPARE)/parapet.linux $(COMPARE)/xen.linux ## a Linux guest's disk and network beside Xen with a Linux dom0
	@echo; echo 'Instructions of the whole machine (QEMU -icount), least of the rounds:'
	$(Q)tools/bench/report 2 $^ | tee $(BENCH)/linux.txt
