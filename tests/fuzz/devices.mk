# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzers of what dom0 reads from disks.
FUZZ += gpt
FUZZ_gpt := dom0/disk/gpt.c dom0/lib/problem.c
FUZZ_gpt_CFLAGS := -Idom0
FUZZ_gpt_LIBS := -lz
