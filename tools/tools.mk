# SPDX-License-Identifier: GPL-2.0-or-later
# What runs on the developer's machine: set-up, downloads, libraries from the distribution, images.
include tools/libs.mk
include tools/linux.mk
include tools/debian.mk

# Packages are looked for again whenever the list changes.
SETUP_GROUPS_build := build $(findstring clang,$(CC))
$(B)/.setup/%: tools/setup.sh
	$(Q)mkdir -p $(@D)
	$(Q)tools/setup.sh $(or $(SETUP_GROUPS_$*),$*)
	$(Q)touch $@
