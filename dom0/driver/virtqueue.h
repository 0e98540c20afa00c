/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A split virtqueue: buffers that the device reads and writes, given to it and taken back.
 *
 *   descriptors  what and where, chained; those that are free are chained as well
 *   available    heads of chains for the device       (written here, read by the device)
 *   used         heads that it is done with, in any order (written by the device)
 *
 * The device's answers are checked: a head that it was not given, or more answers than questions,
 * make the queue `broken`, which it stays; nothing is given or taken any more. Pure memory, no
 * hypercalls; the owner sees to it that only one thread uses a queue at a time.
 */
#ifndef DOM0_DRIVER_VIRTQUEUE_H
#define DOM0_DRIVER_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTQUEUE_MAX	     1024 /* entries */
#define VIRTQUEUE_DESC_WRITE 2
#define VIRTQUEUE_INDIRECT   4
#define VIRTQUEUE_NEXT	     1

struct virtqueue_descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

struct virtqueue_available {
	uint16_t flags, index, ring[];
};

struct virtqueue_used_entry {
	uint32_t head, length;
};

struct virtqueue_used {
	uint16_t flags, index;
	struct virtqueue_used_entry ring[];
};

struct virtqueue_buffer {
	uint64_t machine;
	uint32_t length;
	bool device_writes; /* those that it reads come first */
};

/* Memory for a table of descriptors outside the queue, so that a long chain takes one place. */
struct virtqueue_table {
	struct virtqueue_descriptor *va;
	uint64_t machine;
};

struct virtqueue {
	uint16_t index; /* the device's number of it */
	uint16_t size;	/* entries, a power of two */
	struct virtqueue_descriptor *descriptors;
	struct virtqueue_available *available;
	volatile struct virtqueue_used *used;
	uint64_t descriptors_machine, available_machine, used_machine;

	uint16_t first_free, free, in_flight;
	uint16_t next_used; /* the answer to take next */
	bool broken;
	struct virtqueue_chain { /* of each head in flight */
		void *token;
		uint32_t writable; /* bytes that the device may write */
		uint16_t count;	   /* descriptors; 0: not in flight */
	} * chains;
};

/* Bytes of the three parts, one after the other as the first virtio versions want them. */
size_t virtqueue_bytes(uint16_t size, size_t *available_at, size_t *used_at);

/* Set up an empty queue in zeroed memory; its size, its parts and chains (size of them, zeroed) are
 * filled in. */
void virtqueue_init(struct virtqueue *queue);

/*
 * Give the device a chain; virtqueue_take() returns the token, which is not NULL. With a table
 * (room for count descriptors, the caller's until then) it takes one place, else count. 0;
 * -XEN_EBUSY: not that many places are free; -XEN_EIO: broken.
 */
int virtqueue_give(struct virtqueue *queue, const struct virtqueue_buffer *buffers,
		   unsigned int count, const struct virtqueue_table *table, void *token);

/* Take the next chain that the device is done with, and how many bytes it says that it wrote, at
 * most what it might. NULL: there is none, or the queue is broken. */
void *virtqueue_take(struct virtqueue *queue, uint32_t *written);

/* Take back a chain that the device will not answer any more, since it was reset. NULL: none left.
 */
void *virtqueue_abandon(struct virtqueue *queue);

/* After giving: does the device want to be told? */
bool virtqueue_wants_notice(struct virtqueue *queue);

/* Say that answers need no interrupt. */
void virtqueue_mute(struct virtqueue *queue);

/* Say that they need one again. True: there are some already, for which none may come. */
bool virtqueue_unmute(struct virtqueue *queue);

#endif
