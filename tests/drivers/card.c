/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's user network: its gateway answers ARP, and its DHCP server gives addresses. */
#include <string.h>
#include <pv/mm.h>
#include <pv/thread.h>
#include <pv/time.h>
#include "driver/dma.h"
#include "drivers.h"

enum { ARP_BYTES = 42, UDP_AT = 34, DHCP_AT = 42, DHCP_BYTES = 244, ROUNDS = 300, WINDOW = 100 };

static struct {
	struct pv_semaphore came;
	uint8_t bytes[NET_FRAME_MAX];
	size_t length;
	unsigned int count;
} received;

static void on_frame(struct net_device *card, const struct net_segment *segments,
		     unsigned int count, unsigned int flags)
{
	size_t length = 0;

	(void)flags;
	for (unsigned int i = 0; i < count; i++) {
		memcpy(received.bytes + length, segments[i].data, segments[i].length);
		length += segments[i].length;
	}
	works(dma_address(segments[0].data) == segments[0].machine, "%s: frames say where they are",
	      card->name);
	received.length = length;
	received.count++;
	pv_semaphore_up(&received.came);
}

/* Wait for a frame that holds these bytes at a place. */
static bool expect(size_t at, const void *bytes, size_t length)
{
	uint64_t deadline = pv_time_ns() + 10 * PV_NS_PER_SECOND;

	while (pv_semaphore_down_until(&received.came, deadline))
		if (received.length >= at + length && !memcmp(received.bytes + at, bytes, length))
			return true;
	return false;
}

static uint8_t *page;

static void put(size_t at, const void *bytes, size_t length)
{
	memcpy(page + at, bytes, length);
}

/* A frame of two segments, cut where no header ends. */
static int send(struct net_device *card, size_t length, unsigned int flags)
{
	struct net_segment segments[] = {
		{page, dma_address(page), 17},
		{page + 17, dma_address(page + 17), (uint32_t)length - 17},
	};

	return card->send(card, segments, 2, flags);
}

static void put_arp(struct net_device *card)
{
	memset(page, 0, PV_PAGE_SIZE);
	memset(page, 0xff, 6);
	put(6, card->mac, 6);
	put(12, "\x08\x06\0\1\x08\0\6\4\0\1", 10);
	put(22, card->mac, 6);
	put(28, "\x0a\0\2\x0f", 4);
	put(38, "\x0a\0\2\2", 4);
}

static void test_arp(struct net_device *card)
{
	put_arp(card);
	works(!send(card, ARP_BYTES, 0), "%s: a frame can be sent", card->name);
	works(expect(20, "\0\2\x52\x55\x0a\0\2\2\x0a\0\2\2", 12), "%s: the gateway answers",
	      card->name);
	works(!memcmp(received.bytes, card->mac, 6), "%s: to this card", card->name);
}

/* Its UDP checksum is left to the card: the server answers only if it is right. */
static void test_dhcp(struct net_device *card)
{
	uint16_t sum = 0;
	uint32_t total = 0;

	memset(page, 0, PV_PAGE_SIZE);
	memset(page, 0xff, 6);
	put(6, card->mac, 6);
	put(12, "\x08\0\x45\0\1\x38\0\0\0\0\x40\x11\x79\xb6\0\0\0\0\xff\xff\xff\xff", 22);
	put(UDP_AT, "\0\x44\0\x43\1\x24\0\0", 8);
	put(DHCP_AT, "\1\1\6\0parA", 8);
	put(DHCP_AT + 28, card->mac, 6);
	put(DHCP_AT + 236, "\x63\x82\x53\x63\x35\1\1\xff", 8);
	/* The pseudo-header: addresses, protocol, length. */
	total = 0xffff + 0xffff + 17 + 0x124;
	sum = (uint16_t)((total & 0xffff) + (total >> 16));
	page[UDP_AT + 6] = (uint8_t)(sum >> 8);
	page[UDP_AT + 7] = (uint8_t)sum;
	works(!send(card, UDP_AT + 0x124, NET_CHECKSUM_BLANK), "%s: a request is sent", card->name);
	works(expect(DHCP_AT, "\2\1\6\0parA", 8), "%s: the DHCP server answers", card->name);
	works(!memcmp(received.bytes + DHCP_AT + 16, "\x0a\0\2", 3), "%s: with an address",
	      card->name);
}

/* More frames than the queues have places, and as many answers; no more of them at once than a card
 * has room for, since QEMU's e1000 drops what finds none. */
static void test_many(struct net_device *card)
{
	uint64_t deadline = pv_time_ns() + 20 * PV_NS_PER_SECOND;

	put_arp(card);
	received.count = 0;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		while (send(card, ARP_BYTES, 0) && pv_time_ns() < deadline)
			pv_yield();
		while (i + 1 - received.count > WINDOW && pv_time_ns() < deadline)
			pv_sleep_ms(1);
	}
	while (received.count < ROUNDS && pv_time_ns() < deadline)
		pv_sleep_ms(1);
	works(received.count == ROUNDS, "%s: %u answers to %u questions", card->name,
	      received.count, ROUNDS);
}

void test_card(struct net_device *card)
{
	printf("drivers: %s, %s\n", card->name, card->kind);
	page = pv_pages_alloc(1);
	net_attach(card, on_frame, NULL, NULL);
	works(card->link, "%s: the link is up", card->name);
	works(card->mtu == 1500, "%s: frames of the usual size", card->name);
	test_arp(card);
	test_dhcp(card);
	test_many(card);
	works(send(card, 13, 0) < 0 && send(card, 1519, 0) < 0, "%s: lengths are checked",
	      card->name);
	works(card->sent.frames == ROUNDS + 2, "%s: frames are counted", card->name);
	net_attach(card, NULL, NULL, NULL);
}
