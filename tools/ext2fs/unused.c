/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that the few files of libext2fs that are built (tools/libs.mk) refer to, and that
 * reading a file's map never needs: they allocate, or belong to features that dom0 refuses. So the
 * files that have them, and all that those need, are not built.
 */
#include <stddef.h>

struct et_list;
struct et_list *_et_list; /* com_err's list of message tables */

/* No number of libext2fs's: nobody shall see it. */
static long refuse(void)
{
	return -1;
}

static void *nothing(void)
{
	return NULL;
}

#define REFUSED(name) long name(void) __attribute__((alias("refuse")))
#define ABSENT(name)  void *name(void) __attribute__((alias("nothing")))

REFUSED(ext2fs_alloc_block2);
REFUSED(ext2fs_block_alloc_stats2);
REFUSED(ext2fs_find_inode_goal);
REFUSED(ext2fs_free_block_bitmap);
REFUSED(ext2fs_free_inode_bitmap);
REFUSED(ext2fs_inline_data_dir_iterate);
REFUSED(ext2fs_mmp_start);
REFUSED(ext2fs_mmp_stop);
REFUSED(ext2fs_zero_blocks2);
REFUSED(ext2fs_djb2_hash);
ABSENT(ext2fs_bg_has_super);
ABSENT(ext2fs_hashmap_create);
ABSENT(ext2fs_hashmap_free);
ABSENT(ext2fs_load_nls_table);
