/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lwIP's port: what it says to segments before lwIP sees them, and how packets leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lwip/ip4_frag.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/tcp.h>
#include <lwip/tcp.h>
#include "pvguest/lwip/hooks.h"
#include "pvguest/lwip/pv_lwip.h"

/* --- what lwIP does --------------------------------------------------------------------------
 */

static unsigned int whole, fragmented;

u16_t lwip_htons(u16_t value)
{
	return __builtin_bswap16(value);
}

err_t etharp_output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to)
{
	(void)packet, (void)to;
	assert_int_equal(netif->mtu, 65535);
	whole++;
	return ERR_OK;
}

err_t ip4_frag(struct pbuf *packet, struct netif *netif, const ip4_addr_t *to)
{
	(void)packet, (void)to;
	assert_int_equal(netif->mtu, PV_LWIP_MTU);
	fragmented++;
	return ERR_OK;
}

/* --- segments ---------------------------------------------------------------------------------
 */

static struct tcp_pcb connection;

/* A segment with these options, of which the first ones are behind the header and the others
 * elsewhere, for a connection in this state. */
static err_t come(u8_t state, u8_t flags, const u8_t *options, u16_t count, u16_t first)
{
	struct {
		struct tcp_hdr header;
		u8_t options[40];
	} __attribute__((packed)) segment = {0};
	u8_t rest[40];

	connection.state = (enum tcp_state)state;
	segment.header._hdrlen_rsvd_flags = lwip_htons((u16_t)(5 << 12 | flags));
	memset(segment.options, 2 /* what must not be looked at */, sizeof(segment.options));
	memcpy(segment.options, options, first);
	memcpy(rest, options + first, count - first);
	return pv_lwip_segment(&connection, &segment.header, count, first, rest);
}

static void enlarges_what_stands(void **state)
{
	static const u8_t states[] = {CLOSED, LISTEN, SYN_SENT, SYN_RCVD, FIN_WAIT_1, CLOSE_WAIT};
	static const u8_t none[1];

	(void)state;
	for (unsigned int i = 0; i < sizeof(states); i++) {
		connection.mss = PV_LWIP_MSS;
		assert_int_equal(come(states[i], TCP_ACK, none, 0, 0), ERR_OK);
		assert_int_equal(connection.mss, PV_LWIP_MSS);
	}
	connection.mss = 1400; /* a way with smaller frames: large ones would be cut wrongly */
	assert_int_equal(come(ESTABLISHED, TCP_ACK, none, 0, 0), ERR_OK);
	assert_int_equal(connection.mss, 1400);
	connection.mss = PV_LWIP_MSS;
	connection.cwnd = 4380;
	assert_int_equal(come(ESTABLISHED, TCP_ACK, none, 0, 0), ERR_OK);
	assert_true(connection.mss > PV_LWIP_MSS);
	assert_int_equal(connection.mss % PV_LWIP_MSS, 0);
	assert_int_equal(connection.cwnd, 2 * connection.mss);
	connection.cwnd = 1000000;
	come(ESTABLISHED, TCP_ACK, none, 0, 0);
	assert_int_equal(connection.cwnd, 1000000);
}

/* Wherever the options are cut in two. */
static void expect(err_t wanted, u8_t flags, const u8_t *options, u16_t count)
{
	for (u16_t first = 0; first <= count; first++)
		assert_int_equal(come(ESTABLISHED, flags, options, count, first), wanted);
}

static void drops_sizes_that_come_late(void **state)
{
	static const u8_t alone[] = {2, 4, 0, 1},
			  behind[] = {1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 2, 4, 0, 1},
			  ended[] = {0, 2, 4, 0}, empty_option[] = {8, 0, 2, 4},
			  last[] = {1, 1, 1, 2}, cut_off[] = {1, 1, 1, 8},
			  beyond[] = {8, 200, 0, 0},
			  stamps[] = {1, 1, 8, 10, 2, 2, 2, 2, 2, 2, 2, 2};

	(void)state;
	expect(ERR_VAL, TCP_ACK, alone, sizeof(alone));
	expect(ERR_VAL, TCP_ACK, behind, sizeof(behind));
	expect(ERR_VAL, TCP_ACK, last, sizeof(last));
	expect(ERR_OK, TCP_ACK | TCP_SYN, alone, sizeof(alone));
	expect(ERR_OK, TCP_ACK, ended, sizeof(ended));
	expect(ERR_OK, TCP_ACK, empty_option, sizeof(empty_option));
	expect(ERR_OK, TCP_ACK, cut_off, sizeof(cut_off));
	expect(ERR_OK, TCP_ACK, beyond, sizeof(beyond));
	expect(ERR_OK, TCP_ACK, stamps, sizeof(stamps));
}

/* --- packets ----------------------------------------------------------------------------------
 */

static void send_packet(u8_t protocol, u16_t length)
{
	struct netif netif = {.mtu = 65535};
	struct ip_hdr header = {._proto = protocol};
	struct pbuf packet = {.payload = &header, .len = sizeof(header), .tot_len = length};

	whole = fragmented = 0;
	assert_int_equal(pv_lwip_output(&netif, &packet, NULL), ERR_OK);
	assert_int_equal(netif.mtu, 65535);
}

static void fragments_what_is_not_tcp(void **state)
{
	struct pbuf frame = {.tot_len = 1514};

	(void)state;
	send_packet(IP_PROTO_UDP, 1500);
	assert_int_equal(whole, 1);
	send_packet(IP_PROTO_UDP, 1501);
	assert_int_equal(fragmented, 1);
	send_packet(IP_PROTO_ICMP, 65535);
	assert_int_equal(fragmented, 1);
	send_packet(IP_PROTO_TCP, 32160);
	assert_int_equal(whole, 1);
	assert_int_equal(pv_lwip_segment_size(&frame), 0);
	frame.tot_len = 1515;
	assert_int_equal(pv_lwip_segment_size(&frame), PV_LWIP_MSS);
}

static void sends_no_more_large_ones(void **state)
{
	static const u8_t none[1];

	(void)state;
	pv_lwip_no_large();
	connection.mss = PV_LWIP_MSS;
	assert_int_equal(come(ESTABLISHED, TCP_ACK, none, 0, 0), ERR_OK);
	assert_int_equal(connection.mss, PV_LWIP_MSS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enlarges_what_stands),
		cmocka_unit_test(drops_sizes_that_come_late),
		cmocka_unit_test(fragments_what_is_not_tcp),
		cmocka_unit_test(sends_no_more_large_ones), /* for good */
	};

	return cmocka_run_group_tests_name("lwip_port", tests, NULL, NULL);
}
