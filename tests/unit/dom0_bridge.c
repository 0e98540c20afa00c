/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The learning bridge, the rate limit, and what a vif's configuration says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "bridge/bridge.h"
#include "bridge/rate.h"
#include "config/vif.h"

#define SECOND 1000000000ULL
#define PORTS  4

static struct bridge *bridge;
static struct bridge_port port[PORTS];
static unsigned int got[PORTS];

static bool memory = true; /* for copies of what is lent */

bool packet_own(struct packet *packet)
{
	packet->lent = memory ? 0 : packet->lent;
	return memory;
}

static void deliver(struct bridge_port *to, struct packet *packet)
{
	assert_non_null(packet);
	assert_true(to->takes_lent || !packet->lent);
	got[to - port]++;
}

static int set_up(void **state)
{
	(void)state;
	bridge = bridge_named("test");
	memset(port, 0, sizeof(port));
	memset(got, 0, sizeof(got));
	for (uint8_t i = 0; i < PORTS; i++) {
		port[i].deliver = deliver;
		memcpy(port[i].mac, (uint8_t[]){2, 0, 0, 0, 0, i}, 6);
		bridge_join(bridge, &port[i]);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < PORTS; i++)
		bridge_leave(&port[i]);
	assert_null(bridge->ports);
	return 0;
}

/* From a port, with the addresses that end in these bytes; 0xff: to all. */
static void send(unsigned int from, uint8_t source, uint8_t destination, uint64_t now)
{
	uint8_t frame[60] = {2, 0, 0, 0, 0, destination, 2, 0, 0, 0, 0, source, 0x08, 0x00};
	struct packet packet = {.length = sizeof(frame), .pages = 1};

	if (destination == 0xff)
		memset(frame, 0xff, 6);
	packet.segment[0] = (struct net_segment){.data = frame, .length = sizeof(frame)};
	memset(got, 0, sizeof(got));
	bridge_forward(&port[from], &packet, now);
}

static void expect(unsigned int a, unsigned int b, unsigned int c, unsigned int d)
{
	assert_int_equal(got[0], a);
	assert_int_equal(got[1], b);
	assert_int_equal(got[2], c);
	assert_int_equal(got[3], d);
}

static void learns(void **state)
{
	(void)state;
	send(0, 0, 1, SECOND);
	expect(0, 1, 1, 1); /* not heard of yet */
	send(1, 1, 0, SECOND);
	expect(1, 0, 0, 0);
	send(0, 0, 1, SECOND);
	expect(0, 1, 0, 0);
	send(0, 0, 0xff, SECOND);
	expect(0, 1, 1, 1);
	send(2, 0, 1, SECOND); /* moved to another port */
	send(1, 1, 0, SECOND);
	expect(0, 0, 1, 0);
	send(2, 5, 0, SECOND); /* to its own port: not back */
	expect(0, 0, 0, 0);
}

static void forgets(void **state)
{
	uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

	(void)state;
	send(1, 1, 0, SECOND);
	assert_ptr_equal(bridge_lookup(bridge, mac, SECOND + BRIDGE_AGEING - 1), &port[1]);
	assert_null(bridge_lookup(bridge, mac, SECOND + BRIDGE_AGEING));
	send(0, 0, 1, SECOND + BRIDGE_AGEING);
	expect(0, 1, 1, 1);
	send(1, 1, 0, 2 * SECOND);
	bridge_leave(&port[1]);
	assert_null(bridge_lookup(bridge, mac, 2 * SECOND));
	send(0, 0, 1, 2 * SECOND);
	expect(0, 0, 1, 1);
}

static void refuses_lies(void **state)
{
	uint8_t arp[42] = {[0 ... 5] = 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06};
	struct packet packet = {.length = sizeof(arp), .pages = 1};

	(void)state;
	port[1].antispoof = true;
	send(1, 0, 0xff, SECOND);
	expect(0, 0, 0, 0);
	assert_int_equal(port[1].spoofed, 1);
	send(1, 1, 0xff, SECOND);
	expect(1, 0, 1, 1);
	packet.segment[0] = (struct net_segment){.data = arp, .length = sizeof(arp)};
	bridge_forward(&port[1], &packet, SECOND); /* an ARP of somebody else's address */
	assert_int_equal(port[1].spoofed, 2);
	memcpy(arp + 22, port[1].mac, 6);
	bridge_forward(&port[1], &packet, SECOND);
	assert_int_equal(port[1].spoofed, 2);
	arp[6] = 3; /* a group cannot send */
	bridge_forward(&port[0], &packet, SECOND);
	assert_int_equal(port[0].spoofed, 1);
}

/* Who may keep a packet gets no page that is lent. */
static void copies_what_is_lent(void **state)
{
	uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1};
	struct packet packet = {.length = sizeof(frame), .pages = 1, .lent = 2};

	(void)state;
	packet.segment[0] = (struct net_segment){.data = frame, .length = sizeof(frame)};
	memset(got, 0, sizeof(got));
	port[2].takes_lent = true;
	memory = false;
	bridge_forward(&port[0], &packet, SECOND);
	expect(0, 0, 1, 0);
	memset(got, 0, sizeof(got));
	memory = true;
	bridge_forward(&port[0], &packet, SECOND);
	expect(0, 1, 1, 1);
}

static void drops_what_is_not_for_it(void **state)
{
	uint8_t frame[60] = {0x01, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1};
	struct packet packet = {.length = sizeof(frame), .pages = 1};

	(void)state;
	packet.segment[0] = (struct net_segment){.data = frame, .length = sizeof(frame)};
	memset(got, 0, sizeof(got));
	bridge_forward(&port[0], &packet, SECOND);
	expect(0, 0, 0, 0);
	packet.length = packet.segment[0].length = 13;
	frame[5] = 0x20;
	bridge_forward(&port[0], &packet, SECOND);
	expect(0, 0, 0, 0);
}

/* A port that invents addresses fills the table, which stays as large as it is. */
static void bounded(void **state)
{
	unsigned int random = 1;

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
		struct packet packet = {.length = sizeof(frame), .pages = 1};

		random = random * 1103515245 + 12345;
		memcpy(frame + 7, &random, 4);
		packet.segment[0] = (struct net_segment){.data = frame, .length = sizeof(frame)};
		bridge_forward(&port[i % PORTS], &packet, i);
	}
	send(1, 1, 0, SECOND);
	send(0, 0, 1, SECOND);
	expect(0, 1, 0, 0);
}

/* Sends whenever it may, for 10 s; returns the bytes. */
static uint64_t send_for_10_s(struct rate *rate, uint32_t frame, uint64_t start)
{
	uint64_t now = start, sent = 0;

	while (now < start + 10 * SECOND) {
		uint64_t wait = rate_wait(rate, now);

		if (wait) {
			assert_true(wait > now);
			now = wait;
			continue;
		}
		rate_charge(rate, frame);
		sent += frame;
	}
	return sent;
}

static void limits_the_rate(void **state)
{
	static const uint32_t frames[] = {60, 1514, 65535};
	struct rate rate = {0};

	(void)state;
	assert_int_equal(rate_wait(&rate, 5), 0); /* no limit */
	for (unsigned int i = 0; i < 3; i++) {
		rate_set(&rate, 62500, 50000000, SECOND); /* 10 Mb/s */
		assert_in_range(send_for_10_s(&rate, frames[i], SECOND), 12400000, 12700000);
		rate_set(&rate, 1, SECOND, SECOND);
		assert_in_range(send_for_10_s(&rate, frames[i], SECOND), 65536, 2 * 65536 + 10);
		rate_set(&rate, 50000000000ull, 50000000, SECOND); /* 8 Tb/s: saves up no more */
		rate_charge(&rate, frames[i]);
		assert_int_equal(rate_wait(&rate, 1ull << 62), 0);
		assert_int_equal(rate.credit, 50000000000ll);
	}
}

static struct vif_config vif;

static const char *parse(const char *text)
{
	vif_config_init(&vif);
	return vif_config_parse(&vif, text);
}

static void configures(void **state)
{
	(void)state;
	assert_null(parse(""));
	assert_string_equal(vif.bridge, "xenbr0");
	assert_true(vif_mac_is_zero(vif.mac));
	assert_true(vif.antispoof);
	assert_int_equal(vif.rate_bytes, 0);
	assert_null(parse("mac=00:16:3E:01:02:ff, bridge=lan-1 ,rate=10Mb/s,antispoof=0,type=vif"));
	assert_memory_equal(vif.mac, ((uint8_t[]){0, 0x16, 0x3e, 1, 2, 0xff}), 6);
	assert_string_equal(vif.bridge, "lan-1");
	assert_false(vif.antispoof);
	assert_int_equal(vif.rate_bytes, 62500);
	assert_int_equal(vif.rate_interval, 50000);
	assert_null(parse("rate=1MB/s@20ms"));
	assert_int_equal(vif.rate_bytes, 20000);
	assert_null(parse("rate=7999999Mb/s"));
	assert_null(parse("rate=8000b/s@1s"));
	assert_int_equal(vif.rate_bytes, 1000);
}

static void refuses_nonsense(void **state)
{
	static const char *const wrong[] = {
		"mac=00:16:3e:01:02",
		"mac=01:16:3e:01:02:03",
		"mac=00:00:00:00:00:00",
		"mac=00:16:3e:01:02:033",
		"mac=0:16:3e:01:02:03",
		"mac=",
		"bridge=",
		"bridge=a/b",
		"bridge=0123456789abcdef",
		"rate=",
		"rate=10",
		"rate=10Mb",
		"rate=0b/s",
		"rate=1b/s@1us",
		"rate=1234567890b/s",
		"rate=1MB/s@",
		"rate=1MB/s@0ms",
		"rate=1MB/s@61s",
		"rate=1MB/s@1h",
		"rate=999999999GB/s",
		"antispoof=maybe",
		"type=ioemu",
		"script=vif-nat",
		"model",
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (!parse(wrong[i]))
			fail_msg("%s is accepted", wrong[i]);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(learns),
		TEST(forgets),
		TEST(refuses_lies),
		TEST(copies_what_is_lent),
		TEST(drops_what_is_not_for_it),
		TEST(bounded),
		cmocka_unit_test(limits_the_rate),
		cmocka_unit_test(configures),
		cmocka_unit_test(refuses_nonsense),
	};

	return cmocka_run_group_tests_name("dom0_bridge", tests, NULL, NULL);
}
