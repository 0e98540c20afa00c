# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzers (libFuzzer under the sanitizers). A fuzzer NAME is tests/fuzz/NAME.c, input.c and the real sources:
# `FUZZ += NAME` and `FUZZ_NAME := …`, `FUZZ_NAME_CFLAGS`, `FUZZ_NAME_LIBS` in a fragment of this folder.
# A run begins with the inputs of tests/fuzz/corpus/NAME, if there are any; what it finds worth keeping is in
# build's corpus folder. A crash fails the run and names its input. Inputs with a name in words once found a mistake.
FUZZ += dom0_parsers
FUZZ_dom0_parsers := dom0/lib/cpio.c dom0/lib/problem.c dom0/lib/cpumask.c dom0/config/syntax.c \
	dom0/config/guest.c dom0/config/vif.c dom0/config/disk.c dom0/image/payload.c dom0/image/kernel.c $(IMAGE_SOURCES) \
	dom0/cli/words.c dom0/cli/editor.c
FUZZ_dom0_parsers_CFLAGS := -Idom0
FUZZ_dom0_parsers_LIBS := -llzma -lz

TIME ?= 60
FUZZ_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all -Iabi -Ihypervisor -Itests/unit -I.
FUZZ_RUN = -rss_limit_mb=1024 -timeout=10 -print_final_stats=1

# $(call fuzz_run,NAME,SECONDS)
fuzz_run = mkdir -p $(B)/tests/fuzz/corpus/$(1) && \
	{ $(B)/tests/fuzz/$(1) -max_total_time=$(2) $(FUZZ_RUN) $(FUZZ_$(1)_RUN) -artifact_prefix=$(B)/tests/fuzz/$(1)- \
		$(B)/tests/fuzz/corpus/$(1) $(wildcard tests/fuzz/corpus/$(1)) >$(B)/tests/fuzz/$(1).log 2>&1 || \
	{ tail -40 $(B)/tests/fuzz/$(1).log; tests/fuzz/table $(B)/tests/fuzz/$(1).log; exit 1; }; }

define fuzz_rules
$(B)/tests/fuzz/$(1): tests/fuzz/$(1).c tests/fuzz/input.c $$(FUZZ_$(1)) $$(wildcard tests/fuzz/*.h hypervisor/*/*.h) | $$(SETUP_TEST)
	$$(call say,FUZZ,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)clang $$(FUZZ_CFLAGS) $$(FUZZ_$(1)_CFLAGS) -o $$@ tests/fuzz/$(1).c tests/fuzz/input.c $$(FUZZ_$(1)) $$(FUZZ_$(1)_LIBS)
.PHONY: fuzz-$(1)
fuzz-$(1): $(B)/tests/fuzz/$(1)
	$$(Q)$$(call fuzz_run,$(1),$$(TIME))
	$$(Q)tests/fuzz/table $(B)/tests/fuzz/$(1).log
endef
$(foreach fuzzer,$(FUZZ),$(eval $(call fuzz_rules,$(fuzzer))))

.PHONY: fuzz fuzz-short
fuzz: $(FUZZ:%=$(B)/tests/fuzz/%) ## fuzzers, TIME seconds each (60), and a table of what they did; fuzz-NAME is one of them
	$(Q)$(foreach fuzzer,$(FUZZ),$(call fuzz_run,$(fuzzer),$(TIME)) && ):
	$(Q)tests/fuzz/table $(FUZZ:%=$(B)/tests/fuzz/%.log)
fuzz-short: $(FUZZ:%=$(B)/tests/fuzz/%) ## fuzzers, 5 seconds each
	$(Q)$(foreach fuzzer,$(FUZZ),$(call fuzz_run,$(fuzzer),5) && ):
	$(Q)tests/fuzz/table $(FUZZ:%=$(B)/tests/fuzz/%.log)
