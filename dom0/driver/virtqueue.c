/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <xen/errno.h>
#include "driver/virtqueue.h"

#define NO_NOTICE    1 /* in used->flags */
#define NO_INTERRUPT 1 /* in available->flags */
#define PAGE_BYTES   4096

_Static_assert(sizeof(struct virtqueue_descriptor) == 16, "as the device sees it");
_Static_assert(sizeof(struct virtqueue_used_entry) == 8, "as the device sees it");

size_t virtqueue_bytes(uint16_t size, size_t *available_at, size_t *used_at)
{
	size_t end;

	*available_at = size * sizeof(struct virtqueue_descriptor);
	end = *available_at + sizeof(struct virtqueue_available) + (size + 1u) * sizeof(uint16_t);
	*used_at = (end + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
	end = *used_at + sizeof(struct virtqueue_used) + size * sizeof(struct virtqueue_used_entry);
	return end + sizeof(uint16_t);
}

void virtqueue_init(struct virtqueue *queue)
{
	for (uint16_t i = 0; i < queue->size; i++)
		queue->descriptors[i].next = i + 1;
	queue->first_free = 0;
	queue->free = queue->size;
	queue->in_flight = queue->next_used = 0;
	queue->broken = false;
}

static uint32_t writable_bytes(const struct virtqueue_buffer *buffers, unsigned int count)
{
	uint32_t bytes = 0;

	for (unsigned int i = 0; i < count; i++)
		bytes += buffers[i].device_writes ? buffers[i].length : 0;
	return bytes;
}

static void fill(struct virtqueue_descriptor *descriptor, const struct virtqueue_buffer *buffer,
		 bool last)
{
	descriptor->address = buffer->machine;
	descriptor->length = buffer->length;
	descriptor->flags =
		(buffer->device_writes ? VIRTQUEUE_DESC_WRITE : 0) | (last ? 0 : VIRTQUEUE_NEXT);
}

/* The chain in a table of its own, of which the queue gets one descriptor. */
static void fill_table(struct virtqueue_descriptor *descriptor,
		       const struct virtqueue_buffer *buffers, unsigned int count,
		       const struct virtqueue_table *table)
{
	for (unsigned int i = 0; i < count; i++) {
		fill(&table->va[i], &buffers[i], i + 1 == count);
		table->va[i].next = (uint16_t)(i + 1);
	}
	descriptor->address = table->machine;
	descriptor->length = count * sizeof(struct virtqueue_descriptor);
	descriptor->flags = VIRTQUEUE_INDIRECT;
}

/* The chain in the queue itself; the free ones are linked in just this way. Returns its end. */
static uint16_t fill_chain(struct virtqueue *queue, const struct virtqueue_buffer *buffers,
			   unsigned int count)
{
	uint16_t at = queue->first_free;

	for (unsigned int i = 0;; i++) {
		fill(&queue->descriptors[at], &buffers[i], i + 1 == count);
		if (i + 1 == count)
			return at;
		at = queue->descriptors[at].next;
	}
}

int virtqueue_give(struct virtqueue *queue, const struct virtqueue_buffer *buffers,
		   unsigned int count, const struct virtqueue_table *table, void *token)
{
	unsigned int places = table ? 1 : count;
	uint16_t head = queue->first_free, last = head, index = queue->available->index;

	if (queue->broken)
		return -XEN_EIO;
	if (!count || places > queue->free)
		return -XEN_EBUSY;
	if (table)
		fill_table(&queue->descriptors[head], buffers, count, table);
	else
		last = fill_chain(queue, buffers, count);
	queue->first_free = queue->descriptors[last].next;
	queue->free -= places;
	queue->in_flight++;
	queue->chains[head] = (struct virtqueue_chain){
		.token = token,
		.writable = writable_bytes(buffers, count),
		.count = (uint16_t)places,
	};
	queue->available->ring[index % queue->size] = head;
	/* The device reads the chain when it sees the index. */
	__atomic_store_n(&queue->available->index, (uint16_t)(index + 1), __ATOMIC_RELEASE);
	return 0;
}

/* Back to the free ones with a chain in flight. */
static void *release(struct virtqueue *queue, uint16_t head)
{
	struct virtqueue_chain *chain = &queue->chains[head];
	uint16_t last = head;

	for (unsigned int i = 1; i < chain->count; i++)
		last = queue->descriptors[last].next;
	queue->descriptors[last].next = queue->first_free;
	queue->first_free = head;
	queue->free += chain->count;
	queue->in_flight--;
	chain->count = 0;
	return chain->token;
}

void *virtqueue_take(struct virtqueue *queue, uint32_t *written)
{
	uint16_t ready;
	struct virtqueue_used_entry entry;

	if (queue->broken)
		return NULL;
	ready = __atomic_load_n(&queue->used->index, __ATOMIC_ACQUIRE) - queue->next_used;
	if (!ready)
		return NULL;
	entry.head = queue->used->ring[queue->next_used % queue->size].head;
	entry.length = queue->used->ring[queue->next_used % queue->size].length;
	if (ready > queue->in_flight || entry.head >= queue->size ||
	    !queue->chains[entry.head].count) {
		queue->broken = true;
		return NULL;
	}
	*written = queue->chains[entry.head].writable;
	if (entry.length < *written)
		*written = entry.length;
	queue->next_used++;
	return release(queue, (uint16_t)entry.head);
}

void *virtqueue_abandon(struct virtqueue *queue)
{
	for (uint16_t head = 0; queue->in_flight && head < queue->size; head++)
		if (queue->chains[head].count)
			return release(queue, head);
	return NULL;
}

bool virtqueue_wants_notice(struct virtqueue *queue)
{
	/* The index must be out before the flag is read, or both sides would wait. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !queue->broken && !(queue->used->flags & NO_NOTICE);
}

void virtqueue_mute(struct virtqueue *queue)
{
	queue->available->flags = NO_INTERRUPT;
}

bool virtqueue_unmute(struct virtqueue *queue)
{
	queue->available->flags = 0;
	/* The flag must be out before the index is read, or an answer could go unseen. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !queue->broken && queue->used->index != queue->next_used;
}
