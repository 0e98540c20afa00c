# SPDX-License-Identifier: GPL-2.0-or-later
# dom0's drivers as a guest of their own, which boots in dom0's place and tries every device.
DRIVERS_GUEST := $(wildcard tests/drivers/*.c) dom0/lib/problem.c \
	$(wildcard dom0/pci/*.c dom0/driver/*.c)
$(eval $(call pv_elf,$(B)/guests/drivers,$(DRIVERS_GUEST),$(DOM0_CFLAGS)))

# One that writes all over its disks, one whose disk fails: a sector, and every flush.
DRIVERS_BAD_SECTOR := 1000
DRIVERS_ISOS := $(B)/tests/drivers.iso $(B)/tests/drivers-bad.iso
$(B)/tests/drivers-bad.iso: DRIVERS_ARGS := bad=$(DRIVERS_BAD_SECTOR)
$(DRIVERS_ISOS): $(B)/parapet $(B)/guests/drivers tools/mkiso | $(SETUP_IMAGE)
	$(call say,ISO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/mkiso $@ $(B)/parapet '$(HYPERVISOR_ARGS)' $(B)/guests/drivers '$(DRIVERS_ARGS)'
