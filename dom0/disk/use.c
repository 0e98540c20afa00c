/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who uses a disk, and the flush at the end. */
#include <stddef.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <xen/errno.h>
#include "disk/disk.h"

static struct disk *images;

/* A disk's index-th run of sectors on the whole disk. */
static bool run_at(const struct disk *disk, unsigned int index, struct run *run)
{
	if (!disk->file_system) {
		*run = (struct run){disk->first, disk->first + disk->device->sectors};
		return index == 0;
	}
	if (index >= disk->pieces.count)
		return false;
	*run = disk->pieces.run[index];
	return true;
}

static bool touches(const struct disk *disk, const struct run *run)
{
	struct run own;

	if (disk->file_system)
		return pieces_touch(&disk->pieces, run);
	run_at(disk, 0, &own);
	return own.first < run->end && run->first < own.end;
}

static bool share_sectors(const struct disk *a, const struct disk *b)
{
	const struct disk *whole_a = a->whole ? a->whole : a, *whole_b = b->whole ? b->whole : b;
	struct run run;

	if (whole_a != whole_b)
		return false;
	for (unsigned int i = 0; run_at(a, i, &run); i++)
		if (touches(b, &run))
			return true;
	return false;
}

/* May the disk not be claimed because of what the other one is used for? */
static bool conflict(const struct disk *disk, bool write, const struct disk *other)
{
	if (!other->writers && !(write && (other->readers || other->images)))
		return false;
	/* Images are where their file system is, and write no more of it than themselves. */
	if (disk->file_system == other && !other->writers && !other->readers)
		return false;
	return share_sectors(disk, other);
}

/* All of a list, but for images in one file system. */
static int check_list(const struct disk *disk, bool write, const struct disk *list,
		      const struct disk *but, struct problem *problem)
{
	for (const struct disk *other = list; other; other = other->next)
		if (!(but && other->file_system == but) && conflict(disk, write, other))
			return problem_note(
				problem, XEN_EBUSY,
				"disk %s is in use%s: a guest that writes must be alone",
				other->name,
				other->writers	 ? " (written)"
				: other->readers ? ""
						 : " (by images in its file system)");
	return 0;
}

int disk_claim(struct disk *disk, bool write, struct problem *problem)
{
	int error;

	if (write && disk->device->read_only)
		return problem_note(problem, XEN_EROFS, "disk %s is read-only: use mode r",
				    disk->name);
	error = check_list(disk, write, disks, NULL, problem);
	if (!error)
		error = check_list(disk, write, images, NULL, problem);
	if (error)
		return error;
	if (write)
		disk->writers++;
	else
		disk->readers++;
	return 0;
}

void disk_release(struct disk *disk, bool write)
{
	if (write)
		disk->writers--;
	else
		disk->readers--;
}

/* --- images --- */

int disk_hold_file_system(struct disk *disk, struct problem *problem)
{
	int error = check_list(disk, false, disks, NULL, problem);

	if (!error) /* its own images do not write what describes the others */
		error = check_list(disk, false, images, disk, problem);
	if (!error)
		disk->images++;
	return error;
}

void disk_drop_file_system(struct disk *disk)
{
	disk->images--;
}

void disk_add_image(struct disk *image)
{
	image->next = images;
	images = image;
}

void disk_remove_image(struct disk *image)
{
	struct disk **link = &images;

	while (*link != image)
		link = &(*link)->next;
	*link = image->next;
}

/* --- the last flush --- */

/* Static: a disk that does not answer in time may still do so afterwards. */
static struct pv_semaphore flushed;
static bool flush_failed;

static void count_flush(struct block_request *request, int error)
{
	(void)request;
	flush_failed |= error != 0;
	pv_semaphore_up(&flushed);
}

static struct block_request *flush_request(unsigned int index)
{
	static struct block_request requests[64];

	return index < sizeof(requests) / sizeof(requests[0]) ? &requests[index] : NULL;
}

bool disk_flush_all(unsigned int seconds)
{
	uint64_t deadline = pv_time_ns() + seconds * PV_NS_PER_SECOND;
	unsigned int count = 0;
	bool good = true;

	flush_failed = false;
	for (struct block_device *device = block_devices; device; device = device->next) {
		struct block_request *request = flush_request(count);

		if (!request)
			return false;
		*request = (struct block_request){.operation = BLOCK_FLUSH, .done = count_flush};
		if (block_submit(device, request))
			good = false;
		else
			count++;
	}
	for (; count && good; count--)
		good = pv_semaphore_down_until(&flushed, deadline);
	return good && !flush_failed;
}
