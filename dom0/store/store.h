/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: the tree of nodes that dom0 and guests share, as the rest of dom0 sees it.
 *
 * dom0's own accesses are function calls, with dom0's rights and without quota. Guests speak the
 * wire protocol over their ring, which the store's own thread serves from store_introduce to
 * store_release. Paths are absolute ("/local/domain/3/name"). Errors are negative XEN_E… numbers.
 * Any thread may call; nothing here waits for a guest.
 */
#ifndef DOM0_STORE_STORE_H
#define DOM0_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <xen/xen.h>
#include <xen/event_channel.h>

/* Create the root and start the thread. Called once, before the first guest. Returns 0 or negative.
 */
int store_start(void);

/* Set a node's value (a string), creating it and its parents, owned by dom0, as needed; watches
 * fire. */
int store_write(const char *path, const char *value);

/* Create the node with an empty value unless it is there. */
int store_mkdir(const char *path);

/*
 * Copy a node's value, zero-terminated and cut to size. Returns its whole length in bytes, or
 * -XEN_ENOENT. Values written by guests may hold any byte.
 */
int store_read(const char *path, char *value, size_t size);

/* Remove a node and all below it. Returns 0 or -XEN_ENOENT. */
int store_rm(const char *path);

/*
 * The name of a node's child, in the order of the list, zero-terminated and cut to size.
 * Returns 1, 0 (index is behind the last), or -XEN_ENOENT (no such node).
 */
int store_child(const char *path, unsigned int index, char *name, size_t size);

/*
 * Set a node's permissions: owner may do everything, reader (DOMID_INVALID: nobody) may read.
 * Nodes created below it inherit them.
 */
int store_permit(const char *path, domid_t owner, domid_t reader);

/*
 * Have changed() called whenever a node at or below prefix changed, whoever did it, and with below
 * set when all below path is about to be removed. It runs within the call that makes the change: it
 * may take note and raise a semaphore, nothing else. The listener must stay for good.
 */
struct store_listener {
	struct store_listener *next;
	const char *prefix;
	void (*changed)(const char *path, bool below);
};

void store_listen(struct store_listener *listener);

/*
 * Serve a guest: mfn is its store page, port the unbound port that it keeps for dom0 (taken over by
 * the store). "@introduceDomain" watches fire. Returns 0 or negative, and then nothing is kept.
 */
int store_introduce(domid_t domid, unsigned long mfn, evtchn_port_t port);

/*
 * Stop serving a guest: its watches, transactions, mapping and port are gone on return, so that the
 * domain can be destroyed. "@releaseDomain" watches fire. Harmless if it was not introduced.
 */
void store_release(domid_t domid);

#endif
