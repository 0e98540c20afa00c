# SPDX-License-Identifier: GPL-2.0-or-later
# abi/ against the distribution's headers of the same ABI. The list of what to compare is made from
# our headers, so that nothing that is added to them escapes.
CONFORMANCE := $(B)/tests/conformance
CONFORMANCE_DIR := $(B)/tests/conformance.d
CONFORMANCE_SRC := tests/conformance
CONFORMANCE_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -I$(CONFORMANCE_DIR) -I$(CONFORMANCE_SRC)
# Parapet's own hypercall and the image code have no counterpart.
CONFORMANCE_HEADERS := $(filter-out abi/xen/parapet.h abi/image/%,$(ABI_HEADERS))

$(CONFORMANCE_DIR)/headers.h: $(CONFORMANCE_HEADERS) | $(SETUP_TEST)
	$(Q)mkdir -p $(@D)
	$(Q)printf '#include <%s>\n' $(CONFORMANCE_HEADERS:abi/%=%) >$@

$(CONFORMANCE_DIR)/macros: $(CONFORMANCE_HEADERS) \
		$(CONFORMANCE_SRC)/macros.awk $(CONFORMANCE_SRC)/exempt
	$(Q)mkdir -p $(@D)
	$(Q)awk -f $(CONFORMANCE_SRC)/macros.awk $(CONFORMANCE_HEADERS) | \
		awk 'NR == FNR { exempt[$$1] = 1; next } !($$2 in exempt)' \
		$(CONFORMANCE_SRC)/exempt - >$@

$(CONFORMANCE_DIR)/facts.inc: $(CONFORMANCE_DIR)/macros $(CONFORMANCE_DIR)/headers.h \
		$(CONFORMANCE_SRC)/values.awk $(CONFORMANCE_SRC)/types.awk
	$(call say,FACTS,$@)
	$(Q)(cat $(CONFORMANCE_DIR)/headers.h; awk '/^object/ { printf "\"@@%s\" %s\n", $$2, $$2 }' $<) | \
		$(CC) -E -P -Iabi -x c - | \
		awk -f $(CONFORMANCE_SRC)/values.awk >$@.tmp
	$(Q)$(CC) -E -Iabi -x c $(CONFORMANCE_DIR)/headers.h | \
		awk -f $(CONFORMANCE_SRC)/types.awk >>$@.tmp
	$(Q)mv $@.tmp $@

# Each macro with parameters must be called in macros.c.
$(CONFORMANCE_DIR)/called: $(CONFORMANCE_DIR)/macros $(CONFORMANCE_SRC)/macros.c
	$(Q)awk '/^function/ { print $$2 }' $< | while read -r name; do \
		grep -qw "$$name" $(CONFORMANCE_SRC)/macros.c || \
		{ echo "$(CONFORMANCE_SRC)/macros.c does not call $$name()" >&2; exit 1; }; done
	$(Q)touch $@

CONFORMANCE_SIDES := $(foreach side,ours theirs,$(CONFORMANCE_DIR)/facts_$(side).o \
	$(CONFORMANCE_DIR)/macros_$(side).o)
$(CONFORMANCE_SIDES): $(CONFORMANCE_DIR)/facts.inc $(CONFORMANCE_DIR)/called
$(CONFORMANCE_DIR)/%_ours.o: $(CONFORMANCE_SRC)/%.c
	$(call say,CC,$@)
	$(Q)$(CC) $(CONFORMANCE_CFLAGS) -Iabi -DSIDE=ours -MMD -MP -c -o $@ $<
$(CONFORMANCE_DIR)/%_theirs.o: $(CONFORMANCE_SRC)/%.c
	$(call say,CC,$@)
	$(Q)$(CC) $(CONFORMANCE_CFLAGS) -DSIDE=theirs -MMD -MP -c -o $@ $<
$(CONFORMANCE_DIR)/conformance.o: $(CONFORMANCE_SRC)/conformance.c | $(SETUP_TEST)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CONFORMANCE_CFLAGS) -MMD -MP -c -o $@ $<
$(CONFORMANCE): $(CONFORMANCE_DIR)/conformance.o $(CONFORMANCE_SIDES)
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ -lcmocka
-include $(wildcard $(CONFORMANCE_DIR)/*.d)

.PHONY: test-conformance
test-conformance: $(CONFORMANCE) abi-headers ## abi/ against the distribution's headers
	$(Q)$(CONFORMANCE)
