/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants that stand: where the pages of a request are is looked up, and nobody is asked. */
#include "backend/blkback.h"

#define PAGE_SECTORS (PV_PAGE_SIZE / BLOCK_SECTOR)

/* As many of `pages` from this one on as stand and are consecutive: looked up once. */
static unsigned int run_of(const struct vbd *vbd, struct vbd_standing *place, unsigned int pages)
{
	while (place->run < pages) {
		const struct vbd_standing *next = vbd_standing_at(vbd, place->ref + place->run);

		if (!next ||
		    next->page.machine != place->page.machine + (uint64_t)place->run * PV_PAGE_SIZE)
			return place->run;
		place->run += next->run;
	}
	return pages;
}

void vbd_add_memory(struct vbd_request *request, uint64_t machine, uint32_t length)
{
	const struct block_device *device = request->vbd->disk->device;
	unsigned int count = request->block.segment_count;
	uint32_t room;

	for (; !device->long_segments && (room = PV_PAGE_SIZE - machine % PV_PAGE_SIZE) < length;
	     machine += room, length -= room)
		count = block_add_segment(device, request->segment, count, machine, room);
	request->block.segment_count =
		block_add_segment(device, request->segment, count, machine, length);
}

/* Pages that are not all consecutive in the machine. False if one does not stand. */
static bool add_runs(struct vbd_request *request, const struct blkif_request_segment *segment)
{
	unsigned int pages = segment->last_sect / PAGE_SECTORS + 1;
	uint32_t skip = segment->first_sect * BLOCK_SECTOR;
	uint32_t end = (segment->last_sect + 1u) * BLOCK_SECTOR; /* from the first page's start */
	grant_ref_t ref = segment->gref;

	while (pages) {
		struct vbd_standing *place = vbd_standing_at(request->vbd, ref);
		unsigned int run = place ? run_of(request->vbd, place, pages) : 0;
		uint32_t bytes = run < pages ? run * PV_PAGE_SIZE : end;

		if (!run)
			return false;
		vbd_add_memory(request, place->page.machine + skip, bytes - skip);
		ref += run;
		pages -= run;
		end -= bytes;
		skip = 0;
	}
	return true;
}

static bool add_standing(struct vbd_request *request, const struct blkif_request_segment *segment)
{
	const struct vbd_standing *place = vbd_standing_at(request->vbd, segment->gref);

	if (!place || place->run <= segment->last_sect / PAGE_SECTORS)
		return add_runs(request, segment);
	vbd_add_memory(request, place->page.machine + segment->first_sect * BLOCK_SECTOR,
		       (segment->last_sect - segment->first_sect + 1u) * BLOCK_SECTOR);
	return true;
}

bool vbd_point_standing(struct vbd_request *request)
{
	const struct blkring_request *guest = &request->guest;

	request->block.segment_count = 0;
	if (!request->vbd->standing || !guest->segments || guest->indirect)
		return false;
	for (unsigned int i = 0; i < guest->segments; i++)
		if (!add_standing(request, &guest->segment[i]))
			return false;
	return true;
}

/* Without grants that stand nothing is plain. A long segment must suit front end and disk. */
void vbd_set_plain(struct vbd *vbd)
{
	bool takes_long = vbd->limits.long_segments && vbd->disk->device->long_segments;

	blkring_set_plain(&vbd->limits, !vbd->standing ? 0 : takes_long ? 256 : PAGE_SECTORS);
}
