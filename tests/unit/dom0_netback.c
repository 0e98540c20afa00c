/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network back ends against front ends that behave, and that do not: the real rings and batches,
 * with a guest whose pages are an array here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "backend/netback.h"

#define PAGES 64

static uint8_t guest_page[PAGES][4096]; /* granted as references 1000 … */
static uint8_t tx_page[4096], rx_page[4096];
static struct vif vif;
static struct packet *forwarded[256];
static unsigned int forwarded_count, events, packets_alive;
static unsigned int mapped, copied; /* pages, by hypercalls */
static bool to_itself;		    /* the bridge hands what the guest sends back to it */
static char failure[160];
static uint64_t now = 1000000000;

/* --- what the rest of dom0 and the SDK do ------------------------------------------------------
 */

uint64_t pv_time_ns(void)
{
	return now;
}

void vifs_wake(void)
{
}

int pv_event_send(evtchn_port_t port)
{
	(void)port;
	events++;
	return 0;
}

void backend_fail(struct backend *backend, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(failure, sizeof(failure), format, list);
	va_end(list);
	backend->failed = true;
}

static void add_page(struct packet *packet, void *page)
{
	uint32_t left = packet->length - packet->pages * PACKET_PAGE;

	assert_in_range(left, 1, PACKET_MAX);
	packet->segment[packet->pages++] =
		(struct net_segment){.data = page,
				     .machine = (uintptr_t)page,
				     .length = left < PACKET_PAGE ? left : PACKET_PAGE};
}

struct packet *packet_new_head(uint32_t length)
{
	struct packet *packet = calloc(1, sizeof(*packet));

	packets_alive++;
	packet->refs = 1;
	packet->length = length;
	add_page(packet, aligned_alloc(4096, 4096));
	return packet;
}

struct packet *packet_new(uint32_t length)
{
	struct packet *packet = packet_new_head(length);

	while (packet->pages * PACKET_PAGE < length)
		add_page(packet, aligned_alloc(4096, 4096));
	return packet;
}

void packet_lend(struct packet *packet, void *page)
{
	assert_in_range((uint8_t(*)[4096])page - guest_page, 0, PAGES - 1);
	packet->lent |= 1u << packet->pages;
	add_page(packet, page);
}

bool packet_own(struct packet *packet)
{
	for (; packet->lent; packet->lent &= packet->lent - 1) {
		struct net_segment *segment = &packet->segment[__builtin_ctz(packet->lent)];
		void *own = aligned_alloc(4096, 4096);

		memcpy(own, segment->data, segment->length);
		segment->data = own;
		segment->machine = (uintptr_t)own;
	}
	return true;
}

void packet_get(struct packet *packet)
{
	packet->refs++;
}

void packet_put(struct packet *packet)
{
	if (--packet->refs)
		return;
	for (unsigned int i = 0; i < packet->pages; i++)
		if (!(packet->lent >> i & 1))
			free((void *)packet->segment[i].data);
	free(packet);
	packets_alive--;
}

void bridge_forward(struct bridge_port *from, struct packet *packet, uint64_t time)
{
	assert_ptr_equal(from, &vif.port);
	assert_int_equal(time, now);
	assert_in_range(packet->lent, 0, 0xfffe); /* headers are dom0's */
	assert_int_equal(packet->lent & 1, 0);
	if (to_itself) {
		vif_enqueue(&vif.port, packet);
		return;
	}
	if (forwarded_count == 256)
		return;
	packet_own(packet);
	packet_get(packet);
	forwarded[forwarded_count++] = packet;
}

/* A frame of ours, or a granted page of the guest's; NULL: no such thing. */
static uint8_t *behind(const struct gnttab_copy_ptr *at, bool granted)
{
	if (!granted) {
		assert_int_equal(at->domid, DOMID_SELF);
		return (uint8_t *)(at->u.gmfn << 12) + at->offset;
	}
	assert_int_equal(at->domid, vif.backend.domid);
	return at->u.ref < 1000 || at->u.ref >= 1000 + PAGES
		       ? NULL
		       : guest_page[at->u.ref - 1000] + at->offset;
}

int pv_grant_map(struct pv_grant_map *map, domid_t domain, const grant_ref_t *refs,
		 unsigned int count, bool readonly)
{
	assert_int_equal(domain, vif.backend.domid);
	assert_int_equal(count, 1);
	assert_false(readonly);
	if (refs[0] < 1000 || refs[0] >= 1000 + PAGES)
		return GNTST_bad_gntref;
	map->address = guest_page[refs[0] - 1000];
	map->count = 1;
	mapped++;
	return 0;
}

void pv_grant_unmap(struct pv_grant_map *map)
{
	assert_int_equal(map->count, 1);
	mapped--;
}

void pv_grant_copy(struct gnttab_copy *copies, unsigned int count)
{
	copied += count;
	for (; count--; copies++) {
		uint8_t *from = behind(&copies->source, copies->flags & GNTCOPY_source_gref);
		uint8_t *to = behind(&copies->dest, copies->flags & GNTCOPY_dest_gref);

		assert_in_range(copies->len, 1, 4096);
		assert_in_range(copies->source.offset + copies->len, 1, 4096);
		assert_in_range(copies->dest.offset + copies->len, 1, 4096);
		copies->status = from && to ? GNTST_okay : GNTST_bad_gntref;
		if (from && to)
			memcpy(to, from, copies->len);
	}
}

/* --- the guest ----------------------------------------------------------------------------------
 */

static netif_tx_front_ring_t tx;
static netif_rx_front_ring_t rx;

static int begin(void **state)
{
	(void)state;
	memset(&vif, 0, sizeof(vif));
	vif.backend.domid = 5;
	vif.backend.connected = true;
	vif.port.owner = &vif;
	vif.port.deliver = vif_enqueue;
	vif.sg = vif.takes_blank = true;
	to_itself = false;
	failure[0] = '\0';
	XEN_FRONT_RING_INIT(&tx, (struct netif_tx_sring *)tx_page, 4096);
	XEN_FRONT_RING_INIT(&rx, (struct netif_rx_sring *)rx_page, 4096);
	BACK_RING_INIT(&vif.tx, (struct netif_tx_sring *)tx_page, 4096);
	BACK_RING_INIT(&vif.rx, (struct netif_rx_sring *)rx_page, 4096);
	for (unsigned int i = 0; i < PAGES; i++)
		for (unsigned int j = 0; j < 4096; j++)
			guest_page[i][j] = (uint8_t)(i * 7 + j * 13 + j / 256);
	return 0;
}

static int end(void **state)
{
	(void)state;
	while (forwarded_count)
		packet_put(forwarded[--forwarded_count]);
	vif_purge(&vif);
	assert_int_equal(packets_alive, 0);
	vif_pages_end(&vif);
	assert_int_equal(mapped, 0);
	return 0;
}

static void push_tx(grant_ref_t gref, unsigned int offset, unsigned int flags, unsigned int size)
{
	*RING_GET_REQUEST(&tx, tx.req_prod_pvt) = (netif_tx_request_t){
		gref, (uint16_t)offset, (uint16_t)flags, (uint16_t)tx.req_prod_pvt, (uint16_t)size};
	tx.req_prod_pvt++;
}

static void push_extra(unsigned int type, unsigned int gso_type, unsigned int size)
{
	netif_extra_info_t *extra = (void *)RING_GET_REQUEST(&tx, tx.req_prod_pvt);

	*extra = (netif_extra_info_t){
		.type = (uint8_t)type,
		.u.gso = {.size = (uint16_t)size, .type = (uint8_t)gso_type},
	};
	tx.req_prod_pvt++;
}

static void transmit(void)
{
	RING_PUSH_REQUESTS(&tx);
	while (vif_transmit(&vif))
		;
}

/* The status of the next response, which answers requests in their order. */
static int tx_status(void)
{
	netif_tx_response_t response;

	assert_true(RING_HAS_UNCONSUMED_RESPONSES(&tx));
	response = *RING_GET_RESPONSE(&tx, tx.rsp_cons);
	assert_int_equal(response.id, tx.rsp_cons);
	tx.rsp_cons++;
	return response.status;
}

/* --- sending
 * -------------------------------------------------------------------------------------- */

static void sends_one_slot(void **state)
{
	(void)state;
	push_tx(1003, 100, NETTXF_csum_blank | NETTXF_data_validated, 60);
	transmit();
	assert_int_equal(forwarded_count, 1);
	assert_int_equal(forwarded[0]->length, 60);
	assert_int_equal(forwarded[0]->flags, NET_CHECKSUM_BLANK);
	assert_memory_equal(forwarded[0]->segment[0].data, guest_page[3] + 100, 60);
	assert_int_equal(tx_status(), NETIF_RSP_OKAY);
	assert_false(RING_HAS_UNCONSUMED_RESPONSES(&tx));
}

/* The slots of a large frame are joined without gaps, across the pages' ends. */
static void sends_many_slots(void **state)
{
	uint8_t whole[20000];
	unsigned int at = 0;

	(void)state;
	push_tx(1001, 4000, NETTXF_more_data, 96 + 4096 + 3000 + 0 + 4095 + 1);
	push_tx(1002, 0, NETTXF_more_data, 4096);
	push_tx(1003, 96, NETTXF_more_data, 3000);
	push_tx(1003, 4096, NETTXF_more_data, 0);
	push_tx(1004, 1, NETTXF_more_data, 4095);
	push_tx(1005, 4095, 0, 1);
	transmit();
	assert_int_equal(forwarded_count, 1);
	assert_int_equal(forwarded[0]->length, 11288);
	for (unsigned int i = 0; i < forwarded[0]->pages; i++) {
		memcpy(whole + at, forwarded[0]->segment[i].data, forwarded[0]->segment[i].length);
		at += forwarded[0]->segment[i].length;
	}
	assert_int_equal(at, 11288);
	assert_memory_equal(whole, guest_page[1] + 4000, 96);
	assert_memory_equal(whole + 96, guest_page[2], 4096);
	assert_memory_equal(whole + 4192, guest_page[3] + 96, 3000);
	assert_memory_equal(whole + 7192, guest_page[4] + 1, 4095);
	assert_int_equal(whole[11287], guest_page[5][4095]);
	for (int i = 0; i < 6; i++)
		assert_int_equal(tx_status(), NETIF_RSP_OKAY);
}

static void sends_a_full_ring(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 256; i++)
			push_tx(1000 + i % PAGES, 0, 0, 1514);
		transmit();
		for (int i = 0; i < 256; i++)
			assert_int_equal(tx_status(), NETIF_RSP_OKAY);
		while (forwarded_count)
			packet_put(forwarded[--forwarded_count]);
	}
	assert_int_equal(vif.sent, 20 * 256);
}

static void answers_useless_frames(void **state)
{
	(void)state;
	push_tx(1001, 0, 0, 13);
	push_tx(1001, 0, 0, 0);
	push_tx(999, 0, 0, 100);
	push_tx(1001, 0, NETTXF_more_data, 4200);
	push_tx(4, 0, 0, 200);
	push_tx(1001, 0, 0, 100);
	transmit();
	for (int i = 0; i < 5; i++)
		assert_int_equal(tx_status(), NETIF_RSP_ERROR);
	assert_int_equal(tx_status(), NETIF_RSP_OKAY);
	assert_int_equal(forwarded_count, 1);
	assert_false(vif.backend.failed);
}

static void breaks_off(const char *word)
{
	transmit();
	assert_true(vif.backend.failed);
	assert_non_null(strstr(failure, word));
	end(NULL);
	begin(NULL);
}

static void breaks_off_at_nonsense(void **state)
{
	(void)state;
	push_tx(1001, 4000, 0, 97);
	breaks_off("beyond its page");
	push_tx(1001, 65535, 0, 65535);
	breaks_off("beyond its page");
	push_tx(1001, 0, NETTXF_more_data, 4000);
	push_tx(1001, 0, 0, 4001);
	breaks_off("larger than the packet");
	push_tx(1001, 0, NETTXF_more_data, 4000);
	breaks_off("lacks its last slot");
	for (int i = 0; i < 40; i++)
		push_tx(1001, 0, NETTXF_more_data, i ? 100 : 5000);
	breaks_off("too many slots");
	push_tx(1001, 0, NETTXF_extra_info, 100);
	push_tx(1001, 0, 0, 100);
	breaks_off("not offered");
	push_tx(1001, 0, NETTXF_extra_info, 100);
	breaks_off("lacks its extra");
	push_tx(1001, 0, NETTXF_extra_info, 100);
	push_extra(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_GSO_TYPE_TCPV6, 1448);
	breaks_off("not offered");
	push_tx(1001, 0, NETTXF_extra_info, 100);
	push_extra(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_GSO_TYPE_TCPV4, 0);
	breaks_off("not offered");
	push_tx(1001, 0, NETTXF_extra_info, 100);
	push_extra(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0, 1);
	breaks_off("not offered");
	tx.req_prod_pvt = 257;
	breaks_off("impossible index");
	tx.req_prod_pvt = -1u;
	breaks_off("impossible index");
}

static void goes_back_in_the_ring(void **state)
{
	(void)state;
	push_tx(1001, 0, 0, 100);
	push_tx(1001, 0, 0, 100);
	transmit();
	tx.req_prod_pvt = 1;
	transmit();
	assert_true(vif.backend.failed);
}

/* A TCP/IPv4 header with room for a little: 1400 bytes of payload for each frame. */
static void make_tcp(uint8_t *page)
{
	static const uint8_t header[] = {
		2,    0,    0,	  0,	0,    1, 2, 0, 0,  0, 0,    2,	  8,  0, 0x45, 0, 0, 0,
		0xff, 0xff, 0x40, 0,	64,   6, 0, 0, 10, 0, 0,    1,	  10, 0, 0,    2, 0, 80,
		0x12, 0x34, 0xff, 0xff, 0xff, 0, 0, 0, 0,  1, 0x50, 0x99, 16, 0, 0,    0, 0, 0};

	memcpy(page, header, sizeof(header));
}

static void sends_and_cuts_large_packets(void **state)
{
	struct packet *large;
	uint32_t at = 54, frames;

	(void)state;
	make_tcp(guest_page[1]);
	push_tx(1001, 0, NETTXF_more_data | NETTXF_extra_info | NETTXF_csum_blank, 8100);
	push_extra(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_GSO_TYPE_TCPV4, 1400);
	push_tx(1002, 0, 0, 4050);
	transmit();
	assert_int_equal(RING_GET_RESPONSE(&tx, 0)->status, NETIF_RSP_OKAY);
	assert_int_equal(RING_GET_RESPONSE(&tx, 1)->status, NETIF_RSP_NULL);
	assert_int_equal(RING_GET_RESPONSE(&tx, 2)->status, NETIF_RSP_OKAY);
	assert_int_equal(forwarded_count, 1);
	large = forwarded[0];
	assert_int_equal(large->gso_size, 1400);
	vif_enqueue(&vif.port, large); /* which takes no such thing */
	frames = vif.queue_tail - vif.queue_head;
	assert_int_equal(frames, 6);
	for (uint32_t i = 0; i < frames; i++) {
		uint8_t *frame = packet_head(vif.queue[i]);
		uint32_t payload = i < 5 ? 1400 : 8100 - 54 - 5 * 1400, sum = 0;

		assert_int_equal(vif.queue[i]->length, 54 + payload);
		assert_int_equal(vif.queue[i]->flags, NET_CHECKSUM_BLANK);
		assert_int_equal(frame[16] << 8 | frame[17], 40 + payload);
		assert_int_equal(frame[18] << 8 | frame[19], (0xffff + i) & 0xffff);
		for (int j = 14; j < 34; j += 2)
			sum += (uint32_t)(frame[j] << 8 | frame[j + 1]);
		assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
		assert_int_equal((uint32_t)frame[38] << 24 | frame[39] << 16 | frame[40] << 8 |
					 frame[41],
				 0xffffff00 + i * 1400);
		assert_int_equal(frame[47], (i ? 0 : 0x80) | (i == 5 ? 9 : 0) | 0x10);
		for (uint32_t j = 0; j < payload; j++, at++)
			if (frame[54 + j] !=
			    (at < 4050 ? guest_page[1][at] : guest_page[2][at - 4050]))
				fail_msg("byte %u of frame %u", j, i);
	}
}

static void refuses_to_cut_nonsense(void **state)
{
	static const struct {
		unsigned int at, value, gso;
	} wrong[] = {{12, 0x86, 1400}, {14, 0x65, 1400}, {14, 0x44, 1400}, {14, 0x4f, 1400},
		     {20, 0x20, 1400}, {21, 1, 1400},	 {23, 17, 1400},   {46, 0x40, 1400},
		     {46, 0xf0, 1400}, {0, 2, 1},	 {0, 2, 4096},	   {0, 2, 65535}};

	(void)state;
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct packet *packet = packet_new(i == 8 ? 60 : 9000);

		memset(packet_head(packet), 0, packet->segment[0].length);
		make_tcp(packet_head(packet));
		packet_head(packet)[wrong[i].at] = (uint8_t)wrong[i].value;
		packet->gso_size = (uint16_t)wrong[i].gso;
		vif_enqueue(&vif.port, packet);
		packet_put(packet);
		if (i != 3) /* that one's header is long, and all there */
			assert_int_equal(vif.queue_tail, 0);
		vif_purge(&vif);
		vif.queue_head = vif.queue_tail = 0;
	}
}

static void is_limited(void **state)
{
	(void)state;
	rate_set(&vif.rate, 10000, 50000000, now);
	for (int i = 0; i < 100; i++)
		push_tx(1001, 0, 0, 1514);
	transmit();
	assert_in_range(forwarded_count, 43, 45);
	assert_true(vif.tx_resume > now);
	now = vif.tx_resume;
	transmit();
	assert_in_range(forwarded_count, 44, 46);
	now += 1000000000;
	transmit();
	assert_in_range(forwarded_count, 88, 90);
	assert_false(vif.backend.failed);
}

/* --- receiving
 * ------------------------------------------------------------------------------------ */

static void offer(grant_ref_t gref)
{
	*RING_GET_REQUEST(&rx, rx.req_prod_pvt) =
		(netif_rx_request_t){.id = (uint16_t)rx.req_prod_pvt, .gref = gref};
	rx.req_prod_pvt++;
	RING_PUSH_REQUESTS(&rx);
}

static void enqueue(uint32_t length, unsigned int flags)
{
	struct packet *packet = packet_new(length);

	for (unsigned int i = 0; i < packet->pages; i++)
		memset((void *)packet->segment[i].data, 0x40 + i, packet->segment[i].length);
	packet->flags = flags;
	vif_enqueue(&vif.port, packet);
	packet_put(packet);
}

static netif_rx_response_t rx_response(void)
{
	netif_rx_response_t response;

	assert_true(RING_HAS_UNCONSUMED_RESPONSES(&rx));
	response = *RING_GET_RESPONSE(&rx, rx.rsp_cons);
	assert_int_equal(response.id, rx.rsp_cons);
	rx.rsp_cons++;
	return response;
}

static void receives(void **state)
{
	netif_rx_response_t response;

	(void)state;
	for (unsigned int i = 0; i < 10; i++)
		offer(1000 + i);
	enqueue(60, NET_CHECKSUM_VALID);
	enqueue(9000, NET_CHECKSUM_BLANK);
	vif_receive(&vif);
	response = rx_response();
	assert_int_equal(response.status, 60);
	assert_int_equal(response.flags, NETRXF_data_validated);
	assert_int_equal(guest_page[0][59], 0x40);
	response = rx_response();
	assert_int_equal(response.status, 4096);
	assert_int_equal(response.flags,
			 NETRXF_csum_blank | NETRXF_data_validated | NETRXF_more_data);
	response = rx_response();
	assert_int_equal(response.flags, NETRXF_more_data);
	response = rx_response();
	assert_int_equal(response.status, 9000 - 8192);
	assert_int_equal(response.flags, 0);
	assert_int_equal(guest_page[3][9000 - 8193], 0x42);
	assert_int_equal(vif.received, 2);
	assert_int_equal(packets_alive, 0);
}

static void receives_large_packets(void **state)
{
	struct packet *packet = packet_new(9000);
	netif_extra_info_t extra;

	(void)state;
	vif.gso = true;
	packet->flags = NET_CHECKSUM_BLANK;
	packet->gso_size = 1448;
	memset(packet_head(packet), 0, 64);
	vif_enqueue(&vif.port, packet);
	packet_put(packet);
	for (unsigned int i = 0; i < 3; i++)
		offer(1000 + i);
	vif_receive(&vif);
	assert_false(RING_HAS_UNCONSUMED_RESPONSES(&rx)); /* it takes four slots */
	offer(1003);
	vif_receive(&vif);
	assert_int_equal(rx_response().flags, NETRXF_csum_blank | NETRXF_data_validated |
						      NETRXF_more_data | NETRXF_extra_info);
	memcpy(&extra, RING_GET_RESPONSE(&rx, rx.rsp_cons++), sizeof(extra));
	assert_int_equal(extra.type, XEN_NETIF_EXTRA_TYPE_GSO);
	assert_int_equal(extra.flags, 0);
	assert_int_equal(extra.u.gso.size, 1448);
	assert_int_equal(rx_response().status, 4096);
	assert_int_equal(rx_response().status, 9000 - 8192);
	assert_int_equal(packets_alive, 0);
}

/* What has no buffers waits; what finds the queue full is dropped; nothing is ever in part there.
 */
static void waits_for_buffers(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * VIF_QUEUE; i++)
		enqueue(5000, 0);
	assert_int_equal(vif.dropped, VIF_QUEUE);
	offer(1000);
	vif_receive(&vif);
	assert_false(RING_HAS_UNCONSUMED_RESPONSES(&rx));
	assert_int_equal(rx.sring->req_event, 2); /* tell when there are two */
	offer(1001);
	vif_receive(&vif);
	assert_int_equal(rx_response().status, 4096);
	assert_int_equal(rx_response().status, 904);
	for (unsigned int i = 0; i < VIF_QUEUE - 1; i++) {
		offer(1000);
		offer(1001);
		vif_receive(&vif);
		assert_int_equal(rx_response().status, 4096);
		assert_int_equal(rx_response().status, 904);
	}
	assert_int_equal(packets_alive, 0);
}

static void respects_what_it_takes(void **state)
{
	uint8_t *frame;
	struct packet *packet;

	(void)state;
	vif.sg = vif.takes_blank = false;
	enqueue(5000, 0);
	assert_int_equal(vif.dropped, 1);
	packet = packet_new(60);
	packet->flags = NET_CHECKSUM_BLANK;
	frame = packet_head(packet);
	memset(frame, 0, 60);
	memcpy(frame + 12, (uint8_t[]){0x08, 0, 0x45, 0, 0, 46}, 6);
	frame[23] = 17; /* UDP */
	vif_enqueue(&vif.port, packet);
	offer(1000);
	vif_receive(&vif);
	assert_int_equal(rx_response().flags, 0);
	assert_int_equal(guest_page[0][40] << 8 | guest_page[0][41], 0xffff);
	packet_put(packet);
}

static void bad_buffers_harm_their_owner(void **state)
{
	(void)state;
	offer(5);
	offer(1001);
	enqueue(100, 0);
	enqueue(100, 0);
	vif_receive(&vif);
	assert_int_equal(rx_response().status, NETIF_RSP_ERROR);
	assert_int_equal(rx_response().status, 100);
	assert_false(vif.backend.failed);
	rx.sring->req_prod += 1000;
	enqueue(100, 0);
	vif_receive(&vif);
	assert_true(vif.backend.failed);
	assert_non_null(strstr(failure, "impossible index"));
}

/* The same of a front end whose grants stand: no hypercall but one for each page, ever. */
static void maps_what_stands(void **state)
{
	vif_pages_begin(&vif);
	copied = 0;
	sends_one_slot(state);
	packet_put(forwarded[--forwarded_count]);
	push_tx(1001, 4000, NETTXF_more_data, 96 + 4096);
	push_tx(1003, 0, 0, 4096);
	transmit();
	assert_int_equal(forwarded[0]->length, 96 + 4096);
	assert_memory_equal(packet_head(forwarded[0]), guest_page[1] + 4000, 96);
	assert_memory_equal(packet_head(forwarded[0]) + 96, guest_page[3], 4000);
	assert_memory_equal(forwarded[0]->segment[1].data, guest_page[3] + 4000, 96);
	assert_int_equal(tx_status(), NETIF_RSP_OKAY);
	assert_int_equal(tx_status(), NETIF_RSP_OKAY);
	assert_int_equal(mapped, 2);
	packet_put(forwarded[--forwarded_count]);
	receives(state);
	assert_int_equal(mapped, 4); /* four pages, two of which were mapped */
	assert_int_equal(copied, 0);
}

/* Three whole pages, sent to itself. */
static void send_whole_pages(void)
{
	push_tx(1001, 0, NETTXF_more_data, 3 * 4096);
	push_tx(1002, 0, NETTXF_more_data, 4096);
	push_tx(1003, 0, 0, 4096);
	transmit();
	for (int i = 0; i < 3; i++)
		assert_int_equal(tx_status(), NETIF_RSP_OKAY);
}

static void expect_page(unsigned int at, unsigned int byte)
{
	assert_int_equal(rx_response().status, 4096);
	for (unsigned int i = 0; i < 4096; i++)
		assert_int_equal(guest_page[at][i], byte);
}

/* Whole pages go straight into the buffers of who gets them, unless that one has none or something
 * waits before them: then they are copied at once, and may change. */
static void passes_on_what_is_lent(void **state)
{
	(void)state;
	vif_pages_begin(&vif);
	to_itself = true;
	copied = 0;
	for (unsigned int i = 1; i <= 3; i++)
		memset(guest_page[i], (int)i, 4096);
	for (unsigned int i = 0; i < 4; i++)
		offer(1010 + i);
	send_whole_pages();
	assert_int_equal(vif.queue_tail, 0);
	vif_receive(&vif); /* tells of them */
	for (unsigned int i = 0; i < 3; i++)
		expect_page(10 + i, i + 1);
	assert_false(RING_HAS_UNCONSUMED_RESPONSES(&rx));
	send_whole_pages(); /* for which one buffer is not enough */
	assert_int_equal(vif.queue_tail, 1);
	memset(guest_page[1], 0xff, 3 * 4096);
	offer(1014);
	offer(1015);
	offer(1016);
	offer(1017);
	offer(1018);
	send_whole_pages(); /* for which there are enough, but behind the other */
	assert_int_equal(vif.queue_tail, 2);
	vif_receive(&vif);
	for (unsigned int i = 0; i < 3; i++)
		expect_page(13 + i, i + 1);
	for (unsigned int i = 0; i < 3; i++)
		expect_page(16 + i, 0xff);
	assert_int_equal(vif.received, 3);
	assert_int_equal(copied, 0);
	assert_int_equal(packets_alive, 0);
}

/* To a guest whose buffers are not mapped: with a hypercall, from pages of dom0's. */
static void copies_what_is_lent(void **state)
{
	(void)state;
	vif_pages_begin(&vif);
	to_itself = true;
	offer(1010);
	offer(5);
	offer(1012);
	copied = 0;
	send_whole_pages();
	vif_receive(&vif);
	assert_int_equal(rx_response().status, 4096);
	assert_int_equal(rx_response().status, NETIF_RSP_ERROR);
	assert_int_equal(rx_response().status, 4096);
	assert_memory_equal(guest_page[12], guest_page[3], 4096);
	assert_int_equal(copied, 1);
}

/* References that are none, and those whose place another one has. */
static void asks_for_what_is_not_mapped(void **state)
{
	(void)state;
	vif_pages_begin(&vif);
	copied = 0;
	push_tx(4, 0, 0, 100);
	push_tx(1001, 0, 0, 100);
	push_tx(1001 + 2048, 0, 0, 100);
	transmit();
	assert_int_equal(tx_status(), NETIF_RSP_ERROR);
	assert_int_equal(tx_status(), NETIF_RSP_OKAY);
	assert_int_equal(tx_status(), NETIF_RSP_ERROR);
	assert_int_equal(copied, 2);
	bad_buffers_harm_their_owner(NULL);
	assert_int_equal(copied, 3);
	assert_int_equal(mapped, 1);
}

/* Whatever bytes are in the rings: no assertion of the fakes above fails. */
static void survives_random_rings(void **state)
{
	unsigned int random = 1;

	for (int round = 0; round < 3000; round++) {
		begin(state);
		if (round % 2)
			vif_pages_begin(&vif);
		to_itself = round % 4 == 3;
		for (unsigned int i = 64; i < 4096; i++) {
			random = random * 1103515245 + 12345;
			tx_page[i] = (uint8_t)(random >> 16);
			rx_page[i] = (uint8_t)(random >> 24);
		}
		for (unsigned int i = 0; i < 256; i++) {
			netif_tx_request_t *request = RING_GET_REQUEST(&tx, i);

			random = random * 1103515245 + 12345;
			request->gref = 1000 + (random >> 16) % (PAGES + 1);
			request->flags = (random & 0x10000000 ? NETTXF_more_data : 0) |
					 (random & 0x18000000 ? 0 : NETTXF_extra_info);
			request->size %= random & 0x20000000 ? 65535 : 2000;
			request->offset %= random & 0x40000000 ? 65535 : 2096;
		}
		tx.sring->req_prod = (random >> 8) % 300;
		rx.sring->req_prod = (random >> 10) % 258;
		for (int i = 0; i < 10; i++)
			enqueue((random >> 12) % 65000 + 1, 0);
		while (vif_transmit(&vif))
			;
		vif_receive(&vif);
		end(state);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sends_one_slot),
		TEST(sends_many_slots),
		TEST(sends_a_full_ring),
		TEST(answers_useless_frames),
		TEST(breaks_off_at_nonsense),
		TEST(goes_back_in_the_ring),
		TEST(sends_and_cuts_large_packets),
		TEST(refuses_to_cut_nonsense),
		TEST(is_limited),
		TEST(receives),
		TEST(receives_large_packets),
		TEST(waits_for_buffers),
		TEST(respects_what_it_takes),
		TEST(bad_buffers_harm_their_owner),
		TEST(maps_what_stands),
		TEST(passes_on_what_is_lent),
		TEST(copies_what_is_lent),
		TEST(asks_for_what_is_not_mapped),
		TEST(survives_random_rings),
	};

	return cmocka_run_group_tests_name("dom0_netback", tests, NULL, NULL);
}
