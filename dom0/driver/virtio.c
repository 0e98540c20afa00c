/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both generations have in common: states, features, queues' memory, interrupts. */
#include <stdlib.h>
#include <string.h>
#include <pv/thread.h>
#include <xen/errno.h>
#include "driver/dma.h"
#include "driver/virtio.h"
#include "driver/virtio_registers.h"

enum { ACKNOWLEDGED = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, FAILED = 128 };

#define VENDOR	      0x1af4
#define LEGACY_FIRST  0x1000
#define LEGACY_LAST   0x103f
#define MODERN_FIRST  0x1040
#define MODERN_LAST   0x107f
#define REG_SUBSYSTEM 0x2e
#define RESET_TRIES   1000 /* milliseconds */

unsigned int virtio_kind(const struct pci_device *pci)
{
	if (pci->vendor != VENDOR)
		return 0;
	if (pci->device >= MODERN_FIRST && pci->device <= MODERN_LAST)
		return pci->device - MODERN_FIRST;
	if (pci->device >= LEGACY_FIRST && pci->device <= LEGACY_LAST)
		return pci_read(pci, REG_SUBSYSTEM, 2);
	return 0;
}

static void add_status(struct virtio_device *device, uint8_t bits)
{
	virtio_write(device, VIRTIO_STATUS, virtio_read(device, VIRTIO_STATUS) | bits);
}

static int reset(struct virtio_device *device)
{
	virtio_write(device, VIRTIO_STATUS, 0);
	for (unsigned int i = 0; i < RESET_TRIES; i++) {
		if (!virtio_read(device, VIRTIO_STATUS))
			return 0;
		pv_sleep_ms(1);
	}
	return -XEN_EIO;
}

static int agree(struct virtio_device *device, uint64_t wanted)
{
	uint64_t offered = virtio_features(device);

	wanted |= 1ull << VIRTIO_F_PLATFORM; /* machine addresses are what the bus has */
	if (!device->legacy)
		wanted |= 1ull << VIRTIO_F_VERSION_1;
	device->features = offered & wanted;
	virtio_accept_features(device, device->features);
	if (device->legacy)
		return 0;
	if (!virtio_has(device, VIRTIO_F_VERSION_1))
		return -XEN_EOPNOTSUPP;
	add_status(device, FEATURES_OK);
	return virtio_read(device, VIRTIO_STATUS) & FEATURES_OK ? 0 : -XEN_EOPNOTSUPP;
}

int virtio_open(struct virtio_device *device, struct pci_device *pci, uint64_t wanted)
{
	int error;

	memset(device, 0, sizeof(*device));
	device->pci = pci;
	pci_enable(pci);
	error = virtio_find_registers(device);
	if (!error)
		error = reset(device);
	if (error)
		return error;
	add_status(device, ACKNOWLEDGED);
	add_status(device, DRIVER);
	error = agree(device, wanted);
	if (error)
		virtio_fail(device);
	return error;
}

static int queue_memory(struct virtqueue *queue)
{
	size_t available_at, used_at, bytes;
	uint8_t *memory;

	bytes = virtqueue_bytes(queue->size, &available_at, &used_at);
	memory = dma_alloc(bytes, &queue->descriptors_machine);
	queue->chains = calloc(queue->size, sizeof(*queue->chains));
	if (!memory || !queue->chains) {
		dma_free(memory, bytes);
		free(queue->chains);
		return -XEN_ENOMEM;
	}
	queue->descriptors = (void *)memory;
	queue->available = (void *)(memory + available_at);
	queue->used = (void *)(memory + used_at);
	queue->available_machine = queue->descriptors_machine + available_at;
	queue->used_machine = queue->descriptors_machine + used_at;
	virtqueue_init(queue);
	return 0;
}

int virtio_queue(struct virtio_device *device, uint16_t most, struct virtqueue *queue)
{
	unsigned int index = device->queues;
	uint32_t size;
	int error;

	if (index >= sizeof(device->notify_at) / sizeof(device->notify_at[0]))
		return -XEN_EINVAL;
	virtio_write(device, VIRTIO_QUEUE_SELECT, index);
	size = virtio_read(device, VIRTIO_QUEUE_SIZE);
	if (!size || (size & (size - 1)))
		return -XEN_ENODEV;
	if (!device->legacy && size > most)
		size = most;
	if (size > VIRTQUEUE_MAX)
		return -XEN_EOPNOTSUPP;
	queue->index = (uint16_t)index;
	queue->size = (uint16_t)size;
	error = queue_memory(queue);
	if (!error)
		error = virtio_place_queue(device, queue);
	if (!error)
		device->queues++;
	return error;
}

/* Reading the register takes the line back; messages do not need it. */
static void on_interrupt(void *argument)
{
	struct virtio_device *device = argument;

	if (device->pci->interrupt[0] == 'l')
		virtio_read(device, VIRTIO_ISR);
	if (!device->failed)
		device->handler(device->argument);
}

int virtio_start(struct virtio_device *device, void (*handler)(void *argument), void *argument)
{
	int error;

	device->handler = handler;
	device->argument = argument;
	error = pci_interrupt(device->pci, on_interrupt, device);
	if (!error)
		error = virtio_place_interrupts(device);
	if (error)
		virtio_fail(device);
	else
		add_status(device, DRIVER_OK);
	return error;
}

void virtio_notify(struct virtio_device *device, struct virtqueue *queue)
{
	if (virtqueue_wants_notice(queue))
		virtio_ring_bell(device, queue->index);
}

void virtio_fail(struct virtio_device *device)
{
	device->failed = true;
	reset(device);
	add_status(device, FAILED);
}
