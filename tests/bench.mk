# SPDX-License-Identifier: GPL-2.0-or-later
# make bench: the guest `bench` as the dom0 kernel, here and on the distribution's Xen; and what needs a dom0
# (tests/bench-linux.mk).
BENCH := $(B)/bench
BENCH_ARGS := console=com1 com1=115200,8n1 dom0_mem=256M dom0_max_vcpus=2 loglvl=all guest_loglvl=all noreboot
ICOUNT := -icount shift=0,sleep=off

$(BENCH)/parapet.iso: $(B)/parapet
$(BENCH)/xen.iso: $(B)/tests/xen/xen
$(BENCH)/xpti.iso: $(B)/parapet
$(BENCH)/xpti.iso: BENCH_ARGS += xpti=1
$(BENCH)/%.iso: $(B)/guests/bench tools/mkiso | $(SETUP_IMAGE)
	$(call say,ISO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/mkiso $@ $(filter-out $(B)/guests/% tools/%,$^) '$(BENCH_ARGS)' $(B)/guests/bench ''
# Two runs, which must be equal.
$(BENCH)/%.instructions: $(BENCH)/%.iso tools/bench/run | $(SETUP_RUN)
	$(call say,BENCH,$@)
	$(Q)QEMU=$(QEMU) tools/bench/run $< $@.again $(ICOUNT)
	$(Q)QEMU=$(QEMU) tools/bench/run $< $@ $(ICOUNT)
	$(Q)diff $@.again $@ || { echo 'bench: two runs of $< differ' >&2; exit 1; }
$(BENCH)/%.ticks: $(BENCH)/%.iso tools/bench/run | $(SETUP_RUN)
	$(call say,BENCH,$@)
	$(Q)QEMU=$(QEMU) tools/bench/run $< $@
# What a CPU pays more for than for an instruction, counted by a plugin of QEMU's.
$(BENCH)/tally.so: tools/bench/tally.c | $(SETUP_BUILD)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -Wall -Wextra -fPIC -shared -o $@ $<
$(BENCH)/%.tally: $(BENCH)/%.iso $(BENCH)/tally.so tools/bench/run | $(SETUP_RUN)
	$(call say,BENCH,$@)
	$(Q)QEMU=$(QEMU) tools/bench/run $< $@.rows $(ICOUNT) -plugin $(BENCH)/tally.so,out=$@.counts
	$(Q)cut -f 1 $@.rows | paste - $@.counts >$@

.PHONY: bench
BENCH_PAIR = $(BENCH)/parapet.$(1) $(BENCH)/xen.$(1)
BENCH_XPTI = $(BENCH)/xpti.$(1) $(BENCH)/parapet.$(1)
BENCH_DOM0 = $(BENCH)/compare/parapet.dom0 $(BENCH)/compare/xen.dom0
bench: $(BENCH)/xpti.instructions $(BENCH)/xpti.ticks $(call BENCH_PAIR,instructions) $(call BENCH_PAIR,tally) $(call BENCH_PAIR,ticks) $(BENCH_DOM0) | $(B)/.setup/bench ## cost of each operation, and of guests, images, booting, beside Xen's: build/bench
	@echo; echo 'Instructions (QEMU -icount), least of the rounds; two runs were equal:'
	$(Q)tools/bench/report 2 $(call BENCH_PAIR,instructions) | tee $(BENCH)/instructions.txt
	@echo; echo 'With a dom0, Xen with Linux and xl: instructions of the whole machine, least of the rounds, or as the row says:'
	$(Q)tools/bench/report 2 $(BENCH_DOM0) | tee $(BENCH)/dom0.txt
	@echo; echo 'What instructions do not show, for one operation, on Parapet / Xen:'
	$(Q)tools/bench/costly $(call BENCH_PAIR,tally) | tee $(BENCH)/costly.txt
	@echo; echo 'Ticks of the TSC without -icount, median of the rounds: time of an emulator, not of a CPU (CAVEATS):'
	$(Q)tools/bench/report 3 $(call BENCH_PAIR,ticks) | tee $(BENCH)/ticks.txt
	@echo; echo 'Instructions with xpti=1, beside without:'
	$(Q)tools/bench/report 2 $(call BENCH_XPTI,instructions) xpti=1 xpti=0 | tee $(BENCH)/xpti.txt
	@echo; echo 'Ticks with xpti=1, beside without:'
	$(Q)tools/bench/report 3 $(call BENCH_XPTI,ticks) xpti=1 xpti=0 | tee $(BENCH)/xpti-ticks.txt
	$(Q)tools/bench/plot $(BENCH) $(call BENCH_PAIR,instructions) $(BENCH_DOM0)
	@echo; echo 'Plots: $(BENCH)/ratio.svg $(BENCH)/batch.svg. Of devices: make bench-linux bench-devices'
