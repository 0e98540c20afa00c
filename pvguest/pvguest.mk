# SPDX-License-Identifier: MIT
# The guest SDK: $(B)/pvguest/libpv.a, and the rules that make guests from it.
#
#   $(eval $(call pv_guest,NAME,SOURCES))            the guest $(B)/guests/NAME
#   $(eval $(call pv_elf,FILE,SOURCES,CFLAGS,LIBS))  any ELF file; the last two may be left out
#
# Sources are C or assembly (.S), named from the top folder; objects are in $(B)/pv/.

PV_INTERFACE := 0x00040e00
# Asked for at first use: the compiler may be installed by an earlier step of the same make.
PV_COMPILER_INCLUDE = $(eval PV_COMPILER_INCLUDE := $(shell $(CC) -print-file-name=include))$(PV_COMPILER_INCLUDE)
PV_CPPFLAGS = -nostdinc -isystem $(NEWLIB)/include -isystem $(PV_COMPILER_INCLUDE) \
	-Ipvguest/include -Iabi -D__XEN_INTERFACE_VERSION__=$(PV_INTERFACE) \
	-D_GNU_SOURCE -D__DYNAMIC_REENT__ -D_READ_WRITE_RETURN_TYPE=_ssize_t -D_READ_WRITE_BUFSIZE_TYPE=size_t
# Tuned for CPUs of today (any can run it): one multiplication for three additions and shifts, where a ring is indexed.
PV_CFLAGS := -std=gnu11 -O2 -mtune=haswell -g -Wall -Wextra -mno-red-zone -mcmodel=small -fno-pic -fno-pie \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	-fno-tree-slp-vectorize -ffunction-sections -fdata-sections
PV_LDFLAGS := -nostdlib -static -Wl,--gc-sections,--build-id=none,-z,max-page-size=4096 \
	-Wl,-z,noexecstack,-T,pvguest/guest.ld

$(B)/pv/%.o: %.c | $(NEWLIB_READY)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PV_CPPFLAGS) $(PV_CFLAGS) $(PV_EXTRA) -MMD -MP -c -o $@ $<

$(B)/pv/%.o: %.S | $(NEWLIB_READY)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PV_CPPFLAGS) -D__ASSEMBLY__ $(PV_EXTRA) -g -MMD -MP -c -o $@ $<

# pv_objects(sources)
pv_objects = $(patsubst %,$(B)/pv/%.o,$(basename $(1)))

PV_START := $(B)/pv/pvguest/src/head.o
PV_LIB := $(B)/pvguest/libpv.a
PV_LIB_OBJECTS := $(filter-out $(PV_START),\
	$(call pv_objects,$(wildcard pvguest/src/*.c) $(filter-out pvguest/src/head.S,$(wildcard pvguest/src/*.S))))

.PHONY: pvguest guests
pvguest: $(PV_LIB) $(PV_START) ## the guest SDK's library
guests: ## all example and test guests

$(PV_LIB): $(PV_LIB_OBJECTS)
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcsD $@ $^
-include $(PV_LIB_OBJECTS:.o=.d) $(PV_START:.o=.d)

define pv_elf
$(call pv_objects,$(2)): PV_EXTRA := $(3)
$(1): $(PV_START) $(call pv_objects,$(2)) $(PV_LIB) $(4) pvguest/guest.ld | $(NEWLIB_READY)
	$$(call say,LD,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $(PV_LDFLAGS) -o $$@ $(PV_START) $(call pv_objects,$(2)) \
		-Wl,--start-group $(PV_LIB) $(4) $(NEWLIB)/lib/libc.a $(NEWLIB)/lib/libm.a -Wl,--end-group
-include $(patsubst %.o,%.d,$(call pv_objects,$(2)))
endef

define pv_guest
$(call pv_elf,$(B)/guests/$(1),$(2),$(3),$(4))
guests: $(B)/guests/$(1)
endef

# Every folder of examples and of test guests is a guest of that name; one does without the SDK.
PV_LWIP_GUESTS := web netpeer netbench
PV_GUESTS := $(filter-out bare,$(notdir $(wildcard pvguest/examples/* tests/guests/*)))
pv_folder_sources = $(foreach d,pvguest/examples tests/guests,$(wildcard $(d)/$(1)/*.[cS] $(d)/$(1)/*/*.[cS]))
$(foreach g,$(filter-out $(PV_LWIP_GUESTS),$(PV_GUESTS)),\
	$(eval $(call pv_guest,$(g),$(call pv_folder_sources,$(g)))))

# Those that speak TCP/IP: with lwIP and its port (pv/net.h).
PV_LWIP_PORT := $(wildcard pvguest/lwip/*.c)
PV_LWIP_LIBS := $(B)/pvguest/libpvlwip.a $(LIBS_GUEST)/liblwip.a
$(foreach g,$(filter $(PV_LWIP_GUESTS),$(PV_GUESTS)),\
	$(eval $(call pv_guest,$(g),$(call pv_folder_sources,$(g)),$(LWIP_INCLUDES),$(PV_LWIP_LIBS))))
PV_LWIP_OBJECTS := $(call pv_objects,$(PV_LWIP_PORT) $(foreach g,$(PV_LWIP_GUESTS),$(call pv_folder_sources,$(g))))
$(PV_LWIP_OBJECTS): PV_EXTRA := $(LWIP_INCLUDES)
$(PV_LWIP_OBJECTS): | $(call fetched,src,lwip)
$(B)/pvguest/libpvlwip.a: $(call pv_objects,$(PV_LWIP_PORT))
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcsD $@ $^
-include $(patsubst %.o,%.d,$(call pv_objects,$(PV_LWIP_PORT)))

guests: $(B)/guests/bare
PV_BARE := $(call pv_objects,pvguest/examples/bare/start.S pvguest/examples/bare/bare.c)
$(B)/guests/bare: $(PV_BARE)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -Wl,--build-id=none,-z,noexecstack,-Ttext-segment=0x100000 -o $@ $^
-include $(PV_BARE:.o=.d)
