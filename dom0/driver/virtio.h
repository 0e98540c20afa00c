/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio device on PCI: found, reset, features agreed, queues set up, started.
 *
 *   virtio_open     reset, features            (0, or the device is left alone)
 *   virtio_queue    memory of the next queue   (queue 0 first)
 *   virtio_start    interrupt, then "driver ok"
 *
 * Devices of version 1 are driven by their registers in memory, older ones by ports; one that can
 * be both is taken as version 1.
 */
#ifndef DOM0_DRIVER_VIRTIO_H
#define DOM0_DRIVER_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>
#include "driver/virtqueue.h"
#include "pci/pci.h"

#define VIRTIO_F_INDIRECT  28
#define VIRTIO_F_VERSION_1 32
#define VIRTIO_F_PLATFORM  33

enum virtio_kind { VIRTIO_NET = 1, VIRTIO_BLOCK = 2 };

struct virtio_device {
	struct pci_device *pci;
	bool legacy;
	uint16_t ports; /* legacy */
	volatile uint8_t *common, *isr, *config, *notify;
	uint32_t config_bytes, notify_bytes, notify_multiplier;
	unsigned int queues;   /* set up so far */
	uint32_t notify_at[4]; /* of queues, bytes in notify */
	uint64_t features;     /* agreed on */
	void (*handler)(void *argument);
	void *argument;
	bool failed;
};

/* What kind of virtio device it is, or 0. */
unsigned int virtio_kind(const struct pci_device *pci);

/* Take the device over, with those of the wanted features that it has. 0 or a negative XEN_E… */
int virtio_open(struct virtio_device *device, struct pci_device *pci, uint64_t wanted);

static inline bool virtio_has(const struct virtio_device *device, unsigned int feature)
{
	return device->features >> feature & 1;
}

/* Set up the next queue, of at most `most` entries (an old device decides alone). 0 or negative. */
int virtio_queue(struct virtio_device *device, uint16_t most, struct virtqueue *queue);

/* Run: handler(argument) is called on a thread after interrupts. 0 or a negative XEN_E… */
int virtio_start(struct virtio_device *device, void (*handler)(void *argument), void *argument);

/* Tell the device that there is something in the queue, if it wants to know. */
void virtio_notify(struct virtio_device *device, struct virtqueue *queue);

/* The device's own configuration: 1, 2, 4 or 8 bytes; 0 where it has none. */
uint64_t virtio_config(struct virtio_device *device, unsigned int offset, unsigned int bytes);

/* Reset the device for good: after this it reaches no memory, and failed is set. */
void virtio_fail(struct virtio_device *device);

#endif
