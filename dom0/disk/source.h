/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a table or a file system is read from: a disk, or memory in tests. */
#ifndef DOM0_DISK_SOURCE_H
#define DOM0_DISK_SOURCE_H

#include <stdint.h>

struct disk_source {
	/* Read whole blocks. 0 or a negative XEN_E…. May wait. */
	int (*read)(void *context, uint64_t block, uint32_t count, void *buffer);
	void *context;
	uint32_t block_size; /* bytes: 512 to 4096 */
	uint64_t blocks;
};

#endif
