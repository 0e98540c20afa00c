/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast a disk is for dom0 itself: the measure of what guests get (the test guest `blkbench`
 * does the same through its front end). Requests go to the driver as they are, a number of them at
 * once; nothing looks at the data.
 */
#ifndef DOM0_DISK_BENCH_H
#define DOM0_DISK_BENCH_H

#include "disk/disk.h"

#define BENCH_PATTERNS 8

struct bench_pattern {
	const char *name;
	enum block_operation operation; /* BLOCK_READ, or BLOCK_WRITE: what is written is noise */
	uint32_t sectors;		/* of a request */
	unsigned int depth;		/* requests under way at once */
	unsigned int requests;
	bool random; /* places of 4 KiB all over the disk; else one behind the other */
};

extern const struct bench_pattern bench_patterns[BENCH_PATTERNS];

/* Carry it out, and wait: *ns is the time that it took, more than 0. The disk was claimed. 0 or
 * negative. */
int bench_run(struct disk *disk, const struct bench_pattern *pattern, uint64_t *ns);

#endif
