# SPDX-License-Identifier: GPL-2.0-or-later
# make bench-devices: what guests' devices cost beside dom0's own use of the same. A run is a machine of one
# CPU under -icount, where a nanosecond is an instruction, and leaves rows: who (guest, dom0), what, requests,
# bytes, ns, with tabs between. tools/bench/ratio makes the table of all of them.
DEVICE_ROWS += $(BENCH)/net.rows

# dom0 has an address on a bridge without a card; one guest serves, another measures both.
BENCH_NET_RUN := netbench start; create netbench name=server; create netbench name=client on_poweroff=destroy \
	extra='ip=10.0.0.2/24 peers=10.0.0.1,10.0.0.254 bytes=20000000' -c; poweroff
$(BENCH)/net.iso: $(B)/parapet $(B)/dom0 $(B)/tests/dom0.cpio tools/mkiso | $(SETUP_IMAGE)
	$(call say,ISO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/mkiso $@ $(B)/parapet '$(HYPERVISOR_ARGS)' $(B)/dom0 \
		"ip=10.0.0.254/24 run=\"$(BENCH_NET_RUN)\"" $(B)/tests/dom0.cpio
$(BENCH)/net.rows: $(BENCH)/net.iso tools/bench/net tools/bench/machine | $(SETUP_RUN)
	$(call say,BENCH,$@)
	$(Q)QEMU=$(QEMU) tools/bench/net $< $@ $(ICOUNT)

# A disk, by dom0's command and by a guest that does the same.
DEVICE_ROWS += $(BENCH)/block.rows
BENCH_ROUNDS_OF = $(foreach round,1 2 3 4 5,$(1);)
BENCH_BLOCK_RUN = $(call BENCH_ROUNDS_OF,block-bench vda -w) $(call BENCH_ROUNDS_OF,create blkbench -c) poweroff
$(BENCH)/block.iso: $(B)/parapet $(B)/dom0 $(B)/tests/dom0.cpio tools/mkiso | $(SETUP_IMAGE)
	$(call say,ISO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/mkiso $@ $(B)/parapet '$(HYPERVISOR_ARGS)' $(B)/dom0 'run="$(BENCH_BLOCK_RUN)"' $(B)/tests/dom0.cpio
$(BENCH)/block.rows: $(BENCH)/block.iso tools/bench/block tools/bench/machine | $(SETUP_RUN)
	$(call say,BENCH,$@)
	$(Q)QEMU=$(QEMU) tools/bench/block $< $@ $(ICOUNT)

.PHONY: bench-devices
bench-devices: $(DEVICE_ROWS) ## cost of guests' devices beside dom0's own use of them, in counted instructions
	$(Q)tools/bench/ratio $(DEVICE_ROWS) | tee $(BENCH)/devices.txt
