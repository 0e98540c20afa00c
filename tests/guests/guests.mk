# SPDX-License-Identifier: GPL-2.0-or-later
# Test guests: a folder each, on the SDK.
TEST_GUESTS := $(notdir $(patsubst %/,%,$(wildcard tests/guests/*/)))
$(foreach guest,$(TEST_GUESTS),$(eval $(call pv_guest,$(guest),$(wildcard tests/guests/$(guest)/*.c),-Itests/guests)))
