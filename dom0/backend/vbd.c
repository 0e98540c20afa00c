/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/mm.h>
#include <pv/time.h>
#include <xen/errno.h>
#include "backend/blkback.h"

#define PATIENCE_NS    (10 * PV_NS_PER_SECOND) /* with a guest that is asked to let go */
#define SETTLE_MS      200
#define RING_ORDER_MAX 2 /* four pages: 128 requests */
#define PAGE_SECTORS   (PV_PAGE_SIZE / BLOCK_SECTOR)

struct pv_semaphore vbds_work;
static struct vbd *connected;

/* --- the type of back end -------------------------------------------------------------------- */

static void find_limits(struct vbd *vbd)
{
	const struct block_device *device = vbd->disk->device;
	struct blkring_limits *limits = &vbd->limits;

	limits->sectors = device->sectors;
	limits->unit = device->logical_block / BLOCK_SECTOR;
	limits->max_segments = BLKRING_SEGMENTS;
	if (limits->max_segments > device->max_segments)
		limits->max_segments = device->max_segments;
	if (limits->max_segments > device->max_sectors / PAGE_SECTORS)
		limits->max_segments = device->max_sectors / PAGE_SECTORS;
	limits->can_write = vbd->config.write && !device->read_only;
	limits->can_flush = device->can_flush;
	limits->can_discard = limits->can_write && device->max_discard >= limits->unit;
}

/* What is said here is true: a disk that has nothing to flush does not offer it, and nobody offers
 * barriers, which are more than front ends of today ask for. */
static int publish_features(struct backend *backend)
{
	const struct vbd *vbd = (struct vbd *)backend;
	const struct block_device *device = vbd->disk->device;
	const struct blkring_limits *limits = &vbd->limits;
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{"sectors", limits->sectors},
		{"sector-size", device->logical_block},
		{"physical-sector-size", device->physical_block},
		{"info", limits->can_write ? 0 : VDISK_READONLY},
		{"max-ring-page-order", RING_ORDER_MAX},
		{"feature-flush-cache", limits->can_flush},
		{"feature-barrier", 0},
		{"feature-persistent", 0},
		{"feature-standing-grants", 1},
		{"feature-long-segments", 1},
		{"feature-max-indirect-segments", limits->max_segments},
		{"feature-discard", limits->can_discard},
		{"discard-granularity", (uint64_t)device->discard_alignment * BLOCK_SECTOR},
		{"discard-alignment", 0},
		{"discard-secure", 0},
	};
	unsigned int count = PV_ARRAY_SIZE(numbers) - (limits->can_discard ? 0 : 3);
	int error = 0;

	for (unsigned int i = 0; i < count && !error; i++)
		error = backend_write(backend->back, numbers[i].name, "%llu",
				      (unsigned long long)numbers[i].value);
	return error;
}

static int publish(struct backend *backend)
{
	struct vbd *vbd = (struct vbd *)backend;
	const char *mode = vbd->config.write ? "w" : "r";
	int error = backend_write(backend->front, "virtual-device", "%u", backend->handle);

	find_limits(vbd);
	if (!error)
		error = backend_write(backend->front, "device-type", "disk");
	if (!error)
		error = backend_write(backend->back, "type", "phy");
	if (!error)
		error = backend_write(backend->back, "params", "%s", vbd->config.target);
	if (!error)
		error = backend_write(backend->back, "dev", "%s", vbd->config.vdev);
	if (!error)
		error = backend_write(backend->back, "mode", "%s", mode);
	return error ? error : publish_features(backend);
}

static void interrupt(evtchn_port_t port, void *argument)
{
	(void)port, (void)argument;
	vbds_wake();
}

/* The layout of requests depends on the architecture; ours is also what is meant without a word. */
static bool speaks_ours(struct backend *backend)
{
	char protocol[24];

	if (!backend_read(backend, "protocol", protocol, sizeof(protocol)) ||
	    !strcmp(protocol, "x86_64-abi"))
		return true;
	backend_fail(backend, "the front end speaks another protocol than x86_64-abi");
	return false;
}

static int map_ring(struct vbd *vbd)
{
	unsigned int order = backend_number_or(&vbd->backend, "ring-page-order", 0);

	if (order <= RING_ORDER_MAX)
		return backend_map_ring(&vbd->backend, "ring-ref", 1u << order, &vbd->map);
	backend_fail(&vbd->backend, "ring-page-order is more than %u", RING_ORDER_MAX);
	return -XEN_EINVAL;
}

static int make_requests(struct vbd *vbd)
{
	struct vbd_request *requests = calloc(VBD_REQUESTS, sizeof(*requests));

	if (!requests)
		return -XEN_ENOMEM;
	vbd_init_requests(vbd, requests);
	return 0;
}

static int connect(struct backend *backend)
{
	struct vbd *vbd = (struct vbd *)backend;
	int error = speaks_ours(backend) ? make_requests(vbd) : -XEN_EINVAL;

	if (error)
		return error;
	error = map_ring(vbd);
	if (error)
		goto no_ring;
	BACK_RING_INIT(&vbd->ring, (struct blkif_sring *)vbd->map.address,
		       vbd->map.count * PV_PAGE_SIZE);
	vbd->evtchn = backend_bind(backend, "event-channel", interrupt, NULL);
	if (vbd->evtchn < 0) {
		error = vbd->evtchn;
		goto no_port;
	}
	if (backend_number_or(backend, "standing-grants", 0)) /* without memory it works as well */
		vbd->standing = calloc(VBD_STANDING, sizeof(*vbd->standing));
	vbd->limits.long_segments = backend_number_or(backend, "long-segments", 0);
	vbd_set_plain(vbd);
	vbd->closing = false;
	vbd->next = connected;
	connected = vbd;
	vbds_wake(); /* it may have asked already */
	return 0;
no_port:
	pv_grant_unmap(&vbd->map);
no_ring:
	free(vbd->requests);
	return error;
}

/* The disk may write to the guest's pages until the last request is done: they stay held so long,
 * whatever becomes of the guest. */
static void disconnect(struct backend *backend)
{
	struct vbd *vbd = (struct vbd *)backend, **link = &connected;

	vbd->closing = true;
	while (vbd->busy)
		pv_semaphore_down(&vbd->drained);
	while (*link != vbd)
		link = &(*link)->next;
	*link = vbd->next;
	pv_event_close(vbd->evtchn);
	vbd_end_standing(vbd);
	pv_grant_unmap(&vbd->map);
	free(vbd->requests);
}

static void release(struct backend *backend)
{
	struct vbd *vbd = (struct vbd *)backend;

	disk_close(vbd->disk, vbd->config.write);
	free(vbd);
}

static const struct backend_type vbd_type = {"vbd", publish, connect, disconnect, release};

/* --- the thread ------------------------------------------------------------------------------ */

/* Answers of this round's first half go out with those of its second. */
static void serve_one(struct vbd *vbd)
{
	vbd_finish(vbd);
	if (!vbd->backend.failed && !vbd->closing && vbd_take(vbd))
		vbds_wake();
	vbd_push(vbd);
}

/* Nothing in a round waits, so that no device goes away meanwhile. */
static void serve(void *unused)
{
	(void)unused;
	for (;;) {
		pv_semaphore_down(&vbds_work);
		for (struct vbd *vbd = connected; vbd; vbd = vbd->next)
			serve_one(vbd);
		pv_yield();
	}
}

int vbds_start(void)
{
	return pv_thread_start("vbds", serve, NULL, 0);
}

/* --- plugging -------------------------------------------------------------------------------- */

/* A disk that was claimed. */
static int add_claimed(domid_t domid, const struct disk_config *config, struct disk *disk,
		       struct problem *problem)
{
	struct vbd *vbd = calloc(1, sizeof(*vbd));
	int error;

	if (!vbd)
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	vbd->config = *config;
	vbd->disk = disk;
	error = backend_add(&vbd->backend, &vbd_type, domid, config->number);
	if (!error)
		return 0;
	free(vbd);
	if (error == -XEN_EEXIST)
		return problem_note(problem, XEN_EEXIST, "the guest has a disk %s already",
				    config->vdev);
	return problem_note(problem, -error, "plugging in %s failed: %s", config->vdev,
			    problem_reason(error));
}

int vbd_add(domid_t domid, const struct disk_config *config, struct problem *problem)
{
	struct disk *disk = disk_open(config->target, config->write, problem);
	int error = disk ? add_claimed(domid, config, disk, problem) : -XEN_ENOENT;

	if (disk && error)
		disk_close(disk, config->write);
	return error;
}

int vbd_remove(domid_t domid, unsigned int number, bool force, struct problem *problem)
{
	int error = backend_remove(&vbd_type, domid, number, force, pv_time_ns() + PATIENCE_NS);

	if (error == -XEN_ENODEV)
		return problem_note(problem, XEN_ENODEV,
				    "domain %u has no such disk: see block-list", domid);
	if (error == -XEN_EBUSY)
		return problem_note(
			problem, XEN_EBUSY,
			"the guest has not let go of it within 10 s (is it mounted?): -f does not wait");
	/* Linux only looks for what is gone when it runs next: it would not notice a disk of the
	 * same name that is plugged in before. */
	pv_sleep_ms(SETTLE_MS);
	return error;
}

bool vbd_status(domid_t domid, unsigned int index, struct vbd_status *status)
{
	const struct backend *backend = backend_at(&vbd_type, domid, index);
	const struct vbd *vbd = (const struct vbd *)backend;

	if (!backend)
		return false;
	*status = (struct vbd_status){
		.config = vbd->config,
		.state = backend->state,
		.busy = vbd->busy,
		.reads = vbd->count[BLOCK_READ],
		.read_sectors = vbd->sectors[BLOCK_READ],
		.writes = vbd->count[BLOCK_WRITE],
		.written_sectors = vbd->sectors[BLOCK_WRITE],
		.others = vbd->count[BLOCK_FLUSH] + vbd->count[BLOCK_DISCARD],
		.errors = vbd->errors,
	};
	snprintf(status->disk, sizeof(status->disk), "%s", vbd->disk->name);
	return true;
}
