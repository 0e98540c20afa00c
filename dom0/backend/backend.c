/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <pv/time.h>
#include <xen/errno.h>
#include "backend/backend.h"
#include "backend/handshake.h"
#include "store/store.h"

#define FRONTS "/local/domain"

struct pv_mutex backends_mutex;

static struct backend *backends;
static struct pv_semaphore work;	 /* some back end is marked `changed` */
static struct pv_condition backend_gone; /* one was removed */

/* --- the store ----------------------------------------------------------------------------- */

static bool covers(const char *path, const char *below)
{
	size_t length = strlen(path);

	return !strncmp(path, below, length) && (!below[length] || below[length] == '/');
}

/* Within whoever's change of the store: take note. Only the front end's state node matters, and
 * whatever it disappears with. */
static void front_changed(const char *path, bool below)
{
	size_t length = strlen(path);
	bool state = length > 6 && !strcmp(path + length - 6, "/state");

	if (!state && !below)
		return;
	for (struct backend *backend = backends; backend; backend = backend->next) {
		if (!covers(backend->front, path) && !covers(path, backend->front))
			continue;
		backend->changed = true;
		pv_semaphore_up(&work);
	}
}

int backend_write(const char *folder, const char *name, const char *format, ...)
{
	char path[BACKEND_PATH + 40], value[256];
	va_list arguments;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	va_start(arguments, format);
	vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	return store_write(path, value);
}

bool backend_read(const struct backend *backend, const char *name, char *value, size_t size)
{
	char path[BACKEND_PATH + 40];

	snprintf(path, sizeof(path), "%s/%s", backend->front, name);
	return store_read(path, value, size) >= 0;
}

bool backend_read_number(const struct backend *backend, const char *name, unsigned int *number)
{
	char text[16];

	return backend_read(backend, name, text, sizeof(text)) &&
	       backend_parse_number(text, number);
}

unsigned int backend_number_or(const struct backend *backend, const char *name,
			       unsigned int otherwise)
{
	unsigned int number;

	return backend_read_number(backend, name, &number) ? number : otherwise;
}

static enum xenbus_state front_state(const struct backend *backend)
{
	return (enum xenbus_state)backend_number_or(backend, "state", XenbusStateUnknown);
}

static void set_state(struct backend *backend, enum xenbus_state state)
{
	backend->state = state;
	backend_write(backend->back, "state", "%d", state);
}

const char *backend_state_name(enum xenbus_state state)
{
	static const char *const names[] = {"Unknown",	 "Initialising", "InitWait", "Initialised",
					    "Connected", "Closing",	 "Closed"};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "Unknown";
}

/* Both directories. The guest may do what it likes in its own; that is why nothing but what the
 * guest itself decides is ever read from there. */
static int write_directories(struct backend *backend)
{
	int error = store_mkdir(backend->back);

	if (!error)
		error = store_permit(backend->back, 0, backend->domid);
	if (!error)
		error = store_mkdir(backend->front);
	if (!error)
		error = store_permit(backend->front, backend->domid, 0);
	if (!error)
		error = backend_write(backend->back, "frontend", "%s", backend->front);
	if (!error)
		error = backend_write(backend->back, "frontend-id", "%u", backend->domid);
	if (!error)
		error = backend_write(backend->back, "online", "1");
	if (!error)
		error = backend_write(backend->back, "state", "%d", XenbusStateInitialising);
	if (!error)
		error = backend_write(backend->front, "backend", "%s", backend->back);
	if (!error)
		error = backend_write(backend->front, "backend-id", "0");
	return error ? error
		     : backend_write(backend->front, "state", "%d", XenbusStateInitialising);
}

/* Remove a node, and the folder that it leaves empty: that of the domain's devices. */
static void remove_with_folder(const char *node)
{
	char path[BACKEND_PATH + 40], child[2];

	store_rm(node);
	snprintf(path, sizeof(path), "%.*s", (int)(strrchr(node, '/') - node), node);
	if (!store_child(path, 0, child, sizeof(child)))
		store_rm(path);
}

static void error_folder(const struct backend *backend, char path[BACKEND_PATH + 40])
{
	snprintf(path, BACKEND_PATH + 40, "/local/domain/0/error/backend/%s/%u/%u",
		 backend->type->name, backend->domid, backend->handle);
}

static void remove_directories(struct backend *backend)
{
	char path[BACKEND_PATH + 40];

	remove_with_folder(backend->front);
	remove_with_folder(backend->back);
	error_folder(backend, path);
	remove_with_folder(path);
}

/* --- the handshake: with the mutex held ------------------------------------------------------ */

static void let_go(struct backend *backend)
{
	if (backend->connected)
		backend->type->disconnect(backend);
	backend->connected = false;
}

/* Take it out of the list and free it. */
static void forget(struct backend *backend)
{
	struct backend **link = &backends;

	let_go(backend);
	while (*link != backend)
		link = &(*link)->next;
	*link = backend->next;
	remove_directories(backend);
	backend->type->release(backend);
	pv_condition_broadcast(&backend_gone);
}

/* False: it stays closed, until the front end changes its state again. */
static bool offer(struct backend *backend)
{
	bool described = !backend->type->publish(backend);

	backend->failed = false;
	set_state(backend, described ? XenbusStateInitWait : XenbusStateClosed);
	return described;
}

static void connect(struct backend *backend)
{
	if (backend->type->connect(backend)) {
		backend_fail(backend, "dom0 could not connect the device");
		return;
	}
	backend->connected = true;
	set_state(backend, XenbusStateConnected);
}

/* One step; false if there is none, or the back end is gone. */
static bool step(struct backend *backend)
{
	struct backend_view view = {backend->state, front_state(backend), backend->online,
				    backend->failed};
	enum backend_step next = backend_decide(&view);

	switch (next) {
	case STEP_OFFER:
		return offer(backend);
	case STEP_CONNECT:
		connect(backend);
		break;
	case STEP_CLOSING:
		set_state(backend, XenbusStateClosing);
		break;
	case STEP_FAIL:
		let_go(backend);
		set_state(backend, XenbusStateClosing);
		break;
	case STEP_CLOSE:
		let_go(backend);
		set_state(backend, XenbusStateClosed);
		break;
	case STEP_REMOVE:
		forget(backend);
		return false;
	default:
		return false;
	}
	return true;
}

/* Once over all, so that a guest which changes its state without end has its turn like the others.
 * Only the one in hand can go away meanwhile. */
static void follow_all(void)
{
	struct backend *backend, *next;

	for (backend = backends; backend; backend = next) {
		next = backend->next;
		if (!backend->changed)
			continue;
		backend->changed = false;
		while (step(backend))
			;
	}
}

static void follow_fronts(void *unused)
{
	(void)unused;
	for (;;) {
		pv_semaphore_down(&work);
		pv_mutex_lock(&backends_mutex);
		follow_all();
		pv_mutex_unlock(&backends_mutex);
		pv_yield();
	}
}

int backend_start(void)
{
	static struct store_listener listener = {.prefix = FRONTS, .changed = front_changed};
	int error = pv_thread_start("backends", follow_fronts, NULL, 0);

	if (!error)
		store_listen(&listener);
	return error;
}

/* --- plugging -------------------------------------------------------------------------------- */

static bool is_of(const struct backend *backend, const struct backend_type *type, domid_t domid)
{
	return backend->type == type && backend->domid == domid;
}

struct backend *backend_at(const struct backend_type *type, domid_t domid, unsigned int index)
{
	struct backend *backend = backends;

	while (backend && (!is_of(backend, type, domid) || index--))
		backend = backend->next;
	return backend;
}

struct backend *backend_find(const struct backend_type *type, domid_t domid, unsigned int handle)
{
	struct backend *backend = backends;

	while (backend && (!is_of(backend, type, domid) || backend->handle != handle))
		backend = backend->next;
	return backend;
}

/* At the end of the list, so that devices are listed in the order of their plugging. */
static void append(struct backend *backend)
{
	struct backend **link = &backends;

	while (*link)
		link = &(*link)->next;
	*link = backend;
}

static int add_locked(struct backend *backend)
{
	int error;

	if (backend_find(backend->type, backend->domid, backend->handle))
		return -XEN_EEXIST;
	error = write_directories(backend);
	if (error) {
		remove_directories(backend);
		return error;
	}
	append(backend);
	backend->changed = true;
	pv_semaphore_up(&work);
	return 0;
}

int backend_add(struct backend *backend, const struct backend_type *type, domid_t domid,
		unsigned int handle)
{
	backend->type = type;
	backend->domid = domid;
	backend->handle = handle;
	backend->state = XenbusStateInitialising;
	backend->online = true;
	backend->next = NULL;
	snprintf(backend->front, BACKEND_PATH, FRONTS "/%u/device/%s/%u", domid, type->name,
		 handle);
	snprintf(backend->back, BACKEND_PATH, "/local/domain/0/backend/%s/%u/%u", type->name, domid,
		 handle);
	pv_mutex_lock(&backends_mutex);
	int error = add_locked(backend);

	pv_mutex_unlock(&backends_mutex);
	return error;
}

/* The front end sees Closing, and closes; the thread does the rest. */
static void ask_to_close(struct backend *backend)
{
	backend->online = false;
	backend_write(backend->back, "online", "0");
	if (backend->state < XenbusStateClosing)
		set_state(backend, XenbusStateClosing);
	backend->changed = true;
	pv_semaphore_up(&work);
}

static int remove_locked(const struct backend_type *type, domid_t domid, unsigned int handle,
			 bool force, uint64_t deadline)
{
	struct backend *backend = backend_find(type, domid, handle);

	if (!backend)
		return -XEN_ENODEV;
	if (force) {
		set_state(backend, XenbusStateClosed);
		forget(backend);
		return 0;
	}
	ask_to_close(backend);
	while (backend_find(type, domid, handle) == backend)
		if (!pv_condition_wait(&backend_gone, &backends_mutex, deadline))
			return -XEN_EBUSY;
	return 0;
}

int backend_remove(const struct backend_type *type, domid_t domid, unsigned int handle, bool force,
		   uint64_t deadline)
{
	pv_mutex_lock(&backends_mutex);
	int error = remove_locked(type, domid, handle, force, deadline);

	pv_mutex_unlock(&backends_mutex);
	return error;
}

void backend_remove_domain(domid_t domid)
{
	struct backend *backend;

	pv_mutex_lock(&backends_mutex);
	do {
		backend = backends;
		while (backend && backend->domid != domid)
			backend = backend->next;
		if (backend)
			forget(backend);
	} while (backend);
	pv_mutex_unlock(&backends_mutex);
}

/* --- for types ------------------------------------------------------------------------------- */

void backend_fail(struct backend *backend, const char *format, ...)
{
	char path[BACKEND_PATH + 40], sentence[160];
	size_t length;
	va_list arguments;

	if (backend->failed)
		return;
	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	backend->failed = true;
	backend->changed = true;
	error_folder(backend, path);
	length = strlen(path);
	snprintf(path + length, sizeof(path) - length, "/error");
	store_write(path, sentence);
	pv_semaphore_up(&work);
}

static bool read_ref(struct backend *backend, const char *name, unsigned int pages,
		     unsigned int index, grant_ref_t *ref)
{
	char node[40];

	snprintf(node, sizeof(node), pages > 1 ? "%s%u" : "%s", name, index);
	if (backend_read_number(backend, node, ref))
		return true;
	backend_fail(backend, "%s is missing or no number", node);
	return false;
}

int backend_map_ring(struct backend *backend, const char *name, unsigned int pages,
		     struct pv_grant_map *map)
{
	grant_ref_t refs[BACKEND_RING_PAGES];
	int error;

	if (!pages || pages > BACKEND_RING_PAGES) {
		backend_fail(backend, "a ring of %u pages is not offered", pages);
		return -XEN_EINVAL;
	}
	for (unsigned int i = 0; i < pages; i++)
		if (!read_ref(backend, name, pages, i, &refs[i]))
			return -XEN_EINVAL;
	error = pv_grant_map(map, backend->domid, refs, pages, false);
	if (error)
		backend_fail(backend, "%s does not name pages that are granted (%d)", name, error);
	return error ? -XEN_EINVAL : 0;
}

int backend_bind(struct backend *backend, const char *name, pv_event_handler handler,
		 void *argument)
{
	unsigned int port;
	int bound;

	if (!backend_read_number(backend, name, &port)) {
		backend_fail(backend, "%s is missing or no number", name);
		return -XEN_EINVAL;
	}
	bound = pv_event_bind_interdomain(backend->domid, port, handler, argument);
	if (bound < 0)
		backend_fail(backend, "%s names no port that waits for dom0", name);
	return bound;
}
