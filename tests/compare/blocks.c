/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves blocks between memory and a disk past the page cache, one at a time, in an order that jumps
 * about but is the same in every run:
 *   blocks read|write DEVICE BYTES-A-BLOCK BLOCKS
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIGNMENT 4096

static unsigned long state = 1;

/* A linear congruence modulo 2^64; the upper bits are the better ones. */
static unsigned long next(unsigned long below)
{
	state = state * 6364136223846793005UL + 1442695040888963407UL;
	return (state >> 33) % below;
}

int main(int argc, char **argv)
{
	int writing = argc == 5 && !strcmp(argv[1], "write");
	int disk = argc == 5 ? open(argv[2], (writing ? O_RDWR : O_RDONLY) | O_DIRECT) : -1;
	size_t size = argc == 5 ? strtoul(argv[3], NULL, 0) : 0;
	unsigned long count = argc == 5 ? strtoul(argv[4], NULL, 0) : 0;
	off_t bytes = disk < 0 ? 0 : lseek(disk, 0, SEEK_END);
	void *block;

	if (!size || bytes < (off_t)size || posix_memalign(&block, ALIGNMENT, size)) {
		fprintf(stderr, "usage: blocks read|write DEVICE BYTES-A-BLOCK BLOCKS\n");
		return 2;
	}
	memset(block, 'p', size);
	for (unsigned long i = 0; i < count; i++) {
		off_t at = (off_t)(next((unsigned long)bytes / size) * size);
		ssize_t moved =
			writing ? pwrite(disk, block, size, at) : pread(disk, block, size, at);

		if (moved != (ssize_t)size) {
			perror("blocks");
			return 1;
		}
	}
	printf("blocks: %lu moved\n", count);
	return 0;
}
