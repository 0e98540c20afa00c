# SPDX-License-Identifier: GPL-2.0-or-later
# The hypervisor image: every C and assembly source of the rooms, abi/'s reader of kernels and some of
# newlib's string functions, linked at one fixed virtual address.
HV_SOURCES := $(sort $(wildcard hypervisor/*/*.c hypervisor/*/*.S))
HV_OBJECTS := $(patsubst %,$(B)/%.o,$(basename $(filter-out %/asm-offsets.c,$(HV_SOURCES)))) \
	$(patsubst %.c,$(B)/hypervisor/%.o,$(IMAGE_SOURCES)) $(STRING_OBJS)
HV_OFFSETS := $(B)/hypervisor/x86/asm-offsets.h
HV_CPPFLAGS := -Ihypervisor -Iabi -Itools/unpack -I$(B)/hypervisor -D__XEN_INTERFACE_VERSION__=0x00040e00
HV_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fpie -mcmodel=small -fvisibility=hidden -mno-red-zone \
	-mgeneral-regs-only -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -momit-leaf-frame-pointer -fno-common -fno-delete-null-pointer-checks \
	-fno-strict-aliasing -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers $(HV_EXTRA)
# Functions of one room are inlined into others'. Not by clang: its way needs another linker.
HV_LTO := $(if $(findstring clang,$(CC)),,-flto=1 -flto-partition=one)
HV_LDFLAGS := -O2 $(HV_LTO) -nostdlib -static -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,--build-id=none \
	-Wl,--no-warn-rwx-segments -Wl,--orphan-handling=error

HV_UNPACK := $(B)/libs/hypervisor/libunpack.a

# Changes when the compiler or its flags do: then all objects are compiled anew.
HV_FLAGS := $(B)/hypervisor/flags
.PHONY: hypervisor-flags
$(HV_FLAGS): hypervisor-flags
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(CC) $(HV_CPPFLAGS) $(HV_CFLAGS) $(HV_LTO)' >$@.now
	$(Q)cmp -s $@.now $@ || cp $@.now $@

$(B)/parapet: $(HV_OBJECTS) $(HV_UNPACK) hypervisor/boot/parapet.lds
	$(call say,LINK,$@)
	$(Q)$(CC) $(HV_LDFLAGS) -Wl,-T,hypervisor/boot/parapet.lds -o $@ $(HV_OBJECTS) $(HV_UNPACK)

define hv_compile
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HV_CPPFLAGS) $(HV_CFLAGS) $(HV_LTO) -MMD -MP -c $< -o $@
endef
$(B)/hypervisor/%.o: hypervisor/%.c $(HV_OFFSETS) $(HV_FLAGS) | $(SETUP_BUILD)
	$(hv_compile)
$(B)/hypervisor/lib/string.o: HV_LTO := # the compiler calls it unseen
$(B)/hypervisor/abi/%.o: abi/%.c $(HV_FLAGS) | $(SETUP_BUILD)
	$(hv_compile)

$(B)/hypervisor/%.o: hypervisor/%.S $(HV_OFFSETS) $(HV_FLAGS) | $(SETUP_BUILD)
	$(call say,AS,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HV_CPPFLAGS) -D__ASSEMBLY__ -g -MMD -MP -c $< -o $@

# Offsets of struct members for assembly: the compiler prints them as text, sed makes a header of it.
$(HV_OFFSETS): hypervisor/x86/asm-offsets.c $(HV_FLAGS) | $(SETUP_BUILD)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HV_CPPFLAGS) $(filter-out -g,$(HV_CFLAGS)) -MMD -MP -MT $@ -MF $(@:.h=.d) -S $< -o $(@:.h=.s)
	$(Q)sed -n 's/^.*"==>\([A-Z0-9_]*\) [$$#]*\(-\{0,1\}[0-9]*\)".*/#define \1 \2/p' $(@:.h=.s) > $@

.PHONY: hypervisor-lines
hypervisor-lines: ## lines of code of the hypervisor by room (budget: 12000)
	$(Q)tools/count-lines hypervisor/*/
	@echo 'and, shared with dom0:'
	$(Q)tools/count-lines abi/image

-include $(HV_OBJECTS:.o=.d) $(HV_OFFSETS:.h=.d)
