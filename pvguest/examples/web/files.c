/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <pv/blkfront.h>
#include <pv/start.h>
#include "files.h"

#define CACHE_BLOCKS 256 /* of 4 KiB */

static const char index_page[] =
	"<!DOCTYPE html>\n<title>Parapet</title>\n<h1>It works</h1>\n"
	"<p>This page comes from a guest of the Parapet hypervisor: an HTTP server on lwIP, through\n"
	"Xen's network protocol. <a href=\"/status\">Status</a>, <a href=\"/bytes/1000000\">a "
	"million bytes</a>.\n";

static struct pv_archive *archive; /* NULL: only the page above */

/* NULL: there is no disk, or it holds no archive. */
static struct pv_archive *open_disk(void)
{
	int error;
	struct pv_blkfront *disk = pv_blkfront_open(PV_BLK_XVD(0), &error);
	struct pv_blk_cache *cache = disk ? pv_blk_cache_new(disk, CACHE_BLOCKS) : NULL;
	struct pv_archive *found = cache ? pv_archive_open_disk(cache, &error) : NULL;

	if (disk && !found)
		printf("web: xvda holds no cpio archive (error %d)\n", error);
	return found;
}

void open_files(void)
{
	const char *place = "xvda";
	unsigned int count = 0;
	size_t size;

	archive = open_disk();
	if (!archive && pv_ramdisk(&size)) {
		place = "the ramdisk";
		archive = pv_archive_open_memory(pv_ramdisk(&size), size, NULL);
	}
	if (!archive)
		return;
	while (pv_archive_file(archive, count))
		count++;
	printf("web: %u files on %s\n", count, place);
}

bool find_file(const char *path, struct file *file)
{
	const struct pv_archive_file *entry;

	path += strspn(path, "/");
	if (!*path)
		path = "index.html";
	entry = archive ? pv_archive_find(archive, path) : NULL;
	*file = (struct file){"index.html", sizeof(index_page) - 1, NULL};
	if (entry)
		*file = (struct file){entry->name, entry->size, entry};
	return entry || !strcmp(path, "index.html");
}

int read_file(const struct file *file, uint64_t offset, void *data, size_t length)
{
	if (file->entry)
		return pv_archive_read(archive, file->entry, offset, data, length);
	memcpy(data, index_page + offset, length);
	return 0;
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
