/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SDK's network front end against back ends that behave, and that do not: the real rings, whose
 * other end is a test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include "fakes/netfront.h"

enum { SLOTS = 256, SPARES = 64 };

static struct pv_netfront *front;
static netif_tx_back_ring_t tx;
static netif_rx_back_ring_t rx;

static unsigned int segment; /* of what send_bytes() sends */

static struct {
	unsigned int count;
	size_t length;
	unsigned int flags;
	uint8_t data[65536];
} taken; /* the last frame */

static struct {
	bool on;
	unsigned int count;
	int page[SPARES], last;
	const uint8_t *data[SPARES];
} kept; /* of each frame the last piece */

static int begin(void **state)
{
	int error;

	(void)state;
	fake_reset();
	front = pv_netfront_open(0, &error);
	assert_non_null(front);
	assert_int_equal(error, 0);
	BACK_RING_INIT(&tx, fake.tx, 4096);
	BACK_RING_INIT(&rx, fake.rx, 4096);
	memset(&taken, 0, sizeof(taken));
	memset(&kept, 0, sizeof(kept));
	segment = 0;
	return 0;
}

/* Whatever happened, nothing is left. */
static int end(void **state)
{
	(void)state;
	pv_netfront_close(front);
	assert_int_equal(fake.pages, 0);
	assert_int_equal(fake.ports, 0);
	return 0;
}

/* --- opening --- */

static void opens(void **state)
{
	(void)state;
	assert_memory_equal(pv_netfront_mac(front), ((uint8_t[]){0, 0x16, 0x3e, 1, 2, 3}), 6);
	assert_int_equal(fake.rx->req_prod, SLOTS);
	assert_int_equal(fake.tx->req_prod, 0);
	for (unsigned int i = 0; i < SLOTS; i++)
		assert_non_null(fake_page(RING_GET_REQUEST(&rx, i)->gref));
}

static void refuse_to_open(int wanted)
{
	int error = 0;

	assert_null(pv_netfront_open(0, &error));
	assert_int_equal(error, wanted);
	assert_null(pv_netfront_open(0, NULL));
	assert_int_equal(fake.pages, 0);
	assert_int_equal(fake.ports, 0);
}

static void opens_or_leaves_nothing(void **state)
{
	static const char *const bad_macs[] = {NULL, "", "x", "00:16:3e:01:02",
					       "00-16-3e-01-02-03"};

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad_macs) / sizeof(bad_macs[0]); i++) {
		fake_reset();
		fake.mac = bad_macs[i];
		refuse_to_open(-XEN_ENODEV);
	}
	fake_reset();
	fake.open_error = -XEN_ETIMEDOUT;
	refuse_to_open(-XEN_ETIMEDOUT);
	fake_reset();
	fake.no_copy = true;
	refuse_to_open(-XEN_ENODEV);
	fake_reset();
	fake.port_error = -XEN_ENOSPC;
	refuse_to_open(-XEN_ENOSPC);
	fake_reset();
	fake.connect_error = -XEN_ENODEV;
	refuse_to_open(-XEN_ENODEV);
	assert_int_equal(fake.closes, 2);
	for (unsigned int pages = 0; pages < 2 + 2 * SLOTS + SPARES; pages += 7) {
		fake_reset();
		fake.pages_left = pages;
		assert_null(pv_netfront_open(0, NULL));
		assert_int_equal(fake.pages, 0);
	}
}

/* --- sending --- */

static int send_bytes(size_t length)
{
	static uint8_t bytes[70000];
	struct pv_net_piece pieces[2] = {{bytes, length / 3},
					 {bytes + length / 3, length - length / 3}};

	for (size_t i = 0; i < length && i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % 251);
	return pv_netfront_send(front, pieces, 2, PV_NET_BLANK, segment);
}

/* Answer the next request, as a back end that means well. */
static netif_tx_request_t answer(uint16_t id, int16_t status)
{
	netif_tx_request_t request = *RING_GET_REQUEST(&tx, tx.req_cons);
	netif_tx_response_t *response = RING_GET_RESPONSE(&tx, tx.rsp_prod_pvt);

	tx.req_cons++;
	tx.rsp_prod_pvt++;
	response->id = id;
	response->status = status;
	RING_PUSH_RESPONSES(&tx);
	return request;
}

static netif_tx_request_t answer_honestly(void)
{
	return answer(RING_GET_REQUEST(&tx, tx.req_cons)->id, NETIF_RSP_OKAY);
}

static void sends(void **state)
{
	netif_tx_request_t request;

	(void)state;
	for (unsigned int round = 0; round < 1000; round++) {
		assert_int_equal(send_bytes(1500), 0);
		request = answer_honestly();
		assert_int_equal(request.size, 1500);
		assert_int_equal(request.flags, NETTXF_csum_blank | NETTXF_data_validated);
		assert_true(request.offset + request.size <= 4096);
		for (unsigned int i = 0; i < 1500; i++)
			assert_int_equal(fake_page(request.gref)[request.offset + i], i % 251);
	}
	assert_int_equal(send_bytes(PV_NET_FRAME), 0);
	assert_int_equal(send_bytes(PV_NET_FRAME + 1), -XEN_EINVAL);
	assert_int_equal(send_bytes(66000), -XEN_EINVAL);
}

/* Several pages; behind the first slot the one that says what it stands for. */
static void sends_large_packets(void **state)
{
	(void)state;
	assert_true(pv_netfront_large(front));
	segment = 1460;
	for (unsigned int round = 0; round < 300; round++) {
		size_t length = 1519 + 213 * round, at = 0;
		netif_extra_info_t extra;
		bool more = true;

		assert_int_equal(send_bytes(length), 0);
		for (unsigned int slot = 0; more; slot++) {
			netif_tx_request_t request = *RING_GET_REQUEST(&tx, tx.req_cons);
			size_t size = slot ? request.size : length < 4096 ? length : 4096;

			if (slot == 1) {
				memcpy(&extra, &request, sizeof(extra));
				assert_int_equal(extra.type, XEN_NETIF_EXTRA_TYPE_GSO);
				assert_int_equal(extra.flags, 0);
				assert_int_equal(extra.u.gso.size, 1460);
				assert_int_equal(extra.u.gso.type, XEN_NETIF_GSO_TYPE_TCPV4);
				answer(0, NETIF_RSP_NULL);
				more = length > 4096;
				continue;
			}
			if (!slot) {
				assert_int_equal(request.size, length);
				assert_true(request.flags & NETTXF_extra_info);
			}
			for (size_t i = 0; i < size; i++, at++)
				assert_int_equal(fake_page(request.gref)[i], at % 251);
			more = !slot || (request.flags & NETTXF_more_data);
			assert_int_equal(!(request.flags & NETTXF_more_data), at == length);
			answer_honestly();
		}
		assert_int_equal(at, length);
	}
	segment = 0;
	assert_int_equal(send_bytes(PV_NET_FRAME + 1), -XEN_EINVAL);
	segment = 1460;
	assert_int_equal(send_bytes(65535), 0);
	assert_int_equal(send_bytes(65536), -XEN_EINVAL);
	for (unsigned int i = 1; i < 15; i++)
		assert_int_equal(send_bytes(65535), 0);
	assert_int_equal(send_bytes(65535), -XEN_EBUSY);
}

static void keeps_large_packets_from_who_does_not_take_them(void **state)
{
	(void)state;
	fake_reset();
	fake.no_large = true;
	front = pv_netfront_open(0, NULL);
	assert_false(pv_netfront_large(front));
	segment = 1460;
	assert_int_equal(send_bytes(PV_NET_FRAME), 0);
	assert_int_equal(send_bytes(PV_NET_FRAME + 1), -XEN_EINVAL);
	end(state);
}

/* The other end sees nothing before it is told to, and is told once. */
static void sends_some_together(void **state)
{
	static const uint8_t bytes[100];
	struct pv_net_piece piece = {bytes, sizeof(bytes)};
	unsigned int before = fake.events;

	(void)state;
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(pv_netfront_send(front, &piece, 1, PV_NET_LATER, 0), 0);
	assert_int_equal(fake.tx->req_prod, 0);
	pv_netfront_push(front);
	assert_int_equal(fake.tx->req_prod, 10);
	assert_int_equal(fake.events, before + 1);
	for (unsigned int i = 10; i < SLOTS; i++)
		assert_int_equal(pv_netfront_send(front, &piece, 1, PV_NET_LATER, 0), 0);
	assert_int_equal(pv_netfront_send(front, &piece, 1, PV_NET_LATER, 0), -XEN_EBUSY);
	pv_netfront_push(front);
	assert_int_equal(fake.tx->req_prod, SLOTS);
	for (unsigned int i = 0; i < SLOTS; i++)
		answer_honestly();
	assert_int_equal(pv_netfront_send(front, &piece, 1, 0, 0), 0);
	assert_int_equal(fake.tx->req_prod, SLOTS + 1);
}

static void is_busy_when_full(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SLOTS; i++)
		assert_int_equal(send_bytes(100), 0);
	assert_int_equal(send_bytes(100), -XEN_EBUSY);
	answer_honestly();
	assert_int_equal(send_bytes(100), 0);
	assert_int_equal(send_bytes(100), -XEN_EBUSY);
	assert_int_equal(tx.sring->req_prod, SLOTS + 1);
}

/* Ids that are none, of nothing under way, or twice: no buffer is used for two frames at once. */
static void answers_of_nonsense(void **state)
{
	bool busy[SLOTS] = {false};

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(send_bytes(100), 0);
	for (unsigned int i = 0; i < 100; i++)
		answer(i % 3 == 0   ? 0xffff
		       : i % 3 == 1 ? SLOTS + (uint16_t)i
				    : RING_GET_REQUEST(&tx, 0)->id,
		       -100);
	for (unsigned int i = 0; i < SLOTS && !send_bytes(100); i++)
		;
	for (unsigned int i = 101; i < tx.sring->req_prod; i++) {
		uint16_t id = RING_GET_REQUEST(&tx, i)->id;

		assert_in_range(id, 0, SLOTS - 1);
		assert_false(busy[id]);
		busy[id] = true;
	}
	assert_in_range(tx.sring->req_prod, SLOTS, SLOTS + 1);
	assert_int_equal(send_bytes(100), -XEN_EBUSY);
}

static void sends_nothing_beyond_an_impossible_index(void **state)
{
	(void)state;
	fake.tx->rsp_prod = 100000;
	for (unsigned int i = 0; i < SLOTS; i++)
		send_bytes(100);
	assert_int_equal(send_bytes(100), -XEN_ENODEV);
	assert_true(pv_netfront_unplugged(front));
}

/* --- receiving --- */

static void take(void *argument, const struct pv_net_piece *pieces, unsigned int count,
		 size_t length, unsigned int flags)
{
	assert_ptr_equal(argument, &taken);
	assert_in_range(length, 1, sizeof(taken.data));
	taken.length = 0;
	for (unsigned int i = 0; i < count; i++) {
		memcpy(taken.data + taken.length, pieces[i].data, pieces[i].length);
		taken.length += pieces[i].length;
	}
	assert_int_equal(taken.length, length);
	taken.flags = flags;
	taken.count++;
	if (!kept.on)
		return;
	kept.last = pv_netfront_keep(front, count - 1);
	if (kept.last < 0)
		return;
	assert_in_range(kept.count, 0, SPARES - 1);
	kept.page[kept.count] = kept.last;
	kept.data[kept.count++] = pieces[count - 1].data;
}

static unsigned int receive(unsigned int limit)
{
	return pv_netfront_receive(front, limit, take, &taken);
}

static uint8_t *next_buffer(uint16_t *id)
{
	netif_rx_request_t *request = RING_GET_REQUEST(&rx, rx.req_cons);

	rx.req_cons++;
	*id = request->id;
	return fake_page(request->gref);
}

static void respond(uint16_t id, uint16_t offset, uint16_t flags, int16_t status)
{
	*RING_GET_RESPONSE(&rx, rx.rsp_prod_pvt) =
		(netif_rx_response_t){.id = id, .offset = offset, .flags = flags, .status = status};
	rx.rsp_prod_pvt++;
	RING_PUSH_RESPONSES(&rx);
}

static void give(uint8_t byte, uint16_t length, uint16_t flags)
{
	uint16_t id;
	uint8_t *buffer = next_buffer(&id);

	memset(buffer + 10, byte, length);
	respond(id, 10, flags, (int16_t)length);
}

static void receives(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		give((uint8_t)i, 1000, i % 2 ? NETRXF_data_validated : NETRXF_csum_blank);
		assert_int_equal(receive(10), 1);
		assert_int_equal(taken.count, i + 1);
		assert_int_equal(taken.length, 1000);
		assert_int_equal(taken.flags, i % 2 ? PV_NET_VALID : PV_NET_BLANK);
		assert_int_equal(taken.data[999], (uint8_t)i);
		assert_int_equal(rx.sring->req_prod, SLOTS + i + 1);
	}
	assert_int_equal(receive(10), 0);
}

static void takes_no_more_than_asked_for(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20; i++)
		give(1, 60, 0);
	assert_int_equal(receive(15), 15);
	assert_int_equal(receive(15), 5);
	assert_int_equal(taken.count, 20);
}

/* A packet of so many full pages, with extra information if it says so. */
static void give_large(unsigned int pages, bool extra, uint8_t type)
{
	uint16_t id;

	for (unsigned int page = 0; page < pages; page++) {
		memset(next_buffer(&id), (int)page, 4096);
		*RING_GET_RESPONSE(&rx, rx.rsp_prod_pvt++) =
			(netif_rx_response_t){.id = id,
					      .flags = (page + 1 < pages ? NETRXF_more_data : 0) |
						       (!page && extra ? NETRXF_extra_info : 0),
					      .status = 4096};
		if (page || !extra)
			continue;
		next_buffer(&id);
		*(netif_extra_info_t *)RING_GET_RESPONSE(&rx, rx.rsp_prod_pvt++) =
			(netif_extra_info_t){.type = type, .u.gso = {.size = 1460}};
	}
	RING_PUSH_RESPONSES(&rx);
}

static void receives_large_packets(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		unsigned int pages = i % 15 + 1;

		give_large(pages, i % 2, XEN_NETIF_EXTRA_TYPE_GSO);
		give(7, 60, 0);
		assert_int_equal(receive(1), 1);
		assert_int_equal(taken.length, pages * 4096);
		for (unsigned int page = 0; page < pages; page++)
			assert_int_equal(taken.data[page * 4096 + 17], page);
		assert_int_equal(receive(10), 1);
		assert_int_equal(taken.length, 60);
		assert_int_equal(rx.sring->req_prod, SLOTS + rx.req_cons);
	}
}

static void passes_over_large_nonsense(void **state)
{
	(void)state;
	give_large(3, true, XEN_NETIF_EXTRA_TYPE_HASH);
	give_large(16, true, XEN_NETIF_EXTRA_TYPE_GSO); /* 65536 bytes */
	give_large(30, true, XEN_NETIF_EXTRA_TYPE_GSO);
	receive(100);
	assert_int_equal(taken.count, 0);
	give(7, 60, 0);
	receive(100);
	assert_int_equal(taken.count, 1);
	assert_int_equal(rx.sring->req_prod, SLOTS + rx.req_cons);
}

/* What is kept stays as it is while the ring goes round; with all spare pages kept, frames still
 * come; and released pages can be kept again. */
static void keeps_pages(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 5; round++) {
		kept.on = true;
		for (unsigned int i = 0; i < SPARES; i++) {
			give((uint8_t)i, 1000, 0);
			assert_int_equal(receive(10), 1);
			assert_int_equal(kept.count, i + 1);
		}
		give_large(3, true, XEN_NETIF_EXTRA_TYPE_GSO);
		assert_int_equal(receive(10), 1);
		assert_int_equal(kept.last, -XEN_EBUSY);
		kept.on = false;
		for (unsigned int i = 0; i < 3 * SLOTS; i++) {
			give(0xff, 1000, 0);
			assert_int_equal(receive(10), 1);
		}
		for (unsigned int i = 0; i < SPARES; i++)
			for (unsigned int j = 0; j < 1000; j++)
				assert_int_equal(kept.data[i][j], i);
		while (kept.count)
			pv_netfront_release(front, kept.page[--kept.count]);
	}
}

static void keeps_the_last_page_of_several(void **state)
{
	(void)state;
	kept.on = true;
	for (unsigned int i = 0; i < 10; i++) {
		give_large(3, true, XEN_NETIF_EXTRA_TYPE_GSO);
		assert_int_equal(receive(1), 1);
		assert_int_equal(kept.data[i][0], 2);
		assert_int_equal(kept.data[i][4095], 2);
	}
	while (kept.count)
		pv_netfront_release(front, kept.page[--kept.count]);
}

/* Pages that are kept outlive the device. */
static void closes_while_pages_are_kept(void **state)
{
	begin(state);
	kept.on = true;
	for (unsigned int i = 0; i < 10; i++) {
		give((uint8_t)i, 1000, 0);
		receive(1);
	}
	pv_netfront_close(front);
	assert_int_equal(fake.pages, 10);
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(kept.data[i][999], i);
		pv_netfront_release(front, kept.page[i]);
		assert_int_equal(fake.pages, 9 - i);
	}
	assert_int_equal(fake.ports, 0);
}

/* A frame without its end will not get one. */
static void breaks_off_at_half_a_frame(void **state)
{
	uint16_t id;

	(void)state;
	next_buffer(&id);
	respond(id, 0, NETRXF_more_data, 100);
	assert_int_equal(receive(10), 0);
	assert_true(pv_netfront_unplugged(front));
	assert_int_equal(receive(10), 0);
	assert_int_equal(send_bytes(60), -XEN_ENODEV);
}

static void breaks_off_at_endless_extras(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SLOTS; i++)
		*(netif_extra_info_t *)RING_GET_RESPONSE(&rx, i) = (netif_extra_info_t){
			.type = XEN_NETIF_EXTRA_TYPE_GSO, .flags = XEN_NETIF_EXTRA_FLAG_MORE};
	*RING_GET_RESPONSE(&rx, 0) =
		(netif_rx_response_t){.id = 0, .flags = NETRXF_extra_info, .status = 60};
	rx.rsp_prod_pvt += SLOTS;
	RING_PUSH_RESPONSES(&rx);
	assert_int_equal(receive(10), 0);
	assert_int_equal(taken.count, 0);
	assert_true(pv_netfront_unplugged(front));
}

/* Frames that are none are passed over, and their buffers offered again. */
static void responses_of_nonsense(void **state)
{
	uint16_t id;

	(void)state;
	next_buffer(&id);
	respond(id, 0, 0, -1);
	next_buffer(&id);
	respond(id, 0, 0, 0);
	next_buffer(&id);
	respond(id, 0, 0, 4097);
	next_buffer(&id);
	respond(id, 4000, 0, 97);
	next_buffer(&id);
	respond(id, 0xffff, 0, 1);
	next_buffer(&id);
	respond(SLOTS, 0, 0, 100);
	next_buffer(&id);
	respond(0xffff, 0, 0, 100);
	receive(100);
	assert_int_equal(taken.count, 0);
	assert_int_equal(rx.sring->req_prod, SLOTS + 7);
	for (unsigned int i = 0; i < SLOTS; i++)
		assert_in_range(RING_GET_REQUEST(&rx, i)->id, 0, SLOTS - 1);
	give(5, 100, 0);
	assert_int_equal(receive(100), 1);
	assert_int_equal(taken.count, 1);
	assert_false(pv_netfront_unplugged(front));
}

static void receives_nothing_behind_an_impossible_index(void **state)
{
	(void)state;
	fake.rx->rsp_prod = SLOTS + 1;
	assert_int_equal(receive(1000), 0);
	assert_int_equal(taken.count, 0);
	assert_true(pv_netfront_unplugged(front));
	fake.rx->rsp_prod = -1u;
	assert_int_equal(receive(1000), 0);
}

static void knows_when_it_is_unplugged(void **state)
{
	(void)state;
	assert_false(pv_netfront_unplugged(front));
	fake.state = 5; /* Closing */
	assert_true(pv_netfront_unplugged(front));
	fake.state = 6;
	assert_true(pv_netfront_unplugged(front));
	fake.state = 0;
	assert_true(pv_netfront_unplugged(front));
}

/* Whatever the rings hold. */
static void survives_random_rings(void **state)
{
	(void)state;
	srand(3);
	for (unsigned int round = 0; round < 3000; round++) {
		for (unsigned int i = 0; i < 64; i++) {
			segment = rand() % 2 ? 1460 : 0;
			send_bytes((size_t)rand() % 6000);
		}
		for (unsigned int i = 64; i < 4096; i++) {
			((uint8_t *)fake.tx)[i] = (uint8_t)(rand() >> 8);
			((uint8_t *)fake.rx)[i] = (uint8_t)(rand() >> 8);
		}
		fake.tx->rsp_prod += (unsigned int)rand() % 260;
		fake.rx->rsp_prod += (unsigned int)rand() % 260;
		for (unsigned int i = 0; i < SLOTS; i++) {
			netif_rx_response_t *response = RING_GET_RESPONSE(&rx, i);

			response->id = rand() % 8 ? (uint16_t)i : response->id % 300;
			response->flags &= rand() % 4 ? 3 : 15;
			response->offset %= 5000;
			response->status %= 5000;
		}
		receive((unsigned int)rand() % 300);
		if (round % 10 == 9) {
			end(state);
			begin(state);
		}
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opens),
		cmocka_unit_test(opens_or_leaves_nothing),
		TEST(sends),
		TEST(sends_large_packets),
		cmocka_unit_test(keeps_large_packets_from_who_does_not_take_them),
		TEST(sends_some_together),
		TEST(is_busy_when_full),
		TEST(answers_of_nonsense),
		TEST(sends_nothing_beyond_an_impossible_index),
		TEST(receives),
		TEST(receives_large_packets),
		TEST(passes_over_large_nonsense),
		TEST(keeps_pages),
		TEST(keeps_the_last_page_of_several),
		cmocka_unit_test(closes_while_pages_are_kept),
		TEST(breaks_off_at_half_a_frame),
		TEST(breaks_off_at_endless_extras),
		TEST(takes_no_more_than_asked_for),
		TEST(responses_of_nonsense),
		TEST(receives_nothing_behind_an_impossible_index),
		TEST(knows_when_it_is_unplugged),
		TEST(survives_random_rings),
	};

	return cmocka_run_group_tests_name("netfront", tests, NULL, NULL);
}
