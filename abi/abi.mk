# SPDX-License-Identifier: MIT
# The reader of kernel images, for whoever builds domains.
IMAGE_SOURCES := $(wildcard abi/image/*.c)

# The ABI's headers. Each must compile alone, with both compilers and both dialects, and those that
# hold constants for assembly code also there.
ABI_HEADERS := $(sort $(wildcard abi/xen/*.h abi/xen/*/*.h abi/image/*.h))
ABI_C_ONLY := $(filter %/domctl.h %/sysctl.h abi/xen/io/% abi/image/%,$(ABI_HEADERS))
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

# The examples in the reference are C that compiles, and its links lead somewhere.
ABI_PAGES := $(sort $(wildcard abi/reference/*.md))
abi-headers: $(B)/abi/reference.ok
$(B)/abi/reference.ok: $(ABI_PAGES) $(ABI_HEADERS) pvguest/include/pv/hypercall.h | $(SETUP_TEST)
	$(Q)mkdir -p $(@D)
	$(Q)(printf '#include <%s>\n' stddef.h $(ABI_HEADERS:abi/%=%) pv/hypercall.h; \
		awk '/^```c$$/ { on = 1; printf "#line %d \"%s\"\n", FNR + 1, FILENAME; next } \
			/^```/ { on = 0 } on' $(ABI_PAGES)) >$(@:.ok=.c)
	$(Q)for cc in gcc clang; do $$cc -std=gnu11 -Wall -Wextra -Werror -Wno-unused-function \
		-Iabi -Ipvguest/include -fsyntax-only $(@:.ok=.c) || exit 1; done
	$(Q)grep -oHE '\]\([^)#]+' $(ABI_PAGES) | sed 's/:\](/ /' | while read -r page link; do \
		test -e abi/reference/$$link || { echo "$$page: no $$link" >&2; exit 1; }; done
	$(Q)touch $@
