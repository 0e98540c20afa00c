/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include "connection.h"

const struct node *change_read(const struct tree *tree, const char *path, domid_t domid, int *error)
{
	const struct node *node = tree_lookup(tree, path);
	const struct node *judge = node ? node : tree_nearest(tree, path);

	if (!(tree_right(judge, domid) & RIGHT_READ)) {
		*error = -XEN_EACCES; /* nor may it learn whether the node exists */
		return NULL;
	}
	*error = node ? 0 : -XEN_ENOENT;
	return node;
}

/* May domid change path, or create it below its nearest ancestor, within its quota? */
static int may_write(const struct tree *tree, const char *path, domid_t domid)
{
	unsigned int missing = tree_missing(tree, path);

	if (!(tree_right(tree_nearest(tree, path), domid) & RIGHT_WRITE))
		return -XEN_EACCES;
	if (domid && missing && tree_owned(tree, domid) + missing > QUOTA_NODES)
		return -XEN_ENOSPC;
	return 0;
}

static int apply_write(struct tree *tree, const struct change *change, domid_t domid)
{
	int rc = may_write(tree, change->path, domid);

	if (!rc && domid && change->length > STORE_MAX_VALUE)
		rc = -XEN_ENOSPC;
	if (!rc)
		rc = tree_create(tree, change->path, domid);
	return rc ? rc : tree_set_value(tree, change->path, change->bytes, change->length);
}

static int apply_mkdir(struct tree *tree, const struct change *change, domid_t domid)
{
	int rc;

	if (tree_lookup(tree, change->path))
		return 0;
	rc = may_write(tree, change->path, domid);
	return rc ? rc : tree_create(tree, change->path, domid);
}

static int apply_remove(struct tree *tree, const struct change *change, domid_t domid)
{
	const struct node *node = tree_lookup(tree, change->path);

	if (strcmp(change->path, "/") == 0)
		return -XEN_EINVAL;
	if (!(tree_right(tree_nearest(tree, change->path), domid) & RIGHT_WRITE))
		return -XEN_EACCES;
	/* as xenstored: to remove what is not there is no error while its parent is */
	if (!node)
		return tree_missing(tree, change->path) == 1 ? 0 : -XEN_ENOENT;
	if (tree == &store_tree)
		watch_fire(change->path, true);
	return tree_remove(tree, change->path);
}

static int apply_perms(struct tree *tree, const struct change *change, domid_t domid)
{
	const struct node *node = tree_lookup(tree, change->path);

	if (!node)
		return -XEN_ENOENT;
	/* only the owner may, and only dom0 may give a node away: quotas count by owner */
	if (domid && (node->perms.entry[0].domid != domid || change->perms.entry[0].domid != domid))
		return -XEN_EACCES;
	return tree_set_perms(tree, change->path, &change->perms);
}

int change_apply(struct tree *tree, const struct change *change, domid_t domid)
{
	static int (*const apply[])(struct tree *, const struct change *, domid_t) = {
		[CHANGE_WRITE] = apply_write,
		[CHANGE_MKDIR] = apply_mkdir,
		[CHANGE_REMOVE] = apply_remove,
		[CHANGE_PERMS] = apply_perms,
	};
	int rc;

	if (tree == &store_tree)
		transactions_drop_versions();
	rc = apply[change->kind](tree, change, domid);
	if (!rc && tree == &store_tree && change->kind != CHANGE_REMOVE)
		watch_fire(change->path, false);
	return rc;
}
