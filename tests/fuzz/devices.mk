# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzers of what dom0 reads from disks, and of what devices answer.
FUZZ += gpt
FUZZ_gpt := dom0/disk/gpt.c dom0/lib/problem.c
FUZZ_gpt_CFLAGS := -Idom0
FUZZ_gpt_LIBS := -lz

FUZZ += completions
FUZZ_completions := dom0/driver/virtqueue.c dom0/driver/nvme_queue.c
FUZZ_completions_CFLAGS := -Idom0
