# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests of dom0's parsers and of its line editor.
UNIT += dom0_cpio dom0_config dom0_image dom0_cli dom0_complete

UNIT_dom0_cpio := dom0/lib/cpio.c
UNIT_dom0_config := dom0/config/syntax.c dom0/config/guest.c dom0/config/vif.c dom0/config/disk.c dom0/lib/problem.c dom0/lib/cpumask.c
UNIT_dom0_image := dom0/image/payload.c dom0/image/kernel.c $(IMAGE_SOURCES) dom0/lib/problem.c
UNIT_dom0_image_LIBS := -llzma -lz
UNIT_dom0_cli := dom0/cli/editor.c dom0/cli/words.c dom0/lib/problem.c
UNIT_dom0_complete := dom0/cli/complete.c
$(foreach test,cpio config image cli complete,$(eval UNIT_dom0_$(test)_CFLAGS := -Idom0))
