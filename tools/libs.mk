# SPDX-License-Identifier: GPL-2.0-or-later
# Libraries built from the distribution's sources.

# fetched(kind,package): the order-only prerequisite that downloads and unpacks a package
fetched = $(FETCH)/$(1)/$(2)

$(FETCH)/deb/% $(FETCH)/src/%: | $(SETUP_BUILD)
	$(Q)tools/fetch.sh $(FETCH) $(notdir $(@D)) $* $(FETCH_FILES_$*)

# newlib, for everything that runs on pvguest/
.PHONY: newlib
newlib: $(NEWLIB_READY)
$(NEWLIB_READY): tools/newlib.sh | $(call fetched,deb,newlib-source)
	$(Q)tools/newlib.sh $(NEWLIB) $(FETCH)/deb/newlib-source/usr/src/newlib/newlib-*.tar.xz
	$(Q)touch $@
