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

# Image files: libext2fs as dom0 has it, but built for the host.
UNIT += dom0_images
UNIT_dom0_images := $(addprefix dom0/disk/,disk.c gpt.c image.c image_check.c image_reader.c open.c pieces.c use.c) dom0/driver/block.c \
	dom0/lib/problem.c
UNIT_dom0_images_CFLAGS := -Idom0 -Ipvguest/include $(E2FS_INCLUDES)
UNIT_dom0_images_LIBS := -lz -Wl,--gc-sections,--wrap=malloc
$(B)/tests/unit/dom0_images: $(B)/libs/unit/libext2fs.a
$(patsubst %,$(B)/tests/unit/dom0_images.o/dom0/disk/%.o,image image_check image_reader): | $(E2FS_MADE)/ext2_err.c
