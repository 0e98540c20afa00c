# SPDX-License-Identifier: GPL-2.0-or-later
# dom0's ramdisk, the boot ISO, and running it.
EXAMPLE_GUESTS := $(notdir $(patsubst %/,%,$(wildcard pvguest/examples/*/)))
CONFIGS := $(wildcard dom0/configs/*.cfg)
HYPERVISOR_ARGS ?= console=com1 com1=115200,8n1
DOM0_ARGS ?=

$(B)/dom0.cpio: $(CONFIGS) $(EXAMPLE_GUESTS:%=$(B)/guests/%) $(VMLINUZ) $(INITRD) \
		tools/mkramdisk tools/mkcpio | $(SETUP_IMAGE)
	$(call say,RAMDISK,$@)
	$(Q)tools/mkramdisk $@ $(filter-out tools/%,$^)

.PHONY: iso run
iso: $(B)/parapet.iso ## the boot ISO, for BIOS and UEFI
$(B)/parapet.iso: $(B)/parapet $(B)/dom0 $(B)/dom0.cpio tools/mkiso | $(SETUP_IMAGE)
	$(call say,ISO,$@)
	$(Q)tools/mkiso $@ $(B)/parapet '$(HYPERVISOR_ARGS)' $(B)/dom0 '$(DOM0_ARGS)' $(B)/dom0.cpio

QEMU ?= qemu-system-x86_64
MEM ?= 1G
SMP ?= 2
CPU ?= max,-smap,-la57
QEMU_ARGS ?=
# Devices: images of disks, how they are attached, and the network card, on a network of QEMU's own
# (its address 10.0.2.2 is this machine), or none. dom0 gets the first address there; what listens on
# port 80 of the second is reached by http://127.0.0.1:8080/ on this machine.
DISK ?=
DISKTYPE ?= virtio
NET ?= virtio-net-pci
HTTP_PORT ?= 8080

run: $(B)/parapet.iso | $(SETUP_RUN) ## boot it in QEMU on this terminal (MEM= SMP= CPU= DISK=FILE DISKTYPE=virtio|nvme NET=virtio-net-pci|e1000|none HTTP_PORT= QEMU_ARGS=)
	@echo '  RUN      $(MEM) of memory, $(SMP) CPUs. Leave with "poweroff" at the prompt, or Ctrl-A x.'
	$(Q)devices=$$(tools/devices '$(DISK)' '$(DISKTYPE)' '$(NET)' '$(HTTP_PORT)') && \
		$(QEMU) -accel tcg -cpu $(CPU) -m $(MEM) -smp $(SMP) -cdrom $< -display none \
		-serial mon:stdio -no-reboot $$devices $(QEMU_ARGS)
