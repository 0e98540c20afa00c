/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests of xs_wire.h. Each handler finds its operands in the payload (strings with a zero
 * behind each; the payload itself has one more), returns 0 having queued the reply, or a negative
 * XEN_E… that becomes XS_ERROR.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "connection.h"
#include "store.h"

struct request {
	struct connection *connection;
	struct transaction *transaction; /* NULL: none */
	char *payload;
	size_t length;
	char path[XENSTORE_ABS_PATH_MAX]; /* made absolute */
	size_t path_length;		  /* of the operand, with its zero */
};

static const struct {
	int error;
	const char *name;
} error_names[] = {
	{XEN_EINVAL, "EINVAL"}, {XEN_EACCES, "EACCES"},	  {XEN_EEXIST, "EEXIST"},
	{XEN_EISDIR, "EISDIR"}, {XEN_ENOENT, "ENOENT"},	  {XEN_ENOMEM, "ENOMEM"},
	{XEN_ENOSPC, "ENOSPC"}, {XEN_EIO, "EIO"},	  {XEN_ENOTEMPTY, "ENOTEMPTY"},
	{XEN_ENOSYS, "ENOSYS"}, {XEN_EROFS, "EROFS"},	  {XEN_EBUSY, "EBUSY"},
	{XEN_EAGAIN, "EAGAIN"}, {XEN_EISCONN, "EISCONN"}, {XEN_E2BIG, "E2BIG"},
	{XEN_EPERM, "EPERM"},
};

static void reply(const struct request *request, const void *body, size_t length)
{
	const struct xsd_sockmsg *header = &request->connection->header;

	connection_send(request->connection, header->type, header->req_id, header->tx_id, body,
			length);
}

static int reply_ok(const struct request *request)
{
	reply(request, "OK", 3);
	return 0;
}

static void reply_error(const struct request *request, int error)
{
	const struct xsd_sockmsg *header = &request->connection->header;
	const char *name = "EINVAL";
	unsigned int i;

	for (i = 0; i < sizeof(error_names) / sizeof(error_names[0]); i++)
		if (error_names[i].error == -error)
			name = error_names[i].name;
	connection_send(request->connection, XS_ERROR, header->req_id, header->tx_id, name,
			strlen(name) + 1);
}

/* --- operands --- */

/* The first operand as an absolute path. Relative ones are below the client's home. */
static int get_path(struct request *request)
{
	const char *operand = request->payload;
	int n;

	request->path_length = strnlen(operand, request->length) + 1;
	if (request->path_length > request->length)
		return -XEN_EINVAL;
	if (operand[0] == '/')
		n = snprintf(request->path, sizeof(request->path), "%s", operand);
	else
		n = snprintf(request->path, sizeof(request->path), "/local/domain/%u/%s",
			     request->connection->domid, operand);
	if (n >= (int)sizeof(request->path) || !tree_path_valid(request->path))
		return -XEN_EINVAL;
	return 0;
}

/* String number `index` of the payload, or NULL. */
static const char *operand(const struct request *request, unsigned int index)
{
	const char *p = request->payload, *end = p + request->length;

	for (; p < end; p += strlen(p) + 1) {
		if (strnlen(p, end - p) == (size_t)(end - p))
			return NULL; /* without its zero */
		if (index-- == 0)
			return p;
	}
	return NULL;
}

static int get_number(const struct request *request, unsigned int index, unsigned long limit,
		      unsigned long *number)
{
	const char *text = operand(request, index);
	char *end;

	if (!text || !*text)
		return -XEN_EINVAL;
	*number = strtoul(text, &end, 10);
	return *end || *number > limit ? -XEN_EINVAL : 0;
}

/* The node that a request reads. */
static const struct node *get_node(struct request *request, int *error)
{
	const struct tree *tree = &store_tree;

	*error = get_path(request);
	if (!*error && request->transaction)
		*error = transaction_read(request->transaction, request->path, &tree);
	if (*error)
		return NULL;
	return change_read(tree, request->path, request->connection->domid, error);
}

static int do_change(struct request *request, struct change *change)
{
	domid_t domid = request->connection->domid;
	int rc;

	change->path = request->path;
	rc = request->transaction ? transaction_change(request->transaction, change)
				  : change_apply(&store_tree, change, domid);
	return rc ? rc : reply_ok(request);
}

/* --- reading --- */

static int do_read(struct request *request)
{
	int error;
	const struct node *node = get_node(request, &error);

	if (node)
		reply(request, node->value->bytes, node->value->length);
	return error;
}

/* The children's names, each with its zero; *length without bound. NULL: out of memory. */
static char *list_children(const struct node *node, size_t *length)
{
	unsigned int i;
	char *list, *p;

	for (*length = 0, i = 0; i < node->child_count; i++)
		*length += strlen(node->children[i]->name) + 1;
	list = p = malloc(*length + 1);
	for (i = 0; list && i < node->child_count; i++) {
		strcpy(p, node->children[i]->name);
		p += strlen(p) + 1;
	}
	return list;
}

static int do_directory(struct request *request)
{
	int error;
	const struct node *node = get_node(request, &error);
	size_t length;
	char *list;

	if (!node)
		return error;
	list = list_children(node, &length);
	if (!list)
		return -XEN_ENOMEM;
	if (length > XENSTORE_PAYLOAD_MAX)
		error = -XEN_E2BIG; /* the client asks for parts */
	else
		reply(request, list, length);
	free(list);
	return error;
}

/* Reply: the list's generation, then names from the offset on; an empty name behind the last. */
static int do_directory_part(struct request *request)
{
	char body[XENSTORE_PAYLOAD_MAX];
	unsigned long offset;
	int error, head;
	const struct node *node = get_node(request, &error);
	size_t length, n;
	char *list;

	if (!node)
		return error;
	error = get_number(request, 1, ~0UL, &offset);
	if (error)
		return error;
	list = list_children(node, &length);
	if (!list)
		return -XEN_ENOMEM;
	list[length++] = 0;
	head = snprintf(body, sizeof(body), "%llu", (unsigned long long)node->generation) + 1;
	if (offset > length)
		offset = length;
	for (n = 0; offset + n < length;) { /* whole names only */
		size_t name = strlen(list + offset + n) + 1;

		if (head + n + name > sizeof(body))
			break;
		n += name;
	}
	memcpy(body + head, list + offset, n);
	free(list);
	reply(request, body, head + n);
	return 0;
}

static int do_get_perms(struct request *request)
{
	static const char letters[] = {'n', 'r', 'w', 'b'};
	char body[STORE_MAX_PERMS * 8];
	unsigned int i, length = 0;
	int error;
	const struct node *node = get_node(request, &error);

	if (!node)
		return error;
	for (i = 0; i < node->perms.count; i++)
		length +=
			snprintf(body + length, sizeof(body) - length, "%c%u",
				 letters[node->perms.entry[i].right], node->perms.entry[i].domid) +
			1;
	reply(request, body, length);
	return 0;
}

/* --- changing --- */

static int do_write(struct request *request)
{
	struct change change = {.kind = CHANGE_WRITE};
	int rc = get_path(request);

	if (rc)
		return rc;
	change.bytes = request->payload + request->path_length;
	change.length = request->length - request->path_length;
	return do_change(request, &change);
}

static int do_mkdir(struct request *request)
{
	struct change change = {.kind = CHANGE_MKDIR};
	int rc = get_path(request);

	return rc ? rc : do_change(request, &change);
}

static int do_rm(struct request *request)
{
	struct change change = {.kind = CHANGE_REMOVE};
	int rc = get_path(request);

	return rc ? rc : do_change(request, &change);
}

static int parse_perm(const char *text, struct perm *perm)
{
	unsigned long domid;
	char *end;

	switch (text[0]) {
	case 'n':
		perm->right = RIGHT_NONE;
		break;
	case 'r':
		perm->right = RIGHT_READ;
		break;
	case 'w':
		perm->right = RIGHT_WRITE;
		break;
	case 'b':
		perm->right = RIGHT_BOTH;
		break;
	default:
		return -XEN_EINVAL;
	}
	domid = strtoul(text + 1, &end, 10);
	if (end == text + 1 || *end || domid >= DOMID_FIRST_RESERVED)
		return -XEN_EINVAL;
	perm->domid = domid;
	return 0;
}

static int do_set_perms(struct request *request)
{
	struct change change = {.kind = CHANGE_PERMS};
	const char *text;
	int rc = get_path(request);

	while (!rc && (text = operand(request, change.perms.count + 1))) {
		if (change.perms.count == STORE_MAX_PERMS)
			return -XEN_ENOSPC;
		rc = parse_perm(text, &change.perms.entry[change.perms.count++]);
	}
	if (!rc && change.perms.count == 0)
		rc = -XEN_EINVAL;
	return rc ? rc : do_change(request, &change);
}

/* --- watches and transactions --- */

static int do_watch(struct request *request)
{
	const char *path = operand(request, 0), *token = operand(request, 1);
	struct connection *connection = request->connection;
	char event[XENSTORE_ABS_PATH_MAX + QUOTA_TOKEN + 2];
	int rc, length;

	if (!path || !token)
		return -XEN_EINVAL;
	rc = watch_add(connection, path, token);
	if (rc)
		return rc;
	reply_ok(request);
	/* the ABI: a new watch fires once at once, with the path as it was given */
	length = snprintf(event, sizeof(event), "%s%c%s", path, 0, token);
	connection_send(connection, XS_WATCH_EVENT, 0, 0, event, length + 1);
	return 0;
}

static int do_unwatch(struct request *request)
{
	const char *path = operand(request, 0), *token = operand(request, 1);
	int rc = path && token ? watch_remove(request->connection, path, token) : -XEN_EINVAL;

	return rc ? rc : reply_ok(request);
}

static int do_reset_watches(struct request *request)
{
	struct connection *connection = request->connection;

	while (connection->transactions)
		transaction_end(connection, connection->transactions, false);
	watch_remove_all(connection);
	return reply_ok(request);
}

static int do_transaction_start(struct request *request)
{
	char body[16];
	long id;

	if (request->transaction)
		return -XEN_EBUSY;
	id = transaction_start(request->connection);
	if (id < 0)
		return id;
	reply(request, body, snprintf(body, sizeof(body), "%u", (uint32_t)id) + 1);
	return 0;
}

static int do_transaction_end(struct request *request)
{
	const char *how = operand(request, 0);
	int rc;

	if (!request->transaction)
		return -XEN_ENOENT;
	if (!how || (strcmp(how, "T") != 0 && strcmp(how, "F") != 0))
		return -XEN_EINVAL;
	rc = transaction_end(request->connection, request->transaction, how[0] == 'T');
	return rc ? rc : reply_ok(request);
}

/* --- domains --- */

static int do_get_domain_path(struct request *request)
{
	unsigned long domid;
	char body[40];
	int rc = get_number(request, 0, DOMID_FIRST_RESERVED - 1, &domid);

	if (rc)
		return rc;
	reply(request, body, snprintf(body, sizeof(body), "/local/domain/%lu", domid) + 1);
	return 0;
}

static int do_is_introduced(struct request *request)
{
	const struct connection *connection;
	unsigned long domid;
	bool found;
	int rc = get_number(request, 0, DOMID_FIRST_RESERVED - 1, &domid);

	if (rc)
		return rc;
	found = domid == 0;
	for (connection = store_connections; connection; connection = connection->next)
		found |= connection->domid == domid;
	reply(request, found ? "T" : "F", 2);
	return 0;
}

static int do_introduce(struct request *request)
{
	unsigned long domid, mfn, port;
	int rc = request->connection->domid ? -XEN_EACCES : 0;

	if (!rc)
		rc = get_number(request, 0, DOMID_FIRST_RESERVED - 1, &domid);
	if (!rc)
		rc = get_number(request, 1, ~0UL, &mfn);
	if (!rc)
		rc = get_number(request, 2, ~0U, &port);
	if (!rc)
		rc = store_introduce(domid, mfn, port);
	return rc ? rc : reply_ok(request);
}

static int do_release(struct request *request)
{
	unsigned long domid;
	int rc = request->connection->domid ? -XEN_EACCES : 0;

	if (!rc)
		rc = get_number(request, 0, DOMID_FIRST_RESERVED - 1, &domid);
	if (rc)
		return rc;
	store_release(domid);
	return reply_ok(request);
}

static int (*const handlers[])(struct request *) = {
	[XS_DIRECTORY] = do_directory,
	[XS_READ] = do_read,
	[XS_GET_PERMS] = do_get_perms,
	[XS_WATCH] = do_watch,
	[XS_UNWATCH] = do_unwatch,
	[XS_TRANSACTION_START] = do_transaction_start,
	[XS_TRANSACTION_END] = do_transaction_end,
	[XS_INTRODUCE] = do_introduce,
	[XS_RELEASE] = do_release,
	[XS_GET_DOMAIN_PATH] = do_get_domain_path,
	[XS_WRITE] = do_write,
	[XS_MKDIR] = do_mkdir,
	[XS_RM] = do_rm,
	[XS_SET_PERMS] = do_set_perms,
	[XS_IS_DOMAIN_INTRODUCED] = do_is_introduced,
	[XS_RESET_WATCHES] = do_reset_watches,
	[XS_DIRECTORY_PART] = do_directory_part,
};

void protocol_request(struct connection *connection)
{
	const struct xsd_sockmsg *header = &connection->header;
	struct request request = {
		.connection = connection,
		.payload = connection->payload,
		.length = header->len,
	};
	int rc = -XEN_ENOSYS;

	if (header->tx_id)
		request.transaction = transaction_find(connection, header->tx_id);
	if (header->tx_id && !request.transaction)
		rc = -XEN_ENOENT;
	else if (header->type < sizeof(handlers) / sizeof(handlers[0]) && handlers[header->type])
		rc = handlers[header->type](&request);
	if (rc)
		reply_error(&request, rc);
}
