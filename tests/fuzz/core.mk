# SPDX-License-Identifier: GPL-2.0-or-later
# The hypervisor's own rooms, against models that share no code with them.
FUZZ += memory events emulation traps
FUZZ_memory := $(addprefix tests/fuzz/memory_,compare.c grants.c model.c reservations.c tables.c values.c) $(sort $(wildcard hypervisor/mm/*.c hypervisor/core/memory_*.c)) hypervisor/core/grant.c \
	hypervisor/core/grant_op.c tests/unit/fakes/mm_fakes.c
UNCOVERED := -fsanitize-coverage-ignorelist=tests/fuzz/uncovered
# Small limits of counts and a small machine: what is rare becomes common.
FUZZ_memory_CFLAGS = $(filter-out -DPAGE_COUNT_MAX=%,$(MM_CFLAGS)) -DPAGE_COUNT_MAX=8 -DTYPE_COUNT_MAX=4 \
	-DFAKE_END_FRAME=0x170u -O2 $(UNCOVERED)
FUZZ_memory_LIBS := -lcmocka
FUZZ_memory_RUN := -max_len=1024 -len_control=0
FUZZ_events := hypervisor/core/evtchn.c hypervisor/core/evtchn_op.c tests/unit/fakes/core_fakes.c \
	tests/unit/fakes/host.c
FUZZ_events_CFLAGS := -O2 -Wno-unused-parameter -Wno-missing-field-initializers $(UNCOVERED)
FUZZ_events_LIBS := -lcmocka
FUZZ_events_RUN := -max_len=512 -len_control=0
FUZZ_emulation := hypervisor/pv/decode.c hypervisor/pv/alu.c hypervisor/pv/table_write.c
FUZZ_emulation_CFLAGS := -O2 -Wno-unused-parameter -Wno-missing-field-initializers
FUZZ_emulation_RUN := -max_len=256 -len_control=0
# The real check of addresses, and the real copy from memory: the fuzzer's own is the guest's here.
FUZZ_traps := hypervisor/pv/callback.c hypervisor/x86/uaccess.c
FUZZ_traps_CFLAGS := -DREAL_GUEST_ACCESS -O2 -no-pie -fno-pie -Wno-unused-parameter -include tests/unit/fakes/mm_layout.h -D__XEN_INTERFACE_VERSION__=0x00040e00
FUZZ_traps_RUN := -max_len=512 -len_control=0
# Privileged instructions, ports and memory are functions of the fuzzer's.
FUZZ += privileged
FUZZ_privileged := $(addprefix tests/fuzz/privileged_,cpuid.c decode.c machine.c model.c) $(addprefix hypervisor/pv/,trap.c emulate.c emulate_io.c msr.c registers.c cpuid.c \
	bounce.c decode.c)
FUZZ_privileged_CFLAGS := -include tests/fuzz/fake_cpu.h -D__XEN_INTERFACE_VERSION__=0x00040e00 -O2 -Wno-unused-parameter \
	-Wno-missing-field-initializers $(UNCOVERED)
FUZZ_privileged_RUN := -max_len=1024 -len_control=0
# A wait for another CPU lets that one work. The C library has a sched_yield(), too.
FUZZ += control
FUZZ_control = $(filter-out tests/fuzz/control.c,$(wildcard tests/fuzz/control*.c)) $(UNIT_core_domctl)
FUZZ_control_CFLAGS := -Dsched_yield=hypervisor_sched_yield -O2 -Wno-unused-parameter -Wno-missing-field-initializers $(UNCOVERED)
FUZZ_control_LIBS := -lcmocka -Wl,--wrap=cpu_relax
FUZZ_control_RUN := -max_len=768 -len_control=0
FUZZ += schedule
FUZZ_schedule = $(CORE_SCHED)
FUZZ_schedule_CFLAGS := -Dsched_yield=hypervisor_sched_yield -O2 -Wno-unused-parameter -Wno-missing-field-initializers $(UNCOVERED)
FUZZ_schedule_LIBS := -lcmocka
FUZZ_schedule_RUN := -max_len=512 -len_control=0
# The chips are the fuzzer's: ports and device registers are functions or memory of its own.
FUZZ += devices
FUZZ_devices := $(addprefix tests/fuzz/devices_,calls.c compare.c machine.c model.c) $(addprefix hypervisor/,dev/physdev.c dev/irq.c dev/msi.c \
	dev/pci.c core/dom0_op.c core/vcpu_time.c) tests/unit/fakes/core_fakes.c tests/unit/fakes/host.c
FUZZ_devices_CFLAGS := -include tests/fuzz/fake_cpu.h -O2 -Wno-unused-parameter -Wno-missing-field-initializers $(UNCOVERED)
FUZZ_devices_LIBS := -lcmocka
FUZZ_devices_RUN := -max_len=768 -len_control=0
FUZZ += vcpus
FUZZ_vcpus = $(addprefix tests/fuzz/vcpus_,calls.c compare.c model.c) $(UNIT_core_ops)
FUZZ_vcpus_CFLAGS := -Dsched_yield=hypervisor_sched_yield -O2 -Wno-unused-parameter -Wno-missing-field-initializers $(UNCOVERED)
FUZZ_vcpus_LIBS := -lcmocka
FUZZ_vcpus_RUN := -max_len=768 -len_control=0
