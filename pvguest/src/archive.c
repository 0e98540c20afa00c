/* SPDX-License-Identifier: MIT */
/* A cpio archive is a chain of headers, each before its name and contents, to a last entry. */
#include <stdlib.h>
#include <string.h>
#include <pv/archive.h>
#include <pv/blkfront.h>
#include <xen/errno.h>

#define LAST_ENTRY "TRAILER!!!"
#define NAME_MAX   1024
#define MODE_TYPE  0170000
#define MODE_FILE  0100000

/* Numbers of eight hexadecimal digits. */
struct header {
	char magic[6], inode[8], mode[8], uid[8], gid[8], links[8], time[8], size[8], device[16],
		special[16], name_size[8], check[8];
};

struct pv_archive {
	struct pv_archive_source source;
	unsigned int count, room;
	struct pv_archive_file *files;
};

/* What a header says. */
struct entry {
	char name[NAME_MAX];
	uint64_t data, size; /* in the source */
	uint64_t next;	     /* the header behind it */
	unsigned int mode;
};

static bool number(const char digits[8], uint64_t *value)
{
	*value = 0;
	for (unsigned int i = 0; i < 8; i++) {
		static const char all[] = "0123456789abcdefABCDEF";
		const char *digit = digits[i] ? strchr(all, digits[i]) : NULL;

		if (!digit)
			return false;
		*value = *value * 16 +
			 (unsigned int)(digit - all < 16 ? digit - all : digit - all - 6);
	}
	return true;
}

static uint64_t round_up(uint64_t offset)
{
	return (offset + 3) & ~3ull;
}

static int read_source(const struct pv_archive *archive, uint64_t offset, void *data, size_t length)
{
	const struct pv_archive_source *source = &archive->source;

	if (offset > source->size || length > source->size - offset)
		return -XEN_EINVAL;
	return source->read(source->context, offset, data, length);
}

/* Sizes have 32 bits, offsets 64: sums of a few do not overflow. */
static int read_entry(const struct pv_archive *archive, uint64_t at, struct entry *entry)
{
	struct header header;
	uint64_t name_size, mode;
	int error = read_source(archive, at, &header, sizeof(header));

	if (error)
		return error;
	if (memcmp(header.magic, "070701", 6) || !number(header.name_size, &name_size) ||
	    !number(header.size, &entry->size) || !number(header.mode, &mode) || !name_size ||
	    name_size > NAME_MAX)
		return -XEN_EINVAL;
	error = read_source(archive, at + sizeof(header), entry->name, name_size);
	if (error)
		return error;
	entry->mode = (unsigned int)mode;
	entry->data = round_up(at + sizeof(header) + name_size);
	entry->next = round_up(entry->data + entry->size);
	return entry->name[name_size - 1] || entry->data + entry->size > archive->source.size
		       ? -XEN_EINVAL
		       : 0;
}

static const char *plain(const char *name)
{
	while (*name == '/' || !strncmp(name, "./", 2))
		name += *name == '/' ? 1 : 2;
	return name;
}

static int note(struct pv_archive *archive, const struct entry *entry)
{
	struct pv_archive_file *files = archive->files;
	char *name;

	if (archive->count == archive->room) {
		archive->room = archive->room * 2 + 16;
		files = realloc(files, archive->room * sizeof(*files));
		if (!files)
			return -XEN_ENOMEM;
		archive->files = files;
	}
	name = strdup(plain(entry->name));
	if (!name)
		return -XEN_ENOMEM;
	files[archive->count++] = (struct pv_archive_file){name, entry->data, entry->size};
	return 0;
}

static int read_names(struct pv_archive *archive)
{
	struct entry *entry = malloc(sizeof(*entry));
	int error = entry ? read_entry(archive, 0, entry) : -XEN_ENOMEM;

	while (!error && strcmp(entry->name, LAST_ENTRY)) {
		if ((entry->mode & MODE_TYPE) == MODE_FILE)
			error = note(archive, entry);
		if (!error)
			error = read_entry(archive, entry->next, entry);
	}
	free(entry);
	return error;
}

struct pv_archive *pv_archive_open(const struct pv_archive_source *source, int *error)
{
	struct pv_archive *archive = calloc(1, sizeof(*archive));
	int result = -XEN_ENOMEM;

	if (archive) {
		archive->source = *source;
		result = read_names(archive);
	}
	if (error)
		*error = result;
	if (!result)
		return archive;
	if (archive)
		pv_archive_close(archive);
	return NULL;
}

void pv_archive_close(struct pv_archive *archive)
{
	for (unsigned int i = 0; i < archive->count; i++)
		free((char *)archive->files[i].name);
	free(archive->files);
	free(archive);
}

const struct pv_archive_file *pv_archive_file(const struct pv_archive *archive, unsigned int index)
{
	return index < archive->count ? &archive->files[index] : NULL;
}

const struct pv_archive_file *pv_archive_find(const struct pv_archive *archive, const char *name)
{
	for (unsigned int i = 0; i < archive->count; i++)
		if (!strcmp(archive->files[i].name, plain(name)))
			return &archive->files[i];
	return NULL;
}

int pv_archive_read(const struct pv_archive *archive, const struct pv_archive_file *file,
		    uint64_t offset, void *data, size_t length)
{
	if (offset > file->size || length > file->size - offset)
		return -XEN_EINVAL;
	return read_source(archive, file->offset + offset, data, length);
}

/* --- sources ---------------------------------------------------------------------------------- */

static int read_cache(void *context, uint64_t offset, void *data, size_t length)
{
	return pv_blk_cache_read(context, offset, data, length);
}

struct pv_archive *pv_archive_open_disk(struct pv_blk_cache *cache, int *error)
{
	struct pv_archive_source source = {read_cache, cache, pv_blk_cache_size(cache)};

	return pv_archive_open(&source, error);
}

static int read_memory(void *context, uint64_t offset, void *data, size_t length)
{
	memcpy(data, (const uint8_t *)context + offset, length);
	return 0;
}

struct pv_archive *pv_archive_open_memory(const void *data, size_t size, int *error)
{
	struct pv_archive_source source = {read_memory, (void *)data, size};

	return pv_archive_open(&source, error);
}
