/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Back ends of split drivers: the frame that network and disks have in common. It keeps both store
 * directories of a device, follows the front end's state, and calls the type's functions in order:
 *
 *     publish, then connect … disconnect any number of times, then release
 *
 * All four are called with `backends_mutex` held, on the frame's thread or on that of whoever plugs
 * and unplugs; they may wait. What the type does between connect and disconnect (its own threads,
 * event handlers) is its own affair: disconnect returns when nothing touches the guest any more.
 *
 * What a front end wrote is only ever read from its own directory, once, and may be anything. A
 * mistake there ends that back end: Closing, with the sentence in
 * /local/domain/0/error/backend/TYPE/DOMID/HANDLE/error; nobody else notices.
 *
 * Errors are negative XEN_E… numbers. Not from event handlers.
 */
#ifndef DOM0_BACKEND_BACKEND_H
#define DOM0_BACKEND_BACKEND_H

#include <stdbool.h>
#include <pv/event.h>
#include <pv/grant.h>
#include <pv/thread.h>
#include <xen/io/xenbus.h>
#include "lib/problem.h"

#define BACKEND_RING_PAGES 16 /* of one ring, at most */
#define BACKEND_PATH	   64

struct backend;

struct backend_type {
	const char *name; /* of its directories: "vif", "vbd" */
	/* Write what the device is and can into both directories: backend_write().
	 * 0 or negative. */
	int (*publish)(struct backend *backend);
	/* Read the front end's nodes, map and bind. 0; or negative, with nothing held, after saying
	 * why by backend_fail(). */
	int (*connect)(struct backend *backend);
	/* Let go of the guest: requests under way are awaited, then rings and ports go. */
	void (*disconnect)(struct backend *backend);
	/* Free it. */
	void (*release)(struct backend *backend);
};

/* Part of the type's own struct. Fields are the frame's; to be read only. */
struct backend {
	struct backend *next;
	const struct backend_type *type;
	domid_t domid;		  /* of the front end */
	unsigned int handle;	  /* vif: 0, 1, …; vbd: the virtual device's number */
	char front[BACKEND_PATH]; /* /local/domain/N/device/TYPE/HANDLE */
	char back[BACKEND_PATH];  /* /local/domain/0/backend/TYPE/N/HANDLE */
	enum xenbus_state state;
	bool online;
	bool connected; /* between connect and disconnect */
	bool failed;	/* backend_fail() was called: serve it no more */
	bool changed;
};

extern struct pv_mutex backends_mutex;

/* Start the thread. Once, after the store. */
int backend_start(void);

/*
 * Plug a device in: type, domid and handle go to the frame; the rest of *backend is zero. On
 * success it is the frame's until release(). -XEN_EEXIST: the domain has one of this number. On an
 * error it is the caller's still. Takes the mutex.
 */
int backend_add(struct backend *backend, const struct backend_type *type, domid_t domid,
		unsigned int handle);

/*
 * Unplug: ask the front end to close, and wait until it has or system time deadline has passed:
 * then -XEN_EBUSY, and it goes when the front end closes after all. force: do not ask. -XEN_ENODEV:
 * there is none. Takes the mutex.
 */
int backend_remove(const struct backend_type *type, domid_t domid, unsigned int handle, bool force,
		   uint64_t deadline);

/* Unplug all devices of a domain that is about to be destroyed. Takes the mutex. */
void backend_remove_domain(domid_t domid);

/* With the mutex held, or without waiting meanwhile. NULL: none. */
struct backend *backend_find(const struct backend_type *type, domid_t domid, unsigned int handle);
/* The index-th of a type and domain, in the order of their plugging. */
struct backend *backend_at(const struct backend_type *type, domid_t domid, unsigned int index);

/* "Connected" etc., for display. */
const char *backend_state_name(enum xenbus_state state);

/* --- for types --------------------------------------------------------------------------- */

/* Write a node of the back end's or the front end's directory: backend->back, backend->front. */
int backend_write(const char *folder, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A node of the front end's directory, zero-terminated and cut to size; false if there is none. */
bool backend_read(const struct backend *backend, const char *name, char *value, size_t size);
/* A number in it; false if there is none, or something else. */
bool backend_read_number(const struct backend *backend, const char *name, unsigned int *number);
/* The same, with a value for where there is no node; what is no number counts as none. */
unsigned int backend_number_or(const struct backend *backend, const char *name,
			       unsigned int otherwise);

/*
 * Map a ring of 1..BACKEND_RING_PAGES pages, whose references are in the node `name`, or in name0,
 * name1 … if there are several. Writable. On an error backend_fail() was called.
 */
int backend_map_ring(struct backend *backend, const char *name, unsigned int pages,
		     struct pv_grant_map *map);

/* Bind to the port in the node `name`. The local port, or an error: backend_fail() was called. */
int backend_bind(struct backend *backend, const char *name, pv_event_handler handler,
		 void *argument);

/*
 * The front end broke the protocol: note the sentence, and have the frame's thread take the back
 * end off its rings. From any thread; the caller serves it no more. Only the first one counts.
 */
void backend_fail(struct backend *backend, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
