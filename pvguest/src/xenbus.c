/* SPDX-License-Identifier: MIT */
/* States of split drivers, kept in the store. */
#include <stdio.h>
#include <stdlib.h>
#include <pv/store.h>

#define PATH_SIZE 256

enum xenbus_state pv_xenbus_state(const char *path)
{
	enum xenbus_state state = XenbusStateUnknown;
	char node[PATH_SIZE], *value;

	snprintf(node, sizeof(node), "%s/state", path);
	value = pv_store_read(0, node, NULL);
	if (value)
		state = strtoul(value, NULL, 10);
	free(value);
	return state;
}

int pv_xenbus_set_state(pv_store_tx tx, const char *path, enum xenbus_state state)
{
	char node[PATH_SIZE];

	snprintf(node, sizeof(node), "%s/state", path);
	return pv_store_printf(tx, node, "%d", state);
}

enum xenbus_state pv_xenbus_wait(const char *path, unsigned int set, uint64_t deadline)
{
	enum xenbus_state state = XenbusStateUnknown;
	struct pv_store_watch watch;
	char node[PATH_SIZE], *changed;

	snprintf(node, sizeof(node), "%s/state", path);
	if (pv_store_watch(&watch, node))
		return XenbusStateUnknown;
	while ((changed = pv_store_watch_wait(&watch, deadline))) {
		free(changed);
		state = pv_xenbus_state(path);
		if (state < 32 && (set & 1u << state))
			break;
		state = XenbusStateUnknown;
	}
	pv_store_unwatch(&watch);
	return state;
}
