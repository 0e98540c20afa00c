# SPDX-License-Identifier: GPL-2.0-or-later
# make explore: every state of the type machine in small scopes.
EXPLORE := $(B)/tests/explore/explore
EXPLORE_SCOPES ?= 3x1 2x2

$(EXPLORE): tests/explore/explore.c $(sort $(wildcard hypervisor/mm/*.c hypervisor/mm/*.h)) \
		tests/unit/fakes/mm_fakes.c | $(SETUP_TEST)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fsanitize% -fno-sanitize% -O1,$(UNIT_CFLAGS)) -O2 $(MM_CFLAGS) -o $@ \
		$(filter %.c,$^) -lcmocka

.PHONY: explore
explore: $(EXPLORE) ## every state of the type machine in small scopes (EXPLORE_SCOPES=3x2: some minutes)
	$(Q)for scope in $(EXPLORE_SCOPES); do $(EXPLORE) $${scope%x*} $${scope#*x} 60000000 || exit; done
