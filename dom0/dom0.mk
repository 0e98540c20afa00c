# SPDX-License-Identifier: GPL-2.0-or-later
# dom0: one program of everything below dom0/ and of abi/image/, on the guest SDK.
DOM0_SOURCES := $(wildcard dom0/*.c dom0/*/*.c) $(IMAGE_SOURCES)
DOM0_CFLAGS := -Idom0 -D__XEN_TOOLS__ -isystem $(XZ_SOURCE)/liblzma/api -isystem $(ZLIB_SOURCE) $(LWIP_INCLUDES) $(E2FS_INCLUDES)
DOM0_LIBS := $(LIBS_GUEST)/liblzma.a $(LIBS_GUEST)/libz.a $(LIBS_GUEST)/libext2fs.a $(PV_LWIP_LIBS)

.PHONY: dom0
dom0: $(B)/dom0 ## dom0's program
$(eval $(call pv_elf,$(B)/dom0,$(DOM0_SOURCES),$(DOM0_CFLAGS),$(DOM0_LIBS)))

# The headers of the libraries come with their sources.
$(call pv_objects,$(filter dom0/ip/%,$(DOM0_SOURCES))): | $(call fetched,src,lwip)
$(call pv_objects,$(filter dom0/image/% dom0/disk/% dom0/cli/cmd_device.c,$(DOM0_SOURCES))): | $(call fetched,src,xz-utils) \
	$(call fetched,src,zlib)
$(call pv_objects,$(addprefix dom0/disk/,image.c image_check.c image_reader.c)): | $(E2FS_MADE)/ext2_err.c
