/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include "connection.h"
#include "store.h"

static struct store_listener *listeners;

void store_listen(struct store_listener *listener)
{
	listener->next = listeners;
	listeners = listener;
}

static void tell_listeners(const char *path, bool below)
{
	struct store_listener *listener;

	for (listener = listeners; listener; listener = listener->next)
		if (tree_path_covers(listener->prefix, path) ||
		    (below && tree_path_covers(path, listener->prefix)))
			listener->changed(path, below);
}

static void send_event(struct connection *connection, const struct watch *watch, const char *path)
{
	char body[XENSTORE_ABS_PATH_MAX + QUOTA_TOKEN + 2];
	const char *name =
		watch->prefix && strlen(path) >= watch->prefix ? path + watch->prefix : path;
	int length = snprintf(body, sizeof(body), "%s%c%s", name, 0, watch->token);

	/* both strings with their terminating zeros */
	connection_send(connection, XS_WATCH_EVENT, 0, 0, body, length + 1);
}

static void home(const struct connection *connection, char *path, size_t size)
{
	snprintf(path, size, "/local/domain/%u/", connection->domid);
}

static struct watch **find(struct connection *connection, const char *path, const char *token,
			   unsigned int *prefix, char *absolute, size_t size)
{
	struct watch **link;

	*prefix = 0;
	absolute[0] = 0;
	if (path[0] != '/' && path[0] != '@') {
		home(connection, absolute, size);
		*prefix = strlen(absolute);
	}
	strncat(absolute, path, size - strlen(absolute) - 1);
	for (link = &connection->watches; *link; link = &(*link)->next)
		if ((*link)->prefix == *prefix && strcmp((*link)->path, absolute) == 0 &&
		    strcmp((*link)->token, token) == 0)
			break;
	return link;
}

static bool watchable(const char *path)
{
	return strcmp(path, "@introduceDomain") == 0 || strcmp(path, "@releaseDomain") == 0 ||
	       (strlen(path) < XENSTORE_ABS_PATH_MAX && tree_path_valid(path));
}

static void watch_free(struct watch *watch)
{
	free(watch->path);
	free(watch->token);
	free(watch);
}

int watch_add(struct connection *connection, const char *path, const char *token)
{
	char absolute[XENSTORE_ABS_PATH_MAX + 32];
	unsigned int prefix;
	struct watch **link = find(connection, path, token, &prefix, absolute, sizeof(absolute));
	struct watch *watch;

	if (!watchable(absolute) || strlen(token) > QUOTA_TOKEN)
		return -XEN_EINVAL;
	if (*link)
		return -XEN_EEXIST;
	if (connection->domid && connection->watch_count >= QUOTA_WATCHES)
		return -XEN_ENOSPC;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -XEN_ENOMEM;
	watch->path = strdup(absolute);
	watch->token = strdup(token);
	watch->prefix = prefix;
	if (!watch->path || !watch->token) {
		watch_free(watch);
		return -XEN_ENOMEM;
	}
	*link = watch;
	connection->watch_count++;
	return 0;
}

int watch_remove(struct connection *connection, const char *path, const char *token)
{
	char absolute[XENSTORE_ABS_PATH_MAX + 32];
	unsigned int prefix;
	struct watch **link = find(connection, path, token, &prefix, absolute, sizeof(absolute));
	struct watch *watch = *link;

	if (!watch)
		return -XEN_ENOENT;
	*link = watch->next;
	connection->watch_count--;
	watch_free(watch);
	return 0;
}

void watch_remove_all(struct connection *connection)
{
	struct watch *watch;

	while ((watch = connection->watches)) {
		connection->watches = watch->next;
		watch_free(watch);
	}
	connection->watch_count = 0;
}

/* A client hears of a node that it may read; of one that does not exist, if it may read the nearest
 * above. */
static bool may_hear(const struct connection *connection, const char *path)
{
	return tree_right(tree_nearest(&store_tree, path), connection->domid) & RIGHT_READ;
}

static void fire_one(struct connection *connection, const struct watch *watch, const char *path,
		     bool below)
{
	if (watch->path[0] == '@')
		return;
	if (tree_path_covers(watch->path, path)) {
		if (may_hear(connection, path))
			send_event(connection, watch, path);
	} else if (below && tree_path_covers(path, watch->path) &&
		   tree_lookup(&store_tree, watch->path) && may_hear(connection, watch->path)) {
		send_event(connection, watch, watch->path);
	}
}

void watch_fire(const char *path, bool below)
{
	struct connection *connection;
	struct watch *watch;

	tell_listeners(path, below);
	for (connection = store_connections; connection; connection = connection->next)
		for (watch = connection->watches; watch; watch = watch->next)
			fire_one(connection, watch, path, below);
}

void watch_fire_special(const char *name)
{
	struct connection *connection;
	struct watch *watch;

	for (connection = store_connections; connection; connection = connection->next)
		for (watch = connection->watches; watch; watch = watch->next)
			if (connection->domid == 0 && strcmp(watch->path, name) == 0)
				send_event(connection, watch, name);
}
