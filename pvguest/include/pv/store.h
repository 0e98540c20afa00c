/* SPDX-License-Identifier: MIT */
/*
 * The store: a tree of small strings kept by a daemon, spoken to over the shared ring.
 *
 * Paths that do not begin with '/' are below the domain's own /local/domain/ID. A transaction is 0
 * (none) or comes from pv_store_begin(). Results that are pointers come from malloc() and belong to
 * the caller. Errors are negative XEN_E* numbers; -XEN_ENOSYS: this domain has no store ring.
 * Callable from threads; each call waits for the daemon's answer.
 */
#ifndef PV_STORE_H
#define PV_STORE_H

#include <pv/thread.h>
#include <xen/io/xenbus.h>

typedef uint32_t pv_store_tx;

/* The value of a node, with a NUL behind it; NULL and *error (may be NULL) if there is none. */
char *pv_store_read(pv_store_tx tx, const char *path, int *error);

/* Set a node, creating it and its parents. */
int pv_store_write(pv_store_tx tx, const char *path, const char *value);
int pv_store_printf(pv_store_tx tx, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

int pv_store_mkdir(pv_store_tx tx, const char *path);
/* Remove a node and all below it. */
int pv_store_rm(pv_store_tx tx, const char *path);

/* Names of the children: an array of *count strings in one allocation. */
char **pv_store_list(pv_store_tx tx, const char *path, unsigned int *count, int *error);

/* Permissions in the wire's form: "n5" "r3"...; the first names the owner. */
int pv_store_set_perms(pv_store_tx tx, const char *path, const char *const *perms,
		       unsigned int count);

/* Begin a transaction: its id (> 0) or an error. */
int pv_store_begin(void);
/* Commit, or forget it all. -XEN_EAGAIN: somebody interfered, start again. */
int pv_store_end(pv_store_tx tx, bool commit);

/* Notice of changes below a path. Owned by the caller; opaque. */
struct pv_store_watch {
	struct pv_store_watch *next;
	struct pv_store_event *events;
	struct pv_semaphore arrived;
	char *path;
};

/* Begin to watch: one event comes at once, then one for each change. */
int pv_store_watch(struct pv_store_watch *watch, const char *path);
/* Wait for the next event: the path that changed, or NULL if system time deadline passed. */
char *pv_store_watch_wait(struct pv_store_watch *watch, uint64_t deadline);
void pv_store_unwatch(struct pv_store_watch *watch);

/* --- xenbus: the states of the two ends of a split driver --------------------------------- */

/* The state at path/state; XenbusStateUnknown if there is none. */
enum xenbus_state pv_xenbus_state(const char *path);
int pv_xenbus_set_state(pv_store_tx tx, const char *path, enum xenbus_state state);
/* Wait until path/state is one of the set (bits 1 << state); returns it, or XenbusStateUnknown
 * when deadline passed. */
enum xenbus_state pv_xenbus_wait(const char *path, unsigned int set, uint64_t deadline);

#endif
