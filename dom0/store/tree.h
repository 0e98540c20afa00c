/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store's tree: named nodes with a value and permissions. Nodes are shared between versions of
 * the tree and copied when changed, so that a transaction's private version costs nothing to begin.
 *
 * Paths are absolute and valid (tree_path_valid). Not thread-safe: the store's callers run one at a
 * time (cooperative threads, nothing here waits).
 */
#ifndef DOM0_STORE_TREE_H
#define DOM0_STORE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/errno.h>

#define STORE_MAX_VALUE 2048 /* bytes */
#define STORE_MAX_PERMS 8
#define STORE_MAX_DEPTH 32
#define STORE_MAX_NAME	256

enum right { RIGHT_NONE = 0, RIGHT_READ = 1, RIGHT_WRITE = 2, RIGHT_BOTH = 3 };

/* The first entry names the owner, who may do all; its right is what all others have by default. */
struct perm {
	domid_t domid;
	uint8_t right;
};

struct perms {
	unsigned int count;
	struct perm entry[STORE_MAX_PERMS];
};

struct value {
	unsigned int refs;
	size_t length;
	char bytes[];
};

struct node {
	unsigned int refs;   /* versions and parents that share it */
	uint64_t generation; /* of the last change to value, permissions or list of children */
	struct value *value;
	struct perms perms;
	unsigned int child_count;
	struct node **children;
	char name[]; /* never changed: a clone of the parent costs a pointer for each child */
};

struct tally {
	domid_t domid;
	unsigned int nodes;
};

struct tree {
	struct node *root;
	struct tally *tallies; /* nodes owned, by domain */
	unsigned int tally_count;
	size_t allocated; /* bytes, for this version alone; what it freed again is still counted */
};

bool tree_path_valid(const char *path);
/* below == path or lies under it */
bool tree_path_covers(const char *path, const char *below);

/* A tree with an empty root owned by dom0. 0 or -XEN_ENOMEM. */
int tree_init(struct tree *tree);
void tree_free(struct tree *tree);
/* copy becomes a version of its own that shares all nodes. 0 or -XEN_ENOMEM. */
int tree_fork(struct tree *copy, const struct tree *tree);

/* The node, owned by the tree, or NULL. */
const struct node *tree_lookup(const struct tree *tree, const char *path);
/* The node, or its nearest ancestor that exists. */
const struct node *tree_nearest(const struct tree *tree, const char *path);
/* Generation of a node, 0 if there is none. */
uint64_t tree_generation(const struct tree *tree, const char *path);
unsigned int tree_owned(const struct tree *tree, domid_t domid);
/* Nodes that a write to path would create. */
unsigned int tree_missing(const struct tree *tree, const char *path);

/* What domid may do with the node. */
enum right tree_right(const struct node *node, domid_t domid);

/*
 * Create path and missing parents, with the permissions of the nearest ancestor but owned by owner
 * (dom0's creations keep the ancestor's owner). 0, -XEN_ENOMEM, -XEN_EINVAL (too deep).
 */
int tree_create(struct tree *tree, const char *path, domid_t owner);
/* Set the value of an existing node. */
int tree_set_value(struct tree *tree, const char *path, const void *bytes, size_t length);
int tree_set_perms(struct tree *tree, const char *path, const struct perms *perms);
/* Remove a node and all below. -XEN_ENOENT, -XEN_EINVAL (the root). */
int tree_remove(struct tree *tree, const char *path);

#endif
