/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guests and configurations can say of disks: a ring full of any bytes, lists of indirect
 * segments, the text of an item. The first byte chooses. */
#include <stdlib.h>
#include <string.h>
#include "backend/blkring.h"
#include "config/disk.h"
#include "finding.h"

static struct blkring_limits limits = {.sectors = 5000, .unit = 1, .max_segments = 40};

/* What is handed on lies within the disk and within the guest's pages. */
static void good(const struct blkring_request *request)
{
	uint64_t sectors = 0;
	unsigned int pages = 0;

	CHECK(request->segments <= BLKRING_SEGMENTS);
	if (request->block == BLOCK_FLUSH) {
		CHECK(limits.can_flush && !request->segments && !request->sectors);
		return;
	}
	CHECK(request->sectors && request->sector < limits.sectors &&
	      request->sectors <= limits.sectors - request->sector);
	CHECK(request->sector % limits.unit == 0 && request->sectors % limits.unit == 0);
	CHECK(request->block == BLOCK_READ || limits.can_write);
	if (request->block == BLOCK_DISCARD) {
		CHECK(limits.can_discard && !request->segments);
		return;
	}
	for (unsigned int i = 0; i < request->segments; i++) {
		CHECK(request->segment[i].first_sect <= request->segment[i].last_sect);
		CHECK(request->segment[i].last_sect < 8 ||
		      (limits.long_segments && !request->indirect &&
		       request->segment[i].first_sect < 8));
		pages += request->segment[i].last_sect / 8 + 1u;
		sectors += request->segment[i].last_sect - request->segment[i].first_sect + 1u;
	}
	CHECK(request->segments && sectors == request->sectors);
	CHECK(pages == request->pages && pages <= limits.max_segments);
}

/* Page by page it is the same. */
static void split(struct blkring_request *request)
{
	struct blkring_request whole = *request;
	unsigned int at = 0;

	blkring_split(request);
	CHECK(request->segments == whole.pages && request->sectors == whole.sectors);
	for (unsigned int i = 0; i < whole.segments; i++)
		for (unsigned int s = whole.segment[i].first_sect; s <= whole.segment[i].last_sect;
		     s++) {
			const struct blkif_request_segment *part = &request->segment[at];

			CHECK(part->gref == whole.segment[i].gref + s / 8);
			CHECK(part->first_sect <= s % 8 && part->last_sect < 8);
			at += part->last_sect == s % 8;
		}
	CHECK(at == request->segments);
}

/* What the short way takes, the long one takes as the same. */
static void agrees(const struct blkring_plain *plain, const struct blkring_request *request,
		   int16_t status)
{
	CHECK(status == BLKIF_RSP_OKAY && !request->indirect && request->segments == 1);
	CHECK(request->id == plain->id && request->operation == plain->write);
	CHECK(request->block == (plain->write ? BLOCK_WRITE : BLOCK_READ));
	CHECK(request->sector == plain->sector && request->sectors == plain->sectors);
	CHECK(request->segment[0].gref == plain->ref && !request->segment[0].first_sect);
	CHECK(request->pages == (plain->sectors - 1) / 8 + 1);
}

static void ring(const uint8_t *data, size_t size)
{
	static uint8_t pages[8192] __attribute__((aligned(4096)));
	struct blkring_request request;
	blkif_back_ring_t back;

	memset(pages, 0, sizeof(pages));
	memcpy(pages, data, size < sizeof(pages) ? size : sizeof(pages));
	BACK_RING_INIT(&back, (struct blkif_sring *)pages, sizeof(pages));
	while (blkring_pending(&back) > 0) {
		struct blkring_plain plain;
		bool is_plain = blkring_look_plain(&back, &limits, &plain);
		int16_t status = blkring_take(&back, &limits, &request);

		if (is_plain)
			agrees(&plain, &request, status);
		if (status == BLKIF_RSP_OKAY && request.indirect) {
			CHECK(request.segments && request.segments <= limits.max_segments);
			memcpy(request.segment, pages + 4096,
			       request.segments * sizeof(request.segment[0]));
			status = blkring_check(&limits, &request);
		}
		if (status == BLKIF_RSP_OKAY) {
			good(&request);
			split(&request);
		} else {
			CHECK(status == BLKIF_RSP_ERROR || status == BLKIF_RSP_EOPNOTSUPP);
		}
		blkring_answer(&back, request.id, request.operation, status);
		CHECK(back.rsp_prod_pvt == back.req_cons);
	}
}

static void text(const uint8_t *data, size_t size)
{
	char copy[400];
	struct disk_config disk;

	if (size >= sizeof(copy))
		size = sizeof(copy) - 1;
	memcpy(copy, data, size);
	copy[size] = '\0';
	disk_config_init(&disk);
	if (disk_config_parse(&disk, copy))
		return;
	CHECK(strlen(disk.target) < DISK_TARGET_LENGTH && disk.target[0]);
	CHECK(strlen(disk.vdev) < DISK_VDEV_LENGTH && disk.number);
	CHECK(disk.number == disk_vdev_number(disk.vdev));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	limits.unit = data[0] & 2 ? 8 : 1;
	limits.can_write = data[0] & 4;
	limits.can_flush = data[0] & 8;
	limits.can_discard = limits.can_write && (data[0] & 16);
	limits.long_segments = data[0] & 32;
	blkring_set_plain(&limits, limits.long_segments ? 256 : 8);
	if (data[0] & 1)
		ring(data + 1, size - 1);
	else
		text(data + 1, size - 1);
	return 0;
}
