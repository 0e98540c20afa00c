/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>
#include "disk/image.h"
#include "disk/image_check.h"
#include "disk/image_reader.h"

#define NAME_LENGTH 255
#define MOST_DEPTH  5 /* of a tree of extents; Linux makes no deeper ones */

/* Buffers of libext2fs's: of a tree's levels, lists of lists, a directory, inodes and the like. */
#define BLOCKS_AT_ONCE (MOST_DEPTH + 15)

#define KNOWN_INCOMPAT                                                                             \
	(EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS |                          \
	 EXT4_FEATURE_INCOMPAT_64BIT | EXT4_FEATURE_INCOMPAT_FLEX_BG |                             \
	 EXT4_FEATURE_INCOMPAT_EA_INODE | EXT4_FEATURE_INCOMPAT_CSUM_SEED |                        \
	 EXT4_FEATURE_INCOMPAT_LARGEDIR)
#define KNOWN_RO_COMPAT                                                                            \
	(EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |                 \
	 EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM |                      \
	 EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |                   \
	 EXT4_FEATURE_RO_COMPAT_QUOTA | EXT4_FEATURE_RO_COMPAT_METADATA_CSUM |                     \
	 EXT4_FEATURE_RO_COMPAT_READONLY | EXT4_FEATURE_RO_COMPAT_PROJECT)
#define IMAGE_NOT_NAMED " ;=,:'\"[]#\\"
#define NOT_PLAIN	(EXT4_ENCRYPT_FL | EXT4_INLINE_DATA_FL | EXT4_VERITY_FL | EXT2_COMPRBLK_FL)

/* One look into a file system. */
struct look {
	struct image_reader reader;
	struct problem *problem;
	const char *path;
	ext2_filsys fs;

	struct pieces *pieces;
	uint64_t blocks; /* of the file */
	uint64_t next;	 /* block of the file that is to be mapped next */
	int refused;	 /* what take_run() said */
};

/* --- problems ----------------------------------------------------------------------------------
 */

extern const struct error_table et_ext2_error_table;

static const char *meaning(errcode_t code)
{
	const struct error_table *table = &et_ext2_error_table;

	if (code < table->base || code >= table->base + table->n_msgs)
		return "unknown error";
	return table->msgs[code - table->base];
}

/* What libext2fs says, unless the disk or a bound is to blame. */
static int note(struct look *look, errcode_t code)
{
	if (look->reader.error == -XEN_E2BIG)
		return problem_note(look->problem, XEN_E2BIG,
				    "finding the file takes more than %u blocks to be read",
				    IMAGE_READS);
	if (look->reader.error)
		return problem_note(look->problem, -look->reader.error,
				    "reading the file system failed: %s",
				    problem_reason(look->reader.error));
	if (code == EXT2_ET_NO_MEMORY)
		return problem_note(look->problem, XEN_ENOMEM,
				    "dom0 is out of memory: raise dom0_mem");
	if (code == EXT2_ET_FILE_NOT_FOUND)
		return problem_note(look->problem, XEN_ENOENT, "there is no file %s", look->path);
	if (code == EXT2_ET_NO_DIRECTORY)
		return problem_note(
			look->problem, XEN_ENOENT,
			"%s: not all that it names are directories (symbolic links are not followed)",
			look->path);
	return problem_note(look->problem, XEN_EINVAL,
			    "the file system is damaged (%s): run e2fsck", meaning(code));
}

/* --- the file system ---------------------------------------------------------------------------
 */

static uint64_t super_blocks(const struct ext2_super_block *super)
{
	uint64_t high = super->s_feature_incompat & EXT4_FEATURE_INCOMPAT_64BIT
				? super->s_blocks_count_hi
				: 0;

	return super->s_blocks_count | high << 32;
}

static int check_features(const struct ext2_super_block *super, struct problem *problem)
{
	uint32_t incompat = super->s_feature_incompat & ~(uint32_t)KNOWN_INCOMPAT;
	uint32_t ro_compat = super->s_feature_ro_compat & ~(uint32_t)KNOWN_RO_COMPAT;

	if (incompat & EXT3_FEATURE_INCOMPAT_RECOVER ||
	    ro_compat & EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT || super->s_last_orphan ||
	    !(super->s_state & EXT2_VALID_FS) || super->s_state & EXT2_ERROR_FS)
		return problem_note(
			problem, XEN_EINVAL,
			"the file system was not unmounted properly, or has errors: run e2fsck");
	if (incompat || ro_compat)
		return problem_note(
			problem, XEN_EINVAL,
			"the file system has features that are not supported "
			"(incompat 0x%x, ro_compat 0x%x): make it with mke2fs -t ext4 alone",
			incompat, ro_compat);
	return 0;
}

/* All descriptors of groups. */
static uint64_t groups_bytes(const struct ext2_super_block *super)
{
	uint64_t size = super->s_feature_incompat & EXT4_FEATURE_INCOMPAT_64BIT
				? super->s_desc_size
				: EXT2_MIN_DESC_SIZE;

	if (!super->s_blocks_per_group)
		return UINT64_MAX;
	return super_blocks(super) / super->s_blocks_per_group * size;
}

/* What libext2fs takes for granted, or would need too much memory for. */
static int check_sizes(const struct ext2_super_block *super, const struct disk_source *source,
		       struct problem *problem)
{
	uint64_t bytes = source->blocks * source->block_size, blocks = super_blocks(super);

	if (super->s_log_block_size > 6 || blocks > bytes >> (10 + super->s_log_block_size))
		return problem_note(problem, XEN_EINVAL,
				    "the file system is larger than its disk: run e2fsck");
	if (1024u << super->s_log_block_size < source->block_size)
		return problem_note(
			problem, XEN_EINVAL,
			"the file system's blocks are smaller than the disk's: mke2fs -b %u",
			source->block_size);
	if (groups_bytes(super) > IMAGE_GROUPS_BYTES)
		return problem_note(problem, XEN_E2BIG,
				    "the file system has too many groups of blocks");
	return 0;
}

/* libext2fs does not survive that it gets no memory (it frees what it never had): what it needs at
 * most, and the map, must be there when it begins. */
static int check_memory(const struct ext2_super_block *super, struct problem *problem)
{
	size_t block = 1024u << super->s_log_block_size;
	void *volatile memory = malloc(groups_bytes(super) + BLOCKS_AT_ONCE * block +
				       IMAGE_PIECES * (sizeof(struct piece) + sizeof(struct run)));

	free(memory);
	return memory ? 0
		      : problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
}

static int check_super(struct look *look)
{
	const struct ext2_super_block *super = &look->reader.super;
	int error = image_reader_super(&look->reader);

	if (error && error != -XEN_EINVAL)
		return problem_note(look->problem, -error, "reading the file system failed: %s",
				    problem_reason(error));
	if (error || super->s_magic != EXT2_SUPER_MAGIC)
		return problem_note(look->problem, XEN_EINVAL,
				    "there is no ext2, ext3 or ext4 file system on the disk");
	error = check_features(super, look->problem);
	if (!error)
		error = check_sizes(super, look->reader.source, look->problem);
	return error ? error : check_memory(super, look->problem);
}

static int open_file_system(struct look *look)
{
	errcode_t code;
	int error = check_super(look);

	if (error)
		return error;
	code = image_reader_open(&look->reader, &look->fs);
	return code ? note(look, code) : 0;
}

/* libext2fs needs memory for each level of a tree of extents, and believes how many there are. */
static bool too_deep(const struct ext2_inode *inode)
{
	const struct ext3_extent_header *root = (const void *)inode->i_block;

	return inode->i_flags & EXT4_EXTENTS_FL && root->eh_depth > MOST_DEPTH;
}

static errcode_t read_inode(struct look *look, ext2_ino_t number, struct ext2_inode *inode)
{
	errcode_t code = ext2fs_read_inode(look->fs, number, inode);

	return !code && too_deep(inode) ? EXT2_ET_EXTENT_HEADER_BAD : code;
}

static errcode_t find_name(struct look *look, const char *name, size_t length, ext2_ino_t *inode)
{
	struct ext2_inode directory;
	errcode_t code = read_inode(look, *inode, &directory);

	if (code)
		return code;
	if (length > NAME_LENGTH)
		return EXT2_ET_FILE_NOT_FOUND;
	return ext2fs_lookup(look->fs, *inode, name, (int)length, NULL, inode);
}

/* Name by name: libext2fs's own walk follows links, and believes their lengths. */
static int walk(struct look *look, ext2_ino_t *inode)
{
	const char *at = look->path;

	*inode = EXT2_ROOT_INO;
	for (at += strspn(at, "/"); *at; at += strspn(at, "/")) {
		size_t length = strcspn(at, "/");
		errcode_t code = find_name(look, at, length, inode);

		if (code)
			return note(look, code);
		at += length;
	}
	return 0;
}

/* --- the map -----------------------------------------------------------------------------------
 */

static int note_hole(struct look *look)
{
	return problem_note(
		look->problem, XEN_EINVAL,
		"%s has holes or blocks that were never written: make it full with cp --sparse=never",
		look->path);
}

static int add_piece(struct look *look, uint64_t from, uint64_t at)
{
	struct pieces *pieces = look->pieces;

	if (pieces->count == IMAGE_PIECES)
		return problem_note(look->problem, XEN_E2BIG,
				    "%s lies in more than %u pieces: copy it, or run e4defrag",
				    look->path, IMAGE_PIECES);
	pieces->piece[pieces->count++] = (struct piece){from, at};
	return 0;
}

/* Blocks of the file, from `logical` on, and where they are. Behind the file's end there may be
 * more, which do not matter. */
static int take_run(struct look *look, uint64_t logical, uint64_t physical, uint64_t count)
{
	const struct ext2_super_block *super = look->fs->super;
	uint64_t unit = look->fs->blocksize / BLOCK_SECTOR, last;

	if (look->next == look->blocks)
		return 0;
	if (logical > look->next)
		return note_hole(look);
	if (logical < look->next || !count || physical < super->s_first_data_block ||
	    physical >= super_blocks(super) || count > super_blocks(super) - physical)
		return note(look, EXT2_ET_EXTENT_INVALID_LENGTH);
	if (count > look->blocks - logical)
		count = look->blocks - logical;
	look->next = logical + count;
	if (look->pieces->count) {
		const struct piece *piece = &look->pieces->piece[look->pieces->count - 1];

		last = piece->at + (logical * unit - piece->from);
		if (last == physical * unit)
			return 0;
	}
	return add_piece(look, logical * unit, physical * unit);
}

static int take_extent(struct look *look, const struct ext2fs_extent *extent)
{
	if (extent->e_flags & EXT2_EXTENT_FLAGS_UNINIT && extent->e_lblk < look->blocks)
		return note_hole(look);
	return take_run(look, extent->e_lblk, extent->e_pblk, extent->e_len);
}

static int map_extents(struct look *look, ext2_ino_t number, struct ext2_inode *inode)
{
	ext2_extent_handle_t handle;
	struct ext2fs_extent extent;
	errcode_t code = ext2fs_extent_open2(look->fs, number, inode, &handle);
	int op = EXT2_EXTENT_ROOT, error = 0;

	if (code)
		return note(look, code);
	while (!error && look->next < look->blocks) {
		code = ext2fs_extent_get(handle, op, &extent);
		op = EXT2_EXTENT_NEXT;
		if (code)
			error = code == EXT2_ET_EXTENT_NO_NEXT ? note_hole(look) : note(look, code);
		else if (extent.e_flags & EXT2_EXTENT_FLAGS_LEAF)
			error = take_extent(look, &extent);
	}
	ext2fs_extent_free(handle);
	return error;
}

static int take_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t index, blk64_t reference,
		      int offset, void *context)
{
	struct look *look = context;

	(void)fs;
	(void)reference;
	(void)offset;
	look->refused = take_run(look, (uint64_t)index, *block, 1);
	return look->refused || look->next == look->blocks ? BLOCK_ABORT : 0;
}

/* As ext2 and ext3 have it: lists of blocks, and lists of lists. */
static int map_blocks(struct look *look, ext2_ino_t number)
{
	errcode_t code =
		ext2fs_block_iterate3(look->fs, number, BLOCK_FLAG_READ_ONLY | BLOCK_FLAG_DATA_ONLY,
				      NULL, take_block, look);

	if (look->refused)
		return look->refused;
	if (code)
		return note(look, code);
	return look->next < look->blocks ? note_hole(look) : 0;
}

/* --- the file ----------------------------------------------------------------------------------
 */

static int check_file(struct look *look, ext2_ino_t number, const struct ext2_inode *inode)
{
	uint64_t size = EXT2_I_SIZE(inode), block = look->fs->blocksize;

	if (!LINUX_S_ISREG(inode->i_mode) || number < EXT2_FIRST_INO(look->fs->super))
		return problem_note(
			look->problem, XEN_EINVAL, "%s is not a regular file%s", look->path,
			LINUX_S_ISLNK(inode->i_mode) ? " but a symbolic link: name the file itself"
						     : "");
	if (inode->i_flags & NOT_PLAIN)
		return problem_note(look->problem, XEN_EINVAL,
				    "%s is encrypted, packed or sealed: copy it", look->path);
	if (!size || size % look->reader.source->block_size)
		return problem_note(
			look->problem, XEN_EINVAL,
			"the size of %s, %llu bytes, is not a multiple of the disk's %u",
			look->path, (unsigned long long)size, look->reader.source->block_size);
	if (size > super_blocks(look->fs->super) * block)
		return note_hole(look);
	look->blocks = (size + block - 1) / block;
	look->pieces->sectors = size / BLOCK_SECTOR;
	return 0;
}

static int map_file(struct look *look)
{
	struct ext2_inode inode;
	ext2_ino_t number;
	errcode_t code;
	int error = walk(look, &number);

	if (error)
		return error;
	code = read_inode(look, number, &inode);
	if (code)
		return note(look, code);
	error = check_file(look, number, &inode);
	if (error)
		return error;
	look->pieces->piece = malloc(IMAGE_PIECES * sizeof(struct piece));
	if (!look->pieces->piece)
		return note(look, EXT2_ET_NO_MEMORY);
	error = inode.i_flags & EXT4_EXTENTS_FL ? map_extents(look, number, &inode)
						: map_blocks(look, number);
	if (error)
		return error;
	return image_refuse(&look->reader, look->fs, look->pieces, look->path, look->problem);
}

static void trim(struct pieces *pieces)
{
	struct piece *less = realloc(pieces->piece, pieces->count * sizeof(*less));

	if (less)
		pieces->piece = less;
}

static struct look *open_look(const struct disk_source *source, const char *path,
			      struct problem *problem, int *error)
{
	struct look *look = calloc(1, sizeof(*look));

	if (!look) {
		*error = problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
		return NULL;
	}
	look->reader.source = source;
	look->problem = problem;
	look->path = path;
	*error = open_file_system(look);
	return look;
}

static void close_look(struct look *look)
{
	ext2fs_free(look->fs);
	image_reader_free(&look->reader);
	free(look);
}

int image_find(const struct disk_source *source, const char *path, struct pieces *pieces,
	       struct problem *problem)
{
	int error;
	struct look *look = open_look(source, path, problem, &error);

	memset(pieces, 0, sizeof(*pieces));
	if (!look)
		return error;
	look->pieces = pieces;
	if (!error)
		error = map_file(look);
	close_look(look);
	if (error)
		pieces_free(pieces);
	else
		trim(pieces);
	return error;
}

/* --- a folder ----------------------------------------------------------------------------------
 */

struct names {
	char *next;
	size_t left; /* with the empty name's zero */
};

static bool can_be_typed(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (name[i] <= ' ' || name[i] > '~' || strchr(IMAGE_NOT_NAMED, name[i]))
			return false;
	return length && name[0] != '.';
}

static int take_name(struct ext2_dir_entry *entry, int offset, int block_size, char *block,
		     void *context)
{
	struct names *names = context;
	size_t length = (size_t)ext2fs_dirent_name_len(entry);
	int type = ext2fs_dirent_file_type(entry);

	(void)offset;
	(void)block_size;
	(void)block;
	if ((type != EXT2_FT_DIR && type != EXT2_FT_REG_FILE) || !can_be_typed(entry->name, length))
		return 0;
	if (names->left < length + 3)
		return DIRENT_ABORT;
	memcpy(names->next, entry->name, length);
	if (type == EXT2_FT_DIR)
		names->next[length++] = '/';
	names->next[length++] = '\0';
	names->next += length;
	names->left -= length;
	return 0;
}

int image_list(const struct disk_source *source, const char *path, char names[IMAGE_NAMES],
	       struct problem *problem)
{
	struct names list = {names, IMAGE_NAMES};
	ext2_ino_t number;
	int error;
	struct look *look = open_look(source, path, problem, &error);
	errcode_t code;

	if (!error)
		error = walk(look, &number);
	if (!error) {
		code = ext2fs_dir_iterate(look->fs, number, 0, NULL, take_name, &list);
		error = code ? note(look, code) : 0;
	}
	*list.next = '\0';
	if (look)
		close_look(look);
	return error;
}
