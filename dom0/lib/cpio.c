/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <xen/errno.h>
#include "cpio.h"

/* A header: 6 characters of magic, then 13 fields of 8 hexadecimal digits. */
#define HEADER_SIZE 110
#define END_NAME    "TRAILER!!!"

enum field { FIELD_MODE = 1, FIELD_MTIME = 5, FIELD_FILESIZE = 6, FIELD_NAMESIZE = 11 };

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool read_field(const uint8_t *header, enum field field, uint32_t *value)
{
	const uint8_t *text = header + 6 + 8 * field;

	*value = 0;
	for (int i = 0; i < 8; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return false;
		*value = *value << 4 | (uint32_t)digit;
	}
	return true;
}

/* Advance *offset by length and up to a multiple of four; false when that leaves the archive. */
static bool advance(const struct cpio_archive *archive, size_t *offset, size_t length)
{
	if (length > archive->size - *offset)
		return false;
	*offset += length;
	/* The last entry's padding may be cut off. */
	size_t padding = -*offset & 3;

	*offset += padding < archive->size - *offset ? padding : archive->size - *offset;
	return true;
}

static const char *plain_name(const char *name)
{
	for (;;) {
		if (name[0] == '/')
			name++;
		else if (name[0] == '.' && name[1] == '/')
			name += 2;
		else
			return name;
	}
}

int cpio_next(const struct cpio_archive *archive, size_t *offset, struct cpio_file *file)
{
	const uint8_t *header = archive->data + *offset;
	uint32_t name_size, file_size;
	size_t at = *offset;

	if (at >= archive->size)
		return 0;
	if (archive->size - at < HEADER_SIZE ||
	    (memcmp(header, "070701", 6) && memcmp(header, "070702", 6)))
		return -XEN_EINVAL;
	if (!read_field(header, FIELD_NAMESIZE, &name_size) ||
	    !read_field(header, FIELD_FILESIZE, &file_size) ||
	    !read_field(header, FIELD_MODE, &file->mode) ||
	    !read_field(header, FIELD_MTIME, &file->mtime))
		return -XEN_EINVAL;

	const char *name = (const char *)header + HEADER_SIZE;

	if (!name_size || !advance(archive, &at, HEADER_SIZE + (size_t)name_size) ||
	    name[name_size - 1])
		return -XEN_EINVAL;
	if (!strcmp(name, END_NAME))
		return 0;
	file->name = plain_name(name);
	file->data = archive->data + at;
	file->size = file_size;
	if (!advance(archive, &at, file_size))
		return -XEN_EINVAL;
	*offset = at;
	return 1;
}

int cpio_find(const struct cpio_archive *archive, const char *path, struct cpio_file *file)
{
	size_t offset = 0;
	int got;

	path = plain_name(path);
	while ((got = cpio_next(archive, &offset, file)) > 0)
		if (cpio_is_file(file) && !strcmp(file->name, path))
			return 0;
	return got ? got : -XEN_ENOENT;
}

bool cpio_is_file(const struct cpio_file *file)
{
	return (file->mode & 0170000) == 0100000;
}

bool cpio_is_folder(const struct cpio_file *file)
{
	return (file->mode & 0170000) == 0040000;
}
