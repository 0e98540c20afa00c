/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Version 1: registers in memory, found by vendor capabilities. Before: ports of BAR 0. */
#include <xen/errno.h>
#include "driver/virtio_registers.h"
#include "pci/port.h"

/* --- places: offset and width --- */

struct place {
	uint8_t offset, bytes;
};

static const struct place modern[] = {
	[VIRTIO_STATUS] = {20, 1},	 [VIRTIO_ISR] = {0, 1}, /* a place of its own */
	[VIRTIO_QUEUE_SELECT] = {22, 2}, [VIRTIO_QUEUE_SIZE] = {24, 2},
	[VIRTIO_QUEUE_VECTOR] = {26, 2}, [VIRTIO_CONFIG_VECTOR] = {16, 2},
};

static const struct place legacy[] = {
	[VIRTIO_STATUS] = {18, 1},	 [VIRTIO_ISR] = {19, 1},
	[VIRTIO_QUEUE_SELECT] = {14, 2}, [VIRTIO_QUEUE_SIZE] = {12, 2},
	[VIRTIO_QUEUE_VECTOR] = {22, 2}, [VIRTIO_CONFIG_VECTOR] = {20, 2},
};

enum {
	MODERN_FEATURE_SELECT = 0,
	MODERN_FEATURES = 4,
	MODERN_ACCEPT_SELECT = 8,
	MODERN_ACCEPT = 12,
	MODERN_QUEUE_ENABLE = 28,
	MODERN_QUEUE_BELL = 30,
	MODERN_DESCRIPTORS = 32,
	MODERN_AVAILABLE = 40,
	MODERN_USED = 48,
	MODERN_BYTES = 56,
	LEGACY_FEATURES = 0,
	LEGACY_ACCEPT = 4,
	LEGACY_QUEUE_PAGE = 8,
	LEGACY_BELL = 16,
	LEGACY_CONFIG = 20,
	LEGACY_CONFIG_MSIX = 24,
};

static uint32_t read_memory(const volatile uint8_t *at, unsigned int bytes)
{
	if (bytes == 1)
		return *at;
	return bytes == 2 ? *(const volatile uint16_t *)at : *(const volatile uint32_t *)at;
}

static void write_memory(volatile uint8_t *at, uint32_t value, unsigned int bytes)
{
	if (bytes == 1)
		*at = (uint8_t)value;
	else if (bytes == 2)
		*(volatile uint16_t *)at = (uint16_t)value;
	else
		*(volatile uint32_t *)at = value;
}

uint32_t virtio_read(struct virtio_device *device, enum virtio_register reg)
{
	if (device->legacy)
		return port_read(device->ports + legacy[reg].offset, legacy[reg].bytes);
	return read_memory((reg == VIRTIO_ISR ? device->isr : device->common) + modern[reg].offset,
			   modern[reg].bytes);
}

void virtio_write(struct virtio_device *device, enum virtio_register reg, uint32_t value)
{
	if (device->legacy)
		port_write(device->ports + legacy[reg].offset, value, legacy[reg].bytes);
	else
		write_memory(device->common + modern[reg].offset, value, modern[reg].bytes);
}

/* --- finding them --- */

enum region_kind { COMMON = 1, NOTIFY = 2, ISR = 3, CONFIG = 4 };

#define CAP_KIND       3
#define CAP_BAR	       4
#define CAP_OFFSET     8
#define CAP_LENGTH     12
#define CAP_MULTIPLIER 16
#define NOTIFY_MAX     0x10000u
#define CONFIG_MAX     0x1000u
#define NO_VECTOR      0xffff

struct region {
	volatile uint8_t *va;
	uint32_t bytes;
	unsigned int capability;
};

/* Map the first region of its kind that can be mapped, with at least `least` bytes of it. */
static bool find_region(struct pci_device *pci, enum region_kind kind, uint32_t least,
			uint32_t most, struct region *region)
{
	unsigned int at = 0;

	region->va = NULL;
	while ((at = pci_capability(pci, PCI_CAP_VENDOR, at))) {
		uint32_t length = pci_read(pci, at + CAP_LENGTH, 4);

		if (pci_read(pci, at + CAP_KIND, 1) != kind || length < least)
			continue;
		region->bytes = length < most ? length : most;
		region->capability = at;
		region->va = pci_map(pci, pci_read(pci, at + CAP_BAR, 1),
				     pci_read(pci, at + CAP_OFFSET, 4), region->bytes);
		if (region->va)
			return true;
	}
	return false;
}

static bool find_modern(struct virtio_device *device)
{
	struct region common, isr, config, notify;

	if (!find_region(device->pci, COMMON, MODERN_BYTES, MODERN_BYTES, &common) ||
	    !find_region(device->pci, ISR, 1, 1, &isr) ||
	    !find_region(device->pci, NOTIFY, 2, NOTIFY_MAX, &notify))
		return false;
	if (find_region(device->pci, CONFIG, 1, CONFIG_MAX, &config)) {
		device->config = config.va;
		device->config_bytes = config.bytes;
	}
	device->common = common.va;
	device->isr = isr.va;
	device->notify = notify.va;
	device->notify_bytes = notify.bytes;
	device->notify_multiplier = pci_read(device->pci, notify.capability + CAP_MULTIPLIER, 4);
	return true;
}

int virtio_find_registers(struct virtio_device *device)
{
	struct pci_bar bar;

	if (find_modern(device))
		return 0;
	if (pci_bar(device->pci, 0, &bar) || !bar.io)
		return -XEN_ENODEV;
	device->legacy = true;
	device->ports = (uint16_t)bar.address;
	return 0;
}

/* --- what is done with them --- */

uint64_t virtio_features(struct virtio_device *device)
{
	uint64_t features = 0;

	if (device->legacy)
		return port_read(device->ports + LEGACY_FEATURES, 4);
	for (unsigned int half = 0; half < 2; half++) {
		write_memory(device->common + MODERN_FEATURE_SELECT, half, 4);
		features |= (uint64_t)read_memory(device->common + MODERN_FEATURES, 4)
			    << (32 * half);
	}
	return features;
}

void virtio_accept_features(struct virtio_device *device, uint64_t features)
{
	if (device->legacy) {
		port_write(device->ports + LEGACY_ACCEPT, (uint32_t)features, 4);
		return;
	}
	for (unsigned int half = 0; half < 2; half++) {
		write_memory(device->common + MODERN_ACCEPT_SELECT, half, 4);
		write_memory(device->common + MODERN_ACCEPT, (uint32_t)(features >> (32 * half)),
			     4);
	}
}

static void write_address(struct virtio_device *device, unsigned int offset, uint64_t address)
{
	write_memory(device->common + offset, (uint32_t)address, 4);
	write_memory(device->common + offset + 4, (uint32_t)(address >> 32), 4);
}

static int place_modern(struct virtio_device *device, struct virtqueue *queue)
{
	uint64_t bell = (uint64_t)read_memory(device->common + MODERN_QUEUE_BELL, 2) *
			device->notify_multiplier;

	if (bell + 2 > device->notify_bytes)
		return -XEN_ENODEV;
	device->notify_at[queue->index] = (uint32_t)bell;
	virtio_write(device, VIRTIO_QUEUE_SIZE, queue->size);
	write_address(device, MODERN_DESCRIPTORS, queue->descriptors_machine);
	write_address(device, MODERN_AVAILABLE, queue->available_machine);
	write_address(device, MODERN_USED, queue->used_machine);
	write_memory(device->common + MODERN_QUEUE_ENABLE, 1, 2);
	return 0;
}

int virtio_place_queue(struct virtio_device *device, struct virtqueue *queue)
{
	if (!device->legacy)
		return place_modern(device, queue);
	if (queue->descriptors_machine >> 44)
		return -XEN_EOPNOTSUPP; /* its page number has 32 bits */
	port_write(device->ports + LEGACY_QUEUE_PAGE, (uint32_t)(queue->descriptors_machine >> 12),
		   4);
	return 0;
}

static int place_vector(struct virtio_device *device, enum virtio_register reg)
{
	virtio_write(device, reg, 0);
	return virtio_read(device, reg) == NO_VECTOR ? -XEN_ENOSPC : 0;
}

static bool uses_msix(const struct virtio_device *device)
{
	return device->pci->interrupt && device->pci->interrupt[0] == 'M' &&
	       device->pci->interrupt[3] == '-';
}

int virtio_place_interrupts(struct virtio_device *device)
{
	int error;

	if (!uses_msix(device))
		return 0;
	error = place_vector(device, VIRTIO_CONFIG_VECTOR);
	for (unsigned int i = 0; !error && i < device->queues; i++) {
		virtio_write(device, VIRTIO_QUEUE_SELECT, i);
		error = place_vector(device, VIRTIO_QUEUE_VECTOR);
	}
	return error;
}

void virtio_ring_bell(struct virtio_device *device, unsigned int queue)
{
	if (device->legacy)
		port_write(device->ports + LEGACY_BELL, queue, 2);
	else
		write_memory(device->notify + device->notify_at[queue], queue, 2);
}

static uint32_t config_part(struct virtio_device *device, unsigned int offset, unsigned int bytes)
{
	unsigned int base = uses_msix(device) ? LEGACY_CONFIG_MSIX : LEGACY_CONFIG;

	if (device->legacy)
		return port_read(device->ports + base + offset, bytes);
	if (offset + bytes > device->config_bytes)
		return 0;
	return read_memory(device->config + offset, bytes);
}

uint64_t virtio_config(struct virtio_device *device, unsigned int offset, unsigned int bytes)
{
	if (bytes < 8)
		return config_part(device, offset, bytes);
	return config_part(device, offset, 4) | (uint64_t)config_part(device, offset + 4, 4) << 32;
}
