/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guests can send to dom0's network: a transmit ring full of any bytes, frames to the bridge
 * and the checksum, a vif's configuration. The first byte chooses.
 */
#include <stdlib.h>
#include <string.h>
#include "backend/handshake.h"
#include "backend/netring.h"
#include "bridge/segment.h"
#include "config/vif.h"
#include "finding.h"

/* Whatever is in the ring: no packet claims more than its slots hold, or slots beyond a page. */
static void ring(const uint8_t *data, size_t size)
{
	static uint8_t page[4096] __attribute__((aligned(4096)));
	netif_tx_back_ring_t back;
	struct tx_packet packet;
	int pending;

	memset(page, 0, sizeof(page));
	memcpy(page, data, size < sizeof(page) ? size : sizeof(page));
	BACK_RING_INIT(&back, (struct netif_tx_sring *)page, sizeof(page));
	while ((pending = tx_pending(&back)) > 0) {
		uint32_t sum = 0;
		RING_IDX before = back.req_cons;

		if (tx_take(&back, (unsigned int)pending, &packet))
			return;
		CHECK(packet.slots && packet.slots <= TX_SLOTS);
		CHECK(back.req_cons - before == packet.slots + packet.extras);
		CHECK((int)(packet.slots + packet.extras) <= pending);
		for (unsigned int i = 0; i < packet.slots; i++) {
			CHECK(packet.slot[i].offset + packet.slot[i].size <= 4096);
			sum += packet.slot[i].size;
		}
		CHECK(!packet.length || packet.length == sum);
		tx_answer(&back, &packet, NETIF_RSP_OKAY);
		CHECK(back.rsp_prod_pvt == back.req_cons);
	}
}

static struct bridge_port port[3];

bool packet_own(struct packet *packet)
{
	(void)packet;
	abort(); /* nobody lends here */
}

static void deliver(struct bridge_port *to, struct packet *packet)
{
	(void)packet;
	CHECK(to >= port && to < port + 3);
}

/* A frame to the bridge, which no port gets back, and to the checksum. */
static void frame(const uint8_t *data, size_t size)
{
	static uint64_t now;
	static uint8_t bytes[4096];
	struct bridge_port *from = &port[size ? data[0] % 3 : 0];
	struct packet packet = {.pages = 1};

	if (!port[0].bridge)
		for (unsigned int i = 0; i < 3; i++) {
			port[i].deliver = deliver;
			port[i].antispoof = i == 2;
			bridge_join(bridge_named("fuzz"), &port[i]);
		}
	if (size > sizeof(bytes))
		size = sizeof(bytes);
	memcpy(bytes, data, size);
	packet.length = (uint32_t)size;
	packet.segment[0] = (struct net_segment){.data = bytes, .length = (uint32_t)size};
	now += 1000000000;
	bridge_forward(from, &packet, now);
	net_fill_checksum(bytes, size);
}

/* Packets of their own pages, for the frames that a large one is cut into. */
struct packet *packet_new(uint32_t length)
{
	struct packet *packet = calloc(1, sizeof(*packet));

	CHECK(packet && length && length <= PACKET_PAGE);
	packet->refs = packet->pages = 1;
	packet->length = length;
	packet->segment[0] = (struct net_segment){.data = malloc(length), .length = length};
	return packet;
}

void packet_put(struct packet *packet)
{
	if (--packet->refs)
		return;
	free((void *)packet->segment[0].data);
	free(packet);
}

static uint32_t cut_bytes;

static void deliver_cut(struct bridge_port *to, struct packet *packet)
{
	(void)to;
	CHECK(packet->length > NET_HEADER && packet->flags == NET_CHECKSUM_BLANK);
	CHECK(net_fill_checksum(packet_head(packet), packet->length));
	cut_bytes += packet->length;
}

/* A packet of up to 64 KiB whose first bytes are the input's. */
static void cut(const uint8_t *data, size_t size)
{
	static uint8_t bytes[PACKET_PAGES][PACKET_PAGE];
	static struct bridge_port to = {.deliver = deliver_cut};
	struct packet packet = {.refs = 1};
	uint32_t length;

	if (size < 4)
		return;
	packet.gso_size = (uint16_t)(data[0] << 8 | data[1]);
	packet.length = length = (uint32_t)(data[2] << 8 | data[3]) + 1;
	for (; length; packet.pages++) {
		uint32_t part = length < PACKET_PAGE ? length : PACKET_PAGE;

		packet.segment[packet.pages] =
			(struct net_segment){.data = bytes[packet.pages], .length = part};
		length -= part;
	}
	memcpy(bytes[0], data + 4, size - 4 < PACKET_PAGE ? size - 4 : PACKET_PAGE);
	cut_bytes = 0;
	CHECK(segment_packet(&to, &packet) <= SEGMENTS_MAX);
	CHECK(cut_bytes < 3 * PACKET_MAX + 1000000);
}

static void text(const uint8_t *data, size_t size)
{
	char copy[300];
	struct vif_config vif;
	unsigned int number;

	if (size >= sizeof(copy))
		size = sizeof(copy) - 1;
	memcpy(copy, data, size);
	copy[size] = '\0';
	backend_parse_number(copy, &number);
	vif_config_init(&vif);
	if (!vif_config_parse(&vif, copy))
		CHECK(strlen(vif.bridge) < VIF_BRIDGE_LENGTH && !(vif.mac[0] & 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(const uint8_t *, size_t) = {ring, frame, text, cut};

	if (size)
		targets[data[0] % 4](data + 1, size - 1);
	return 0;
}
