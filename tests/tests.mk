# SPDX-License-Identifier: GPL-2.0-or-later
# Tests. A unit test NAME is tests/unit/NAME.c (cmocka) plus the real sources that it tests:
# a fragment tests/unit/*.mk says `UNIT += NAME` and `UNIT_NAME := hypervisor/pv/decode.c ...`,
# if needed also `UNIT_NAME_CFLAGS := ...`. All run on the host under the sanitizers.
# What the unit tests are comes first: others have them as prerequisites.
include $(wildcard tests/unit/*.mk) $(filter-out tests/unit/%,$(wildcard tests/*/*.mk))
include tests/bench.mk tests/bench-devices.mk tests/bench-linux.mk

UNIT_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -Wno-unused-parameter -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all -Iabi -Ihypervisor -Itests/unit -I.
UNIT_PROGRAMS := $(UNIT:%=$(B)/tests/unit/%) $(CONFORMANCE)

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

.PHONY: test test-unit coverage xsa
test: xsa test-unit fuzz-short explore models proof-local mutants-known test-conformance test-system ## everything that needs no other hypervisor
test-unit: $(UNIT_PROGRAMS) ## host unit tests under the sanitizers
	$(Q)tests/run-programs $(UNIT_PROGRAMS)

# Those that make allocations fail, and say how many.
FAULT_TESTS := mm_faults core_life core_domctl evtchn
.PHONY: faults
faults: $(FAULT_TESTS:%=$(B)/tests/unit/%) ## allocations that fail, one after the other, in every hypercall
	$(Q)for test in $^; do $$test >$(B)/tests/faults.log 2>&1 || { cat $(B)/tests/faults.log; exit 1; }; \
		sed -n "s|^faults:|$${test##*/}:|p" $(B)/tests/faults.log; done >$(B)/tests/faults
	$(Q)awk '{ sum += $$2; print } END { print "faults: " sum " allocations made to fail" }' $(B)/tests/faults

xsa: ## known mistakes of PV hypervisors, and the test that each would fail
	$(Q)tests/xsa

# In a build folder of its own: the objects count their lines.
coverage: | $(SETUP_TEST) ## line coverage of hypervisor/mm and hypervisor/core by the unit tests
	$(Q)rm -rf $(B)/coverage
	$(Q)$(MAKE) --no-print-directory CC=gcc B=$(B)/coverage COVERAGE_FLAGS=--coverage test-unit
	$(Q)lcov -q --capture --directory $(B)/coverage --output-file $(B)/coverage/all.info \
		--include '*/hypervisor/mm/*' --include '*/hypervisor/core/*'
	$(Q)genhtml -q --output-directory $(B)/coverage/html $(B)/coverage/all.info
	$(Q)lcov --list $(B)/coverage/all.info
	@echo '  REPORT   $(B)/coverage/html/index.html'
