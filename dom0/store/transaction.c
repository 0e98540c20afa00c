/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A transaction is what it touched, with the generation that each path then had in the committed
 * tree, and its changes in order. At the end, if none of those paths has changed in the committed
 * tree, the changes are made there; else the client retries.
 *
 * Until then it sees the committed tree with its changes, in a version of its own. That is made
 * from the notes when the client asks for something, and is dropped whenever the committed tree
 * changes: so no transaction keeps nodes that others have replaced, however long it stays open.
 */
#include <stdlib.h>
#include <string.h>
#include "connection.h"

struct touched {
	char *path;
	uint64_t generation;
};

struct transaction {
	struct transaction *next;
	uint32_t id;
	domid_t domid;
	struct tree tree; /* the committed one with the changes; without root: to be made again */
	struct touched *touched;
	unsigned int touched_count;
	struct change *changes;
	unsigned int change_count;
	size_t bytes;	     /* of all paths and values noted, those of failed changes too */
	unsigned int remade; /* changes that were made again for new versions */
};

struct transaction *transaction_find(struct connection *connection, uint32_t id)
{
	struct transaction *transaction = connection->transactions;

	while (transaction && transaction->id != id)
		transaction = transaction->next;
	return transaction;
}

long transaction_start(struct connection *connection)
{
	struct transaction *transaction;

	if (connection->domid && connection->transaction_count >= QUOTA_TRANSACTIONS)
		return -XEN_ENOSPC;
	transaction = calloc(1, sizeof(*transaction));
	if (!transaction)
		return -XEN_ENOMEM;
	transaction->domid = connection->domid;
	do {
		transaction->id = ++connection->last_transaction;
	} while (transaction->id == 0 || transaction_find(connection, transaction->id));
	transaction->next = connection->transactions;
	connection->transactions = transaction;
	connection->transaction_count++;
	return transaction->id;
}

/* Make room for so many bytes of notes; 0 or -XEN_ENOSPC. */
static int charge(struct transaction *transaction, size_t bytes)
{
	if (bytes > QUOTA_TRANSACTION_BYTES - transaction->bytes)
		return -XEN_ENOSPC;
	transaction->bytes += bytes;
	return 0;
}

static int note(struct transaction *transaction, const char *path)
{
	struct touched *grown;
	unsigned int i;

	for (i = 0; i < transaction->touched_count; i++)
		if (strcmp(transaction->touched[i].path, path) == 0)
			return 0;
	if (transaction->touched_count == QUOTA_TRANSACTION_ITEMS ||
	    charge(transaction, strlen(path)))
		return -XEN_ENOSPC;
	grown = realloc(transaction->touched, (i + 1) * sizeof(*grown));
	if (!grown)
		return -XEN_ENOMEM;
	transaction->touched = grown;
	grown[i].path = strdup(path);
	if (!grown[i].path)
		return -XEN_ENOMEM;
	grown[i].generation = tree_generation(&store_tree, path);
	transaction->touched_count++;
	return 0;
}

/* A copy that the transaction keeps. */
static int keep(struct transaction *transaction, const struct change *change)
{
	struct change *grown, *kept;

	if (transaction->change_count == QUOTA_TRANSACTION_ITEMS ||
	    charge(transaction, strlen(change->path) + change->length))
		return -XEN_ENOSPC;
	grown = realloc(transaction->changes, (transaction->change_count + 1) * sizeof(*grown));
	if (!grown)
		return -XEN_ENOMEM;
	transaction->changes = grown;
	kept = &grown[transaction->change_count];
	*kept = *change;
	kept->path = strdup(change->path);
	kept->bytes = malloc(change->length + 1);
	if (!kept->path || !kept->bytes) {
		free(kept->path);
		free(kept->bytes);
		return -XEN_ENOMEM;
	}
	if (change->length)
		memcpy(kept->bytes, change->bytes, change->length);
	transaction->change_count++;
	return 0;
}

static void drop_last(struct transaction *transaction)
{
	struct change *change = &transaction->changes[--transaction->change_count];

	free(change->path);
	free(change->bytes);
}

/* In its version, which it may not make larger than it should be. */
static int apply(struct transaction *transaction, const struct change *change)
{
	int rc = change_apply(&transaction->tree, change, transaction->domid);

	if (!rc && transaction->tree.allocated > QUOTA_TRANSACTION_VERSION)
		rc = -XEN_ENOSPC;
	return rc;
}

/*
 * Have a version; 0, -XEN_ENOMEM, or -XEN_EAGAIN: the changes are refused by now, or were made
 * again so often that the store has better things to do.
 */
static int remake(struct transaction *transaction)
{
	unsigned int i;
	int rc;

	if (transaction->tree.root)
		return 0;
	if (transaction->change_count > QUOTA_TRANSACTION_REMADE - transaction->remade)
		return -XEN_EAGAIN;
	transaction->remade += transaction->change_count;
	rc = tree_fork(&transaction->tree, &store_tree);
	for (i = 0; !rc && i < transaction->change_count; i++)
		rc = apply(transaction, &transaction->changes[i]);
	if (rc)
		tree_free(&transaction->tree);
	return rc && rc != -XEN_ENOMEM ? -XEN_EAGAIN : rc;
}

void transactions_drop_versions(void)
{
	struct connection *connection;
	struct transaction *transaction;

	for (connection = store_connections; connection; connection = connection->next)
		for (transaction = connection->transactions; transaction;
		     transaction = transaction->next)
			tree_free(&transaction->tree);
}

int transaction_read(struct transaction *transaction, const char *path, const struct tree **tree)
{
	int rc = note(transaction, path);

	*tree = transaction->change_count ? &transaction->tree : &store_tree;
	return !rc && transaction->change_count ? remake(transaction) : rc;
}

int transaction_change(struct transaction *transaction, const struct change *change)
{
	int rc = note(transaction, change->path);

	if (!rc)
		rc = remake(transaction);
	if (!rc)
		rc = keep(transaction, change);
	if (rc)
		return rc;
	rc = apply(transaction, change);
	if (!rc)
		return 0;
	drop_last(transaction);
	if (rc == -XEN_ENOSPC || rc == -XEN_ENOMEM)
		tree_free(&transaction->tree); /* it may be too large, or half changed */
	return rc;
}

static bool undisturbed(const struct transaction *transaction)
{
	unsigned int i;

	for (i = 0; i < transaction->touched_count; i++)
		if (tree_generation(&store_tree, transaction->touched[i].path) !=
		    transaction->touched[i].generation)
			return false;
	return true;
}

/* Have a version first: quotas and rights may have moved, and half a commit must not be seen. */
static int commit(struct transaction *transaction)
{
	unsigned int i;
	int rc = undisturbed(transaction) ? remake(transaction) : -XEN_EAGAIN;

	for (i = 0; !rc && i < transaction->change_count; i++)
		rc = change_apply(&store_tree, &transaction->changes[i], transaction->domid);
	return rc;
}

int transaction_end(struct connection *connection, struct transaction *transaction, bool do_commit)
{
	struct transaction **link = &connection->transactions;
	int rc = do_commit ? commit(transaction) : 0;

	while (*link != transaction)
		link = &(*link)->next;
	*link = transaction->next;
	connection->transaction_count--;
	while (transaction->change_count)
		drop_last(transaction);
	while (transaction->touched_count)
		free(transaction->touched[--transaction->touched_count].path);
	free(transaction->changes);
	free(transaction->touched);
	tree_free(&transaction->tree);
	free(transaction);
	return rc;
}
