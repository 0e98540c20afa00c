# SPDX-License-Identifier: MIT
# The ABI's headers. Each must compile alone, with both compilers and both dialects, and those that
# hold constants for assembly code also there.
ABI_HEADERS := $(sort $(wildcard abi/xen/*.h abi/xen/*/*.h))
ABI_C_ONLY := $(filter %/domctl.h %/sysctl.h abi/xen/io/%,$(ABI_HEADERS))
ABI_ALONE := $(ABI_HEADERS:abi/%=$(B)/abi/%.ok)

.PHONY: abi-headers
abi-headers: $(ABI_ALONE) ## each header of abi/ compiles alone

$(B)/abi/%.ok: abi/% $(ABI_HEADERS) | $(SETUP_TEST)
	$(Q)mkdir -p $(@D)
	$(Q)for cc in gcc clang; do for std in c11 gnu11; do \
		$$cc -std=$$std -Wall -Wextra -Wundef -Werror -fsyntax-only -Iabi -x c $< || exit 1; \
		done; done
	$(Q)$(if $(filter $<,$(ABI_C_ONLY)),,gcc -c -Iabi -x assembler-with-cpp -o /dev/null $<)
	$(Q)touch $@
