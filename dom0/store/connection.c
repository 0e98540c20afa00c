/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include "connection.h"

struct connection *store_connections;
struct tree store_tree;

struct connection *connection_new(domid_t domid)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->domid = domid;
	connection->out_tail = &connection->out;
	connection->next = store_connections;
	store_connections = connection;
	return connection;
}

void connection_free(struct connection *connection)
{
	struct connection **link = &store_connections;
	struct message *message;

	while (*link != connection)
		link = &(*link)->next;
	*link = connection->next;
	while (connection->transactions)
		transaction_end(connection, connection->transactions, false);
	watch_remove_all(connection);
	while ((message = connection->out)) {
		connection->out = message->next;
		free(message);
	}
	free(connection);
}

/* Move up to `length` bytes into the part of the request that is missing; returns how many. */
static size_t assemble(struct connection *connection, const char *bytes, size_t length)
{
	const size_t header = sizeof(connection->header);
	size_t have = connection->have, want, n;
	char *to;

	if (have < header) {
		to = (char *)&connection->header + have;
		want = header - have;
	} else {
		to = connection->payload + (have - header);
		want = header + connection->header.len - have;
	}
	n = length < want ? length : want;
	memcpy(to, bytes, n);
	connection->have += n;
	return n;
}

size_t connection_input(struct connection *connection, const void *bytes, size_t length)
{
	const size_t header = sizeof(connection->header);
	size_t used = 0;

	while (!connection->broken && connection->queued <= QUOTA_QUEUED) {
		if (connection->have == header && connection->header.len > XENSTORE_PAYLOAD_MAX) {
			connection->broken = true; /* where the next request begins is unknown */
			break;
		}
		if (connection->have >= header &&
		    connection->have == header + connection->header.len) {
			connection->payload[connection->header.len] = 0;
			connection->have = 0;
			protocol_request(connection);
			continue;
		}
		if (used == length)
			break;
		used += assemble(connection, (const char *)bytes + used, length - used);
	}
	return used;
}

static bool same_event(const struct message *message, const void *body, size_t length)
{
	return message->header.type == XS_WATCH_EVENT && message->taken == 0 &&
	       message->header.len == length && memcmp(message->body, body, length) == 0;
}

void connection_send(struct connection *connection, uint32_t type, uint32_t req_id, uint32_t tx_id,
		     const void *body, size_t length)
{
	struct message *message;

	if (type == XS_WATCH_EVENT) {
		if (connection->queued > QUOTA_QUEUED)
			return;
		for (message = connection->out; message; message = message->next)
			if (same_event(message, body, length))
				return;
	}
	message = malloc(sizeof(*message) + length);
	if (!message) {
		connection->broken = true; /* a client that misses a reply would wait for ever */
		return;
	}
	message->next = NULL;
	message->header = (struct xsd_sockmsg){type, req_id, tx_id, length};
	message->taken = 0;
	memcpy(message->body, body, length);
	*connection->out_tail = message;
	connection->out_tail = &message->next;
	connection->queued += sizeof(message->header) + length;
	if (connection->wake)
		connection->wake(connection);
}

static size_t take(struct message *message, char *bytes, size_t size)
{
	const size_t header = sizeof(message->header);
	const char *from;
	size_t left, n;

	if (message->taken < header) {
		from = (const char *)&message->header + message->taken;
		left = header - message->taken;
	} else {
		from = message->body + (message->taken - header);
		left = header + message->header.len - message->taken;
	}
	n = size < left ? size : left;
	memcpy(bytes, from, n);
	message->taken += n;
	return n;
}

size_t connection_output(struct connection *connection, void *bytes, size_t size)
{
	struct message *message;
	size_t done = 0, whole;

	while ((message = connection->out)) {
		whole = sizeof(message->header) + message->header.len;
		if (message->taken == whole) {
			connection->out = message->next;
			if (!connection->out)
				connection->out_tail = &connection->out;
			connection->queued -= whole;
			free(message);
			continue;
		}
		if (done == size)
			break;
		done += take(message, (char *)bytes + done, size - done);
	}
	return done;
}
