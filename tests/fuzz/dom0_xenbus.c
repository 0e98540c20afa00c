/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of back ends, on the real store, and a front end that writes anything at any time while
 * the operator plugs and unplugs. Each byte of the input is a step. At the end nothing is mapped,
 * bound, listed or left in the store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>
#include "fakes/backends.h"
#include "finding.h"
#include "store/store.h"

/* --- what the guest has, and who waits for it --------------------------------------------------
 */

bool good_ref(grant_ref_t ref)
{
	return ref <= 9;
}

bool good_port(evtchn_port_t port)
{
	return port <= 9;
}

bool while_waiting(void)
{
	settle();
	return false;
}

/* --- a type of device ------------------------------------------------------------------------ */

struct toy {
	struct backend backend;
	struct pv_grant_map map;
	bool connected;
};

static unsigned int toys;

static int publish(struct backend *backend)
{
	CHECK(!((struct toy *)backend)->connected);
	return backend_write(backend->back, "feature-toy", "%d", 1);
}

static int connect(struct backend *backend)
{
	struct toy *toy = (struct toy *)backend;
	int port;

	CHECK(!toy->connected);
	if (backend_map_ring(backend, "ring-ref", 1u << backend_number_or(backend, "order", 0) % 6,
			     &toy->map))
		return -XEN_EINVAL;
	port = backend_bind(backend, "event-channel", NULL, NULL);
	if (port < 0)
		mapped -= toy->map.count;
	else
		toy->connected = true;
	return port < 0 ? port : 0;
}

static void disconnect(struct backend *backend)
{
	struct toy *toy = (struct toy *)backend;

	CHECK(toy->connected);
	toy->connected = false;
	mapped -= toy->map.count;
	bound--;
}

static void release(struct backend *backend)
{
	CHECK(!((struct toy *)backend)->connected);
	toys--;
	free(backend);
}

static const struct backend_type toy_type = {"toy", publish, connect, disconnect, release};

/* --- steps ------------------------------------------------------------------------------------ */

static void front(unsigned int handle, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/local/domain/%u/device/toy/%u%s", GUEST, handle, name);
	if (value)
		store_write(path, value);
	else
		store_rm(path);
}

static void plug(unsigned int handle)
{
	struct toy *toy = calloc(1, sizeof(*toy));

	CHECK(toy);
	if (backend_add(&toy->backend, &toy_type, GUEST, handle))
		free(toy);
	else
		toys++;
}

static void break_protocol(unsigned int handle)
{
	struct backend *backend = backend_find(&toy_type, GUEST, handle);

	if (backend)
		backend_fail(backend, "nonsense");
}

/* Any text, up to the next zero byte. */
static size_t write_text(unsigned int handle, const char *name, const uint8_t *data, size_t size)
{
	char text[32] = "";
	size_t length = strnlen((const char *)data, size < 31 ? size : 31);

	memcpy(text, data, length);
	front(handle, name, text);
	return length;
}

/* Whatever it says in one go, or a step at a time. */
static void say_state(unsigned int handle, const char *digit, bool at_once)
{
	front(handle, "/state", digit);
	if (!at_once)
		settle();
}

/* How many bytes of the input it took. */
static size_t step(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"/state",	  "/ring-ref",	"/event-channel", "/order",
					    "/ring-ref0", "/ring-ref1", "/ring-ref3",	  ""};
	unsigned int handle = data[0] >> 7, what = data[0] & 15, which = data[0] >> 4 & 7;
	char digit[2] = {(char)('0' + which), '\0'};

	switch (what) {
	case 0:
		plug(handle);
		settle();
		break;
	case 1:
	case 2:
		backend_remove(&toy_type, GUEST, handle, what == 2, 0);
		break;
	case 3:
		break_protocol(handle);
		break;
	case 4:
		front(handle, names[which], NULL);
		break;
	case 5:
		return 1 + write_text(handle, names[which], data + 1, size - 1);
	case 6:
	case 7:
	case 8:
	case 9:
		front(handle, names[what - 5], digit);
		break;
	case 10: /* all that an honest one says */
		front(handle, "/ring-ref", "1");
		front(handle, "/event-channel", "1");
		say_state(handle, "3", false);
		break;
	case 11:
		settle();
		break;
	default:
		say_state(handle, digit, what == 12);
	}
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char child[8];

	if (!settle_ready()) {
		CHECK(!store_start());
		CHECK(!backend_start());
	}
	while (size) {
		size_t taken = step(data, size);

		data += taken;
		size -= taken;
	}
	settle();
	backend_remove_domain(GUEST);
	settle();
	CHECK(!mapped && !bound && !toys && !locked);
	CHECK(store_child("/local/domain/0/backend/toy", 0, child, sizeof(child)) <= 0);
	CHECK(store_child("/local/domain/0/error/backend/toy", 0, child, sizeof(child)) <= 0);
	store_rm("/local/domain/7");
	return 0;
}
