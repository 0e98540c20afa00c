# SPDX-License-Identifier: GPL-2.0-or-later
# make mutants: small mistakes in the security core, and whether its unit tests notice them.
MUTANTS ?= 60
# The slow ones last; mm_race has a sanitizer of its own, mm_faults needs the linker's help.
MUTANT_TESTS := $(filter-out mm_smp mm_chaos mm_race mm_faults,$(MM_TESTS)) mm_smp mm_chaos
MUTANT_SOURCES = $(filter-out %/audit.c,$(sort $(wildcard hypervisor/mm/*.c)))

$(B)/tests/mutate: tests/mutants/mutate.c | $(SETUP_TEST)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 -Wall -Wextra -o $@ $<

.PHONY: mutants
mutants: mutants-known $(B)/tests/mutate $(MUTANT_TESTS:%=$(B)/tests/unit/%) ## mutants-known, and mistakes in mm/ that its tests notice (MUTANTS=number or all)
	$(Q)CC='$(CC)' CFLAGS='$(UNIT_CFLAGS) $(MM_CFLAGS)' TESTS='$(MUTANT_TESTS)' \
		tests/mutants/run $(B) $(MUTANTS) $(MUTANT_SOURCES)

.PHONY: mutants-known mutants-fuzz
mutants-fuzz: | $(SETUP_TEST) ## which of the mistakes of mutants-known the fuzzers find, TIME seconds each
	-$(Q)FUZZ='$(TIME)' MAKE='$(MAKE)' tests/mutants/run-known $(B)/fuzz-known CC='$(CC)' \
		FETCH='$(abspath $(FETCH))' NEWLIB='$(abspath $(NEWLIB))'
mutants-known: | $(SETUP_TEST) ## mistakes once made in a hypervisor, put in: the tests must fail
	$(Q)MAKE='$(MAKE)' tests/mutants/run-known $(B) CC='$(CC)' FETCH='$(abspath $(FETCH))' NEWLIB='$(abspath $(NEWLIB))'
