/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a disk would hold after a power cut, from the log of what was written to it.
 *
 * QEMU's filter `blklogwrites` notes each write and flush, in order, in a file. A disk with a cache
 * that loses its contents keeps for certain what was written before a flush; of what came behind
 * the last flush it has some, and of some only the first pages.
 */
#ifndef TESTS_SYSTEM_WRITELOG_H
#define TESTS_SYSTEM_WRITELOG_H

#include <stdbool.h>

/* How many entries the log held at its last flush. May be asked while QEMU writes it. */
unsigned long writelog_entries(const char *log);

/* The entry behind the last flush that is at `entry` or before. */
unsigned long writelog_flushed(const char *log, unsigned long entry);

/* Carry out entries 0 … cut - 1 on the image, and of some behind them what the dice say. */
void writelog_cut(const char *log, const char *image, unsigned long cut);

#endif
