/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <pv/start.h>
#include "files.h"

static const char index_page[] =
	"<!DOCTYPE html>\n<title>Parapet</title>\n<h1>It works</h1>\n"
	"<p>This page comes from a guest of the Parapet hypervisor: an HTTP server on lwIP, through\n"
	"Xen's network protocol. <a href=\"/status\">Status</a>, <a href=\"/bytes/1000000\">a "
	"million bytes</a>.\n";

/* The header of an entry of a cpio archive ("newc"): numbers of eight hexadecimal digits. */
struct cpio_header {
	char magic[6], inode[8], mode[8], uid[8], gid[8], links[8], time[8], size[8], device[16],
		special[16], name_size[8], check[8];
};

static size_t hexadecimal(const char digits[8])
{
	char text[9] = {0};

	memcpy(text, digits, 8);
	return strtoul(text, NULL, 16);
}

static size_t round_up(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* The entry at *at, which moves behind it. False at the end, and where there is no archive. */
static bool next_entry(const char *archive, size_t size, size_t *at, struct file *file)
{
	const struct cpio_header *header = (const void *)(archive + *at);
	size_t name_size, data;

	if (size - *at < sizeof(*header) || memcmp(header->magic, "070701", 6))
		return false;
	name_size = hexadecimal(header->name_size);
	file->size = hexadecimal(header->size);
	file->name = (const char *)(header + 1);
	data = round_up(*at + sizeof(*header) + name_size);
	if (!name_size || data > size || file->size > size - data || file->name[name_size - 1])
		return false;
	file->data = archive + data;
	*at = round_up(data + file->size);
	return *at <= size && strcmp(file->name, "TRAILER!!!");
}

bool find_file(const char *path, struct file *file)
{
	size_t size = 0, at = 0;
	const char *archive = pv_ramdisk(&size);

	path += strspn(path, "/");
	if (!*path)
		path = "index.html";
	while (archive && next_entry(archive, size, &at, file))
		if (!strcmp(file->name, path) && file->size)
			return true;
	*file = (struct file){"index.html", index_page, sizeof(index_page) - 1};
	return !strcmp(path, "index.html");
}

const char *content_type(const char *name)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{".html", "text/html; charset=utf-8"},
		{".css", "text/css"},
		{".js", "text/javascript"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
		{".jpg", "image/jpeg"},
		{".txt", "text/plain; charset=utf-8"},
		{".json", "application/json"},
	};
	const char *suffix = strrchr(name, '.');

	for (size_t i = 0; suffix && i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(suffix, types[i].suffix))
			return types[i].type;
	return "application/octet-stream";
}
