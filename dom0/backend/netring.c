/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include "backend/netring.h"
#include "driver/net.h"

int tx_pending(const netif_tx_back_ring_t *ring)
{
	RING_IDX pushed = __atomic_load_n(&ring->sring->req_prod, __ATOMIC_ACQUIRE);

	return RING_REQUEST_PROD_OVERFLOW(ring, pushed) ? -1 : (int)(pushed - ring->req_cons);
}

int rx_offered(const netif_rx_back_ring_t *ring)
{
	RING_IDX pushed = __atomic_load_n(&ring->sring->req_prod, __ATOMIC_ACQUIRE);

	return RING_REQUEST_PROD_OVERFLOW(ring, pushed) ? -1 : (int)(pushed - ring->req_cons);
}

/* The slots of extra information behind the first one: what a large TCP packet stands for. */
static const char *take_extras(netif_tx_back_ring_t *ring, unsigned int *pending,
			       struct tx_packet *packet)
{
	netif_tx_request_t slot;
	netif_extra_info_t extra;

	do {
		if (!*pending)
			return "a packet lacks its extra information";
		RING_COPY_REQUEST(ring, ring->req_cons, &slot);
		memcpy(&extra, &slot, sizeof(extra));
		ring->req_cons++;
		--*pending;
		packet->extras++;
		if (extra.type != XEN_NETIF_EXTRA_TYPE_GSO || packet->gso_size ||
		    extra.u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 || !extra.u.gso.size)
			return "extra information of a kind that was not offered";
		packet->gso_size = extra.u.gso.size;
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return NULL;
}

static const char *check_slot(const struct tx_slot *slot)
{
	return slot->offset + slot->size > PV_PAGE_SIZE ? "a slot reaches beyond its page" : NULL;
}

/* The slots behind the first, whose size is what the others leave of the whole. */
static const char *take_rest(netif_tx_back_ring_t *ring, unsigned int pending,
			     struct tx_packet *packet)
{
	netif_tx_request_t request = {.flags = packet->flags};
	uint32_t rest = packet->slot[0].size;

	while (request.flags & NETTXF_more_data) {
		struct tx_slot *slot = &packet->slot[packet->slots];

		if (packet->slots == TX_SLOTS)
			return "a packet has too many slots";
		if (!pending--)
			return "a packet lacks its last slot";
		RING_COPY_REQUEST(ring, ring->req_cons, &request);
		ring->req_cons++;
		packet->slots++;
		*slot = (struct tx_slot){request.gref, request.offset, request.size, request.id};
		if (slot->size > rest)
			return "a packet's slots are larger than the packet";
		rest -= slot->size;
		if (check_slot(slot))
			return check_slot(slot);
	}
	packet->slot[0].size = (uint16_t)rest;
	return check_slot(&packet->slot[0]);
}

const char *tx_take(netif_tx_back_ring_t *ring, unsigned int pending, struct tx_packet *packet)
{
	netif_tx_request_t request;
	const char *mistake = NULL;

	RING_COPY_REQUEST(ring, ring->req_cons, &request);
	ring->req_cons++;
	pending--;
	packet->slots = 1;
	packet->extras = packet->gso_size = 0;
	packet->flags = request.flags;
	packet->length = request.size;
	packet->slot[0] = (struct tx_slot){request.gref, request.offset, request.size, request.id};
	if (request.flags & NETTXF_extra_info)
		mistake = take_extras(ring, &pending, packet);
	if (!mistake)
		mistake = take_rest(ring, pending, packet);
	if (packet->length < NET_HEADER)
		packet->length = 0;
	return mistake;
}

static void answer(netif_tx_back_ring_t *ring, uint16_t id, int16_t status)
{
	netif_tx_response_t *response = RING_GET_RESPONSE(ring, ring->rsp_prod_pvt);

	response->id = id;
	response->status = status;
	ring->rsp_prod_pvt++;
}

void tx_answer(netif_tx_back_ring_t *ring, const struct tx_packet *packet, int16_t status)
{
	answer(ring, packet->slot[0].id, status);
	for (unsigned int i = 0; i < packet->extras; i++)
		answer(ring, 0, NETIF_RSP_NULL);
	for (unsigned int i = 1; i < packet->slots; i++)
		answer(ring, packet->slot[i].id, status);
}
