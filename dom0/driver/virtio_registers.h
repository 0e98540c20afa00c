/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of a virtio device, wherever its generation has them. Internal to virtio.c. */
#ifndef DOM0_DRIVER_VIRTIO_REGISTERS_H
#define DOM0_DRIVER_VIRTIO_REGISTERS_H

#include "driver/virtio.h"

enum virtio_register {
	VIRTIO_STATUS,
	VIRTIO_ISR,
	VIRTIO_QUEUE_SELECT,
	VIRTIO_QUEUE_SIZE,    /* of the selected queue */
	VIRTIO_QUEUE_VECTOR,  /* the selected queue's MSI-X entry */
	VIRTIO_CONFIG_VECTOR, /* the MSI-X entry for changes of the configuration */
};

/* Where the registers are. 0 or a negative XEN_E…: not a device that can be driven. */
int virtio_find_registers(struct virtio_device *device);

uint32_t virtio_read(struct virtio_device *device, enum virtio_register reg);
void virtio_write(struct virtio_device *device, enum virtio_register reg, uint32_t value);

uint64_t virtio_features(struct virtio_device *device);
void virtio_accept_features(struct virtio_device *device, uint64_t features);

/* Tell the device where the selected queue is. 0 or a negative XEN_E…. */
int virtio_place_queue(struct virtio_device *device, struct virtqueue *queue);

/* Let all queues and changes use MSI-X entry 0, if MSI-X is on. 0 or -XEN_ENOSPC. */
int virtio_place_interrupts(struct virtio_device *device);

void virtio_ring_bell(struct virtio_device *device, unsigned int queue);

#endif
