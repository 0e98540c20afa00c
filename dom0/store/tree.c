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

static struct value *value_new(const void *bytes, size_t length)
{
	struct value *value = malloc(sizeof(*value) + length);

	if (!value)
		return NULL;
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
	for (i = 0; i < node->child_count; i++) {
		free(node->children[i].name);
		node_put(node->children[i].node);
	}
	free(node->children);
	value_put(node->value);
	free(node);
}

static struct node *node_new(const struct perms *perms)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->refs = 1;
	node->perms = *perms;
	node->generation = ++generation;
	node->value = value_new("", 0);
	if (!node->value) {
		free(node);
		return NULL;
	}
	return node;
}

static struct node *node_clone(const struct node *node)
{
	struct node *copy = calloc(1, sizeof(*copy));
	unsigned int i;

	if (!copy)
		return NULL;
	copy->refs = 1;
	copy->generation = node->generation;
	copy->perms = node->perms;
	copy->children = calloc(node->child_count + 1, sizeof(*copy->children));
	for (i = 0; copy->children && i < node->child_count; i++) {
		copy->children[i].name = strdup(node->children[i].name);
		if (!copy->children[i].name)
			break;
		copy->children[i].node = node->children[i].node;
		copy->children[i].node->refs++;
		copy->child_count++;
	}
	if (copy->child_count < node->child_count || !copy->children) {
		node_put(copy);
		return NULL;
	}
	copy->value = node->value;
	copy->value->refs++;
	return copy;
}

/* The node in *slot, made this version's own: it may be changed in place. NULL: out of memory. */
static struct node *own(struct node **slot)
{
	struct node *copy;

	if ((*slot)->refs == 1)
		return *slot;
	copy = node_clone(*slot);
	if (!copy)
		return NULL;
	node_put(*slot);
	*slot = copy;
	return copy;
}

static struct child *find_child(const struct node *node, const char *name)
{
	unsigned int i;

	for (i = 0; i < node->child_count; i++)
		if (strcmp(node->children[i].name, name) == 0)
			return &node->children[i];
	return NULL;
}

/* Append a child; takes over the reference on it. */
static struct child *add_child(struct node *node, const char *name, struct node *child)
{
	struct child *children =
		realloc(node->children, (node->child_count + 1) * sizeof(*children));
	char *copy = strdup(name);

	if (children)
		node->children = children;
	if (!children || !copy) {
		free(copy);
		return NULL;
	}
	children[node->child_count] = (struct child){copy, child};
	node->generation = ++generation;
	return &children[node->child_count++];
}

/* --- tallies --- */

static int tally(struct tree *tree, domid_t domid, int change)
{
	struct tally *grown;
	unsigned int i;

	for (i = 0; i < tree->tally_count; i++)
		if (tree->tallies[i].domid == domid) {
			tree->tallies[i].nodes += change;
			return 0;
		}
	grown = realloc(tree->tallies, (tree->tally_count + 1) * sizeof(*grown));
	if (!grown)
		return -XEN_ENOMEM;
	grown[tree->tally_count++] = (struct tally){domid, change};
	tree->tallies = grown;
	return 0;
}

unsigned int tree_owned(const struct tree *tree, domid_t domid)
{
	unsigned int i;

	for (i = 0; i < tree->tally_count; i++)
		if (tree->tallies[i].domid == domid)
			return tree->tallies[i].nodes;
	return 0;
}

static void untally_below(struct tree *tree, const struct node *node)
{
	unsigned int i;

	tally(tree, node->perms.entry[0].domid, -1); /* it is there: no allocation */
	for (i = 0; i < node->child_count; i++)
		untally_below(tree, node->children[i].node);
}

/* --- versions --- */

int tree_init(struct tree *tree)
{
	const struct perms perms = {1, {{0, RIGHT_NONE}}};

	*tree = (struct tree){.root = node_new(&perms)};
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
	const struct child *child;

	*left = 0;
	while (next_name(&path, name)) {
		child = *left == 0 ? find_child(node, name) : NULL;
		if (child)
			node = child->node;
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

static struct child *create_child(struct tree *tree, struct node *parent, const char *name,
				  domid_t owner)
{
	struct perms perms = parent->perms;
	struct node *node;
	struct child *child;

	if (owner != 0)
		perms.entry[0].domid = owner;
	node = node_new(&perms);
	child = node ? add_child(parent, name, node) : NULL;
	if (!child) {
		node_put(node);
		return NULL;
	}
	if (tally(tree, perms.entry[0].domid, 1)) {
		parent->child_count--;
		free(child->name);
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
	struct node *node = own(&tree->root);
	char name[STORE_MAX_NAME];
	struct child *child;

	*out = NULL;
	while (node && next_name(&path, name)) {
		child = find_child(node, name);
		if (!child && !owner)
			return -XEN_ENOENT;
		if (!child)
			child = create_child(tree, node, name, *owner);
		node = child ? own(&child->node) : NULL;
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
	value = value_new(bytes, length);
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
	struct node *parent;
	struct child *child;
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
	untally_below(tree, child->node);
	free(child->name);
	node_put(child->node);
	parent->child_count--;
	memmove(child, child + 1, (char *)(parent->children + parent->child_count) - (char *)child);
	parent->generation = ++generation;
	return 0;
}
