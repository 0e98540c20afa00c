/* SPDX-License-Identifier: MIT */
/* What the server serves: the files of the ramdisk (a cpio archive), or a page that is built in. */
#ifndef WEB_FILES_H
#define WEB_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct file {
	const char *name; /* without a leading slash */
	const void *data;
	size_t size;
};

/* The file for the path of a request ("/", "/a/b.html"). */
bool find_file(const char *path, struct file *file);

const char *content_type(const char *name);

#endif
