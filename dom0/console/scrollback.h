/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last bytes of an endless output, by position since its beginning. */
#ifndef DOM0_CONSOLE_SCROLLBACK_H
#define DOM0_CONSOLE_SCROLLBACK_H

#include <stddef.h>
#include <stdint.h>

#define SCROLLBACK_SIZE 65536 /* bytes kept of each guest; a power of two */

struct scrollback {
	uint64_t end; /* bytes ever added */
	char bytes[SCROLLBACK_SIZE];
};

void scrollback_add(struct scrollback *scrollback, const char *bytes, size_t length);

/*
 * Copy up to size bytes from *position on and advance it; a position that has been overwritten
 * moves to the oldest byte kept. Returns how many.
 */
size_t scrollback_read(const struct scrollback *scrollback, uint64_t *position, char *bytes,
		       size_t size);

/* Position of the last `lines` lines (0: of the oldest byte kept). */
uint64_t scrollback_tail(const struct scrollback *scrollback, unsigned int lines);

#endif
