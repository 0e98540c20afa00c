/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets and their pages, dom0's own and lent ones: none is lost, none freed that is not ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pv/mm.h>
#include "bridge/packet.h"

#define PAGES 600 /* more than are kept for their next use */

static uint8_t pool[PAGES][4096] __attribute__((aligned(4096)));
static uint8_t guest[PACKET_PAGES][4096] __attribute__((aligned(4096)));
static pv_mfn_t frames[PAGES];
static bool used[PAGES];
static unsigned int left = PAGES;

pv_mfn_t *pv_p2m;

void *pv_pages_alloc(unsigned long count)
{
	assert_int_equal(count, 1);
	for (unsigned int i = 0; i < PAGES && left; i++)
		if (!used[i]) {
			used[i] = true;
			left--;
			return pool[i];
		}
	return NULL;
}

void pv_pages_free(void *pages, unsigned long count)
{
	size_t index = (size_t)((uint8_t(*)[4096])pages - pool);

	assert_int_equal(count, 1);
	assert_in_range(index, 0, PAGES - 1);
	assert_true(used[index]);
	used[index] = false;
	left++;
}

/* Frame 1000 + i of the machine is page i of the pool. */
static int set_up(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < PAGES; i++)
		frames[i] = 1000 + i;
	pv_p2m = (pv_mfn_t *)((uintptr_t)frames - pv_virt_to_pfn(pool) * sizeof(frames[0]));
	return 0;
}

static void check_own(const struct packet *packet, unsigned int page)
{
	size_t index = (size_t)((uint8_t(*)[4096])packet->segment[page].data - pool);

	assert_in_range(index, 0, PAGES - 1);
	assert_true(used[index]);
	assert_int_equal(packet->segment[page].machine, (1000 + index) << 12);
}

static void has_pages_for_its_length(void **state)
{
	static const uint32_t lengths[] = {1, 60, 4095, 4096, 4097, 8192, 65535};

	(void)state;
	for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct packet *packet = packet_new(lengths[i]);
		uint32_t sum = 0;

		assert_int_equal(packet->pages, (lengths[i] + 4095) / 4096);
		for (unsigned int page = 0; page < packet->pages; page++) {
			check_own(packet, page);
			sum += packet->segment[page].length;
		}
		assert_int_equal(sum, lengths[i]);
		assert_int_equal(packet->lent, 0);
		packet_get(packet);
		packet_put(packet);
		packet_put(packet);
	}
}

static struct packet *lent_packet(void)
{
	struct packet *packet = packet_new_head(3 * 4096 + 100);

	for (unsigned int i = 1; i < 4; i++) {
		memset(guest[i], (int)i, 4096);
		packet_lend(packet, guest[i]);
	}
	assert_int_equal(packet->pages, 4);
	assert_int_equal(packet->lent, 0xe);
	assert_int_equal(packet->segment[2].length, 4096);
	assert_int_equal(packet->segment[3].length, 100);
	return packet;
}

/* Packets with all pages but so many, in a list through their first bytes. */
static struct packet *hold_all_but(unsigned int pages)
{
	struct packet *held = NULL, *packet;

	while ((packet = packet_new(1))) {
		*(struct packet **)packet_head(packet) = held;
		held = packet;
	}
	while (pages--) {
		packet = held;
		held = *(struct packet **)packet_head(packet);
		packet_put(packet);
	}
	return held;
}

static void let_go(struct packet *held)
{
	while (held) {
		struct packet *packet = held;

		held = *(struct packet **)packet_head(packet);
		packet_put(packet);
	}
}

static void owns_what_was_lent(void **state)
{
	struct packet *packet = lent_packet();

	(void)state;
	assert_true(packet_own(packet));
	assert_int_equal(packet->lent, 0);
	for (unsigned int page = 1; page < 4; page++) {
		check_own(packet, page);
		for (uint32_t i = 0; i < packet->segment[page].length; i++)
			assert_int_equal(((const uint8_t *)packet->segment[page].data)[i], page);
	}
	assert_true(packet_own(packet)); /* nothing to do */
	packet_put(packet);
}

static void frees_no_lent_page(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * PAGES; i++)
		packet_put(lent_packet()); /* pv_pages_free() checks, and so do those that follow */
	has_pages_for_its_length(state);
}

static void lacks_memory(void **state)
{
	struct packet *packet, *held;

	(void)state;
	for (unsigned int pages = 0; pages < 3; pages++) {
		held = hold_all_but(1 + pages);
		packet = lent_packet();
		assert_false(packet_own(packet));
		assert_int_equal(packet->lent, 0xe & (0xe << pages));
		packet_put(packet);
		let_go(held);
	}
	held = hold_all_but(2);
	assert_null(packet_new(3 * 4096));
	packet = packet_new(2 * 4096);
	assert_non_null(packet);
	packet_put(packet);
	let_go(held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_pages_for_its_length),
		cmocka_unit_test(owns_what_was_lent),
		cmocka_unit_test(frees_no_lent_page),
		cmocka_unit_test(lacks_memory),
	};

	return cmocka_run_group_tests_name("dom0_packet", tests, set_up, NULL);
}
