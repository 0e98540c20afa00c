/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <xen/errno.h>
#include "lib/ramdisk.h"

struct cpio_archive ramdisk;

static int find(const char *folder, const char *name, const char *suffix, struct cpio_file *file)
{
	char path[160];
	int length = snprintf(path, sizeof(path), "%s%s%s", folder, name, suffix);

	if (length < 0 || (size_t)length >= sizeof(path))
		return -XEN_ENOENT;
	return cpio_find(&ramdisk, path, file);
}

int ramdisk_find_image(const char *path, struct cpio_file *file)
{
	int result = find("", path, "", file);

	return result == -XEN_ENOENT ? find("images/", path, "", file) : result;
}

int ramdisk_find_config(const char *name, struct cpio_file *file)
{
	int result = find("", name, "", file);

	if (result == -XEN_ENOENT)
		result = find("configs/", name, "", file);
	return result == -XEN_ENOENT ? find("configs/", name, ".cfg", file) : result;
}
