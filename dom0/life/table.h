/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of domains, for life/ alone. Every function: called with the mutex held. */
#ifndef DOM0_LIFE_TABLE_H
#define DOM0_LIFE_TABLE_H

#include <pv/thread.h>
#include "builder/builder.h"
#include "life/domains.h"

extern struct pv_mutex domains_mutex;
extern struct pv_condition domains_changed; /* a domain ended */
extern struct domain *domains_first;

struct domain *table_find(domid_t domid);
struct domain *table_find_name(const char *name);

/* Create, destroy: as domains_create and domains_destroy. */
int life_create(const struct guest_config *config, bool paused, domid_t *domid,
		struct problem *problem);
int life_destroy(domid_t domid, struct problem *problem);

/* Give a domain another name, in the table and in the store. */
void life_rename(struct domain *domain, const char *name);

/* Look at every domain, and deal with those that ended. */
void life_sweep(void);

/* The store's nodes of a domain: /local/domain/N and /vm/UUID. Return 0 or negative with the
 * problem. */
int nodes_create(const struct domain *domain, const struct built_domain *built,
		 struct problem *problem);
void nodes_remove(domid_t domid);
int nodes_write(domid_t domid, const char *name, const char *value);
int nodes_write_number(domid_t domid, const char *name, uint64_t value);
int nodes_read(domid_t domid, const char *name, char *value, size_t size);

#endif
