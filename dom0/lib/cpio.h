/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read-only view of a cpio archive ("newc" format, as GNU cpio -H newc writes it), used in place.
 *
 * The archive is not trusted: every length is checked against what is left before it is used, and a
 * name is only handed out when its terminating zero lies inside the archive.
 */
#ifndef DOM0_LIB_CPIO_H
#define DOM0_LIB_CPIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpio_archive {
	const uint8_t *data; /* NULL with size 0: an empty archive */
	size_t size;	     /* bytes */
};

struct cpio_file {
	const char *name;    /* inside the archive, without leading "./" or "/"; zero-terminated */
	const uint8_t *data; /* inside the archive */
	size_t size;	     /* bytes */
	uint32_t mode;	     /* Unix mode: type and permissions */
	uint32_t mtime;	     /* seconds since 1970 */
};

/*
 * The entry at *offset, which moves behind it. Start with 0.
 * Returns 1 (file is filled in), 0 at the end, -XEN_EINVAL where the archive is damaged.
 */
int cpio_next(const struct cpio_archive *archive, size_t *offset, struct cpio_file *file);

/* Find a regular file by its path. Returns 0, -XEN_ENOENT, or -XEN_EINVAL (damaged before it was
 * found). */
int cpio_find(const struct cpio_archive *archive, const char *path, struct cpio_file *file);

/* Is the entry a regular file, a folder? */
bool cpio_is_file(const struct cpio_file *file);
bool cpio_is_folder(const struct cpio_file *file);

#endif
