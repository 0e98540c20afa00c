/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console/scrollback.h"

static uint64_t oldest(const struct scrollback *scrollback)
{
	return scrollback->end > SCROLLBACK_SIZE ? scrollback->end - SCROLLBACK_SIZE : 0;
}

void scrollback_add(struct scrollback *scrollback, const char *bytes, size_t length)
{
	while (length--)
		scrollback->bytes[scrollback->end++ % SCROLLBACK_SIZE] = *bytes++;
}

size_t scrollback_read(const struct scrollback *scrollback, uint64_t *position, char *bytes,
		       size_t size)
{
	size_t n = 0;

	if (*position < oldest(scrollback))
		*position = oldest(scrollback);
	while (n < size && *position < scrollback->end)
		bytes[n++] = scrollback->bytes[(*position)++ % SCROLLBACK_SIZE];
	return n;
}

uint64_t scrollback_tail(const struct scrollback *scrollback, unsigned int lines)
{
	uint64_t position = scrollback->end;

	if (lines == 0)
		return oldest(scrollback);
	while (position > oldest(scrollback)) {
		/* the newline that ends the last line does not count */
		if (scrollback->bytes[(position - 1) % SCROLLBACK_SIZE] == '\n' &&
		    position != scrollback->end && lines-- == 1)
			break;
		position--;
	}
	return position;
}
