/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame of back ends, on the real store, with guests that behave and guests that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include "backend/handshake.h"
#include "fakes/backends.h"
#include "store/store.h"

#define FRONT "/local/domain/7/device/toy/2"
#define BACK  "/local/domain/0/backend/toy/7/2"

/* --- what the guest has, and who waits for it ------------------------------------------------- */

bool good_ref(grant_ref_t ref)
{
	return ref >= 100 && ref <= 199;
}

bool good_port(evtchn_port_t port)
{
	return port == 9;
}

static const char *closes_while_waiting; /* state that the guest writes meanwhile */
static unsigned int waits;

/* Whoever waits lets the thread run, once: then the deadline has passed. */
bool while_waiting(void)
{
	if (closes_while_waiting)
		store_write(FRONT "/state", closes_while_waiting);
	settle();
	return !waits++;
}

/* --- a type of device ------------------------------------------------------------------------ */

struct toy {
	struct backend backend;
	struct pv_grant_map map;
};

static unsigned int published, connects, disconnects, released;
static unsigned int ring_pages;

static int toy_publish(struct backend *backend)
{
	published++;
	return backend_write(backend->back, "feature-toy", "%d", 1);
}

static int toy_connect(struct backend *backend)
{
	struct toy *toy = (struct toy *)backend;
	int port;

	connects++;
	if (backend_map_ring(backend, "ring-ref", ring_pages, &toy->map))
		return -XEN_EINVAL;
	port = backend_bind(backend, "event-channel", NULL, NULL);
	if (port < 0)
		mapped -= toy->map.count;
	return port < 0 ? port : 0;
}

static void toy_disconnect(struct backend *backend)
{
	disconnects++;
	mapped -= ((struct toy *)backend)->map.count;
	bound--;
}

static void toy_release(struct backend *backend)
{
	released++;
	free(backend);
}

static const struct backend_type toy_type = {"toy", toy_publish, toy_connect, toy_disconnect,
					     toy_release};

/* --- what tests say shortly ------------------------------------------------------------------- */

static const char *node(const char *path)
{
	static char value[256];

	return store_read(path, value, sizeof(value)) < 0 ? "(none)" : value;
}

static void front(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), FRONT "/%s", name);
	assert_int_equal(store_write(path, value), 0);
}

static void front_state(const char *value)
{
	front("state", value);
	settle();
}

static int plug(void **state)
{
	struct toy *toy = calloc(1, sizeof(*toy));

	(void)state;
	published = connects = disconnects = released = waits = 0;
	closes_while_waiting = NULL;
	ring_pages = 1;
	assert_int_equal(backend_add(&toy->backend, &toy_type, GUEST, 2), 0);
	settle();
	return 0;
}

static int unplug(void **state)
{
	(void)state;
	backend_remove_domain(GUEST);
	assert_int_equal(mapped, 0);
	assert_int_equal(bound, 0);
	assert_int_equal(released, 1);
	assert_string_equal(node(FRONT), "(none)");
	assert_string_equal(node(BACK), "(none)");
	assert_string_equal(node("/local/domain/0/backend/toy/7"), "(none)");
	assert_string_equal(node("/local/domain/0/error/backend/toy/7"), "(none)");
	return 0;
}

static void connect_properly(void)
{
	front("ring-ref", "100");
	front("event-channel", "9");
	front_state("3");
	assert_string_equal(node(BACK "/state"), "4");
	assert_int_equal(mapped, ring_pages);
}

/* --- tests ----------------------------------------------------------------------------------- */

static void shakes_hands(void **state)
{
	(void)state;
	assert_string_equal(node(BACK "/state"), "2");
	assert_string_equal(node(BACK "/feature-toy"), "1");
	assert_string_equal(node(BACK "/frontend"), FRONT);
	assert_string_equal(node(FRONT "/backend"), BACK);
	assert_string_equal(node(FRONT "/state"), "1");
	connect_properly();
	front_state("4");
	assert_int_equal(connects, 1);
	front_state("5");
	assert_string_equal(node(BACK "/state"), "5");
	assert_int_equal(mapped, 1); /* it may still be busy */
	front_state("6");
	assert_string_equal(node(BACK "/state"), "6");
	assert_int_equal(mapped, 0);
	assert_int_equal(released, 0);
}

static void begins_anew(void **state)
{
	(void)state;
	connect_properly();
	front_state("6");
	front_state("1");
	assert_string_equal(node(BACK "/state"), "2");
	connect_properly();
	front_state("1"); /* another kernel in the same domain, which closed nothing */
	assert_string_equal(node(BACK "/state"), "2");
	assert_int_equal(mapped, 0);
	connect_properly();
	assert_int_equal(connects, 3);
	assert_int_equal(disconnects, 2);
	assert_int_equal(published, 3);
}

static void maps_several_pages(void **state)
{
	(void)state;
	ring_pages = 4;
	for (unsigned char i = 0; i < 4; i++) {
		char name[16], value[16];

		snprintf(name, sizeof(name), "ring-ref%d", i);
		snprintf(value, sizeof(value), "%d", 100 + i);
		front(name, value);
	}
	connect_properly();
}

static void refuses(const char *ref, const char *port, const char *word)
{
	front("ring-ref", ref);
	front("event-channel", port);
	front_state("3");
	assert_string_equal(node(BACK "/state"), "5");
	assert_int_equal(mapped, 0);
	assert_int_equal(bound, 0);
	assert_non_null(strstr(node("/local/domain/0/error/backend/toy/7/2/error"), word));
	front_state("6");
	assert_string_equal(node(BACK "/state"), "6");
	front_state("1");
	assert_string_equal(node(BACK "/state"), "2");
}

static void harms_only_the_sender(void **state)
{
	(void)state;
	refuses("1", "9", "granted");
	refuses("", "9", "no number");
	refuses("-100", "9", "no number");
	refuses("4294967396", "9", "no number");
	refuses("100", "8", "event-channel");
	refuses("100", "port", "no number");
	ring_pages = BACKEND_RING_PAGES + 1;
	refuses("100", "9", "not offered");
	ring_pages = 0;
	refuses("100", "9", "not offered");
	ring_pages = 1;
	connect_properly();
}

static void survives_any_state(void **state)
{
	static const char *const words[] = {"0", "1",  "2", "3", "4",  "5",  "6",	  "7",
					    "8", "99", "",  "x", "4 ", "-1", "4294967300"};
	unsigned int random = 1;

	(void)state;
	front("ring-ref", "100");
	front("event-channel", "9");
	for (int i = 0; i < 20000; i++) {
		struct backend *backend = backend_find(&toy_type, GUEST, 2);

		random = random * 1103515245 + 12345;
		front("state", words[random / 65536 % (sizeof(words) / sizeof(words[0]))]);
		if (random & 0x1000000)
			backend_fail(backend, "as if it had sent nonsense");
		if (random & 0x2000000)
			settle();
		assert_int_equal(mapped, backend->connected ? 1 : 0);
		assert_int_equal(bound, backend->connected ? 1 : 0);
	}
}

static void failure_ends_it_at_once(void **state)
{
	struct backend *backend = backend_find(&toy_type, GUEST, 2);

	(void)state;
	connect_properly();
	front_state("4");
	backend_fail(backend, "request %d is nonsense", 12);
	backend_fail(backend, "and another");
	settle();
	assert_int_equal(mapped, 0);
	assert_string_equal(node(BACK "/state"), "5");
	assert_string_equal(node("/local/domain/0/error/backend/toy/7/2/error"),
			    "request 12 is nonsense");
	settle();
	assert_int_equal(disconnects, 1);
}

static void front_directory_vanishes(void **state)
{
	(void)state;
	connect_properly();
	assert_int_equal(store_rm(FRONT), 0);
	settle();
	assert_int_equal(mapped, 0);
	assert_string_equal(node(BACK "/state"), "6");
	store_mkdir(FRONT);
}

static void is_unplugged(void **state)
{
	(void)state;
	connect_properly();
	closes_while_waiting = "6";
	assert_int_equal(backend_remove(&toy_type, GUEST, 2, false, 1000), 0);
	assert_int_equal(released, 1);
	assert_null(backend_find(&toy_type, GUEST, 2));
	assert_int_equal(backend_remove(&toy_type, GUEST, 2, false, 1000), -XEN_ENODEV);
}

static void unplugging_can_be_refused_then_forced(void **state)
{
	(void)state;
	connect_properly();
	closes_while_waiting = "5"; /* busy: says that it will, and does not */
	assert_int_equal(backend_remove(&toy_type, GUEST, 2, false, 1000), -XEN_EBUSY);
	assert_string_equal(node(BACK "/online"), "0");
	assert_string_equal(node(BACK "/state"), "5");
	assert_int_equal(mapped, 1);
	assert_int_equal(backend_remove(&toy_type, GUEST, 2, true, 0), 0);
	assert_int_equal(released, 1);
}

/* A guest without a driver need not be waited for. */
static void unplugged_without_a_driver(void **state)
{
	(void)state;
	assert_int_equal(backend_remove(&toy_type, GUEST, 2, false, 1000), 0);
	assert_int_equal(released, 1);
}

static void numbers_are_handles(void **state)
{
	struct toy *toy = calloc(1, sizeof(*toy));

	(void)state;
	assert_int_equal(backend_add(&toy->backend, &toy_type, GUEST, 2), -XEN_EEXIST);
	assert_int_equal(backend_add(&toy->backend, &toy_type, GUEST, 0), 0);
	assert_ptr_equal(backend_at(&toy_type, GUEST, 0), backend_find(&toy_type, GUEST, 2));
	assert_ptr_equal(backend_at(&toy_type, GUEST, 1), backend_find(&toy_type, GUEST, 0));
	assert_null(backend_at(&toy_type, GUEST, 2));
	assert_null(backend_at(&toy_type, GUEST + 1, 0));
	assert_null(backend_find(&toy_type, GUEST, 1));
	assert_int_equal(backend_remove(&toy_type, GUEST, 0, true, 0), 0);
	assert_non_null(backend_find(&toy_type, GUEST, 2));
	released = 0;
}

/* Each pair of states leads to rest within a few steps, and rest is where both can live. */
static void decisions_come_to_rest(void **state)
{
	(void)state;
	for (int i = 0; i < 9 * 7 * 4; i++) {
		struct backend_view view = {(enum xenbus_state)(i / 4 % 7),
					    (enum xenbus_state)(i / 28), i & 1, i & 2};
		enum backend_step next;
		int steps = 0;

		while ((next = backend_decide(&view)) != STEP_STAY && next != STEP_REMOVE) {
			assert_in_range(++steps, 1, 5);
			view.failed &= next != STEP_OFFER;
			view.back = next == STEP_OFFER	   ? XenbusStateInitWait
				    : next == STEP_CONNECT ? XenbusStateConnected
				    : next == STEP_CLOSE   ? XenbusStateClosed
							   : XenbusStateClosing;
		}
		if (next == STEP_REMOVE)
			assert_false(view.online);
		if (view.front == XenbusStateClosed || view.front == XenbusStateUnknown)
			assert_int_equal(view.back, XenbusStateClosed);
	}
}

static int begin(void **state)
{
	(void)state;
	if (store_start() || store_mkdir("/local/domain/7"))
		return -1;
	return backend_start();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, plug, unplug)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shakes_hands),
		TEST(begins_anew),
		TEST(maps_several_pages),
		TEST(harms_only_the_sender),
		TEST(survives_any_state),
		TEST(failure_ends_it_at_once),
		TEST(front_directory_vanishes),
		TEST(is_unplugged),
		TEST(unplugging_can_be_refused_then_forced),
		TEST(unplugged_without_a_driver),
		cmocka_unit_test_setup(numbers_are_handles, plug),
		cmocka_unit_test(decisions_come_to_rest),
	};

	return cmocka_run_group_tests_name("dom0_backend", tests, begin, NULL);
}
