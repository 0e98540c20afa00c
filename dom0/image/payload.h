/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel file as dom0 is given it (an ELF, the same compressed with gzip or xz, or a Linux
 * bzImage around any of these) turned into one stream of the ELF's bytes.
 *
 * The stream is handed on in pieces and never held as a whole, so that dom0 needs the decoder's
 * window (at most PAYLOAD_XZ_MEMORY) and not the unpacked kernel's size.
 */
#ifndef DOM0_IMAGE_PAYLOAD_H
#define DOM0_IMAGE_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>
#include "lib/problem.h"

#define PAYLOAD_XZ_MEMORY (72ul << 20) /* bytes; Debian's kernels ask for about 33 MiB */

enum payload_format { PAYLOAD_PLAIN, PAYLOAD_GZIP, PAYLOAD_XZ };

struct payload {
	enum payload_format format;
	const uint8_t *data; /* inside the file */
	size_t size;	     /* bytes, as packed */
};

/* Takes the next piece. A negative return value (with its problem noted) ends the stream. */
typedef int (*payload_sink_t)(void *context, const uint8_t *piece, size_t size);

/* Find the kernel in a file. Returns 0 or -XEN_EINVAL with the problem. */
int payload_find(const uint8_t *file, size_t size, struct payload *payload,
		 struct problem *problem);

/*
 * Unpack all of it into the sink. A positive return value of the sink ends the stream early and is
 * returned. Returns 0 at the end, or a negative number with the problem.
 */
int payload_stream(const struct payload *payload, payload_sink_t sink, void *context,
		   struct problem *problem);

#endif
