/* SPDX-License-Identifier: MIT */
/* What the server serves: the files of a cpio archive on its disk xvda, or of its ramdisk, and a
 * page that is built in where neither has an index.html. Errors are negative XEN_E* numbers. */
#ifndef WEB_FILES_H
#define WEB_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <pv/archive.h>

struct file {
	const char *name; /* without a leading slash */
	uint64_t size;
	const struct pv_archive_file *entry; /* NULL: built in */
};

/* Find the archive, and say what there is. Once, before all else. */
void open_files(void);

/* The file for the path of a request ("/", "/a/b.html"). */
bool find_file(const char *path, struct file *file);

/* Bytes of a file from offset on, which it has. 0, or what went wrong with the disk. */
int read_file(const struct file *file, uint64_t offset, void *data, size_t length);

const char *content_type(const char *name);

#endif
