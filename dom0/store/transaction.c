/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A transaction works on a version of the tree of its own. It notes the generation of each path
 * that it touches, as the committed tree had it, and its changes in order. At the end, if none of
 * those paths has changed in the committed tree, the changes are made again there; else the client
 * retries.
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
	struct tree base; /* as it was at the start */
	struct tree tree; /* with the changes */
	struct touched *touched;
	unsigned int touched_count;
	struct change *changes;
	unsigned int change_count;
	size_t bytes; /* of all paths and values noted, those of failed changes too */
};

struct transaction *transaction_find(struct connection *connection, uint32_t id)
{
	struct transaction *transaction = connection->transactions;

	while (transaction && transaction->id != id)
		transaction = transaction->next;
	return transaction;
}

struct tree *transaction_tree(struct transaction *transaction)
{
	return &transaction->tree;
}

long transaction_start(struct connection *connection)
{
	struct transaction *transaction;

	if (connection->domid && connection->transaction_count >= QUOTA_TRANSACTIONS)
		return -XEN_ENOSPC;
	transaction = calloc(1, sizeof(*transaction));
	if (!transaction)
		return -XEN_ENOMEM;
	if (tree_fork(&transaction->base, &store_tree)) {
		free(transaction);
		return -XEN_ENOMEM;
	}
	if (tree_fork(&transaction->tree, &store_tree)) {
		tree_free(&transaction->base);
		free(transaction);
		return -XEN_ENOMEM;
	}
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

int transaction_note(struct transaction *transaction, const char *path)
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
	grown[i].generation = tree_generation(&transaction->base, path);
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

int transaction_change(struct transaction *transaction, const struct change *change, domid_t domid)
{
	int rc = transaction_note(transaction, change->path);

	if (!rc)
		rc = keep(transaction, change);
	if (rc)
		return rc;
	rc = change_apply(&transaction->tree, change, domid);
	if (rc)
		drop_last(transaction);
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

/* Try on a version first: quotas and rights may have moved, and half a commit must not be seen. */
static int commit(struct transaction *transaction, domid_t domid)
{
	struct tree trial = {0};
	unsigned int i;
	int rc;

	if (!undisturbed(transaction))
		return -XEN_EAGAIN;
	rc = tree_fork(&trial, &store_tree);
	for (i = 0; !rc && i < transaction->change_count; i++)
		rc = change_apply(&trial, &transaction->changes[i], domid);
	if (trial.root)
		tree_free(&trial);
	for (i = 0; !rc && i < transaction->change_count; i++)
		rc = change_apply(&store_tree, &transaction->changes[i], domid);
	return rc;
}

int transaction_end(struct connection *connection, struct transaction *transaction, bool do_commit)
{
	struct transaction **link = &connection->transactions;
	int rc = do_commit ? commit(transaction, connection->domid) : 0;

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
	tree_free(&transaction->base);
	tree_free(&transaction->tree);
	free(transaction);
	return rc;
}
