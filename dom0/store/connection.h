/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client of the store: its requests are assembled byte by byte, carried out, and answered into
 * a queue; watch events join the same queue. Everything that a client can make grow has a quota:
 * what it sends harms only itself. The transport (ring.c; a buffer in unit tests) moves the bytes.
 */
#ifndef DOM0_STORE_CONNECTION_H
#define DOM0_STORE_CONNECTION_H

#include <stdint.h>
#include <xen/io/xs_wire.h>
#include "tree.h"

/* Quotas of an unprivileged client; xenstored's defaults. */
#define QUOTA_NODES		  1000
#define QUOTA_WATCHES		  128
#define QUOTA_TRANSACTIONS	  10
#define QUOTA_TRANSACTION_ITEMS	  1024
#define QUOTA_TRANSACTION_BYTES	  (64 * 1024)  /* noted of paths and values: Parapet's own */
#define QUOTA_TRANSACTION_VERSION (256 * 1024) /* bytes of nodes that only a transaction has */
#define QUOTA_TRANSACTION_REMADE  (16 * 1024)  /* changes: 180 requests never come to that */
#define QUOTA_QUEUED		  (64 * 1024)  /* bytes of undelivered replies and events */
#define QUOTA_TOKEN		  256

struct message {
	struct message *next;
	struct xsd_sockmsg header;
	unsigned int taken; /* bytes of header and body already handed out */
	char body[];
};

struct watch {
	struct watch *next;
	char *path; /* absolute, or "@…" */
	char *token;
	unsigned int prefix; /* bytes of path to leave out in events: registered relatively */
};

struct transaction;

struct connection {
	struct connection *next;
	domid_t domid;			   /* 0: privileged */
	void (*wake)(struct connection *); /* there is output; may be NULL */
	void *transport;

	struct message *out, **out_tail;
	unsigned int queued;

	struct watch *watches;
	unsigned int watch_count;
	struct transaction *transactions;
	unsigned int transaction_count;
	uint32_t last_transaction;

	struct xsd_sockmsg header; /* request being assembled */
	unsigned int have;	   /* bytes of header and payload so far */
	char payload[XENSTORE_PAYLOAD_MAX + 1];
	bool broken; /* sent what no client may: not served any more */
};

/* All clients, and the committed tree. */
extern struct connection *store_connections;
extern struct tree store_tree;

/* Join the list. NULL: out of memory. */
struct connection *connection_new(domid_t domid);
/* Leave it; watches, transactions and queue go. */
void connection_free(struct connection *connection);
/* Take request bytes; returns how many. Fewer than given while the output queue is over its quota.
 */
size_t connection_input(struct connection *connection, const void *bytes, size_t length);
/* Hand out reply bytes; returns how many. */
size_t connection_output(struct connection *connection, void *bytes, size_t size);

/* --- protocol.c --- */

/* Carry out connection->header and payload, and queue the reply. */
void protocol_request(struct connection *connection);
/* Queue a message. Events beyond the quota, and events that are queued already, are dropped. */
void connection_send(struct connection *connection, uint32_t type, uint32_t req_id, uint32_t tx_id,
		     const void *body, size_t length);

/* --- watch.c --- */

/* Register; 0, -XEN_EEXIST, -XEN_ENOSPC, -XEN_ENOMEM, -XEN_EINVAL. The first event: do_watch's. */
int watch_add(struct connection *connection, const char *path, const char *token);
int watch_remove(struct connection *connection, const char *path, const char *token);
void watch_remove_all(struct connection *connection);
/*
 * A node changed. Fires watches on it and above; with `below` (about to be removed) those on
 * existing nodes under it too, so call before the removal. Clients that may not read the node hear
 * nothing.
 */
void watch_fire(const char *path, bool below);
/* "@introduceDomain" or "@releaseDomain": privileged clients only. */
void watch_fire_special(const char *name);

/* --- change.c: the operations on a tree, with the rights and quotas of a domain --- */

enum change_kind { CHANGE_WRITE, CHANGE_MKDIR, CHANGE_REMOVE, CHANGE_PERMS };

struct change {
	enum change_kind kind;
	char *path;
	void *bytes; /* CHANGE_WRITE */
	size_t length;
	struct perms perms; /* CHANGE_PERMS */
};

/* Check rights and quotas and do it. 0 or a negative XEN_E…. Fires watches if tree is the committed
 * one. */
int change_apply(struct tree *tree, const struct change *change, domid_t domid);
/* A node to read. NULL and *error (negative) if it does not exist or may not be read. */
const struct node *change_read(const struct tree *tree, const char *path, domid_t domid,
			       int *error);

/* --- transaction.c --- */

/* Begin. The id (never 0) or a negative XEN_E…. */
long transaction_start(struct connection *connection);
struct transaction *transaction_find(struct connection *connection, uint32_t id);
/*
 * Note that path is read, and find where: the committed tree with the transaction's changes, good
 * until either changes. What others commit is seen at once (and makes the end fail if it was
 * touched). 0; -XEN_ENOSPC: too many paths, or too long ones; -XEN_EAGAIN: the transaction cannot
 * succeed any more; -XEN_ENOMEM.
 */
int transaction_read(struct transaction *transaction, const char *path, const struct tree **tree);
/* Do a change in the transaction, noting it for the commit. Copies *change. Errors as above, and
 * those of change_apply. */
int transaction_change(struct transaction *transaction, const struct change *change);
/* The committed tree is about to change: nothing may go on sharing what it replaces. */
void transactions_drop_versions(void);
/* End it; with commit: -XEN_EAGAIN if something that it touched has changed since, or as above. */
int transaction_end(struct connection *connection, struct transaction *transaction, bool commit);

#endif
