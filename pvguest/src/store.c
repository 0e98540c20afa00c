/* SPDX-License-Identifier: MIT */
/*
 * Client of the store. One thread reads the ring: answers go to the one request that is under way
 * (a mutex sees to that), watch events to their watch, whose address is the token.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/event.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/store.h>
#include <xen/io/xs_wire.h>

struct pv_store_event {
	struct pv_store_event *next;
	char path[];
};

static struct {
	volatile struct xenstore_domain_interface *ring;
	evtchn_port_t port;
	struct pv_wait_queue changed; /* the ring's indexes may have moved */
	struct pv_mutex request;      /* held while one is under way */
	struct pv_semaphore answered;
	struct xsd_sockmsg answer;
	char *answer_data;
	uint32_t next_id;
	struct pv_store_watch *watches;
} store;

/* --- the ring ------------------------------------------------------------------------------ */

static void ring_changed(evtchn_port_t port, void *argument)
{
	(void)port, (void)argument;
	pv_wake_all(&store.changed);
}

static void ring_send(const void *data, size_t length)
{
	const char *bytes = data;

	for (size_t i = 0; i < length; i++) {
		if (store.ring->req_prod - store.ring->req_cons == XENSTORE_RING_SIZE) {
			pv_event_send(store.port);
			pv_wait_event(&store.changed, store.ring->req_prod - store.ring->req_cons !=
							      XENSTORE_RING_SIZE);
		}
		store.ring->req[MASK_XENSTORE_IDX(store.ring->req_prod)] = bytes[i];
		pv_wmb();
		store.ring->req_prod++;
	}
}

static void ring_receive(void *data, size_t length)
{
	char *bytes = data;

	for (size_t i = 0; i < length; i++) {
		if (store.ring->rsp_prod == store.ring->rsp_cons) {
			pv_event_send(store.port);
			pv_wait_event(&store.changed, store.ring->rsp_prod != store.ring->rsp_cons);
		}
		pv_rmb();
		bytes[i] = store.ring->rsp[MASK_XENSTORE_IDX(store.ring->rsp_cons)];
		pv_mb();
		store.ring->rsp_cons++;
	}
}

/* data is "path\0token\0". */
static void deliver_event(const char *data, size_t length)
{
	const char *token = memchr(data, 0, length);
	struct pv_store_watch *watch = store.watches;
	struct pv_store_event **last, *event;
	uintptr_t address;

	if (!token)
		return;
	address = strtoull(token + 1, NULL, 16);
	while (watch && (uintptr_t)watch != address)
		watch = watch->next;
	event = watch ? malloc(sizeof(*event) + strlen(data) + 1) : NULL;
	if (!event)
		return;
	event->next = NULL;
	strcpy(event->path, data);
	for (last = &watch->events; *last; last = &(*last)->next)
		;
	*last = event;
	pv_semaphore_up(&watch->arrived);
}

static void read_ring(void *argument)
{
	(void)argument;
	for (;;) {
		struct xsd_sockmsg head;
		char *data;

		ring_receive(&head, sizeof(head));
		if (head.len > XENSTORE_PAYLOAD_MAX)
			pv_panic("the store sends a message of %u bytes", head.len);
		data = malloc(head.len + 1);
		if (!data)
			pv_panic("no memory for a message of the store");
		ring_receive(data, head.len);
		data[head.len] = '\0';
		if (head.type == XS_WATCH_EVENT) {
			deliver_event(data, head.len);
			free(data);
			continue;
		}
		store.answer = head;
		store.answer_data = data;
		pv_semaphore_up(&store.answered);
	}
}

static int connect(void)
{
	if (store.ring)
		return 0;
	if (!pv_start_info->store_mfn || !pv_start_info->store_evtchn)
		return -XEN_ENOSYS;
	store.ring = pv_mfn_to_virt(pv_start_info->store_mfn);
	store.port = pv_start_info->store_evtchn;
	pv_event_attach(store.port, ring_changed, NULL);
	return pv_thread_start("store", read_ring, NULL, 4);
}

/* --- requests ------------------------------------------------------------------------------ */

#define ERROR(name)                                                                                \
	{                                                                                          \
#name, XEN_##name                                                                  \
	}

/* Errors travel as names; those that the protocol knows. */
static int error_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} known[] = {
		ERROR(EINVAL),	  ERROR(EACCES),  ERROR(EEXIST), ERROR(EISDIR),
		ERROR(ENOENT),	  ERROR(ENOMEM),  ERROR(ENOSPC), ERROR(EIO),
		ERROR(ENOTEMPTY), ERROR(ENOSYS),  ERROR(EROFS),	 ERROR(EBUSY),
		ERROR(EAGAIN),	  ERROR(EISCONN), ERROR(E2BIG),	 ERROR(EPERM),
	};

	for (size_t i = 0; i < PV_ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].name, name))
			return -known[i].number;
	return -XEN_EIO;
}

struct part {
	const void *data;
	size_t length;
};

/* The wire wants strings with their NUL, but for a value. */
static struct part string(const char *s)
{
	return (struct part){s, strlen(s) + 1};
}

/* Send one request and wait for its answer: its data (malloc), or NULL and *error. */
static char *ask(unsigned int type, pv_store_tx tx, const struct part *parts, unsigned int count,
		 size_t *length, int *error)
{
	struct xsd_sockmsg head = {.type = type, .tx_id = tx};
	char *data = NULL;

	for (unsigned int i = 0; i < count; i++)
		head.len += parts[i].length;
	*error = head.len > XENSTORE_PAYLOAD_MAX ? -XEN_E2BIG : connect();
	if (*error)
		return NULL;
	pv_mutex_lock(&store.request);
	head.req_id = ++store.next_id;
	ring_send(&head, sizeof(head));
	for (unsigned int i = 0; i < count; i++)
		ring_send(parts[i].data, parts[i].length);
	pv_event_send(store.port);
	pv_semaphore_down(&store.answered);
	data = store.answer_data;
	if (store.answer.type == XS_ERROR)
		*error = error_number(data);
	else if (store.answer.type != type || store.answer.req_id != head.req_id)
		*error = -XEN_EIO;
	if (length)
		*length = store.answer.len;
	pv_mutex_unlock(&store.request);
	if (!*error)
		return data;
	free(data);
	return NULL;
}

static int ask_for_nothing(unsigned int type, pv_store_tx tx, const struct part *parts,
			   unsigned int count)
{
	int error;

	free(ask(type, tx, parts, count, NULL, &error));
	return error;
}

char *pv_store_read(pv_store_tx tx, const char *path, int *error)
{
	struct part part = string(path);
	int ignored;

	return ask(XS_READ, tx, &part, 1, NULL, error ? error : &ignored);
}

int pv_store_write(pv_store_tx tx, const char *path, const char *value)
{
	struct part parts[] = {string(path), {value, strlen(value)}};

	return ask_for_nothing(XS_WRITE, tx, parts, 2);
}

int pv_store_printf(pv_store_tx tx, const char *path, const char *format, ...)
{
	char *value;
	va_list args;
	int length, error;

	va_start(args, format);
	length = vasprintf(&value, format, args);
	va_end(args);
	if (length < 0)
		return -XEN_ENOMEM;
	error = pv_store_write(tx, path, value);
	free(value);
	return error;
}

int pv_store_mkdir(pv_store_tx tx, const char *path)
{
	struct part part = string(path);

	return ask_for_nothing(XS_MKDIR, tx, &part, 1);
}

int pv_store_rm(pv_store_tx tx, const char *path)
{
	struct part part = string(path);

	return ask_for_nothing(XS_RM, tx, &part, 1);
}

/* The array of pointers goes in front of the names that it points to. */
char **pv_store_list(pv_store_tx tx, const char *path, unsigned int *count, int *error)
{
	struct part part = string(path);
	size_t length = 0, at = 0;
	char *names, **list;
	int ignored;

	*count = 0;
	names = ask(XS_DIRECTORY, tx, &part, 1, &length, error ? error : &ignored);
	if (!names)
		return NULL;
	for (size_t i = 0; i < length; i++)
		*count += names[i] == '\0';
	list = malloc(*count * sizeof(*list) + length + 1);
	for (unsigned int i = 0; list && i < *count; i++) {
		list[i] = (char *)(list + *count) + at;
		at += strlen(names + at) + 1;
	}
	if (list)
		memcpy(list + *count, names, length);
	else if (error)
		*error = -XEN_ENOMEM;
	free(names);
	return list;
}

int pv_store_set_perms(pv_store_tx tx, const char *path, const char *const *perms,
		       unsigned int count)
{
	struct part *parts = calloc(count + 1, sizeof(*parts));
	int error;

	if (!parts)
		return -XEN_ENOMEM;
	parts[0] = string(path);
	for (unsigned int i = 0; i < count; i++)
		parts[i + 1] = string(perms[i]);
	error = ask_for_nothing(XS_SET_PERMS, tx, parts, count + 1);
	free(parts);
	return error;
}

int pv_store_begin(void)
{
	struct part part = string("");
	int error;
	char *id = ask(XS_TRANSACTION_START, 0, &part, 1, NULL, &error);

	if (id)
		error = strtol(id, NULL, 10);
	free(id);
	return error;
}

int pv_store_end(pv_store_tx tx, bool commit)
{
	struct part part = string(commit ? "T" : "F");

	return ask_for_nothing(XS_TRANSACTION_END, tx, &part, 1);
}

/* --- watches ------------------------------------------------------------------------------- */

static int watch_request(unsigned int type, const struct pv_store_watch *watch)
{
	char token[20];
	struct part parts[2] = {string(watch->path)};

	snprintf(token, sizeof(token), "%lx", (unsigned long)watch);
	parts[1] = string(token);
	return ask_for_nothing(type, 0, parts, 2);
}

static void forget(struct pv_store_watch *watch)
{
	struct pv_store_watch **at = &store.watches;

	while (*at && *at != watch)
		at = &(*at)->next;
	if (*at)
		*at = watch->next;
	while (watch->events) {
		struct pv_store_event *event = watch->events;

		watch->events = event->next;
		free(event);
	}
	free(watch->path);
}

int pv_store_watch(struct pv_store_watch *watch, const char *path)
{
	int error;

	*watch = (struct pv_store_watch){.path = strdup(path), .next = store.watches};
	if (!watch->path)
		return -XEN_ENOMEM;
	store.watches = watch;
	error = watch_request(XS_WATCH, watch);
	if (error)
		forget(watch);
	return error;
}

char *pv_store_watch_wait(struct pv_store_watch *watch, uint64_t deadline)
{
	struct pv_store_event *event;
	char *path;

	if (!pv_semaphore_down_until(&watch->arrived, deadline))
		return NULL;
	event = watch->events;
	watch->events = event->next;
	path = strdup(event->path);
	free(event);
	return path;
}

void pv_store_unwatch(struct pv_store_watch *watch)
{
	watch_request(XS_UNWATCH, watch);
	forget(watch);
}
