/* SPDX-License-Identifier: MIT */
/*
 * Files of a cpio archive (format "newc": `find . | cpio -o -H newc`), on a disk or in memory.
 *
 * Only regular files are seen. Their names are kept in memory, their contents are read when they
 * are asked for. The archive is not trusted: what lies beyond its end, or is no header where one
 * should be, is an error. Callable from threads, from several at once if the source is.
 * Errors are negative XEN_E* numbers.
 */
#ifndef PV_ARCHIVE_H
#define PV_ARCHIVE_H

#include <pv/types.h>

struct pv_blk_cache;
struct pv_archive;

/* Where the bytes come from: read() fills `data` with those at an offset; 0 or an error. */
struct pv_archive_source {
	int (*read)(void *context, uint64_t offset, void *data, size_t length);
	void *context;
	uint64_t size; /* bytes; there may be more than the archive has */
};

struct pv_archive_file {
	const char *name; /* without leading "./" or "/"; the archive's */
	uint64_t offset;  /* in the source */
	uint64_t size;	  /* bytes */
};

/*
 * Read the names. NULL, with *error (which may be NULL): -XEN_EINVAL (no archive, or damaged),
 * -XEN_ENOMEM, or the source's. What the source needs must live as long as the archive.
 */
struct pv_archive *pv_archive_open(const struct pv_archive_source *source, int *error);

/* The same for a disk's bytes, and for memory: a ramdisk. Cache and memory stay the caller's. */
struct pv_archive *pv_archive_open_disk(struct pv_blk_cache *cache, int *error);
struct pv_archive *pv_archive_open_memory(const void *data, size_t size, int *error);

void pv_archive_close(struct pv_archive *archive);

/* The index-th file, or the one of this name; NULL: there is none. The archive's. */
const struct pv_archive_file *pv_archive_file(const struct pv_archive *archive, unsigned int index);
const struct pv_archive_file *pv_archive_find(const struct pv_archive *archive, const char *name);

/* Bytes of a file from `offset` on: 0, -XEN_EINVAL beyond its end, or the source's error. */
int pv_archive_read(const struct pv_archive *archive, const struct pv_archive_file *file,
		    uint64_t offset, void *data, size_t length);

#endif
