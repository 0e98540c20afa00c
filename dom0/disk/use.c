/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who uses a disk, and the flush at the end. */
#include <pv/thread.h>
#include <pv/time.h>
#include <xen/errno.h>
#include "disk/disk.h"

static bool share_sectors(const struct disk *a, const struct disk *b)
{
	const struct disk *whole_a = a->whole ? a->whole : a, *whole_b = b->whole ? b->whole : b;

	return whole_a == whole_b && a->first < b->first + b->device->sectors &&
	       b->first < a->first + a->device->sectors;
}

int disk_claim(struct disk *disk, bool write, struct problem *problem)
{
	if (write && disk->device->read_only)
		return problem_note(problem, XEN_EROFS, "disk %s is read-only: use mode r",
				    disk->device->name);
	for (struct disk *other = disks; other; other = other->next)
		if (share_sectors(disk, other) && (other->writers || (write && other->readers)))
			return problem_note(
				problem, XEN_EBUSY,
				"disk %s is in use%s: a guest that writes must be alone",
				other->device->name, other->writers ? " (written)" : "");
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
