/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/frontend.h>
#include <pv/grant.h>
#include <pv/mm.h>

#define NODE_SIZE (PV_FRONTEND_PATH + 40)

static char *read_node(const char *folder, const char *name, int *error)
{
	char node[NODE_SIZE];

	snprintf(node, sizeof(node), "%s/%s", folder, name);
	return pv_store_read(0, node, error);
}

static unsigned long read_number(const char *folder, const char *name, unsigned long otherwise)
{
	char *value = read_node(folder, name, NULL), *end;
	unsigned long number = value ? strtoul(value, &end, 10) : 0;

	if (!value || end == value || *end)
		number = otherwise;
	free(value);
	return number;
}

unsigned long pv_frontend_offer(const struct pv_frontend *frontend, const char *name,
				unsigned long otherwise)
{
	return read_number(frontend->backend, name, otherwise);
}

unsigned long pv_frontend_number(const struct pv_frontend *frontend, const char *name,
				 unsigned long otherwise)
{
	return read_number(frontend->path, name, otherwise);
}

char *pv_frontend_text(const struct pv_frontend *frontend, const char *name)
{
	return read_node(frontend->backend, name, NULL);
}

static int find(struct pv_frontend *frontend, const char *class, unsigned int number)
{
	int error = 0;
	char *backend;

	snprintf(frontend->path, sizeof(frontend->path), "device/%s/%u", class, number);
	backend = read_node(frontend->path, "backend", &error);
	if (!backend)
		return error == -XEN_ENOENT ? -XEN_ENODEV : error;
	snprintf(frontend->backend, sizeof(frontend->backend), "%s", backend);
	free(backend);
	frontend->backend_id = read_number(frontend->path, "backend-id", DOMID_INVALID);
	return frontend->backend_id == DOMID_INVALID ? -XEN_ENODEV : 0;
}

int pv_frontend_first(const char *class)
{
	char folder[PV_FRONTEND_PATH], **names;
	unsigned int count;
	int first = -XEN_ENODEV;

	snprintf(folder, sizeof(folder), "device/%s", class);
	names = pv_store_list(0, folder, &count, NULL);
	for (unsigned int i = 0; i < count && names; i++) {
		int number = atoi(names[i]);

		if (first < 0 || number < first)
			first = number;
	}
	free(names);
	return first;
}

int pv_frontend_open(struct pv_frontend *frontend, const char *class, unsigned int number,
		     uint64_t deadline)
{
	int error = find(frontend, class, number);

	if (error)
		return error;
	if (pv_xenbus_state(frontend->path) != XenbusStateInitialising) {
		pv_frontend_close(frontend, deadline);
		pv_xenbus_set_state(0, frontend->path, XenbusStateInitialising);
	}
	if (pv_xenbus_wait(frontend->backend, 1u << XenbusStateInitWait, deadline) ==
	    XenbusStateUnknown)
		return -XEN_ETIMEDOUT;
	return 0;
}

void *pv_frontend_page(const struct pv_frontend *frontend, grant_ref_t *ref)
{
	void *page = pv_page_alloc();
	int granted;

	if (!page)
		return NULL;
	granted = pv_grant_access(frontend->backend_id, pv_virt_to_mfn(page), false);
	if (granted < 0) {
		pv_pages_free(page, 1);
		return NULL;
	}
	*ref = granted;
	return page;
}

void pv_frontend_free_page(void *page, grant_ref_t ref)
{
	if (!pv_grant_end(ref))
		pv_pages_free(page, 1);
}

static int write_nodes(const struct pv_frontend *frontend, const struct pv_frontend_node *nodes,
		       unsigned int count, enum xenbus_state state, pv_store_tx tx)
{
	int error = 0;

	for (unsigned int i = 0; i < count && !error; i++) {
		char node[NODE_SIZE];

		snprintf(node, sizeof(node), "%s/%s", frontend->path, nodes[i].name);
		error = pv_store_printf(tx, node, "%lu", nodes[i].value);
	}
	return error ? error : pv_xenbus_set_state(tx, frontend->path, state);
}

int pv_frontend_publish(const struct pv_frontend *frontend, const struct pv_frontend_node *nodes,
			unsigned int count, enum xenbus_state state)
{
	int error, tx;

	do {
		tx = pv_store_begin();
		if (tx < 0)
			return tx;
		error = write_nodes(frontend, nodes, count, state, tx);
		if (error) {
			pv_store_end(tx, false);
			return error;
		}
		error = pv_store_end(tx, true);
	} while (error == -XEN_EAGAIN);
	return error;
}

int pv_frontend_wait(const struct pv_frontend *frontend, uint64_t deadline)
{
	switch (pv_xenbus_wait(frontend->backend,
			       1u << XenbusStateConnected | 1u << XenbusStateClosing |
				       1u << XenbusStateClosed,
			       deadline)) {
	case XenbusStateConnected:
		return 0;
	case XenbusStateUnknown:
		return -XEN_ETIMEDOUT;
	default:
		return -XEN_ENODEV;
	}
}

void pv_frontend_close(const struct pv_frontend *frontend, uint64_t deadline)
{
	const unsigned int closing = 1u << XenbusStateClosing, closed = 1u << XenbusStateClosed;

	pv_xenbus_set_state(0, frontend->path, XenbusStateClosing);
	pv_xenbus_wait(frontend->backend, closing | closed, deadline);
	pv_xenbus_set_state(0, frontend->path, XenbusStateClosed);
	pv_xenbus_wait(frontend->backend, closed, deadline);
}
