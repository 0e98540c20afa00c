/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <xen/io/xs_wire.h>
#include "tree.h"

static uint64_t generation;

/* --- paths --- */

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr("-_@.:", c) != NULL);
}

bool tree_path_valid(const char *path)
{
	unsigned int depth = 0, length = 0;

	if (path[0] != '/')
		return false;
	if (path[1] == 0)
		return true;
	for (; *path; path++) {
		if (*path == '/') {
			depth++;
			length = 0;
			if (path[1] == '/' || path[1] == 0)
				return false;
		} else if (!name_char(*path) || ++length >= STORE_MAX_NAME) {
			return false;
		}
	}
	return depth <= STORE_MAX_DEPTH;
}

bool tree_path_covers(const char *path, const char *below)
{
	size_t length = strlen(path);

	if (length == 1 && path[0] == '/')
		return below[0] == '/';
	return strncmp(path, below, length) == 0 && (below[length] == '/' || below[length] == 0);
}

/* The next name of a path: advances *path behind it. False at the end. */
static bool next_name(const char **path, char *name)
{
	size_t length;

	while (**path == '/')
		(*path)++;
	length = strcspn(*path, "/");
	if (length == 0 || length >= STORE_MAX_NAME)
		return false;
	memcpy(name, *path, length);
	name[length] = 0;
	*path += length;
	return true;
}

/* --- nodes --- */

static struct value *value_new(struct tree *tree, const void *bytes, size_t length)
{
	struct value *value = malloc(sizeof(*value) + length);

	if (!value)
		return NULL;
	tree->allocated += sizeof(*value) + length;
	value->refs = 1;
	value->length = length;
	if (length)
		memcpy(value->bytes, bytes, length);
	return value;
}

static void value_put(struct value *value)
{
	if (value && --value->refs == 0)
		free(value);
}

static void node_put(struct node *node)
{
	unsigned int i;

	if (!node || --node->refs > 0)
		return;
	for (i = 0; i < node->child_count; i++)
		node_put(node->children[i]);
	free(node->children);
	value_put(node->value);
	free(node);
}

/* Without children; takes over the reference on value, also where it fails. */
static struct node *node_make(struct tree *tree, const char *name, const struct perms *perms,
			      struct value *value)
{
	size_t size = sizeof(struct node) + strlen(name) + 1;
	struct node *node = value ? calloc(1, size) : NULL;

	if (!node) {
		value_put(value);
		return NULL;
	}
	tree->allocated += size;
	node->refs = 1;
	node->perms = *perms;
	node->value = value;
	strcpy(node->name, name);
	return node;
}

static struct node *node_new(struct tree *tree, const char *name, const struct perms *perms)
{
	struct node *node = node_make(tree, name, perms, value_new(tree, "", 0));

	if (node)
		node->generation = ++generation;
	return node;
}

static struct node *node_clone(struct tree *tree, const struct node *node)
{
	size_t size = node->child_count * sizeof(*node->children);
	struct node *copy;
	unsigned int i;

	node->value->refs++;
	copy = node_make(tree, node->name, &node->perms, node->value);
	if (!copy)
		return NULL;
	copy->generation = node->generation;
	copy->children = malloc(size + sizeof(*copy->children));
	if (!copy->children) {
		node_put(copy);
		return NULL;
	}
	tree->allocated += size;
	for (i = 0; i < node->child_count; i++) {
		copy->children[i] = node->children[i];
		copy->children[i]->refs++;
	}
	copy->child_count = node->child_count;
	return copy;
}

/* The node in *slot, made this version's own: it may be changed in place. NULL: out of memory. */
static struct node *own(struct tree *tree, struct node **slot)
{
	struct node *copy;

	if ((*slot)->refs == 1)
		return *slot;
	copy = node_clone(tree, *slot);
	if (!copy)
		return NULL;
	node_put(*slot);
	*slot = copy;
	return copy;
}

static struct node **find_child(const struct node *node, const char *name)
{
	unsigned int i;

	for (i = 0; i < node->child_count; i++)
		if (strcmp(node->children[i]->name, name) == 0)
			return &node->children[i];
	return NULL;
}

/* Append a child; takes over the reference on it. NULL: out of memory. */
static struct node **add_child(struct tree *tree, struct node *node, struct node *child)
{
	struct node **children =
		realloc(node->children, (node->child_count + 1) * sizeof(*children));

	if (!children)
		return NULL;
	tree->allocated += sizeof(*children);
	node->children = children;
	node->generation = ++generation;
	children[node->child_count] = child;
	return &children[node->child_count++];
}

/* --- tallies --- */

static struct tally *find_tally(const struct tree *tree, domid_t domid)
{
	unsigned int i;

	for (i = 0; i < tree->tally_count; i++)
		if (tree->tallies[i].domid == domid)
			return &tree->tallies[i];
	return NULL;
}

/* A tally of 0 for the domain: one that is not needed any more, or a new one. */
static struct tally *add_tally(struct tree *tree, domid_t domid)
{
	struct tally *grown;
	unsigned int i;

	for (i = 0; i < tree->tally_count && tree->tallies[i].nodes; i++)
		;
	if (i == tree->tally_count) {
		grown = realloc(tree->tallies, (i + 1) * sizeof(*grown));
		if (!grown)
			return NULL;
		tree->tallies = grown;
		tree->tally_count++;
	}
	tree->tallies[i] = (struct tally){domid, 0};
	return &tree->tallies[i];
}

static int tally(struct tree *tree, domid_t domid, int change)
{
	struct tally *found = find_tally(tree, domid);

	if (!found)
		found = add_tally(tree, domid);
	if (!found)
		return -XEN_ENOMEM;
	found->nodes += change;
	return 0;
}

unsigned int tree_owned(const struct tree *tree, domid_t domid)
{
	const struct tally *found = find_tally(tree, domid);

	return found ? found->nodes : 0;
}

static void untally_below(struct tree *tree, const struct node *node)
{
	unsigned int i;

	tally(tree, node->perms.entry[0].domid, -1); /* it is there: no allocation */
	for (i = 0; i < node->child_count; i++)
		untally_below(tree, node->children[i]);
}

/* --- versions --- */

int tree_init(struct tree *tree)
{
	const struct perms perms = {1, {{0, RIGHT_NONE}}};

	*tree = (struct tree){0};
	tree->root = node_new(tree, "", &perms);
	if (!tree->root || tally(tree, 0, 1)) {
		tree_free(tree);
		return -XEN_ENOMEM;
	}
	return 0;
}

void tree_free(struct tree *tree)
{
	node_put(tree->root);
	free(tree->tallies);
	*tree = (struct tree){0};
}

int tree_fork(struct tree *copy, const struct tree *tree)
{
	size_t size = tree->tally_count * sizeof(*tree->tallies);

	copy->tallies = malloc(size);
	if (!copy->tallies)
		return -XEN_ENOMEM;
	memcpy(copy->tallies, tree->tallies, size);
	copy->tally_count = tree->tally_count;
	copy->allocated = size;
	copy->root = tree->root;
	copy->root->refs++;
	return 0;
}

/* --- reading --- */

/* Follow path; *left is the number of names that do not exist. Returns the last node that does. */
static const struct node *walk(const struct tree *tree, const char *path, unsigned int *left)
{
	const struct node *node = tree->root;
	char name[STORE_MAX_NAME];
	struct node *const *child;

	*left = 0;
	while (next_name(&path, name)) {
		child = *left == 0 ? find_child(node, name) : NULL;
		if (child)
			node = *child;
		else
			(*left)++;
	}
	return node;
}

const struct node *tree_nearest(const struct tree *tree, const char *path)
{
	unsigned int left;

	return walk(tree, path, &left);
}

const struct node *tree_lookup(const struct tree *tree, const char *path)
{
	unsigned int left;
	const struct node *node = walk(tree, path, &left);

	return left ? NULL : node;
}

unsigned int tree_missing(const struct tree *tree, const char *path)
{
	unsigned int left;

	walk(tree, path, &left);
	return left;
}

uint64_t tree_generation(const struct tree *tree, const char *path)
{
	const struct node *node = tree_lookup(tree, path);

	return node ? node->generation : 0;
}

enum right tree_right(const struct node *node, domid_t domid)
{
	unsigned int i;

	if (domid == 0 || node->perms.entry[0].domid == domid)
		return RIGHT_BOTH;
	for (i = 1; i < node->perms.count; i++)
		if (node->perms.entry[i].domid == domid)
			return node->perms.entry[i].right;
	return node->perms.entry[0].right;
}

/* --- changing --- */

static struct node **create_child(struct tree *tree, struct node *parent, const char *name,
				  domid_t owner)
{
	struct perms perms = parent->perms;
	struct node *node, **child;

	if (owner != 0)
		perms.entry[0].domid = owner;
	node = node_new(tree, name, &perms);
	child = node ? add_child(tree, parent, node) : NULL;
	if (!child) {
		node_put(node);
		return NULL;
	}
	if (tally(tree, perms.entry[0].domid, 1)) {
		parent->child_count--;
		node_put(node);
		return NULL;
	}
	return child;
}

/*
 * The node itself, this version's own down from the root. What is missing is created for *owner, or
 * with owner NULL the answer is -XEN_ENOENT.
 */
static int own_path(struct tree *tree, const char *path, const domid_t *owner, struct node **out)
{
	struct node *node = own(tree, &tree->root), **child;
	char name[STORE_MAX_NAME];

	*out = NULL;
	while (node && next_name(&path, name)) {
		child = find_child(node, name);
		if (!child && !owner)
			return -XEN_ENOENT;
		if (!child)
			child = create_child(tree, node, name, *owner);
		node = child ? own(tree, child) : NULL;
	}
	*out = node;
	return node ? 0 : -XEN_ENOMEM;
}

int tree_create(struct tree *tree, const char *path, domid_t owner)
{
	struct node *node;

	return own_path(tree, path, &owner, &node);
}

int tree_set_value(struct tree *tree, const char *path, const void *bytes, size_t length)
{
	struct value *value;
	struct node *node;
	int rc = own_path(tree, path, NULL, &node);

	if (rc)
		return rc;
	value = value_new(tree, bytes, length);
	if (!value)
		return -XEN_ENOMEM;
	value_put(node->value);
	node->value = value;
	node->generation = ++generation;
	return 0;
}

int tree_set_perms(struct tree *tree, const char *path, const struct perms *perms)
{
	struct node *node;
	int rc = own_path(tree, path, NULL, &node);

	if (!rc)
		rc = tally(tree, perms->entry[0].domid, 1);
	if (rc)
		return rc;
	tally(tree, node->perms.entry[0].domid, -1);
	node->perms = *perms;
	node->generation = ++generation;
	return 0;
}

int tree_remove(struct tree *tree, const char *path)
{
	const char *last = strrchr(path, '/');
	char parent_path[XENSTORE_ABS_PATH_MAX];
	struct node *parent, **child;
	int rc;

	if (last[1] == 0)
		return -XEN_EINVAL;
	if ((size_t)(last - path) >= sizeof(parent_path))
		return -XEN_EINVAL;
	memcpy(parent_path, path, last - path);
	parent_path[last - path] = 0;
	rc = own_path(tree, parent_path, NULL, &parent);
	if (rc)
		return rc;
	child = find_child(parent, last + 1);
	if (!child)
		return -XEN_ENOENT;
	untally_below(tree, *child);
	node_put(*child);
	parent->child_count--;
	memmove(child, child + 1, (char *)(parent->children + parent->child_count) - (char *)child);
	parent->generation = ++generation;
	return 0;
}
