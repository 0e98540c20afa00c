/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include "ring.h"

#define RING_SIZE XENSTORE_RING_SIZE

static void broken(struct connection *connection, struct xenstore_domain_interface *ring,
		   uint32_t error)
{
	connection->broken = true;
	__atomic_store_n(&ring->error, error, __ATOMIC_RELEASE);
}

/* Requests: the guest moves req_prod, we move req_cons. Each index of the guest is read once. */
static bool take_requests(struct connection *connection, struct xenstore_domain_interface *ring)
{
	uint32_t cons = ring->req_cons, prod = __atomic_load_n(&ring->req_prod, __ATOMIC_ACQUIRE);
	uint32_t length = prod - cons, start = cons % RING_SIZE;
	char bytes[RING_SIZE];
	size_t used;

	if (length > RING_SIZE) {
		broken(connection, ring, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	if (length > RING_SIZE - start)
		length = RING_SIZE - start; /* the rest comes in the next round */
	memcpy(bytes, ring->req + start, length);
	used = connection_input(connection, bytes, length);
	__atomic_store_n(&ring->req_cons, cons + used, __ATOMIC_SEQ_CST);
	return used > 0;
}

static bool give_replies(struct connection *connection, struct xenstore_domain_interface *ring)
{
	uint32_t prod = ring->rsp_prod, cons = __atomic_load_n(&ring->rsp_cons, __ATOMIC_ACQUIRE);
	uint32_t filled = prod - cons, start = prod % RING_SIZE, space;
	size_t given;

	if (filled > RING_SIZE) {
		broken(connection, ring, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	space = RING_SIZE - filled;
	if (space > RING_SIZE - start)
		space = RING_SIZE - start;
	given = connection_output(connection, ring->rsp + start, space);
	__atomic_store_n(&ring->rsp_prod, prod + given, __ATOMIC_SEQ_CST);
	return given > 0;
}

bool ring_serve(struct connection *connection, struct xenstore_domain_interface *ring)
{
	bool moved = false, more;
	/* bounded: a guest that keeps writing from another vCPU does not keep us here */
	unsigned int rounds = 16;

	do {
		more = !connection->broken && take_requests(connection, ring);
		more |= !connection->broken && give_replies(connection, ring);
		moved |= more;
	} while (more && --rounds);
	if (connection->broken && !ring->error)
		broken(connection, ring, XENSTORE_ERROR_PROTO);
	return moved;
}
