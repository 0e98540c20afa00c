/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading a kernel: first `kernel_open` says what it is and where it wants to lie, then
 * `kernel_load` delivers its bytes, each piece with its place from the start of guest memory.
 *
 * A packed kernel is unpacked once if it can be: its notes only appear in the middle of the stream,
 * so that the load starts on the assumption that PADDR_OFFSET is 0. Where the addresses make that
 * impossible, the notes are read in a pass of their own.
 */
#ifndef DOM0_IMAGE_KERNEL_H
#define DOM0_IMAGE_KERNEL_H

#include <image/image.h>
#include "image/payload.h"

#define KERNEL_HEAD_SIZE  4096	      /* ELF and program headers must lie in it */
#define KERNEL_NOTES_SIZE (16u << 10) /* of one kernel, at most */

struct kernel {
	struct payload payload;
	/* complete after kernel_open unless notes_pending; the segments' extent is always known */
	struct kernel_image image;
	bool notes_pending; /* kernel_load will complete it */
};

/* Takes bytes for guest memory at `offset` bytes from its start. Negative (problem noted): give up.
 */
typedef int (*kernel_sink_t)(void *context, uint64_t offset, const uint8_t *bytes, size_t size);

/* Examine a kernel file (kept by the caller until it is loaded). Returns 0 or negative, with
 * problem. */
int kernel_open(const uint8_t *file, size_t size, struct kernel *kernel, struct problem *problem);

/*
 * Deliver every segment's file bytes (what is beyond them is zero), in the file's order, and
 * complete notes and layout. Returns 0 or negative with the problem.
 */
int kernel_load(struct kernel *kernel, kernel_sink_t sink, void *context, struct problem *problem);

#endif
