/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-net: one pair of queues, a buffer of half a page for each frame, no offloads (a frame
 * whose checksum is left to the card gets it here, while it is copied).
 */
#include <stdlib.h>
#include <string.h>
#include <pv/thread.h>
#include <xen/errno.h>
#include "cli/operator.h"
#include "driver/dma.h"
#include "driver/drivers.h"
#include "driver/net.h"
#include "driver/virtio.h"

enum { F_MAC = 5, F_STATUS = 16 };
enum { CONFIG_MAC = 0, CONFIG_STATUS = 6 };
enum { RECEIVE_QUEUE, SEND_QUEUE };

#define WANTED	     (1ull << F_MAC | 1ull << F_STATUS)
#define STATUS_LINK  1
#define HEADER_MAX   12 /* bytes before each frame; older devices: two less */
#define HEADER_OLD   10
#define QUEUE_MAX    128
#define BUFFER_BYTES 2048u
#define PAGE_BYTES   4096u
#define MTU	     1500

struct buffer {
	uint8_t *data;
	uint64_t machine;
	struct buffer *next_free;
};

struct virtio_net {
	struct virtio_device virtio;
	struct virtqueue receive, send;
	struct net_device net;
	struct buffer *free; /* to send */
	unsigned int header; /* bytes */
};

_Static_assert(HEADER_MAX + NET_FRAME_MAX <= BUFFER_BYTES, "a frame fits a buffer");

/* --- sending --- */

static void reclaim(struct virtio_net *card)
{
	struct buffer *buffer;
	uint32_t written;

	while ((buffer = virtqueue_take(&card->send, &written))) {
		buffer->next_free = card->free;
		card->free = buffer;
	}
}

static int give_frame(struct virtio_net *card, struct buffer *buffer, size_t length)
{
	struct virtqueue_buffer whole = {
		.machine = buffer->machine,
		.length = (uint32_t)(card->header + length),
	};
	int error = virtqueue_give(&card->send, &whole, 1, NULL, buffer);

	if (error)
		return error;
	virtio_notify(&card->virtio, &card->send);
	card->net.sent.frames++;
	card->net.sent.bytes += length;
	return 0;
}

static int send(struct net_device *net, const struct net_segment *segments, unsigned int count,
		unsigned int flags)
{
	struct virtio_net *card = net->driver;
	size_t length = net_length(net, segments, count);
	struct buffer *buffer;
	int error;

	if (card->virtio.failed)
		return -XEN_ENODEV;
	if (!length)
		return -XEN_EINVAL;
	reclaim(card);
	buffer = card->free;
	if (!buffer) {
		net->sent.dropped++;
		return -XEN_EBUSY;
	}
	memset(buffer->data, 0, card->header);
	net_copy(buffer->data + card->header, segments, count, flags);
	card->free = buffer->next_free;
	error = give_frame(card, buffer, length);
	if (error) {
		buffer->next_free = card->free;
		card->free = buffer;
	}
	return error;
}

/* --- receiving --- */

static int offer(struct virtio_net *card, struct buffer *buffer)
{
	struct virtqueue_buffer whole = {
		.machine = buffer->machine,
		.length = card->header + NET_FRAME_MAX,
		.device_writes = true,
	};

	return virtqueue_give(&card->receive, &whole, 1, NULL, buffer);
}

static void hand_up(struct virtio_net *card, const struct buffer *buffer, uint32_t written)
{
	struct net_device *net = &card->net;
	struct net_segment frame = {
		.data = buffer->data + card->header,
		.machine = buffer->machine + card->header,
		.length = written - card->header,
	};

	if (written < card->header + NET_HEADER) {
		net->received.errors++;
		return;
	}
	net->received.frames++;
	net->received.bytes += frame.length;
	net->receive(net, &frame, 1, 0);
}

static void receive_frames(struct virtio_net *card)
{
	struct buffer *buffer;
	uint32_t written;
	unsigned int taken = 0;

	while ((buffer = virtqueue_take(&card->receive, &written))) {
		hand_up(card, buffer, written);
		offer(card, buffer);
		if (++taken % card->receive.size)
			continue;
		virtio_notify(&card->virtio, &card->receive);
		pv_yield(); /* frames may come faster than they are taken, and others wait */
	}
	if (taken % card->receive.size)
		virtio_notify(&card->virtio, &card->receive);
}

static bool link_is_up(struct virtio_net *card)
{
	return !virtio_has(&card->virtio, F_STATUS) ||
	       (virtio_config(&card->virtio, CONFIG_STATUS, 2) & STATUS_LINK);
}

static void on_interrupt(void *argument)
{
	struct virtio_net *card = argument;

	receive_frames(card);
	reclaim(card);
	if (card->receive.broken || card->send.broken) {
		operator_note("card %s answers what it was not asked: it is not used any more",
			      card->net.name);
		virtio_fail(&card->virtio);
		return;
	}
	net_set_link(&card->net, link_is_up(card));
}

/* --- starting --- */

/* Buffers for the whole queue, two a page; each is handed to use(). */
static int make_buffers(struct virtio_net *card, unsigned int count,
			int (*use)(struct virtio_net *card, struct buffer *buffer))
{
	struct buffer *buffers = calloc(count, sizeof(*buffers));
	int error = buffers ? 0 : -XEN_ENOMEM;

	for (unsigned int i = 0; !error && i < count; i++) {
		bool second = i % 2;

		if (second) {
			buffers[i].data = buffers[i - 1].data + BUFFER_BYTES;
			buffers[i].machine = buffers[i - 1].machine + BUFFER_BYTES;
		} else {
			buffers[i].data = dma_alloc(PAGE_BYTES, &buffers[i].machine);
		}
		error = buffers[i].data ? use(card, &buffers[i]) : -XEN_ENOMEM;
	}
	return error;
}

static int keep(struct virtio_net *card, struct buffer *buffer)
{
	buffer->next_free = card->free;
	card->free = buffer;
	return 0;
}

/* Without an address of its own, a card gets one that is locally administered. */
static void read_mac(struct virtio_net *card)
{
	static const uint8_t local[5] = {0x02, 0x70, 0x61, 0x72, 0x61};

	memcpy(card->net.mac, local, sizeof(local));
	card->net.mac[5] = card->virtio.pci->devfn;
	for (unsigned int i = 0; i < 6 && virtio_has(&card->virtio, F_MAC); i++)
		card->net.mac[i] = (uint8_t)virtio_config(&card->virtio, CONFIG_MAC + i, 1);
}

static int set_up(struct virtio_net *card)
{
	int error = virtio_queue(&card->virtio, QUEUE_MAX, &card->receive);

	if (!error)
		error = virtio_queue(&card->virtio, QUEUE_MAX, &card->send);
	if (error)
		return error;
	virtqueue_mute(&card->send);
	card->header = card->virtio.legacy ? HEADER_OLD : HEADER_MAX;
	card->net.mtu = MTU;
	card->net.send = send;
	card->net.driver = card;
	card->net.kind = card->virtio.legacy ? "virtio (legacy)" : "virtio";
	read_mac(card);
	error = make_buffers(card, card->receive.size, offer);
	if (!error)
		error = make_buffers(card, card->send.size, keep);
	return error ? error : virtio_start(&card->virtio, on_interrupt, card);
}

int virtio_net_start(struct pci_device *pci)
{
	struct virtio_net *card;
	int error;

	if (virtio_kind(pci) != VIRTIO_NET)
		return NOT_OURS;
	card = calloc(1, sizeof(*card));
	if (!card)
		return -XEN_ENOMEM;
	error = virtio_open(&card->virtio, pci, WANTED);
	if (error)
		return error;
	error = set_up(card);
	if (error) {
		virtio_fail(&card->virtio);
		return error;
	}
	/* The thread that takes frames does not run before this one waits. */
	card->net.link = link_is_up(card);
	net_add(&card->net);
	virtio_notify(&card->virtio, &card->receive);
	return 0;
}
