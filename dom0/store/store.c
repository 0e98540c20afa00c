/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store's thread, and what the rest of dom0 calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/guest_link.h"
#include "connection.h"
#include "ring.h"
#include "store.h"

/* Raised by every guest's event, and when a reply or watch event is queued. */
static struct pv_semaphore work;

struct client {
	struct guest_link link;
	bool reported; /* that it is broken */
};

static void wake_thread(struct connection *connection)
{
	(void)connection;
	pv_semaphore_up(&work);
}

static void serve(struct connection *connection)
{
	struct client *client = connection->transport;

	if (!client || client->reported)
		return;
	if (ring_serve(connection, client->link.page))
		guest_link_notify(&client->link);
	if (connection->broken) {
		client->reported = true;
		printf("store: domain %u broke the protocol of its ring: not served any more\n",
		       connection->domid);
	}
}

static void store_thread(void *unused)
{
	struct connection *connection, *next;

	(void)unused;
	for (;;) {
		pv_semaphore_down(&work);
		while (pv_semaphore_down_until(&work, 0))
			; /* one round serves all that has come */
		for (connection = store_connections; connection; connection = next) {
			next = connection->next;
			serve(connection);
		}
		pv_yield();
	}
}

int store_start(void)
{
	static const char *const folders[] = {"/local/domain/0", "/vm", "/tool"};
	unsigned int i;
	int rc = tree_init(&store_tree);

	for (i = 0; !rc && i < sizeof(folders) / sizeof(folders[0]); i++)
		rc = store_mkdir(folders[i]);
	if (rc)
		return rc;
	/* guests read the shape of the tree, not its private parts: see store_permit */
	rc = store_permit("/", 0, DOMID_INVALID);
	return rc ? rc : pv_thread_start("store", store_thread, NULL, 0);
}

static int apply(const char *path, struct change *change)
{
	if (!tree_path_valid(path))
		return -XEN_EINVAL;
	change->path = (char *)path;
	return change_apply(&store_tree, change, 0);
}

int store_write(const char *path, const char *value)
{
	struct change change = {
		.kind = CHANGE_WRITE, .bytes = (void *)value, .length = strlen(value)};

	return apply(path, &change);
}

int store_mkdir(const char *path)
{
	struct change change = {.kind = CHANGE_MKDIR};

	return apply(path, &change);
}

int store_rm(const char *path)
{
	struct change change = {.kind = CHANGE_REMOVE};

	if (tree_path_valid(path) && !tree_lookup(&store_tree, path))
		return -XEN_ENOENT;
	return apply(path, &change);
}

int store_permit(const char *path, domid_t owner, domid_t reader)
{
	struct change change = {
		.kind = CHANGE_PERMS,
		.perms = {.count = reader == DOMID_INVALID ? 1 : 2,
			  .entry = {{owner, RIGHT_NONE}, {reader, RIGHT_READ}}},
	};

	return apply(path, &change);
}

int store_read(const char *path, char *value, size_t size)
{
	const struct node *node = tree_path_valid(path) ? tree_lookup(&store_tree, path) : NULL;
	size_t n;

	if (!node)
		return -XEN_ENOENT;
	if (size) {
		n = node->value->length < size - 1 ? node->value->length : size - 1;
		memcpy(value, node->value->bytes, n);
		value[n] = 0;
	}
	return node->value->length;
}

int store_child(const char *path, unsigned int index, char *name, size_t size)
{
	const struct node *node = tree_path_valid(path) ? tree_lookup(&store_tree, path) : NULL;

	if (!node)
		return -XEN_ENOENT;
	if (index >= node->child_count)
		return 0;
	snprintf(name, size, "%s", node->children[index]->name);
	return 1;
}

static struct connection *find_guest(domid_t domid)
{
	struct connection *connection = store_connections;

	while (connection && !(connection->domid == domid && connection->transport))
		connection = connection->next;
	return connection;
}

int store_introduce(domid_t domid, unsigned long mfn, evtchn_port_t port)
{
	struct xenstore_domain_interface *ring;
	struct connection *connection;
	struct client *client;
	int rc;

	if (find_guest(domid))
		return -XEN_EBUSY;
	client = calloc(1, sizeof(*client));
	connection = client ? connection_new(domid) : NULL;
	if (!connection) {
		free(client);
		return -XEN_ENOMEM;
	}
	rc = guest_link_open(&client->link, domid, mfn, port, &work);
	if (rc) {
		connection_free(connection);
		free(client);
		return rc;
	}
	ring = client->link.page;
	ring->server_features = XENSTORE_SERVER_FEATURE_ERROR;
	connection->wake = wake_thread;
	connection->transport = client;
	pv_semaphore_up(&work); /* it may have asked already */
	watch_fire_special("@introduceDomain");
	return 0;
}

void store_release(domid_t domid)
{
	struct connection *connection = find_guest(domid);
	struct client *client;

	if (!connection)
		return;
	client = connection->transport;
	connection->transport = NULL;
	connection_free(connection);
	guest_link_close(&client->link);
	free(client);
	watch_fire_special("@releaseDomain");
}
