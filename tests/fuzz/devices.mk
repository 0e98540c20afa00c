# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzers of what dom0 reads from disks, and of what devices answer.
FUZZ += gpt
FUZZ_gpt := dom0/disk/gpt.c dom0/lib/problem.c
FUZZ_gpt_CFLAGS := -Idom0
FUZZ_gpt_LIBS := -lz

FUZZ += completions
FUZZ_completions := dom0/driver/virtqueue.c dom0/driver/nvme_queue.c
FUZZ_completions_CFLAGS := -Idom0

# libext2fs is built for it with coverage of its own, which keeps functions that nobody calls and that need
# others.
FUZZ += image
FUZZ_image := $(addprefix dom0/disk/,image.c image_check.c image_reader.c pieces.c) dom0/driver/block.c dom0/lib/problem.c
FUZZ_image_CFLAGS := -Idom0 $(E2FS_INCLUDES)
FUZZ_image_LIBS := $(B)/libs/fuzz/libext2fs.a -no-pie -Wl,--unresolved-symbols=ignore-in-object-files
$(B)/tests/fuzz/image: $(B)/libs/fuzz/libext2fs.a
