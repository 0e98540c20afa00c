# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests of hypervisor/mm and of memory_op: the real sources on a machine of 8 MiB.
# Small limits of the reference counts, so that tests reach them.
MM_TESTS := mm_heap mm_types mm_table mm_update mm_ext mm_pages mm_audit mm_memory_op mm_race \
	mm_faults mm_kernel mm_chaos mm_smp
UNIT += $(MM_TESTS)
MM_SOURCES := $(sort $(wildcard hypervisor/mm/*.c)) tests/unit/fakes/mm_fakes.c
MM_CFLAGS := -include tests/unit/fakes/mm_layout.h -DPAGE_COUNT_MAX=600 \
	-D__XEN_INTERFACE_VERSION__=0x00040e00 -Wno-unused-parameter
$(foreach test,$(MM_TESTS),$(eval UNIT_$(test) := $(MM_SOURCES)))
$(foreach test,$(MM_TESTS),$(eval UNIT_$(test)_CFLAGS := $(MM_CFLAGS)))
UNIT_mm_memory_op += $(wildcard hypervisor/core/memory_*.c)
UNIT_mm_chaos += $(wildcard hypervisor/core/memory_*.c) tests/unit/fakes/mm_chaos.c
UNIT_mm_smp += $(wildcard hypervisor/core/memory_*.c) tests/unit/fakes/mm_chaos.c
UNIT_mm_faults += $(wildcard hypervisor/core/memory_*.c) hypervisor/core/grant.c hypervisor/core/grant_op.c
UNIT_mm_faults_LIBS := -Wl,--wrap=heap_take,--wrap=heap_pages,--wrap=heap_alloc
UNIT_mm_race += hypervisor/core/memory_extents.c
UNIT_mm_race_LIBS := -lpthread
UNIT_mm_smp_LIBS := -lpthread
# With a runtime of its own for what the compiler inserts.
UNIT_mm_race += tests/unit/fakes/access.c
UNIT_mm_race_CFLAGS += -fno-sanitize=all -fsanitize=thread
# The kernel that is proved, beside the real one.
UNIT_mm_kernel += tests/proof/kernel.c
UNIT_mm_kernel_CFLAGS += -DFRAMES=10 -DCOUNT_MAX=590
