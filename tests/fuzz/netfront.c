/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SDK's network front end against a back end that writes anything into the shared rings: what
 * it hands up lies in its own buffers, and what it sends leaves from them. Input: steps of an
 * opcode and its bytes.
 */
#include <stdlib.h>
#include <string.h>
#include "fakes/netfront.h"
#include "input.h"

static struct pv_netfront *front;
static int kept[256]; /* pages */
static unsigned int kept_count;

static void take(void *argument, const struct pv_net_piece *pieces, unsigned int count,
		 size_t length, unsigned int flags)
{
	static uint8_t copy[PV_NET_LARGE];
	size_t at = 0;

	(void)argument, (void)flags;
	CHECK(count && count <= PV_NET_PIECES && length <= sizeof(copy));
	for (unsigned int i = 0; i < count; at += pieces[i++].length)
		memcpy(copy + at, pieces[i].data, pieces[i].length);
	CHECK(at == length);
	if (length % 2)
		return;
	for (unsigned int i = 0; i < count; i++) {
		kept[kept_count] = pv_netfront_keep(front, i);
		kept_count += kept[kept_count] >= 0;
	}
}

static void release(unsigned int count)
{
	for (; kept_count && count; count--)
		pv_netfront_release(front, kept[--kept_count]);
}

/* The slots of what was just sent: pages of the front end's, of which all are used once. */
static void check_slots(RING_IDX from, size_t length)
{
	RING_IDX end = fake.tx->req_prod;
	bool extra = false;
	size_t rest = 0;

	for (RING_IDX at = from; at != end; at++) {
		const netif_tx_request_t *request = &fake.tx->ring[at % 256].req;

		if (at == from + 1 && extra)
			continue;
		CHECK(fake_page(request->gref) && request->gref != fake.tx_ref &&
		      request->gref != fake.rx_ref);
		if (at == from)
			extra = request->flags & NETTXF_extra_info;
		else
			rest += request->size;
		CHECK(at == from ? request->size == length : request->size <= 4096);
	}
	CHECK(rest < length && length - rest <= 4096);
}

static void send_frame(void)
{

	static const uint8_t bytes[8192];
	struct pv_net_piece piece = {bytes, input_byte() * 30};
	unsigned int flags = input_byte();
	RING_IDX before;

	if (!(flags & PV_NET_LATER))
		pv_netfront_push(front); /* so that there is this one alone */
	before = fake.tx->req_prod;
	if (!pv_netfront_send(front, &piece, 1, flags & (PV_NET_BLANK | PV_NET_LATER),
			      flags & 2 ? 1460 : 0) &&
	    !(flags & PV_NET_LATER))
		check_slots(before, piece.length);
}

/* Bytes into a ring's page, at any place but where the front end's own indices are. */
static void scribble(void *ring)
{
	unsigned int at = 64 + (input_byte() << 4), count = input_byte() % 64;

	for (; count-- && at < 4096; at++)
		((uint8_t *)ring)[at] = (uint8_t)input_byte();
}

static void receive(void)
{
	unsigned int limit = input_byte();

	CHECK(pv_netfront_receive(front, limit, take, NULL) <= limit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input_begin(data, size);
	fake_reset();
	front = pv_netfront_open(0, NULL);
	CHECK(front);
	while (input_left()) {
		switch (input_byte() % 7) {
		case 0:
			send_frame();
			break;
		case 1:
			scribble(fake.tx);
			break;
		case 2:
			scribble(fake.rx);
			break;
		case 3:
			fake.tx->rsp_prod += input_byte();
			break;
		case 4:
			fake.rx->rsp_prod += input_byte();
			break;
		case 5:
			release(input_byte());
			break;
		default:
			receive();
		}
	}
	pv_netfront_close(front);
	CHECK(fake.pages == kept_count);
	release(kept_count);
	CHECK(!fake.pages && !fake.ports);
	return 0;
}
