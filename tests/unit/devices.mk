# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests of dom0's drivers: what of them makes no hypercalls.
DEVICE_UNITS := dom0_pci dom0_block dom0_virtqueue dom0_nvme dom0_gpt
UNIT += $(DEVICE_UNITS)
UNIT_dom0_pci := dom0/pci/config.c
UNIT_dom0_block := dom0/driver/block.c dom0/driver/checksum.c
UNIT_dom0_virtqueue := dom0/driver/virtqueue.c
UNIT_dom0_nvme := dom0/driver/nvme_queue.c
UNIT_dom0_gpt := dom0/disk/gpt.c dom0/lib/problem.c
UNIT_dom0_gpt_LIBS := -lz
$(foreach test,$(DEVICE_UNITS),$(eval UNIT_$(test)_CFLAGS := -Idom0))
