/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel's 82540EM, the card that emulators give when nothing else is asked for. A ring of
 * descriptors each way, a buffer of half a page for each; the card owns those from its head to its
 * tail.
 */
#include <stdlib.h>
#include <string.h>
#include <pv/thread.h>
#include <xen/errno.h>
#include "driver/dma.h"
#include "driver/drivers.h"
#include "driver/net.h"

#define ID 0x100e8086u

enum {
	REG_CONTROL = 0x0000,
	REG_STATUS = 0x0008,
	REG_CAUSE = 0x00c0, /* reading takes the line back */
	REG_MASK_SET = 0x00d0,
	REG_MASK_CLEAR = 0x00d8,
	REG_RECEIVE = 0x0100,
	REG_SEND = 0x0400,
	REG_GAP = 0x0410,
	REG_RECEIVE_RING = 0x2800,
	REG_SEND_RING = 0x3800,
	REG_MULTICAST = 0x5200,
	REG_ADDRESS = 0x5400,
	MAPPED_BYTES = 0x20000,
};

/* Of either ring. */
enum { RING_LOW = 0x00, RING_HIGH = 0x04, RING_BYTES = 0x08, RING_HEAD = 0x10, RING_TAIL = 0x18 };

#define CONTROL_LINK_UP (1u << 6 | 1u << 5) /* and at its own speed */
#define CONTROL_RESET	(1u << 26)
#define STATUS_LINK	(1u << 1)
#define CAUSES		(1u << 2 | 1u << 4 | 1u << 6 | 1u << 7) /* link, few left, overrun, frames */
#define RECEIVE_ALL	(1u << 1 | 1u << 3 | 1u << 4 | 1u << 15) /* on; every frame */
#define RECEIVE_NO_CRC	(1u << 26)
#define SEND_ON		(1u << 1 | 1u << 3 | 0x0fu << 4 | 0x40u << 12) /* pad short ones */
#define SEND_GAP	(10u | 8u << 10 | 6u << 20)

#define ENTRIES	      128u
#define BUFFER_BYTES  2048u
#define PAGE_BYTES    4096u
#define MULTICAST_ALL 128 /* registers */
#define MTU	      1500

enum { DONE = 1, LAST = 2 };			       /* in the status */
enum { SEND_LAST = 1, SEND_CRC = 2, SEND_REPORT = 8 }; /* in the command */

struct receive_entry {
	uint64_t address;
	uint16_t length, checksum;
	uint8_t status, errors;
	uint16_t special;
};

struct send_entry {
	uint64_t address;
	uint16_t length;
	uint8_t checksum_offset, command, status, checksum_start;
	uint16_t special;
};

_Static_assert(sizeof(struct receive_entry) == 16 && sizeof(struct send_entry) == 16,
	       "as the device sees them");

struct e1000 {
	struct pci_device *pci;
	volatile uint8_t *registers;
	volatile struct receive_entry *receive;
	volatile struct send_entry *send;
	uint8_t *received[ENTRIES], *sent[ENTRIES]; /* buffers */
	unsigned int next_received, next_sent;
	struct net_device net;
};

static uint32_t read32(struct e1000 *card, unsigned int reg)
{
	return *(volatile uint32_t *)(card->registers + reg);
}

static void write32(struct e1000 *card, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(card->registers + reg) = value;
}

/* --- sending --- */

/* One entry stays free, or a full ring would look like an empty one. */
static bool has_room(struct e1000 *card)
{
	unsigned int after = (card->next_sent + 1) % ENTRIES;

	return card->send[after].status & DONE;
}

static int send(struct net_device *net, const struct net_segment *segments, unsigned int count,
		unsigned int flags)
{
	struct e1000 *card = net->driver;
	volatile struct send_entry *entry = &card->send[card->next_sent];
	size_t length = net_length(net, segments, count);

	if (!length)
		return -XEN_EINVAL;
	if (!has_room(card)) {
		net->sent.dropped++;
		return -XEN_EBUSY;
	}
	net_copy(card->sent[card->next_sent], segments, count, flags);
	entry->length = (uint16_t)length;
	entry->status = 0;
	entry->command = SEND_LAST | SEND_CRC | SEND_REPORT;
	card->next_sent = (card->next_sent + 1) % ENTRIES;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	write32(card, REG_SEND_RING + RING_TAIL, card->next_sent);
	net->sent.frames++;
	net->sent.bytes += length;
	return 0;
}

/* --- receiving --- */

static void hand_up(struct e1000 *card, unsigned int index)
{
	volatile struct receive_entry *entry = &card->receive[index];
	struct net_device *net = &card->net;
	struct net_segment frame = {
		.data = card->received[index],
		.machine = dma_address(card->received[index]),
		.length = entry->length,
	};

	if (entry->errors || !(entry->status & LAST) || frame.length < NET_HEADER ||
	    frame.length > BUFFER_BYTES) {
		net->received.errors++;
		return;
	}
	net->received.frames++;
	net->received.bytes += frame.length;
	net->receive(net, &frame, 1, 0);
}

static void receive_frames(struct e1000 *card)
{
	unsigned int last = ENTRIES;

	while (card->receive[card->next_received].status & DONE) {
		last = card->next_received;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		hand_up(card, last);
		card->receive[last].status = 0;
		card->next_received = (last + 1) % ENTRIES;
	}
	__atomic_thread_fence(__ATOMIC_RELEASE);
	if (last < ENTRIES)
		write32(card, REG_RECEIVE_RING + RING_TAIL, last);
}

static void on_interrupt(void *argument)
{
	struct e1000 *card = argument;

	if (!read32(card, REG_CAUSE))
		return; /* another device on this line */
	receive_frames(card);
	net_set_link(&card->net, read32(card, REG_STATUS) & STATUS_LINK);
}

/* --- starting --- */

/* A page for a ring, and told to the card. */
static void *make_ring(struct e1000 *card, unsigned int reg)
{
	uint64_t machine;
	void *ring = dma_alloc(PAGE_BYTES, &machine);

	if (!ring)
		return NULL;
	write32(card, reg + RING_LOW, (uint32_t)machine);
	write32(card, reg + RING_HIGH, (uint32_t)(machine >> 32));
	write32(card, reg + RING_BYTES, ENTRIES * sizeof(struct send_entry));
	write32(card, reg + RING_HEAD, 0);
	write32(card, reg + RING_TAIL, 0);
	return ring;
}

/* Half a page for each entry of both rings. */
static int make_buffers(struct e1000 *card)
{
	for (unsigned int i = 0; i < ENTRIES; i++) {
		uint64_t machine;
		uint8_t *page = dma_alloc(PAGE_BYTES, &machine);

		if (!page)
			return -XEN_ENOMEM;
		card->received[i] = page;
		card->receive[i].address = machine;
		card->sent[i] = page + BUFFER_BYTES;
		card->send[i].address = machine + BUFFER_BYTES;
		card->send[i].status = DONE;
	}
	return 0;
}

static void reset(struct e1000 *card)
{
	write32(card, REG_MASK_CLEAR, ~0u);
	write32(card, REG_CONTROL, read32(card, REG_CONTROL) | CONTROL_RESET);
	pv_sleep_ms(10);
	write32(card, REG_MASK_CLEAR, ~0u);
	read32(card, REG_CAUSE);
	write32(card, REG_CONTROL, read32(card, REG_CONTROL) | CONTROL_LINK_UP);
	for (unsigned int i = 0; i < MULTICAST_ALL; i++)
		write32(card, REG_MULTICAST + 4 * i, 0);
}

static void run(struct e1000 *card)
{
	write32(card, REG_GAP, SEND_GAP);
	write32(card, REG_SEND, SEND_ON);
	write32(card, REG_RECEIVE, RECEIVE_ALL | RECEIVE_NO_CRC);
	write32(card, REG_RECEIVE_RING + RING_TAIL, ENTRIES - 1);
	write32(card, REG_MASK_SET, CAUSES);
}

static void describe(struct e1000 *card)
{
	uint32_t low = read32(card, REG_ADDRESS), high = read32(card, REG_ADDRESS + 4);

	memcpy(card->net.mac, &low, 4);
	memcpy(card->net.mac + 4, &high, 2);
	card->net.mtu = MTU;
	card->net.kind = "e1000";
	card->net.send = send;
	card->net.driver = card;
	card->net.link = read32(card, REG_STATUS) & STATUS_LINK;
}

static int set_up(struct e1000 *card)
{
	int error;

	reset(card);
	card->receive = make_ring(card, REG_RECEIVE_RING);
	card->send = make_ring(card, REG_SEND_RING);
	if (!card->receive || !card->send)
		return -XEN_ENOMEM;
	error = make_buffers(card);
	if (!error)
		error = pci_interrupt(card->pci, on_interrupt, card);
	if (error)
		return error;
	describe(card);
	net_add(&card->net); /* before frames can come */
	run(card);
	return 0;
}

int e1000_start(struct pci_device *pci)
{
	struct e1000 *card;

	if ((pci->vendor | (uint32_t)pci->device << 16) != ID)
		return NOT_OURS;
	card = calloc(1, sizeof(*card));
	if (!card)
		return -XEN_ENOMEM;
	pci_enable(pci);
	card->pci = pci;
	card->registers = pci_map(pci, 0, 0, MAPPED_BYTES);
	return card->registers ? set_up(card) : -XEN_ENODEV;
}
