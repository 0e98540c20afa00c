/* SPDX-License-Identifier: MIT */
/* Blocks of a disk in memory: whichever was not used for longest gives way. */
#include <stdlib.h>
#include <string.h>
#include <pv/blkfront.h>
#include <pv/mm.h>
#include <pv/thread.h>

#define BLOCK	      PV_PAGE_SIZE
#define BLOCK_SECTORS (BLOCK / PV_BLK_SECTOR)
#define NOTHING	      (~0ULL)

struct entry {
	uint64_t block; /* number, or NOTHING */
	uint64_t used;	/* when, by the cache's clock */
	uint8_t *page;
};

struct pv_blk_cache {
	struct pv_blkfront *device;
	struct pv_mutex mutex; /* of the entries: a thread that waits for the disk holds it */
	uint64_t clock;
	unsigned int blocks;
	struct entry entry[];
};

struct pv_blk_cache *pv_blk_cache_new(struct pv_blkfront *device, unsigned int blocks)
{
	struct pv_blk_cache *cache = calloc(1, sizeof(*cache) + blocks * sizeof(cache->entry[0]));

	if (!cache)
		return NULL;
	cache->device = device;
	for (; cache->blocks < blocks; cache->blocks++) {
		struct entry *entry = &cache->entry[cache->blocks];

		entry->block = NOTHING;
		entry->page = pv_page_alloc();
		if (entry->page)
			continue;
		pv_blk_cache_free(cache);
		return NULL;
	}
	return cache;
}

void pv_blk_cache_free(struct pv_blk_cache *cache)
{
	for (unsigned int i = 0; i < cache->blocks; i++)
		pv_pages_free(cache->entry[i].page, 1);
	free(cache);
}

/* The disk's last block may be shorter. */
static int transfer(struct pv_blk_cache *cache, enum pv_blk_operation operation,
		    struct entry *entry)
{
	uint64_t first = entry->block * BLOCK_SECTORS;
	uint64_t left = pv_blkfront_info(cache->device)->sectors - first;

	return pv_blkfront_do(cache->device, operation, first, entry->page,
			      left < BLOCK_SECTORS ? left : BLOCK_SECTORS);
}

static struct entry *oldest(struct pv_blk_cache *cache)
{
	struct entry *found = &cache->entry[0];

	for (unsigned int i = 1; i < cache->blocks; i++)
		if (cache->entry[i].used < found->used)
			found = &cache->entry[i];
	return found;
}

/* The block's entry, read if need be; NULL and the error if that fails. */
static struct entry *get(struct pv_blk_cache *cache, uint64_t block, int *error)
{
	struct entry *entry = NULL;

	for (unsigned int i = 0; i < cache->blocks && !entry; i++)
		if (cache->entry[i].block == block)
			entry = &cache->entry[i];
	*error = 0;
	if (!entry) {
		entry = oldest(cache);
		entry->block = block;
		*error = transfer(cache, PV_BLK_READ, entry);
	}
	entry->used = ++cache->clock;
	if (!*error)
		return entry;
	entry->block = NOTHING;
	return NULL;
}

static bool in_disk(const struct pv_blk_cache *cache, uint64_t offset, size_t length)
{
	uint64_t size = pv_blk_cache_size(cache);

	return offset <= size && length <= size - offset;
}

static size_t part(uint64_t offset, size_t length)
{
	size_t room = BLOCK - offset % BLOCK;

	return length < room ? length : room;
}

uint64_t pv_blk_cache_size(const struct pv_blk_cache *cache)
{
	return pv_blkfront_info(cache->device)->sectors * PV_BLK_SECTOR;
}

int pv_blk_cache_read(struct pv_blk_cache *cache, uint64_t offset, void *data, size_t length)
{
	int error = in_disk(cache, offset, length) ? 0 : -XEN_EINVAL;

	pv_mutex_lock(&cache->mutex);
	while (!error && length) {
		struct entry *entry = get(cache, offset / BLOCK, &error);
		size_t piece = part(offset, length);

		if (!entry)
			break;
		memcpy(data, entry->page + offset % BLOCK, piece);
		data = (uint8_t *)data + piece;
		offset += piece;
		length -= piece;
	}
	pv_mutex_unlock(&cache->mutex);
	return error;
}

int pv_blk_cache_write(struct pv_blk_cache *cache, uint64_t offset, const void *data, size_t length)
{
	int error = in_disk(cache, offset, length) ? 0 : -XEN_EINVAL;

	pv_mutex_lock(&cache->mutex);
	while (!error && length) {
		struct entry *entry = get(cache, offset / BLOCK, &error);
		size_t piece = part(offset, length);

		if (!entry)
			break;
		memcpy(entry->page + offset % BLOCK, data, piece);
		error = transfer(cache, PV_BLK_WRITE, entry);
		if (error)
			entry->block = NOTHING; /* who knows what the disk holds now */
		data = (const uint8_t *)data + piece;
		offset += piece;
		length -= piece;
	}
	pv_mutex_unlock(&cache->mutex);
	return error;
}
