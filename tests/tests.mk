# SPDX-License-Identifier: GPL-2.0-or-later
# Tests. A unit test NAME is tests/unit/NAME.c (cmocka) plus the real sources that it tests:
# a fragment tests/unit/*.mk says `UNIT += NAME` and `UNIT_NAME := hypervisor/lib/elf.c ...`,
# if needed also `UNIT_NAME_CFLAGS := ...`. All run on the host under the sanitizers.
-include $(wildcard tests/*/*.mk)

UNIT_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all -Iabi -Ihypervisor -Itests/unit -I.
UNIT_PROGRAMS := $(UNIT:%=$(B)/tests/unit/%)

# unit_rules(NAME): one object a source, so that a change of one source builds one object
define unit_rules
UNIT_OBJS_$(1) := $$(patsubst %.c,$(B)/tests/unit/$(1).o/%.o,tests/unit/$(1).c $$(UNIT_$(1)))
$(B)/tests/unit/$(1).o/%.o: %.c | $$(SETUP_TEST)
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(UNIT_CFLAGS) $$(UNIT_$(1)_CFLAGS) $$(COVERAGE_FLAGS) -MMD -MP -c -o $$@ $$<
$(B)/tests/unit/$(1): $$(UNIT_OBJS_$(1))
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(UNIT_CFLAGS) $$(COVERAGE_FLAGS) -o $$@ $$^ -lcmocka $$(UNIT_$(1)_LIBS)
-include $$(UNIT_OBJS_$(1):.o=.d)
endef
$(foreach test,$(UNIT),$(eval $(call unit_rules,$(test))))

.PHONY: test-unit
test-unit: $(UNIT_PROGRAMS) ## host unit tests under the sanitizers
	$(Q)tests/run-programs $(UNIT_PROGRAMS)
