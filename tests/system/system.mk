# SPDX-License-Identifier: GPL-2.0-or-later
# System tests: C programs on cmocka that drive machines under QEMU.
SYSTEM_TESTS := bochs block images powercut debian devices interrupts linux xpti crash isolation cycles guests boot cli flood network torture faults
SYSTEM := $(B)/tests/system
SYSTEM_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -DTEST_DEBIAN='"$(B)/debian.img"' -DTEST_ISO='"$(B)/tests/parapet.iso"' \
	-DTEST_FOLDER='"$(B)/tests"' -DTEST_LINUX_ISO='"$(B)/tests/linux-dom0.iso"' -DTEST_LOGS='"$(B)/tests/log"' \
	-DTEST_DRIVERS_ISO='"$(B)/tests/drivers.iso"' -DTEST_BAD_ISO='"$(B)/tests/drivers-bad.iso"' \
	-DTEST_BAD_SECTOR=$(DRIVERS_BAD_SECTOR) -DTEST_INTERRUPTS_ISO='"$(B)/tests/parapet/interrupts.iso"' \
	-DTEST_PANIC_ISO='"$(B)/tests/panic.iso"' -DTEST_CRASHER_ISO='"$(B)/tests/crasher.iso"'
SYSTEM_LIB := $(addprefix $(SYSTEM)/,machine.o dom0.o monitor.o writelog.o)

$(SYSTEM)/%.o: tests/system/%.c | $(SETUP_TEST)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SYSTEM_CFLAGS) -MMD -MP -c -o $@ $<
$(SYSTEM)/%: $(SYSTEM)/%.o $(SYSTEM_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ -lcmocka
-include $(wildcard $(SYSTEM)/*.d)

# The tests' ISO holds, beside what users get, the test guests and the tests' configurations.
TEST_GUESTS := $(notdir $(patsubst %/,%,$(wildcard tests/guests/*/)))
TEST_CONFIGS := $(wildcard tests/system/configs/*.cfg)
$(B)/tests/dom0.cpio: $(CONFIGS) $(TEST_CONFIGS) $(VMLINUZ) $(INITRD) \
		$(EXAMPLE_GUESTS:%=$(B)/guests/%) $(TEST_GUESTS:%=$(B)/guests/%) \
		tools/mkramdisk tools/mkcpio | $(SETUP_IMAGE)
	$(call say,RAMDISK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/mkramdisk $@ $(filter-out tools/%,$^)
$(B)/tests/parapet.iso: $(B)/parapet $(B)/dom0 $(B)/tests/dom0.cpio tools/mkiso
	$(call say,ISO,$@)
	$(Q)tools/mkiso $@ $(B)/parapet '$(HYPERVISOR_ARGS)' $(B)/dom0 '' $(B)/tests/dom0.cpio
# For ends of dom0: by an NMI, and by itself.
$(B)/tests/panic.iso: $(B)/parapet $(B)/dom0 $(B)/tests/dom0.cpio tools/mkiso
	$(call say,ISO,$@)
	$(Q)tools/mkiso $@ $(B)/parapet '$(HYPERVISOR_ARGS) noreboot' $(B)/dom0 'nmi=panic' $(B)/tests/dom0.cpio
$(B)/tests/crasher.iso: $(B)/parapet $(B)/guests/crasher tools/mkiso | $(SETUP_IMAGE)
	$(call say,ISO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/mkiso $@ $(B)/parapet '$(HYPERVISOR_ARGS)' $(B)/guests/crasher 'nohandler' ''
$(B)/tests/linux-dom0.iso: $(B)/parapet $(VMLINUZ) $(INITRD) tools/mkiso | $(SETUP_IMAGE)
	$(call say,ISO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/mkiso $@ $(B)/parapet '$(HYPERVISOR_ARGS)' $(VMLINUZ) \
		'console=hvc0 parapet.test=self' $(INITRD)

# For Bochs, where nothing can be typed: two guests that end by themselves, then the auditor.
BOCHS_RUN := create hello -c; create smp -c; audit; poweroff
$(B)/tests/bochs.cpio: dom0/configs/hello.cfg dom0/configs/smp.cfg $(B)/guests/hello $(B)/guests/smp tools/mkramdisk tools/mkcpio
	$(call say,RAMDISK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/mkramdisk $@ $(filter-out tools/%,$^)
$(B)/tests/bochs.iso: $(B)/parapet $(B)/dom0 $(B)/tests/bochs.cpio tools/mkiso | $(SETUP_IMAGE)
	$(call say,ISO,$@)
	$(Q)tools/mkiso $@ $(B)/parapet '$(HYPERVISOR_ARGS) loglvl=info' $(B)/dom0 'run="$(BOCHS_RUN)"' $(B)/tests/bochs.cpio

BOCHS_ISOS := $(addprefix $(B)/tests/,bochs.iso parapet/isolation.iso parapet-plain/abi-checks.iso parapet-plain/smp.iso)

# Guests as the dom0 kernel: the same files on Parapet and on the distribution's Xen.
XEN_PACKAGE := xen-hypervisor-4.17-amd64
FETCH_FILES_$(XEN_PACKAGE) := ./boot/xen-4.17-amd64.gz
REFERENCE_ARGS := console=com1 com1=115200,8n1 dom0_mem=64M loglvl=all guest_loglvl=all noreboot
REFERENCE_GUESTS := $(filter-out web,$(EXAMPLE_GUESTS)) isolation answers abi-checks
XPTI_ISOS := $(REFERENCE_GUESTS:%=$(B)/tests/parapet-xpti/%.iso)
XEN_ISOS := $(REFERENCE_GUESTS:%=$(B)/tests/xen/%.iso)
PARAPET_ISOS := $(addprefix $(B)/tests/parapet/,$(REFERENCE_GUESTS:%=%.iso) interrupts.iso)

$(B)/tests/xen/xen: | $(call fetched,deb,$(XEN_PACKAGE))
	$(Q)mkdir -p $(@D)
	$(Q)gzip -dc $(FETCH)/deb/$(XEN_PACKAGE)/boot/xen-4.17-amd64.gz >$@
define reference_iso
	$(call say,ISO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/mkiso $@ $< '$(REFERENCE_ARGS)$(1)' $(word 2,$^) ''
endef
$(B)/tests/xen/%.iso: $(B)/tests/xen/xen $(B)/guests/% tools/mkiso | $(SETUP_IMAGE)
	$(reference_iso)
$(B)/tests/parapet/%.iso: $(B)/parapet $(B)/guests/% tools/mkiso | $(SETUP_IMAGE)
	$(reference_iso)
$(B)/tests/parapet-plain/%.iso: $(B)/parapet $(B)/guests/% tools/mkiso | $(SETUP_IMAGE)
	$(call reference_iso, xpti=0)
$(B)/tests/parapet-xpti/%.iso: $(B)/parapet $(B)/guests/% tools/mkiso | $(SETUP_IMAGE)
	$(call reference_iso, xpti=1)

.PHONY: test-system test-reference test-bochs
RUN_SYSTEM = mkdir -p $(B)/tests/log && tests/run-programs
SYSTEM_NEEDS := $(SYSTEM_TESTS:%=$(SYSTEM)/%) $(SYSTEM)/reference $(B)/tests/parapet.iso $(B)/tests/panic.iso \
	$(B)/tests/crasher.iso $(BOCHS_ISOS) $(B)/tests/linux-dom0.iso $(PARAPET_ISOS) $(XPTI_ISOS) $(DRIVERS_ISOS) $(B)/debian.img
test-system: $(SYSTEM_NEEDS) | $(SETUP_RUN) ## whole machines under QEMU
	$(Q)$(RUN_SYSTEM) '$(SYSTEM)/reference $(B)/tests/parapet' '$(SYSTEM)/reference $(B)/tests/parapet-xpti' $(SYSTEM_TESTS:%=$(SYSTEM)/%)
test-reference: $(SYSTEM)/reference $(XEN_ISOS) | $(SETUP_RUN) ## the same guests on real Xen
	$(Q)$(RUN_SYSTEM) '$(SYSTEM)/reference $(B)/tests/xen'
test-bochs: $(SYSTEM)/bochs $(BOCHS_ISOS) | $(SETUP_RUN) ## machines under Bochs: PCID, x2APIC, TSC deadline, SMAP (part of make test)
	$(Q)$(RUN_SYSTEM) $(SYSTEM)/bochs
